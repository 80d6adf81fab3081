"""JSON and JSON Lines: string values are segments; keys, numbers and layout stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from nmt.documents.base import DocumentOptions, StringContent, StringSlot
from nmt.documents.encoding import decode_text
from nmt.errors import DocumentError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COLON = re.compile(r"\s*:")


def load_json(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the string values of a JSON file, or of one with a JSON value on each line.

    Raises:
        DocumentError: it is no valid JSON.
    """
    decoded = decode_text(data)
    _check(decoded.text)
    return StringContent(list(_iter_pieces(decoded.text)), decoded.bom)


def _check(text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not all(_is_json(line) for line in lines):
            raise DocumentError(
                f"the file is no valid JSON: {error}; repair it, or give one JSON value a line"
            ) from error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _iter_pieces(text: str) -> Iterator[str | StringSlot]:
    done = 0
    for match in _STRING.finditer(text):
        value = json.loads(match[0], strict=False)
        if _COLON.match(text, match.end()) or not value.strip():
            continue
        yield text[done : match.start()]
        yield StringSlot(value, match[0], lambda text: json.dumps(text, ensure_ascii=False))
        done = match.end()
    yield text[done:]
