"""Test sets, and what the systems make of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nmt.translation import Translation
from training.errors import DataError

BATCH_LINES = 256
"""Lines handed over at a time; the engine sorts them by length into batches of its own."""

Translate = Callable[[list[str]], Sequence[Translation]]
"""Translates lines, each by itself, in order."""


@dataclass(frozen=True)
class TestSet:
    """Korean lines and their English references."""

    name: str
    sources: tuple[str, ...]
    references: tuple[str, ...]

    __test__ = False  # not one of pytest's classes


@dataclass(frozen=True)
class SystemOutput:
    """Translations of one test set by one system."""

    name: str
    lines: tuple[str, ...]
    """One for each line of the test set, without line ends."""
    flags: Mapping[str, int] = field(default_factory=dict)
    """How many lines the translator has flagged, by flag."""
    seconds: float | None = None
    """Time to translate all, loading excluded; None for a file of ready translations."""
    size_bytes: int | None = None
    """Of the bundle."""
    description: str = ""
    """Engine and device, or the file read."""

    @property
    def sentences_per_s(self) -> float | None:
        """Lines of the test set per second."""
        return len(self.lines) / self.seconds if self.seconds else None


def read_lines(path: Path) -> list[str]:
    """Reads the lines of a UTF-8 file; only line feeds end lines.

    Raises:
        DataError: no such file, or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"there is no file {path}; give a text file, one sentence a line") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}); convert it first") from None
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def read_test_set(source: Path, reference: Path, name: str, limit: int | None = None) -> TestSet:
    """Reads a test set of two aligned files.

    Args:
        source: Korean, one sentence a line.
        reference: English, line by line the same.
        name: what tables and folders call it.
        limit: read this many lines only.

    Raises:
        DataError: a file is missing, empty or not UTF-8, or the two differ in length.
    """
    sources, references = read_lines(source), read_lines(reference)
    if len(sources) != len(references) or not sources:
        raise DataError(
            f"{source} has {len(sources)} lines and {reference} has {len(references)}; "
            "both need the same number, at least 1"
        )
    if limit is not None and limit < 1:
        raise DataError(f"limit is {limit}; allowed: 1 or more")
    return TestSet(name, tuple(sources[:limit]), tuple(references[:limit]))


def read_prefix(prefix: Path, limit: int | None = None) -> TestSet:
    """Reads the test set `PREFIX.ko`, `PREFIX.en`.

    Raises:
        DataError: see `read_test_set`.
    """
    parts = [prefix.with_name(f"{prefix.name}.{language}") for language in ("ko", "en")]
    return read_test_set(parts[0], parts[1], prefix.name, limit)


def read_hypothesis(path: Path, name: str, test_set: TestSet, limit: int | None) -> SystemOutput:
    """Reads ready translations of a test set.

    Raises:
        DataError: the file is missing or not UTF-8, or its length is not the test set's.
    """
    lines, wanted = read_lines(path), len(test_set.sources)
    if len(lines) < wanted or (limit is None and len(lines) != wanted):
        raise DataError(
            f"{path} has {len(lines)} lines, {test_set.name} has {wanted}; "
            "give one translation a line, in the order of the test set"
        )
    return SystemOutput(name, tuple(lines[:wanted]), description=path.name)


def one_line(text: str) -> str:
    """Gives a translation as it stands in a file of one translation a line."""
    return " ".join(text.splitlines())


def translate_set(
    translate: Translate,
    test_set: TestSet,
    name: str,
    progress: Callable[[int], None] = lambda lines: None,
    batch_lines: int = BATCH_LINES,
) -> SystemOutput:
    """Translates a test set and takes the time; one line beforehand warms the engine up.

    Args:
        translate: the system.
        test_set: what to translate.
        name: what tables and files call the system.
        progress: told how many lines have been translated since it was last told.
        batch_lines: lines handed over at a time.
    """
    translate(list(test_set.sources[:1]))
    lines: list[str] = []
    flags: Counter[str] = Counter()
    start = time.perf_counter()
    for first in range(0, len(test_set.sources), batch_lines):
        found = translate(list(test_set.sources[first : first + batch_lines]))
        lines.extend(one_line(translation.text) for translation in found)
        flags.update(str(flag) for translation in found for flag in translation.flags)
        progress(len(found))
    seconds = max(time.perf_counter() - start, 1e-9)
    return SystemOutput(name, tuple(lines), dict(flags.most_common()), seconds)
