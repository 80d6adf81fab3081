"""Normalisation of one line of text."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nmt.text.normalize import normalize

ANY_CHARACTER = st.one_of(
    st.characters(),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0x3130, max_codepoint=0x318F),
    st.characters(min_codepoint=0xA960, max_codepoint=0xA97F),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7FF),
    st.characters(min_codepoint=0xFE00, max_codepoint=0xFFFF),
    st.sampled_from("각가ᄀ ᅡᆨ\u200b\u200d\ufe0f\ud800\x00\x1f\t\u3000🙂👨"),
)
ANY_TEXT = st.text(ANY_CHARACTER, max_size=30)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("한글", "한글"),
        (unicodedata.normalize("NFD", "각하, 값이 얼마예요?"), "각하, 값이 얼마예요?"),
        ("ＡＢＣ１２３！？，．", "ABC123!?,."),
        ("ﾡﾢﾤ ﾻﾻ ￂ", "ㄱㄲㄴ ㅋㅋ ㅏ"),
        ("ㅋㅋㅋ ㅠㅠ", "ㅋㅋㅋ ㅠㅠ"),
        ("ᄏᄏ ᅲᅲ ᆨ", "ㅋㅋ ㅠㅠ ㄱ"),
        ("각ᆨ", "각ㄱ"),
        ("ｶﾞｷﾞ｡｢ﾃｽﾄ｣", "ガギ。「テスト」"),
        ("“따옴표” 『책』 《글》 ㎏ ① ㈜ …", "“따옴표” 『책』 《글》 ㎏ ① ㈜ …"),
        ("￦5,000 5〜6시 5～6시", "₩5,000 5~6시 5~6시"),
        ("안\u200b녕\ufeff하\u00ad세\u2060요", "안녕하세요"),
        ("\u202e거꾸로\u202c \u200e표시", "거꾸로 표시"),
        ("❤️ 👨‍👩‍👧", "❤ 👨👩👧"),
        ("가\x00나\x07다\ud800라\udfff", "가나다라"),
        ("가\u3164나\uffa0다", "가나다"),
        ("  가\u3000나\u00a0 \t다\r\n라\u2028마 ", "가 나 다 라 마"),
        ("\ufeff", ""),
        ("", ""),
        ("A  b", "A b"),
        ("⟦0⟧ ⟦15⟧", "⟦0⟧ ⟦15⟧"),
        ("ᄀᆞᆷ", "ᄀᆞᆷ"),
    ],
)
def test_normalize_gives(given_text: str, expected: str) -> None:
    assert normalize(given_text) == expected


@settings(max_examples=120, deadline=None)
@given(ANY_TEXT)
@example("ᄀᆞᅡᆨ")
@example("각ᆨᆨ")
@example("ﾞｶﾞ")
def test_normalize_is_idempotent(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@settings(max_examples=80, deadline=None)
@given(ANY_TEXT)
def test_normalize_gives_one_printable_nfc_line(text: str) -> None:
    result = normalize(text)
    assert unicodedata.is_normalized("NFC", result)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in result)
    assert "  " not in result
    assert result == result.strip()
    result.encode("utf-8")
