"""Texts become sentences that know where they came from."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nmt.errors import InputError
from nmt.plan import Planner
from nmt.tokenizers.base import Tokenizer
from nmt.translation import Segmentation, join

Tokenizers = tuple[Tokenizer, Tokenizer]


@pytest.fixture(scope="module")
def planner(tiny_tokenizers: Tokenizers) -> Planner:
    return Planner(tiny_tokenizers[0], max_pieces=64)


TEXTS = st.text(
    st.one_of(
        st.sampled_from("안녕하세요다가나 .!?\n\t\r\"'<b>{x}😊❤\ufe0f\u200b\u1112\u1161ㅋA1⟦3⟧"),
        st.characters(codec=None),
    ),
    max_size=40,
)
FILLERS = "\u115f\u1160\u3164\uffa0"
"""Hangul fillers: letters to Unicode, but nothing is to be seen of them (nmt/text/normalize.py)."""


def letters(text: str) -> list[str]:
    """Gives the letters and digits that can be seen."""
    return [char for char in text if char.isalnum() and char not in FILLERS]


@given(TEXTS)
@example(FILLERS)
@example(f"{FILLERS}가나.{FILLERS} 다{FILLERS}라.{FILLERS}")
def test_sentences_are_slices_in_order_and_nothing_is_left_out(planner: Planner, text: str) -> None:
    plan = planner.plan(text)
    at = 0
    for sentence in plan.sentences:
        assert text[sentence.start : sentence.end] == sentence.source
        assert sentence.start >= at
        at = sentence.end
    outside = [
        char
        for index, char in enumerate(text)
        if not any(s.start <= index < s.end for s in plan.sentences)
    ]
    assert not letters("".join(outside))


@given(TEXTS)
@example(FILLERS)
@example(f"{FILLERS}가나.{FILLERS} 다{FILLERS}라.{FILLERS}")
def test_sentences_joined_as_they_are_keep_every_line_break(planner: Planner, text: str) -> None:
    plan = planner.plan(text)
    joined = join([sentence.source for sentence in plan.sentences], plan.gaps)
    assert [c for c in joined if c in "\n\r\t"] == [c for c in text if c in "\n\r\t"]
    assert letters(joined) == letters(text)


def test_a_text_of_fillers_has_no_sentence(planner: Planner) -> None:
    assert not planner.plan(FILLERS).sentences


def test_lines_and_spaces_between_sentences_are_kept(planner: Planner) -> None:
    plan = planner.plan("  하나입니다.  둘입니다.\r\n\r\n\t셋입니다.\n")
    assert plan.gaps == ["  ", "  ", "\r\n\r\n\t", "\n"]
    assert [s.source for s in plan.sentences] == ["하나입니다.", "둘입니다.", "셋입니다."]


def test_sentences_without_a_space_get_one(planner: Planner) -> None:
    plan = planner.plan("안녕하세요.반갑습니다.")
    assert plan.gaps == ["", " ", ""]


def test_emoji_and_list_marks_stay_outside_the_model(planner: Planner) -> None:
    (sentence,) = planner.plan("- 🎉 생일 축하 ❤️🎂").sentences
    assert sentence.protected.source == "생일 축하"
    assert (sentence.prefix, sentence.suffix) == ("- 🎉 ", " ❤️🎂")
    assert sentence.source == "- 🎉 생일 축하 ❤️🎂"


@pytest.mark.parametrize(
    "text", ["😀😀", "1234-5678", "Hello there.", "你好。", "こんにちは", "ㅋㅋㅋ", "..."]
)
def test_text_without_syllables_is_not_for_the_model(planner: Planner, text: str) -> None:
    assert [sentence.ids for sentence in planner.plan(text).sentences] == [()]


def test_address_alone_is_not_for_the_model(planner: Planner) -> None:
    assert planner.plan("https://a.b/한글").sentences[0].protected.text.startswith("⟦0⟧")


@pytest.mark.parametrize("text", ["가" * 1500, "가나다 " * 500, "😀가" * 200])
def test_long_sentences_are_cut_without_loss(planner: Planner, text: str) -> None:
    sentences = planner.plan(text).sentences
    assert "".join(s.source for s in sentences).replace(" ", "") == text.replace(" ", "")
    assert all(0 < len(s.ids) <= 64 or len(s.source) <= 16 for s in sentences)
    assert all(sentence.is_part for sentence in sentences)


def test_placeholders_start_anew_in_each_sentence(planner: Planner) -> None:
    first, second = planner.plan("{a}를 보세요. {b}를 누르세요.").sentences
    assert first.protected.text.startswith("⟦0⟧")
    assert second.protected.text.startswith("⟦0⟧")
    assert second.protected.values == ("{b}",)


def test_token_offsets_lead_to_the_input(planner: Planner, tiny_tokenizers: Tokenizers) -> None:
    text = "첫째 줄입니다.\n  ＫＢＳ를  https://a.b/c 에서\u200b 보세요."
    sentence = planner.plan(text).sentences[1]
    tokens = sentence.tokens(tiny_tokenizers[0].encode(sentence.protected.text))
    assert all(text[token.start : token.end] == token.text for token in tokens[:-1])
    assert "https://a.b/c" in [token.text for token in tokens]
    assert {t.text for t in tokens} >= {"Ｋ", "Ｂ", "Ｓ"}
    assert (tokens[-1].text, tokens[-1].start) == ("</s>", len(text))


def test_glossary_terms_become_placeholders(planner: Planner) -> None:
    (sentence,) = planner.plan("세종대왕은 훌륭해요.", {"세종대왕": "King Sejong"}).sentences
    assert sentence.protected.values == ("King Sejong",)


def test_lines_may_stay_whole(planner: Planner) -> None:
    text = "  저는 서울에 살아요. 내일 가요.\n\n네. 😀 \n"
    plan = planner.plan(text, None, Segmentation.LINES)
    assert [s.source for s in plan.sentences] == ["저는 서울에 살아요. 내일 가요.", "네. 😀"]
    assert plan.gaps == ["  ", "\n\n", " \n"]


def test_a_whole_line_that_is_too_long_is_cut(planner: Planner) -> None:
    plan = planner.plan("저는 서울에 살아요. " * 200, None, Segmentation.LINES)
    assert len(plan.sentences) > 1
    assert all(sentence.is_part for sentence in plan.sentences)


def test_an_empty_glossary_term_is_refused(planner: Planner) -> None:
    with pytest.raises(InputError, match="a glossary term is empty"):
        planner.plan("안녕", {" ": "x"})
