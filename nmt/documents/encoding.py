"""The encoding of a text file: byte-order marks, UTF-8, then the Korean CP949."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from nmt.errors import DocumentError

_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True)
class DecodedText:
    """A text and the byte-order mark that its UTF-8 output gets."""

    text: str
    bom: bytes


def decode_text(data: bytes) -> DecodedText:
    """Gives the text of a file in UTF-8, UTF-16 or UTF-32 with a mark, or CP949.

    Raises:
        DocumentError: it is none of these, or no text at all.
    """
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return DecodedText(_decoded(data[len(mark) :], encoding), codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _decoded(data, "cp949")
    if _CONTROL.search(text[:65536]):
        raise DocumentError(
            "the file has control characters, it is no text; give a text file in UTF-8, "
            "UTF-16 with a byte-order mark, or CP949"
        )
    return DecodedText(text, b"")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"byte {error.start} is not text in UTF-8 nor {encoding.upper()}; save the file as "
            "UTF-8 and try again"
        ) from error
