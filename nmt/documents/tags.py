"""Marks: inline markup between the pieces of a text.

A pair (bold, a link) has an opening and a closing mark, other things (a picture, a footnote, a line
break) have one. How a translator sees them: nmt/documents/tagged_text.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

_ANY_SPACES = re.compile(r"\s+")


class Kind(Enum):
    """What a mark is."""

    OPEN = "open"
    CLOSE = "close"
    SINGLE = "single"
    BREAK = "break"


@dataclass(frozen=True)
class Mark:
    """A piece of markup inside a text."""

    kind: Kind
    id: int
    """From 1; a pair's two marks share theirs."""
    required: bool = True
    """A pair that must not be lost, such as a link; formatting may be."""


Piece = str | Mark


def as_text(pieces: Sequence[Piece]) -> str:
    """Gives the pieces as text with tags."""
    return "".join(_ANY_SPACES.sub(" ", p) if isinstance(p, str) else _tag(p) for p in pieces)


def _tag(mark: Mark) -> str:
    tags = {Kind.OPEN: "<g{}>", Kind.CLOSE: "</g{}>", Kind.SINGLE: "<g{}/>", Kind.BREAK: "\n"}
    return tags[mark.kind].format(mark.id)


def core_range(pieces: Sequence[Piece]) -> tuple[int, int]:
    """Gives the range of `pieces` that a translator needs: without marks and spaces at the ends.

    What is left out is well formed: a pair is left out whole if all text is inside it or if
    nothing is.
    """
    start, end = 0, len(pieces)
    while start < end:
        first, last = pieces[start], pieces[end - 1]
        if _stands_alone(first):
            start += 1
        elif _stands_alone(last):
            end -= 1
        elif _same_pair(first, last):
            start, end = start + 1, end - 1
        elif length := _empty_pair(pieces, range(start, end)):
            start += length
        elif length := _empty_pair(pieces, range(end - 1, start - 1, -1)):
            end -= length
        else:
            break
    return start, end


def numbered(pieces: Sequence[Piece]) -> list[Piece]:
    """Gives the pieces with their marks numbered from 1."""
    ids: dict[int, int] = {}
    return [
        p if isinstance(p, str) else replace(p, id=ids.setdefault(p.id, len(ids) + 1))
        for p in pieces
    ]


def _stands_alone(piece: Piece) -> bool:
    if isinstance(piece, str):
        return not piece.strip()
    return piece.kind in (Kind.SINGLE, Kind.BREAK)


def _same_pair(first: Piece, last: Piece) -> bool:
    return (
        isinstance(first, Mark)
        and isinstance(last, Mark)
        and (first.kind, last.kind) == (Kind.OPEN, Kind.CLOSE)
        and first.id == last.id
    )


def _empty_pair(pieces: Sequence[Piece], places: range) -> int:
    """The number of pieces of a pair at the first places that has no text inside; 0 for none."""
    first = pieces[places[0]]
    for n, at in enumerate(places[1:], 1):
        piece = pieces[at]
        if isinstance(first, str) or (isinstance(piece, str) and piece.strip()):
            return 0
        if isinstance(piece, Mark) and piece.id == first.id:
            return n + 1
    return 0


def as_chars(pieces: Sequence[Piece]) -> str:
    """Gives the pieces' text without marks."""
    return "".join(piece for piece in pieces if isinstance(piece, str))


def with_margins(pieces: Sequence[Piece], source: Sequence[Piece]) -> list[Piece]:
    """Gives the pieces of a translation with the white space at the ends that the source has."""
    done = list(pieces) or [""]
    text = as_chars(source)
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    if isinstance(source[0], str) and before:
        done = [before + done[0], *done[1:]] if isinstance(done[0], str) else [before, *done]
    if isinstance(source[-1], str) and after:
        done = [*done[:-1], done[-1] + after] if isinstance(done[-1], str) else [*done, after]
    return done
