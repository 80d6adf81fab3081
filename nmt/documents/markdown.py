"""Markdown (CommonMark, tables, strikethrough): texts change, everything around them stays.

The parser says which lines hold text; only these are written anew, so lists, quotes, code blocks,
tags of HTML blocks, front matter and blank lines stay to the byte. A paragraph that was broken into
lines comes back on one line, since the breaks meant nothing; a link by reference comes back as a
link with its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nmt.documents.base import DocumentOptions, StringContent, StringSlot
from nmt.documents.encoding import decode_text
from nmt.documents.hangul import has_hangul
from nmt.documents.html import HTML
from nmt.documents.markdown_inline import Inline
from nmt.documents.markup import Fragment

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)


@dataclass(frozen=True)
class _Place:
    """Where a text stands: from a column of one line to a column of another."""

    first: int
    start: int
    last: int
    end: int
    prefix: str = ""
    """What a further line of the same block begins with."""


@dataclass(frozen=True)
class _Lines(StringContent):
    """Content whose line breaks are the file's."""

    newline: str = "\n"

    def save(self) -> bytes:
        """See `Content`."""
        return self.bom + self.text().replace("\n", self.newline).encode("utf-8", "replace")


def load_markdown(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the texts of a Markdown file.

    Raises:
        DocumentError: the file is no text.
    """
    decoded = decode_text(data)
    newline = "\r\n" if "\r\n" in decoded.text else "\n"
    pieces = list(_iter_pieces(decoded.text.replace("\r\n", "\n")))
    return _Lines(pieces, decoded.bom, newline)


def _iter_pieces(text: str) -> Iterator[str | StringSlot]:
    head = _FRONT_MATTER.match(text)
    if head:
        yield head[0]
    body = text[head.end() if head else 0 :]
    lines = body.split("\n")
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    line = column = 0
    for place, pieces in _iter_texts(parser.parse(body), lines):
        yield _cut(lines, _Place(line, column, place.first, place.start))
        yield from pieces
        line, column = place.last, place.end
    yield _cut(lines, _Place(line, column, len(lines) - 1, len(lines[-1])))


def _cut(lines: Sequence[str], place: _Place) -> str:
    """The source at a place."""
    if place.first == place.last:
        return lines[place.first][place.start : place.end]
    inside = lines[place.first + 1 : place.last]
    return "\n".join([lines[place.first][place.start :], *inside, lines[place.last][: place.end]])


def _iter_texts(
    tokens: Sequence[Token], lines: Sequence[str]
) -> Iterator[tuple[_Place, Sequence[str | StringSlot]]]:
    """Gives the places of texts with what stands there, in the order of the file."""
    column, is_cell = 0, False
    for token in tokens:
        if token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open", "th_close", "td_close"):
            is_cell = token.nesting == 1
        elif token.type == "inline" and token.map and is_cell:
            cell, row = token.content.replace("|", "\\|"), token.map[0]
            start = lines[row].find(cell, column)
            column = max(start + len(cell), column)
            if start >= 0 and has_hangul(cell):
                inline = Inline(token.children or [], "")
                slot = StringSlot(inline.text, cell, inline.as_cell)
                yield _Place(row, start, row, column), [slot]
        elif token.type == "inline" and token.map:
            place = _find(token.content.split("\n"), lines, token.map[0])
            if place and has_hangul(token.content):
                inline = Inline(token.children or [], place.prefix)
                yield place, [StringSlot(inline.text, _cut(lines, place), inline.as_block)]
        elif token.type == "html_block" and token.map:
            last = token.map[1] - 1
            place = _Place(token.map[0], 0, last, len(lines[last]))
            yield place, Fragment(_cut(lines, place), HTML).content().pieces


def _find(content: Sequence[str], lines: Sequence[str], first: int) -> _Place | None:
    """The place of the text whose lines are `content`; none if the file writes it otherwise."""
    columns = []
    for at, text in enumerate(content):
        column = lines[first + at].find(text) if first + at < len(lines) else -1
        if column < 0:
            return None
        columns.append(column)
    last = first + len(content) - 1
    prefix = lines[last][: columns[-1]] if len(content) > 1 else ""
    return _Place(first, columns[0], last, columns[-1] + len(content[-1]), prefix)
