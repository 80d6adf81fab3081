"""What every benchmark writes down: where it ran, spreads, and the files of `--output`.

A result is a dictionary of figures. `kept` adds the surroundings: versions, threads, processor,
load, commit. `--output FILE.json` keeps it, and what was printed goes into FILE.md beside it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

PACKAGES = ("korean-nmt", "torch", "ctranslate2", "numpy", "sentencepiece", "mecab-ko", "fastapi")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ROOT = Path(__file__).resolve().parents[1]


def spread(values: Sequence[float]) -> Figures:
    """Median, least and most, and how many there are."""
    return {
        "median": statistics.median(values), "min": min(values), "max": max(values),
        "n": len(values),
    }  # fmt: skip


def shown(figures: Figures, digits: int = 1) -> str:
    """`12.3 (11.9–12.8)`."""
    median, low, high = (f"{figures[key]:,.{digits}f}" for key in ("median", "min", "max"))
    return f"{median} ({low}–{high})"


def installed(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of those of `packages` that are there."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name of the CPU; where the system does not tell, its architecture."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def commit() -> str:
    """The commit that is measured, with `+changes` where tracked files differ from it."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+changes" if changed else head


def _git(*command: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *command], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def environment(threads: int | None = None) -> Figures:
    """Where and on what this process runs; taken at the start, so that `load` is of before.

    `threads` is what the measured work gets, none where that is not fixed.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu": processor(),
        "cores": cores,
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else [],
        "threads": threads,
        "variables": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "versions": installed(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def add_output(parser: argparse.ArgumentParser) -> None:
    """Gives a benchmark's command the option `--output`."""
    parser.add_argument(
        "--output", type=Path, metavar="FILE.json", help="keeps all figures, and the tables as .md"
    )


def surroundings_line(around: Figures) -> str:
    """The surroundings in one line of Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in around["versions"].items())
    load = f"load {around['load'][0]:.1f} before" if around["load"] else "load unknown"
    threads = f"{around['threads'] or 'any number of'} thread{'s' * (around['threads'] != 1)}"
    return (
        f"{around['date']}, commit {around['commit']}, {around['cpu']}, {around['cores']} cores, "
        f"{threads}, {load}, Python {around['python']}, {versions}"
    )


def finish(result: Mapping[str, Any], around: Figures, text: str, output: Path | None) -> None:
    """Prints the tables, and writes figures and tables where `--output` says."""
    text = f"{text.rstrip()}\n\n{surroundings_line(around)}\n"
    print(text, end="")
    if output:
        write(result, around, text, output)


def write(result: Mapping[str, Any], around: Figures, text: str, output: Path) -> None:
    """Writes the figures to `output` and the tables beside it, as .md."""
    after = list(os.getloadavg()) if hasattr(os, "getloadavg") else []
    content = {"environment": {**around, "load_after": after}, **result}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(text, encoding="utf-8")
