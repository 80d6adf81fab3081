"""The one door: every text comes back in its place, nothing is lost, oddities are flagged."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.config import SearchConfig
from nmt.errors import ConfigError, InputError
from nmt.streaming import MOST_CHARS, MOST_TEXTS, iter_chunks
from nmt.translation import Flag, TranslateOptions
from nmt.translator import Translator

MakeTranslator = Callable[[Callable[[str, SearchConfig], list[str]]], Translator]

ACCEPTANCE = {
    "white space": " \t ",
    "emoji": "😀🎉",
    "emoji mid-text": "오늘은 😀 날씨가 좋아요. 내일은 🎉 파티가 있어요.",
    "control": "안녕\x00하세요\x07. \ud800 반가워요.",
    "nfd": unicodedata.normalize("NFD", "안녕하세요. 반갑습니다."),
    "jamo": "ㅋㅋㅋ ㅠㅠ",
    "mixed": "KBS 뉴스에서 iphone 17을 봤어요.",
    "word": "사과",
    "digits": "12345",
    "repeated": "안녕 " * 500,
    "html": "<div><p>첫 <b>문장</b>입니다.</p><p>둘째 <i>문장</i>입니다.</p></div>",
    "slots": "%1$s 님이 {0} 파일을 {{x}}에서 <br/> 열었습니다.",
    "english": "This is already English.",
    "chinese": "今天天气很好。",
    "japanese": "今日はいい天気ですね。",
    "no space": "가나다라마바사" * 300,
}


def echo(text: str, _: SearchConfig) -> list[str]:
    """A model that answers with the placeholders of its source and its length."""
    marks = re.findall(r"⟦\d+⟧", text)
    return [" ".join([f"Text of {len(text.split())} words", *marks]) + "."]


@pytest.fixture
def echo_translator(scripted_translator: MakeTranslator) -> Translator:
    return scripted_translator(echo)


def test_texts_come_back_in_their_places(scripted_translator: MakeTranslator) -> None:
    answers = {"안녕하세요.": "hello.", "저는 서울에 살아요.": "I live in Seoul.", "네.": "yes."}
    translator = scripted_translator(lambda text, _: [answers[text]])
    translations = translator.translate(["저는 서울에 살아요.\n\n안녕하세요.  네.", "네."])
    assert [t.text for t in translations] == ["I live in Seoul.\n\nHello.  Yes.", "Yes."]
    assert [s.start for s in translations[0].sentences] == [0, 13, 21]
    assert translations[0].score == pytest.approx(-0.5)


def test_blank_text_stays_and_says_so(echo_translator: Translator) -> None:
    empty, blank = echo_translator.translate(["", " \n "])
    assert (empty.text, empty.flags, empty.sentences) == ("", (Flag.EMPTY,), ())
    assert (blank.text, blank.flags, blank.score) == (" \n ", (Flag.EMPTY,), None)


@pytest.mark.parametrize("text", ["😀🎉", "12345", "Hello, world.", "今天天气很好。", "ㅋㅋㅋ"])
def test_text_without_korean_comes_back_as_it_is(echo_translator: Translator, text: str) -> None:
    (translation,) = echo_translator.translate([text])
    assert translation.text == text
    assert translation.flags == (Flag.NOT_KOREAN,)
    assert translation.score is None


def test_emoji_beside_korean_are_kept_without_a_flag(echo_translator: Translator) -> None:
    (translation,) = echo_translator.translate(["좋아요! 😀 정말 🎉 최고예요 👍🏽"])
    assert all(emoji in translation.text for emoji in ("😀", "🎉", "👍🏽"))
    assert Flag.NOT_KOREAN not in translation.flags


@pytest.mark.parametrize("name", ACCEPTANCE)
def test_odd_input_is_translated_or_flagged_and_never_lost(
    tiny_translator: Translator, echo_translator: Translator, name: str
) -> None:
    text = ACCEPTANCE[name]
    for translator in (tiny_translator, echo_translator):
        (translation,) = translator.translate([text])
        assert translation.source == text
        assert translation.text.strip() or Flag.EMPTY in translation.flags
        assert all(text[s.start : s.end] == s.source for s in translation.sentences)
        assert all(s.text.strip() for s in translation.sentences)
        translation.text.encode()
        for value in re.findall(r"</?\w+/?>|%1\$s|\{+\w\}+", text):
            assert value in translation.text


@pytest.mark.parametrize("n_lines", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_lines_keep_their_number(echo_translator: Translator, n_lines: int) -> None:
    lines = [f"{number % 7}번 버스." if number % 3 else "" for number in range(n_lines)]
    (translation,) = echo_translator.translate(["\n".join(lines)])
    assert [bool(line) for line in translation.text.split("\n")] == [bool(line) for line in lines]


@pytest.mark.parametrize("n_chars", [5000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_very_long_line_is_translated_to_its_end(
    echo_translator: Translator, n_chars: int
) -> None:
    text = "나는 학교에 가고 " * (n_chars // 10)
    (translation,) = echo_translator.translate([text])
    assert Flag.SPLIT in translation.flags
    assert sum(len(s.source.split()) for s in translation.sentences) == 3 * (n_chars // 10)


def test_output_does_not_depend_on_neighbours(tiny_translator: Translator) -> None:
    texts = [
        text
        for number in range(8)
        for text in (f"{number}번 버스를 타세요.", "네.", "저는 서울에 살아요. " * number + "안녕.")
    ]
    together = tiny_translator.translate(texts, TranslateOptions(n_best=2, attention=True))
    options = TranslateOptions(n_best=2, attention=True)
    for text, expected in zip(texts[::5], together[::5], strict=True):
        (alone,) = tiny_translator.translate([text], options)
        assert alone.text == expected.text
        assert alone.alternatives == expected.alternatives
        assert alone.score == pytest.approx(expected.score, abs=1e-5)


def test_a_single_string_is_refused(echo_translator: Translator) -> None:
    with pytest.raises(InputError, match=r"texts is one string; give a list"):
        echo_translator.translate("안녕")


@pytest.mark.parametrize("n_best", [0, 10_000])
def test_options_out_of_range_are_refused(echo_translator: Translator, n_best: int) -> None:
    with pytest.raises(ConfigError, match=r"n_best|beam_size"):
        echo_translator.translate(["안녕"], TranslateOptions(n_best=n_best))


def test_n_best_widens_the_beam_unless_that_is_given() -> None:
    defaults = SearchConfig(beam_size=2)
    assert TranslateOptions(n_best=5).search_config(defaults).beam_size == 5
    with pytest.raises(ConfigError, match="n_best is 5; allowed: 1 to beam_size, which is 1"):
        TranslateOptions(n_best=5, beam_size=1).search_config(defaults)


def test_search_settings_of_a_call_replace_the_defaults() -> None:
    given_search = SearchConfig(beam_size=3, no_repeat_ngram=4)
    search = TranslateOptions(search=given_search, length_penalty=0.5).search_config(SearchConfig())
    assert (search.beam_size, search.no_repeat_ngram, search.length_penalty) == (3, 4, 0.5)


# ---------------------------------------------------------------- faults and retries


def flags_of(translator: Translator, text: str) -> tuple[Flag, ...]:
    return translator.translate([text])[0].flags


@pytest.mark.parametrize(
    ("source", "target", "flag"),
    [
        ("안녕하세요.", "Hello there~cut", Flag.TRUNCATED),
        ("안녕하세요.", "Hi " * 12, Flag.REPETITION),
        ("안녕하세요.", f"So, {', '.join(map(chr, range(97, 123)))} is all.", Flag.LENGTH_RATIO),
        ("저는 서울에 살아요.", "I live in 서울.", Flag.COPIED_SOURCE),
        ("17개 주세요.", "Give me 71 of them.", Flag.NUMBERS_DIFFER),
        ("{a}를 보세요.", "Look at that.", Flag.PLACEHOLDER_LOST),
        ("안녕하세요.", "Hello \ufffd.", Flag.UNKNOWN),
    ],
)
def test_what_a_reader_should_know_is_flagged(
    scripted_translator: MakeTranslator, source: str, target: str, flag: Flag
) -> None:
    assert flag in flags_of(scripted_translator(lambda text, _: [target]), source)


def test_a_good_translation_has_no_flags(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["I live in Seoul."])
    assert flags_of(translator, "저는 서울에 살아요.") == ()


def test_a_lost_placeholder_is_found_in_another_hypothesis(
    scripted_translator: MakeTranslator,
) -> None:
    translator = scripted_translator(lambda text, _: ["Open it.", "Open ⟦0⟧."])
    (translation,) = translator.translate(["{name} 파일을 여세요."])
    assert translation.text == "Open {name}."
    assert translation.flags == ()


def test_a_placeholder_lost_for_good_stands_at_the_end(
    scripted_translator: MakeTranslator,
) -> None:
    translator = scripted_translator(lambda text, _: ["Open it."])
    (translation,) = translator.translate(["https://a.b/c 를 여세요."])
    assert translation.text == "Open it. https://a.b/c"
    assert translation.flags == (Flag.PLACEHOLDER_LOST,)


def test_repetition_is_searched_again_without_ngrams_twice(
    scripted_translator: MakeTranslator,
) -> None:
    def loop(text: str, search: SearchConfig) -> list[str]:
        return ["Hello there."] if search.no_repeat_ngram else ["hello " * 10]

    (translation,) = scripted_translator(loop).translate(["안녕하세요."])
    assert (translation.text, translation.flags) == ("Hello there.", ())


def test_an_empty_answer_is_searched_again(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, s: ["Hello."] if s.min_length else [""])
    assert translator.translate(["안녕하세요."])[0].text == "Hello."


def test_a_sentence_without_any_answer_stays_as_it_is(scripted_translator: MakeTranslator) -> None:
    (translation,) = scripted_translator(lambda text, _: [" "]).translate(["안녕하세요."])
    assert (translation.text, translation.flags) == ("안녕하세요.", (Flag.COPIED_SOURCE,))


def test_only_faulty_sentences_are_searched_again(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["" if text == "네." else "Fine."])
    translator.translate(["안녕하세요.", "네."])
    assert translator.engine.batches == [["안녕하세요.", "네."], ["네."]]  # type: ignore[attr-defined]


def test_the_rest_of_the_beam_is_looked_at_before_another_search(
    scripted_translator: MakeTranslator,
) -> None:
    looping = ["hello " * 10, "Hello there.", "Hi."]
    translator = scripted_translator(lambda text, _: looping)
    options = TranslateOptions(beam_size=4)
    assert translator.translate(["안녕하세요."], options)[0].text == "Hello there."
    assert len(translator.engine.batches) == 1  # type: ignore[attr-defined]


def test_case_is_not_taken_from_latin_letters_of_the_source(
    scripted_translator: MakeTranslator,
) -> None:
    translator = scripted_translator(lambda text, _: ["the iphone is expensive."])
    assert translator.translate(["iphone이 비싸요."])[0].text == "The iphone is expensive."


def test_control_characters_of_a_model_are_left_out(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["I \x1bsee\x07."])
    (found,) = translator.translate(["봐요."], TranslateOptions(attention=True))
    assert found.text == "I see."
    for token in found.sentences[0].target_tokens[:-1]:
        assert found.text[token.start : token.end] == token.text


# ---------------------------------------------------------------- glossary and alternatives


def test_glossary_terms_come_out_as_given(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["I met ⟦0⟧."])
    options = TranslateOptions(glossary={"세종대왕": "King Sejong"})
    (translation,) = translator.translate(["세종대왕을 만났어요."], options)
    assert translation.text == "I met King Sejong."


def test_a_text_of_glossary_terms_alone_is_their_english(echo_translator: Translator) -> None:
    options = TranslateOptions(glossary={"한빛전자": "Hanbit", "KBS": "K"})
    terms, korean = echo_translator.translate(["🎉 한빛전자 (KBS)", "나라전자"], options)
    assert (terms.text, terms.score, terms.flags) == ("🎉 Hanbit (K)", None, ())
    assert korean.score is not None


def test_alternatives_are_the_next_best(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["Hi.", "Hi.", "Hello.", "Hey."])
    (one, two) = translator.translate(["안녕.", "안녕. 안녕!"], TranslateOptions(n_best=4))
    assert [other.text for other in one.sentences[0].alternatives] == ["Hello.", "Hey."]
    assert one.alternatives == ("Hello.", "Hey.")
    assert two.alternatives == ("Hello. Hello.", "Hey. Hey.")


# ---------------------------------------------------------------- tokens and attention


def test_attention_rows_sum_to_one_and_fit_the_tokens(tiny_translator: Translator) -> None:
    options = TranslateOptions(attention=True)
    (translation,) = tiny_translator.translate(["저는 서울에 살아요. 내일 부산에 가요."], options)
    assert len(translation.sentences) == 2
    for sentence in translation.sentences:
        rows = sentence.attention or ()
        assert len(rows) == len(sentence.target_tokens)
        assert {len(row) for row in rows} == {len(sentence.source_tokens)}
        assert all(sum(row) == pytest.approx(1, abs=1e-9) for row in rows)


def test_tokens_are_not_given_unless_asked(tiny_translator: Translator) -> None:
    (sentence,) = tiny_translator.translate(["안녕하세요."])[0].sentences
    assert (sentence.source_tokens, sentence.target_tokens, sentence.attention) == ((), (), None)


ANSWERS = st.lists(
    st.sampled_from(["hello", "⟦0⟧", "⟦1⟧", ",", ",", ".", '"', "( a )", "do n't", "é", "😀", "X"]),
    min_size=1,
    max_size=8,
).map(" ".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_target_tokens_are_slices_of_the_output_in_order(
    scripted_translator: MakeTranslator, answer: str
) -> None:
    translator = scripted_translator(lambda text, _: [answer])
    options = TranslateOptions(attention=True)
    (sentence,) = translator.translate(["🎉 {a} 파일과 `b  c` 를 보세요."], options)[0].sentences
    tokens = sentence.target_tokens
    assert tokens[-1].text == "</s>"
    assert all(sentence.text[t.start : t.end] == t.text for t in tokens[:-1])
    assert [t.start for t in tokens] == sorted(t.start for t in tokens)
    for mark, value in (("⟦0⟧", "{a}"), ("⟦1⟧", "`b  c`")):
        if mark in answer:
            assert value in [token.text for token in tokens]


def test_words_of_the_output_are_covered_by_its_tokens(
    scripted_translator: MakeTranslator,
) -> None:
    answer = 'he said , " open ⟦0⟧ " ,, did n\'t he ?'
    translator = scripted_translator(lambda text, _: [answer])
    options = TranslateOptions(attention=True)
    (sentence,) = translator.translate(["{name} 여세요."], options)[0].sentences
    assert sentence.text == 'He said, "open {name}", didn\'t he?'
    covered = {at for token in sentence.target_tokens for at in range(token.start, token.end)}
    missed = [char for at, char in enumerate(sentence.text) if at not in covered]
    assert set(missed) <= {" "}


# ---------------------------------------------------------------- streams


def test_a_stream_keeps_its_order_and_begins_early(echo_translator: Translator) -> None:
    n_read = 0

    def lines() -> Iterator[str]:
        nonlocal n_read
        for n_read in itertools.count(1):
            yield f"{'가 ' * (n_read % 50)}나"

    stream = echo_translator.iter_translate(lines())
    first = next(stream)
    assert first.text == "Text of 2 words."
    assert n_read < 200
    texts = [next(stream).text for _ in range(300)]
    assert texts == [f"Text of {number % 50 + 1} words." for number in range(2, 302)]


@pytest.mark.parametrize("text", ["", "네", "네. " * 5000])
def test_a_stream_holds_few_texts_however_long_it_is(text: str) -> None:
    held = [len(chunk) for chunk in iter_chunks(itertools.repeat(text, 50_000))]
    assert sum(held) == 50_000
    assert max(held) <= MOST_TEXTS
    assert (max(held) - 1) * len(text) <= MOST_CHARS
