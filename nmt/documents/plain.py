"""Plain text: every line is a segment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nmt.documents.base import DocumentOptions, StringContent, StringSlot
from nmt.documents.encoding import decode_text

_LINE = re.compile(r"[^\S\n]*(\S(?:[^\n]*\S)?)?[^\S\n]*\n?")


def load_plain(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the lines of a text; white space at their ends stays.

    Raises:
        DocumentError: the file is no text.
    """
    decoded = decode_text(data)
    return StringContent(list(iter_lines(decoded.text)), decoded.bom)


def iter_lines(text: str) -> Iterator[str | StringSlot]:
    """Gives each line as a slot, and what stands between as it is."""
    for match in _LINE.finditer(text):
        if match[1] is None:
            yield match[0]
            continue
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        yield match[0][:start]
        yield StringSlot(match[1], match[1], one_line)
        yield match[0][end:]


def one_line(text: str) -> str:
    """Gives a text without line breaks."""
    return " ".join(text.split())
