"""The parent's side: contenders as child processes of one thread each, asked in turns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Answer = dict[str, Any]

PEER_PYTHON_HELP = (
    "Python of an environment with the peers: "
    "`python -m venv peers && peers/bin/pip install joeynmt transformers importlib_metadata`"
)
_HERE = Path(__file__).parent
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Contender:
    """What runs in a child."""

    script: str
    """File of this folder."""
    job: Mapping[str, Any]
    """What the script builds its work from."""
    python: str = sys.executable


class Child:
    """A running contender; it waits, at no cost, until it is asked."""

    def __init__(self, name: str, contender: Contender) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [contender.python, str(_HERE / contender.script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, **_ONE_THREAD, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        self._send(contender.job)
        self._receive()

    def ask(self, **order: Any) -> Answer:
        """Has the child do its work once and gives its answer."""
        self._send(order)
        return self._receive()

    def close(self) -> None:
        """Ends the child."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait(timeout=60)

    def _send(self, content: Mapping[str, Any]) -> None:
        if self._process.stdin:
            print(json.dumps(content), file=self._process.stdin, flush=True)

    def _receive(self) -> Answer:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SystemExit(f"{self.name} ended; its messages stand above")
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def running(contenders: Mapping[str, Contender]) -> Iterator[dict[str, Child]]:
    """Starts the contenders one after the other and ends them at the end."""
    with ExitStack() as stack:
        children = {}
        for name, contender in contenders.items():
            children[name] = Child(name, contender)
            stack.callback(children[name].close)
        yield children


def in_turns(children: Mapping[str, Child], repeats: int, **order: Any) -> dict[str, list[Answer]]:
    """Gives `repeats` answers of each child to the same order; a round before them warms up."""
    answers: dict[str, list[Answer]] = {name: [] for name in children}
    for turn in range(repeats + 1):
        for name, child in children.items():
            answer = child.ask(**order)
            answers[name] += [answer] if turn else []
    return answers


def has_package(python: str, module: str) -> bool:
    """Tells whether a Python finds a module; imports nothing."""
    code = "import sys, importlib.util as u; sys.exit(u.find_spec(sys.argv[1]) is None)"
    return subprocess.run([python, "-c", code, module]).returncode == 0


def versions(python: str, packages: tuple[str, ...]) -> dict[str, str]:
    """Gives the versions of installed packages."""
    code = "import sys; from importlib.metadata import version\n"
    code += "print(*[version(name) for name in sys.argv[1:]])"
    found = subprocess.run([python, "-c", code, *packages], capture_output=True, text=True)
    if found.returncode:
        raise SystemExit(f"{python} lacks a package ({', '.join(packages)}):\n{found.stderr}")
    return dict(zip(packages, found.stdout.split(), strict=True))
