"""Glossary files."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt import glossary
from nmt.errors import InputError
from nmt.glossary import parse_glossary, read_glossary


def test_glossary_lines_are_terms() -> None:
    text = "세종대왕\tKing Sejong\r\n\n 한글 \t Hangeul \n한글\tHangeul\n"
    assert parse_glossary(text) == {"세종대왕": "King Sejong", "한글": "Hangeul"}


def test_glossary_terms_are_normalised_like_texts() -> None:
    assert parse_glossary("\u1112\u1161\u11ab글\tHangeul") == {"한글": "Hangeul"}


def test_glossary_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_bytes("가\tA\n".encode("utf-8-sig"))
    assert read_glossary(tmp_path / "terms.tsv") == {"가": "A"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("가\tA\n나 B", "line 2 has 1 parts, 0 of them empty; write a Korean term, a tab"),
        ("가\t", "line 1 has 2 parts, 1 of them empty"),
        ("가\tA\tB", "line 1 has 3 parts"),
        ("가\tA\n가\tB", "line 2 gives '가' another translation than a line before"),
        ("\n \n", "the glossary has no term"),
    ],
)
def test_bad_glossary_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_glossary(text)


def test_bad_glossary_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "terms.tsv"
    path.write_bytes("가\tA".encode("cp949"))
    with pytest.raises(InputError, match=r"terms.tsv is not UTF-8 \(byte 1\); save it as UTF-8"):
        read_glossary(path)
    monkeypatch.setattr(glossary, "MAX_GLOSSARY_BYTES", 2)
    with pytest.raises(InputError, match=r"terms.tsv has 0 MiB, 0 are allowed; give one with few"):
        read_glossary(path)
