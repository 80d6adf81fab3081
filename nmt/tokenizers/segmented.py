"""Segmented text: the form in which morphemes are stored, so that training needs no analyzer.

The segments (morphemes, each with the spaces before it) are joined by U+001F. A space is written
`▁` (U+2581), and one `▁` is put before the first word, so that a word has one form wherever it
stands. Joining the segments, turning `▁` into spaces and dropping the first gives the text back
exactly. A `▁` that was in the text already is written as a space, which is otherwise free.

    나는 집에 간다.  →  ▁나 ␟ 는 ␟ ▁집 ␟ 에 ␟ ▁간다 ␟ .
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

SEPARATOR = "\x1f"
SPACE_MARK = "▁"

_SWAP = {ord(" "): SPACE_MARK, ord(SPACE_MARK): " "}
# U+001F separates segments and an unpaired surrogate has no UTF-8 form: neither can be stored.
_UNSTORABLE = re.compile("[\x1f\ud800-\udfff]")
_WORD = re.compile(f"{SPACE_MARK}?[^{SPACE_MARK}{SEPARATOR}]+|{SPACE_MARK}")


def storable(text: str) -> str:
    """Gives `text` with U+001F and unpaired surrogates as U+FFFD; the length stays the same."""
    return _UNSTORABLE.sub("�", text)


def join_at(text: str, cuts: Iterable[int]) -> str:
    """Gives the segmented form of `text` cut at the character positions `cuts`.

    Args:
        text: any text.
        cuts: positions in the text, in any order; ends of the text are ignored.
    """
    text = storable(text)
    if not text:
        return ""
    inner = sorted({cut for cut in cuts if 0 < cut < len(text)})
    bounds = [0, *inner, len(text)]
    marked = text.translate(_SWAP)
    parts = [marked[a:b] for a, b in itertools.pairwise(bounds)]
    return SPACE_MARK + SEPARATOR.join(parts)


def text_of(segmented: str) -> str:
    """Gives the text of a segmented text."""
    return segmented.replace(SEPARATOR, "")[1:].translate(_SWAP)


def words_of(segmented: str) -> list[str]:
    """Gives the units that SentencePiece sees: segments, cut again before every `▁`.

    No piece reaches over a unit, neither in training nor in encoding, so the ids of a text are
    the ids of its units one after another and can be cached by unit.
    """
    return _WORD.findall(segmented)


def unmark(piece: str) -> str:
    """Gives the characters of the text that a piece stands for."""
    return piece.translate(_SWAP)
