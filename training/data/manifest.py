"""Sources of pairs: what each corpus is called, its licence, group and files."""

from __future__ import annotations

import csv
import fnmatch
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.errors import DataError

log = logging.getLogger(__name__)

MANIFEST = "MANIFEST.tsv"


@dataclass(frozen=True)
class Source:
    """One corpus: all its pairs have the same provenance and licence."""

    name: str
    files: tuple[Path, ...]
    """One file, or the Korean and the English file of a line-aligned corpus."""
    group: str = "ungrouped"
    licence: str = "unknown"
    origin: str = "unknown"
    """`human`, `mt` (Korean side machine-translated) or `llm`."""
    domain: str = ""
    origin_url: str = ""
    note: str = ""

    def matches(self, pattern: str) -> bool:
        """Says whether `pattern` is this source's name, its group or a glob over either."""
        return fnmatch.fnmatchcase(self.name, pattern) or fnmatch.fnmatchcase(self.group, pattern)


def source_name(path: Path) -> str:
    """Name of a corpus file: what stands before the first dot that starts an extension."""
    name = path.name
    known = (".xz", ".gz", ".bz2", ".tsv", ".txt", ".tmx", ".zip", ".json", ".xlsx", ".csv",
             ".tar", ".tgz", ".ko", ".en", ".kor", ".eng")  # fmt: skip
    while Path(name).suffix.lower() in known:
        name = Path(name).stem
    return name


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Reads the manifest's rows by name.

    Raises:
        DataError: no such file, not UTF-8, or without a column `name`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise DataError(f"cannot read the manifest {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the manifest {path} is not UTF-8; save it as UTF-8") from error
    if not rows or "name" not in rows[0]:
        raise DataError(f"the manifest {path} needs a header with a column `name` and rows")
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["name"] in table:
            log.warning("the manifest has two rows %s; the later one counts", row["name"])
        table[row["name"]] = {key: value or "" for key, value in row.items() if key}
    return table


def best_pattern(source: Source, patterns: Iterable[str]) -> str | None:
    """The most specific pattern that matches: the name, else the longest glob, else the group."""
    matching = [p for p in patterns if source.matches(p)]
    if source.name in matching:
        return source.name
    globs = [p for p in matching if p != source.group]
    return max(globs, key=len) if globs else (matching[0] if matching else None)


def weight_of(source: Source, weights: Mapping[str, float]) -> float:
    """Weight of a source by its most specific pattern; 1 where none matches."""
    pattern = best_pattern(source, weights)
    return 1.0 if pattern is None else weights[pattern]
