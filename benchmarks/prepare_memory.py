"""Peak memory and speed of `prepare` on millions of synthetic pairs.

    python benchmarks/prepare_memory.py --pairs 5000000 --workers 2

Writes the pairs to a temporary TSV (5 % exact repeats, 5 % near-duplicates, the rest random
words), prepares it with every filter on, and prints one JSON line: pairs read and kept, seconds,
and the largest resident memory of this process alone and of all processes together.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from record import Figures, add_output, environment, surroundings_line, write

from training.data.prepare import prepare
from training.data.settings import PrepareConfig

_SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주"
)
_PARTICLES = "은는이가을를에도로만"
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_POLL_S = 0.2


def vocabulary(rng: random.Random, n: int) -> list[tuple[str, str]]:
    """Gives n made-up words with made-up translations."""
    words = []
    for _ in range(n):
        korean = "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 3))) + rng.choice(_PARTICLES)
        english = "".join(
            rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 4))
        )
        words.append((korean, english))
    return words


def iter_lines(n_pairs: int, seed: int) -> Iterator[str]:
    """Yields pairs as TSV lines; the same seed gives the same lines."""
    rng = random.Random(seed)
    words = vocabulary(rng, 20_000)
    recent = [("안녕하세요.", "Hello.")]
    for i in range(n_pairs):
        chance = rng.random()
        if chance < 0.1:
            src, tgt = recent[rng.randrange(len(recent))]
            if chance < 0.05:
                src, tgt = src[:-1] + "!", tgt[:-1] + "!"
        else:
            chosen = rng.choices(words, k=rng.randint(3, 14))
            src = " ".join(korean for korean, _ in chosen) + "."
            tgt = " ".join(english for _, english in chosen) + "."
            if i % 50 == 0:
                recent = [*recent[-9_999:], (src, tgt)]
        yield f"{src}\t{tgt}\n"


def tree_memory_bytes() -> int:
    """Resident memory of this process and its children together (Linux)."""
    total = 0
    children = Path("/proc/self/task").glob("*/children")
    pids = ["self", *(pid for path in children for pid in path.read_text().split())]
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) * 1024
    return total


class MemoryWatch:
    """Notes the largest memory of all processes while it is entered."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_S):
            self.peak_bytes = max(self.peak_bytes, tree_memory_bytes())

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def measure(n_pairs: int, workers: int, seed: int) -> dict[str, float]:
    """Prepares synthetic pairs in a temporary folder and gives the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        corpus = folder / "synthetic.tsv"
        with corpus.open("w", encoding="utf-8") as stream:
            stream.writelines(iter_lines(n_pairs, seed))
        test = folder / "test.txt"
        test.write_text("".join(line.replace("\t", "\n") for line in iter_lines(1000, seed + 1)))
        config = PrepareConfig(
            corpora=(str(corpus),), output=str(folder / "out"), exclude=(str(test),),
            workers=workers,
        )  # fmt: skip
        with MemoryWatch() as watch:
            report = prepare(config)
        return {
            "pairs": report.read,
            "kept": report.kept,
            "seconds": round(report.seconds, 1),
            "pairs_per_s": round(report.read / report.seconds),
            "peak_process_mib": round(report.peak_memory_bytes / 2**20),
            "peak_all_processes_mib": round(watch.peak_bytes / 2**20),
        }


def report(figures: dict[str, float], around: Figures) -> str:
    """The figures as Markdown."""
    rows = [f"| {name.replace('_', ' ')} | {value:,} |" for name, value in figures.items()]
    return "\n".join(["| | |", "|---|--:|", *rows, "", surroundings_line(around), ""])


def main(argv: list[str]) -> None:
    """Prints the figures as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    add_output(parser)
    args = parser.parse_args(argv)
    around = environment(threads=args.workers)
    figures = measure(args.pairs, args.workers, args.seed)
    print(json.dumps(figures))
    if args.output:
        write(figures, around, report(figures, around), args.output)


if __name__ == "__main__":
    main(sys.argv[1:])
