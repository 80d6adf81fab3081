"""A small test set and two systems' translations of it."""

from __future__ import annotations

import random
from pathlib import Path

from training.evaluation.run import TestSet

WORDS = [
    "the",
    "old",
    "house",
    "river",
    "friend",
    "teacher",
    "book",
    "train",
    "walks",
    "sees",
    "red",
]


def reference_lines(count: int) -> list[str]:
    """English lines of 4 to 14 words."""
    rng = random.Random(7)
    return [" ".join(rng.choices(WORDS, k=rng.randint(4, 14))) + "." for _ in range(count)]


def small_set(count: int = 40) -> TestSet:
    """Lines whose Korean side has as many eojeol as the English has words."""
    references = reference_lines(count)
    sources = tuple(" ".join("말" for _ in line.split()) for line in references)
    return TestSet("small", sources, tuple(references))


def with_errors(lines: list[str], rate: float, seed: int) -> list[str]:
    """The lines with some words replaced."""
    rng = random.Random(seed)
    return [
        " ".join(rng.choice(WORDS) if rng.random() < rate else word for word in line.split())
        for line in lines
    ]


def forgetful(lines: list[str], kept: int = 6) -> list[str]:
    """The lines without all that comes after the first words."""
    return [" ".join(line.split()[:kept]) for line in lines]


def write_lines(path: Path, lines: list[str] | tuple[str, ...]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
