"""Offsets of a normalised line lead back to exactly the characters that were given."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.offsets import normalize_line
from nmt.text.normalize import normalize

ODD = (
    "가나각 \u1100\u1161\u11a8\u200b\u200d\u0301e\uff76\uff9eﾡＡ\t\u3000\x00\ud800❤\ufe0f👨ㅋ\u1160"
)
CHARACTERS = st.one_of(
    st.sampled_from(ODD),
    st.characters(codec=None),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0xFF00, max_codepoint=0xFFFF),
)
LINES = st.text(CHARACTERS, max_size=16).map(lambda text: "".join(text.splitlines()))


@given(LINES)
def test_every_character_comes_from_the_source_range_that_gives_it(source: str) -> None:
    line = normalize_line(source)
    assert line.text == normalize(source)
    at = 0
    for index, char in enumerate(line.text):
        start, end = line.source_range(index, index + 1)
        assert at <= start
        assert 0 <= start < end <= len(source)
        assert char == " " or char in normalize(source[start:end])
        at = start


@pytest.mark.parametrize(
    ("source", "piece", "expected"),
    [
        ("  안녕  하세요", "하세요", "하세요"),
        ("\ufeff안녕", "안녕", "안녕"),
        (unicodedata.normalize("NFD", "저는 한국어"), "한국", unicodedata.normalize("NFD", "한국")),
        ("ＫＢＳ 뉴스", "KBS", "ＫＢＳ"),
        ("안\u200b녕 반가워", "안녕", "안\u200b녕"),
        ("ｶﾞ 나", "ガ", "ｶﾞ"),
    ],
)
def test_a_piece_leads_to_its_characters(source: str, piece: str, expected: str) -> None:
    line = normalize_line(source)
    at = line.text.index(piece)
    start, end = line.source_range(at, at + len(piece))
    assert source[start:end] == expected


def test_a_line_that_is_normal_already_maps_to_itself() -> None:
    line = normalize_line("안녕하세요.")
    assert line.starts is None
    assert line.source_range(2, 4) == (2, 4)
    assert line.source_range(6, 6) == (6, 6)


def test_an_empty_range_stands_where_its_character_is() -> None:
    line = normalize_line("  가 나 ")
    assert line.source_range(2, 2) == (4, 4)
    assert line.source_range(3, 3) == (5, 5)
    assert normalize_line("\u200b").source_range(0, 0) == (0, 0)
