"""CSV and TSV: the cells of the columns asked for are segments; quotes and layout stay."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nmt.documents.base import DocumentOptions, StringContent, StringSlot
from nmt.documents.encoding import decode_text
from nmt.errors import DocumentError

_SAMPLE_CHARS = 16384
_NO_CELL = -1


@dataclass(frozen=True)
class _Cell:
    source: str
    row: int
    column: int
    """From 0; `_NO_CELL` for a separator."""

    @property
    def is_quoted(self) -> bool:
        return self.source.startswith('"')

    @property
    def value(self) -> str:
        if not self.is_quoted:
            return self.source
        return self.source[1:].removesuffix('"').replace('""', '"')


def load_csv(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the cells of a table separated by commas, semicolons, bars or tabs.

    Raises:
        DocumentError: the file is no text, or a column asked for is not in it.
    """
    decoded = decode_text(data)
    delimiter = _sniff(decoded.text)
    return StringContent(_pieces(decoded.text, delimiter, options.columns), decoded.bom)


def load_tsv(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the cells of a table separated by tabs.

    Raises:
        DocumentError: the file is no text, or a column asked for is not in it.
    """
    decoded = decode_text(data)
    return StringContent(_pieces(decoded.text, "\t", options.columns), decoded.bom)


def _sniff(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:_SAMPLE_CHARS], ",;\t|").delimiter
    except csv.Error:
        return ","


def _pieces(text: str, delimiter: str, columns: Sequence[str]) -> list[str | StringSlot]:
    cells = list(_iter_cells(text, delimiter))
    first_row = [cell.value.strip() for cell in cells if cell.row == 0 and cell.column != _NO_CELL]
    chosen = _chosen(columns, first_row)
    named = any(column in first_row for column in columns)
    return [
        _slot(cell, delimiter)
        if cell.value.strip()
        and cell.column != _NO_CELL
        and (chosen is None or cell.column in chosen)
        and not (named and cell.row == 0)
        else cell.source
        for cell in cells
    ]


def _chosen(columns: Sequence[str], first_row: Sequence[str]) -> Collection[int] | None:
    """The columns' numbers from 0; none for all."""
    if not columns:
        return None
    found = set()
    for column in columns:
        if column in first_row:
            found.add(first_row.index(column))
        elif column.isdecimal() and 1 <= int(column) <= max(1, len(first_row)):
            found.add(int(column) - 1)
        else:
            names = ", ".join(first_row)
            raise DocumentError(
                f"the table has no column {column!r}; its columns are {names}; give one of these "
                f"names or a number from 1 to {len(first_row)}"
            )
    return found


def _iter_cells(text: str, delimiter: str) -> Iterator[_Cell]:
    """Gives cells and what separates them; their sources joined are the text."""
    mark = re.escape(delimiter)
    pattern = re.compile(rf'("(?:[^"]|"")*"?[^{mark}\r\n]*|[^{mark}\r\n]*)({mark}|\r\n|\r|\n|\Z)')
    row = column = at = 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise DocumentError(f"the table cannot be read at character {at}; save it as CSV again")
        yield _Cell(match[1], row, column)
        yield _Cell(match[2], row, _NO_CELL)
        at = match.end()
        row, column = (row, column + 1) if match[2] == delimiter else (row + 1, 0)


def _slot(cell: _Cell, delimiter: str) -> StringSlot:
    def encode(text: str) -> str:
        if cell.is_quoted or any(char in text for char in (delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    before, after = _margins(cell.source)
    return StringSlot(
        cell.value if cell.is_quoted else cell.value.strip(),
        cell.source,
        lambda text: before + encode(text) + after,
    )


def _margins(source: str) -> tuple[str, str]:
    """White space at the ends of a cell, within its quotes."""
    if source.startswith('"'):
        return "", ""
    start = len(source) - len(source.lstrip())
    return source[:start], source[len(source.rstrip()) :]
