"""A translation that can be foretold: each Hangul word becomes `T` and its length."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from nmt.documents import DocumentOptions, open_document

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]


def _mask(text: str) -> str:
    return re.sub("[가-힣]+", lambda match: f"T{len(match[0])}", text)


@pytest.fixture
def mask() -> Mask:
    """Translates a text: 한국어 → T3. What a document becomes is its own source, masked."""
    return _mask


@pytest.fixture
def mask_document() -> MaskDocument:
    """Translates a document: (data, name, columns) → data."""

    def translate(data: bytes, name: str | None = None, *columns: str) -> bytes:
        document = open_document(data, name, DocumentOptions(columns))
        assert document.write(document.segments()) == document.write(list(document.segments()))
        return document.write([_mask(text) for text in document.segments()])

    return translate
