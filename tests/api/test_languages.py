"""Which language a text is in."""

from __future__ import annotations

import unicodedata

import pytest

from api.languages import NOTHING, detect, is_korean


@pytest.mark.parametrize(
    "text",
    [
        "안녕하세요",
        "KBS 뉴스에서 iphone 17을 봤어요.",
        "iPhone 17 Pro Max 출시",
        "大韓民國의 主權은 國民에게 있고",
        "ㅋㅋㅋ",
        unicodedata.normalize("NFD", "반갑습니다"),
        "<p class='a very long class name'>안녕</p>",
        "https://example.com/a/very/long/path 참고",
        "%1$s 님이 {0} 파일을 열었습니다.",
    ],
)
def test_korean_is_told_by_its_share_of_letters(text: str) -> None:
    assert is_korean(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is already English.", "en"),
        ("The Korean word 사랑 means love.", "en"),
        ("今天天气很好。", "zh"),
        ("今日はいい天気ですね。", "ja"),
        ("カラオケ", "ja"),
        ("Сегодня хорошая погода.", "ru"),
        ("อากาศดี", "th"),
    ],
)
def test_other_languages_are_not_taken_for_korean(text: str, language: str) -> None:
    assert detect(text)[0].language == language


def test_confidences_are_whole_numbers_best_first() -> None:
    found = detect("KBS 뉴스에서 iphone 17을 봤어요.")
    assert [d.language for d in found] == ["ko", "en"]
    assert all(isinstance(d.confidence, int) for d in found)
    assert 100 >= found[0].confidence >= found[1].confidence > 0
    assert detect("안녕")[0].confidence == 100


@pytest.mark.parametrize("text", ["", "  \n", "😀🎉", "12345", "...", "\ud800", "\x00"])
def test_without_letters_nothing_is_known(text: str) -> None:
    assert detect(text) == [NOTHING]


def test_long_text_without_spaces_is_read_quickly() -> None:
    assert is_korean("가" * 100_000 + "@" + "가" * 100_000)
    assert not is_korean("a" * 100_000)
