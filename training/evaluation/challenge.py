"""Korean challenge suites: short lists of what goes wrong, checked by pattern, not by score.

A suite is `suites/NAME.tsv`; docs/evaluation.md describes its columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import DataError
from training.evaluation.run import Translate, one_line, read_lines

SUITE_FOLDER = Path(__file__).with_name("suites")
COLUMNS = ("source", "reference", "required", "forbidden", "allowed")
SEPARATOR = " && "

_HANGUL = re.compile("[가-힣ㄱ-ㅣ\u1100-\u11ff]")
_LOOP = re.compile(r"\b(\w+(?:\W+\w+){0,3})(?:\W+\1\b){3,}|(\w)\2{11,}", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """One source and what its translation must and must not contain."""

    source: str
    reference: str
    """One good translation; it passes the checks."""
    required: tuple[re.Pattern[str], ...] = ()
    """All are to be found in the translation."""
    forbidden: tuple[re.Pattern[str], ...] = ()
    allowed: frozenset[str] = frozenset()
    """General checks that do not apply, e.g. `loop` where the source repeats itself."""


@dataclass(frozen=True)
class Suite:
    """Items about one difficulty."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Failure:
    """An item whose translation fails, and every reason."""

    source: str
    reference: str
    translation: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class SuiteResult:
    """How a system does on one suite."""

    suite: str
    total: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> int:
        """Items without a problem."""
        return self.total - len(self.failures)

    @property
    def pass_rate(self) -> float:
        """Share of the items that passed, 0 to 1."""
        return self.passed / self.total


def suite_names() -> list[str]:
    """Gives the names of the suites that ship with the project."""
    return sorted(path.stem for path in SUITE_FOLDER.glob("*.tsv"))


def load_suite(name_or_path: str | Path) -> Suite:
    """Loads a suite of the project by its name, or any TSV file with the same columns.

    Raises:
        DataError: no such suite, wrong columns, or a pattern that cannot be compiled.
    """
    path = Path(name_or_path)
    if path.suffix != ".tsv":
        path = SUITE_FOLDER / f"{name_or_path}.tsv"
        if str(name_or_path) not in suite_names():
            raise DataError(
                f"no suite {name_or_path}; allowed: {', '.join(suite_names())}, or a .tsv file"
            )
    lines = [line for line in enumerate(read_lines(path), 1) if not line[1].startswith("# ")]
    if not lines or tuple(lines[0][1].split("\t")) != COLUMNS:
        raise DataError(f"{path} must begin with the columns {', '.join(COLUMNS)}, tab-separated")
    items = tuple(_item(line, f"{path}:{number}") for number, line in lines[1:] if line.strip())
    if not items:
        raise DataError(f"{path} has no items; write one a line, below the columns")
    return Suite(path.stem, items)


def _item(line: str, where: str) -> Item:
    cells = line.split("\t")
    if not 2 <= len(cells) <= len(COLUMNS):
        raise DataError(f"{where} has {len(cells)} columns; allowed: 2 to {len(COLUMNS)}")
    source, reference, required, forbidden, allowed = cells + [""] * (len(COLUMNS) - len(cells))
    try:
        return Item(source, reference, _patterns(required), _patterns(forbidden),
                    frozenset(allowed.split()))  # fmt: skip
    except re.error as error:
        raise DataError(f"{where} has the pattern {error.pattern!r}: {error}") from None


def _patterns(cell: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p, re.IGNORECASE) for p in cell.split(SEPARATOR) if p)


def check(item: Item, translation: str) -> tuple[str, ...]:
    """Gives every reason why a translation fails; none where it passes.

    Checked of all items: `empty`, `korean_left`, `loop` (one to four words, four times or more in
    a row), `too_long` (over three characters for each of the source, and 60).
    """
    general = {
        "empty": not translation.strip(),
        "korean_left": bool(_HANGUL.search(translation)),
        "loop": bool(_LOOP.search(translation)),
        "too_long": len(translation) > 3 * len(item.source) + 60,
    }
    problems = [name for name, found in general.items() if found and name not in item.allowed]
    problems += [f"lacks {p.pattern}" for p in item.required if not p.search(translation)]
    problems += [f"has {p.pattern}" for p in item.forbidden if p.search(translation)]
    return tuple(problems)


def run_suite(translate: Translate, suite: Suite) -> SuiteResult:
    """Translates the items of a suite and checks them."""
    outputs = [one_line(t.text) for t in translate([item.source for item in suite.items])]
    return score_suite(suite, outputs)


def score_suite(suite: Suite, outputs: Sequence[str]) -> SuiteResult:
    """Checks ready translations of a suite, one for each item."""
    failures = [
        Failure(item.source, item.reference, output, problems)
        for item, output in zip(suite.items, outputs, strict=True)
        if (problems := check(item, output))
    ]
    return SuiteResult(suite.name, len(suite.items), tuple(failures))
