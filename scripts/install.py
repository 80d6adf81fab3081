"""Makes `.venv` and installs what a command needs, each package at its pinned version.

    python3 scripts/install.py run        translate with the shipped models
    python3 scripts/install.py serve      that, and the HTTP service
    python3 scripts/install.py dev        everything: training, tests, lint, types

Versions come from `constraints.txt`. PyTorch is installed first, because the right build depends
on the machine: on Linux x86-64 without an NVIDIA driver the package index's default build would
bring gigabytes of CUDA libraries, so PyTorch's own CPU index is tried there; where that index
cannot be reached, the default build is taken after all. Standard library only: it runs before
anything is installed.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = {"run": "torch", "serve": "torch,api", "dev": "dev"}
OLDEST_PYTHON = (3, 11)

Runner = Callable[[Sequence[str]], int]


def run(command: Sequence[str]) -> int:
    """Runs `command` with its output on stderr; returns its exit code."""
    return subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL).returncode


def pinned(package: str, constraints: str) -> str:
    """Returns the line `package==version` of a constraints file's text.

    Raises:
        ValueError: the package has no such line.
    """
    for line in constraints.splitlines():
        if line.split("==")[0].lower() == package.lower():
            return line.strip()
    raise ValueError(f"constraints.txt pins no {package}; add a line `{package}==VERSION`")


def wants_cpu_index(system: str, machine: str, nvidia: bool) -> bool:
    """True where the package index's default PyTorch is a CUDA build of no use to the machine."""
    return system == "Linux" and machine in ("x86_64", "AMD64") and not nvidia


def install_torch(python: str, requirement: str, cpu_index: bool, runner: Runner = run) -> int:
    """Installs PyTorch alone (its dependencies follow with the project); returns the exit code."""
    pip = [python, "-m", "pip", "install", "-qq", "--no-deps"]
    if cpu_index:
        # Short limits, so that a network without this index costs seconds and not minutes.
        limits = ["--retries", "1", "--timeout", "10"]
        if runner([*pip, *limits, "--index-url", CPU_INDEX, requirement]) == 0:
            return 0
        print("PyTorch's CPU index gave nothing; taking the default build.", file=sys.stderr)
    return runner([*pip, requirement])


def install_project(python: str, extras: str, runner: Runner = run) -> int:
    """Installs this project, editable, with its extras at the pinned versions."""
    pip = [python, "-m", "pip", "install", "-qq"]
    constraints = str(ROOT / "constraints.txt")
    return runner([*pip, "--constraint", constraints, "--editable", f"{ROOT}[{extras}]"])


def make_venv(folder: Path) -> str:
    """Makes the virtual environment where it is missing; returns its Python's path."""
    scripts = "Scripts" if platform.system() == "Windows" else "bin"
    python = folder / scripts / "python"
    pip_works = python.exists() and run([str(python), "-m", "pip", "--version"]) == 0
    if not pip_works and run([sys.executable, "-m", "venv", "--clear", str(folder)]) != 0:
        raise SystemExit("python -m venv failed; on Debian or Ubuntu: apt install python3-venv")
    return str(python)


def main(arguments: Sequence[str]) -> int:
    """Installs for one of `run`, `serve` and `dev`; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in EXTRAS:
        print(f"usage: install.py {'|'.join(EXTRAS)}", file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        found = platform.python_version()
        print(f"Python {found} is too old; 3.11 or newer: make PYTHON=python3.11", file=sys.stderr)
        return 1
    print(f"Installing into .venv ({arguments[0]}); this takes minutes, once.", file=sys.stderr)
    python = make_venv(ROOT / ".venv")
    requirement = pinned("torch", (ROOT / "constraints.txt").read_text(encoding="utf-8"))
    nvidia = shutil.which("nvidia-smi") is not None
    cpu_index = wants_cpu_index(platform.system(), platform.machine(), nvidia)
    code = install_torch(python, requirement, cpu_index)
    return code or install_project(python, EXTRAS[arguments[0]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
