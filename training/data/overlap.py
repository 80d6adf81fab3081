"""Decontamination: keeps the lines of test and development sets out of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmt.text.normalize import normalize
from training.data.files import lines_of, open_binary
from training.data.script import HANGUL
from training.data.similarity import SOURCE_SHINGLE, TARGET_SHINGLE, ShingleIndex, shingle


class ExcludedLines:
    """Finds pairs of which either side equals or nearly equals an excluded line.

    Args:
        lines: excluded lines of either language; those with Hangul count as Korean.
        overlap: share of a line's shingles that counts as nearly equal.
    """

    def __init__(self, lines: Sequence[str], overlap: float) -> None:
        normal = [normalize(line) for line in lines]
        korean = sorted({line for line in normal if HANGUL.search(line)})
        english = sorted({line for line in normal if line and not HANGUL.search(line)})
        self.korean = ShingleIndex(korean, SOURCE_SHINGLE, overlap)
        self.english = ShingleIndex(english, TARGET_SHINGLE, overlap)

    def find(
        self, sources: Sequence[str], targets: Sequence[str]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Says for each pair whether a side equals a line, and whether one nearly does."""
        src, tgt = shingle(sources, SOURCE_SHINGLE), shingle(targets, TARGET_SHINGLE)
        equal = self.korean.equal(src) | self.english.equal(tgt)
        return equal, (self.korean.near(src) | self.english.near(tgt)) & ~equal


def read_test_lines(files: Sequence[Path]) -> list[str]:
    """Reads the lines of plain files, and each column of TSV files."""
    lines: list[str] = []
    for path in files:
        with open_binary(path) as stream:
            for line in lines_of(stream):
                lines.extend(line.split("\t") if ".tsv" in path.name else [line])
    return lines
