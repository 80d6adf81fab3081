"""CPU seconds against the number of lines: `nmt translate`, and what comes before training."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from peers.children import Contender, running
from prepare_memory import iter_lines
from record import Figures, spread

from nmt.bundle import find_bundle

COPYING = Path(__file__).parent / "peers" / "copying_translate.py"
ENGINES = {
    "no model (copying engine)": [str(COPYING)],
    "transformer, ctranslate2 int8": ["-m", "nmt.cli", "translate"],
}
LONG_RUN = 20_000
"""From this many lines on a size is measured once: noise is small beside what it takes."""


def iter_sentences(lines: Sequence[str], n: int, seed: int = 1) -> Iterator[str]:
    """Yields `n` sentences of words of `lines`, as long as those are; hardly two are equal.

    The last word of each is the last of a real one, so that sentences end as sentences do.
    """
    given = [line.split() for line in lines if line.split()]
    inner = [word for words in given for word in words[:-1]] or [words[0] for words in given]
    numbers = random.Random(seed)
    for _ in range(n):
        like, end = numbers.choice(given), numbers.choice(given)[-1]
        yield " ".join([*numbers.choices(inner, k=max(1, len(like) - 1)), end])


def child_cpu_s(command: list[str]) -> float:
    """CPU seconds of a child, those of its own children included."""
    process = subprocess.Popen(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    messages = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stderr:
        process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {messages.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def repeats_of(size: int, repeats: int) -> int:
    """How often a size is measured."""
    return 1 if size >= LONG_RUN else repeats


def measure_translate(
    lines: Sequence[str], model: str, sizes: Sequence[int], most_real: int, repeats: int
) -> list[Figures]:
    """Gives a curve with and one without the model; costs are CPU seconds of the whole command.

    What a start costs, measured with one line, is taken off and told beside it.
    """
    found = {name: ([], []) for name in ENGINES}
    starts = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in (1, *sizes):
            source = Path(folder) / "lines.ko"
            with source.open("w", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in iter_sentences(lines, size, seed=size))
            for name, script in ENGINES.items():
                if script[0] != str(COPYING) and size > most_real:
                    continue
                command = [sys.executable, *script, str(source), "--output", f"{source}.en"]
                command += ["--model", model, "--threads", "1", "--device", "cpu"]
                costs = [child_cpu_s(command) for _ in range(repeats_of(size, repeats))]
                if size == 1:
                    starts[name] = min(costs)
                    continue
                found[name][0].append(size)
                found[name][1].append(spread([max(c - starts[name], 1e-6) for c in costs]))
    return [
        {
            "group": "lines, nmt translate", "name": name, "unit": "s", "scale": 1,
            "sizes": of_name[0], "cost": of_name[1], "start_cpu_s": starts[name],
        }
        for name, of_name in found.items()
        if of_name[0]
    ]  # fmt: skip


def measure_preparation(model: str, sizes: Sequence[int], repeats: int) -> list[Figures]:
    """Gives a curve for each stage before training, over made-up pairs."""
    bundle = find_bundle(model)
    job = {side: str(bundle / f"{side}_tokenizer") for side in ("source", "target")}
    costs: dict[str, list[Figures]] = {}
    with running({"preparation": Contender("preparation.py", job)}) as children:
        for size in sizes:
            answers = []
            with tempfile.TemporaryDirectory() as folder:
                corpus = Path(folder) / "pairs.tsv"
                with corpus.open("w", encoding="utf-8") as stream:
                    stream.writelines(iter_lines(size, seed=1))
                for _ in range(repeats_of(size, repeats)):
                    answers.append(children["preparation"].ask(corpus=str(corpus)))
            for stage in answers[0]["stages"]:
                of_stage = spread([answer["stages"][stage] for answer in answers])
                costs.setdefault(stage, []).append(of_stage)
    return [
        {
            "group": "pairs, before training", "name": stage, "unit": "s", "scale": 1,
            "sizes": list(sizes), "cost": of_stage,
        }
        for stage, of_stage in costs.items()
    ]  # fmt: skip
