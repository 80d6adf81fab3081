"""Where pairs of tags come in a translation, with attention made by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.projection import project, project_evenly
from nmt.text.tag_pairs import split_pairs
from nmt.translation import SentenceTranslation, Token, Translation

TAG = re.compile(r"</?\w+>")


def tokens(text: str, base: int = 0) -> tuple[Token, ...]:
    """Words, marks and, after a `|` of the source, particles."""
    found = re.finditer(r"[^\s.|]+|\.", text)
    return (
        *(Token(m[0], m.start() + base, m.end() + base) for m in found),
        Token("</s>", len(text) + base, len(text) + base),
    )


def sentence(source: str, target: str, links: Mapping[int, int], start: int) -> SentenceTranslation:
    """A sentence whose target token k attends to source token links[k], others to the end."""
    source_tokens, target_tokens = tokens(source, start), tokens(target)
    rows = []
    for at in range(len(target_tokens)):
        row = [0.2 / len(source_tokens)] * len(source_tokens)
        row[links.get(at, -1)] += 0.8
        rows.append(tuple(row))
    return SentenceTranslation(
        source, start, start + len(source), target, -1.0,
        source_tokens=source_tokens, target_tokens=target_tokens, attention=tuple(rows),
    )  # fmt: skip


def joined(sentences: Sequence[SentenceTranslation]) -> Translation:
    source = " ".join(s.source for s in sentences)
    return Translation(source, " ".join(s.text for s in sentences), -1.0, tuple(sentences), ())


def marked(tagged: str, target: str, links: Mapping[int, int]) -> str:
    paired = split_pairs(tagged)
    return project(paired, joined([sentence(paired.plain, target, links, 0)]))


@pytest.mark.parametrize(
    ("tagged", "target", "links", "expected"),
    [
        ("나 <b>집</b> 간다.", "I go home.", {0: 0, 1: 2, 2: 1}, "I go <b>home</b>."),
        ("<b>나</b> 집 <i>간다</i>.", "I go home.", {0: 0, 1: 2, 2: 1}, "<b>I</b> <i>go</i> home."),
        ("<b>가</b> 나 <i>다</i>", "C B K", {0: 2, 1: 1, 2: 0}, "<i>C</i> B <b>K</b>"),
        ("<b>가 <i>나</i></b> 다", "X B K", {0: 2, 1: 1, 2: 0}, "X <b><i>B</i> K</b>"),
        ("<b><i>가</i></b> 나", "B K", {0: 1, 1: 0}, "B <b><i>K</i></b>"),
        ("<b>가</b> <i>나</i>", "K B", {0: 0, 1: 1}, "<b>K</b> <i>B</i>"),
        ("가 <b>나 다</b>", "B K C", {0: 1, 1: 0, 2: 2}, "<b>B K C</b>"),
        ("가 <b>나 다 라</b>", "B C K D", {0: 1, 1: 2, 2: 0, 3: 3}, "<b>B C K D</b>"),
        ("가 <b>책</b> 나", "X the book", {0: 0, 1: 1, 2: 1}, "X the <b>book</b>"),
        ("<b>서울</b> 간다", 'go "Seoul".', {0: 1, 1: 0}, 'go "<b>Seoul</b>".'),
    ],
    ids=["monotone", "two", "crossed", "nested", "double", "adjacent", "split", "gap", "article",
         "marks"],
)  # fmt: skip
def test_pair_goes_around_the_words_that_attend_to_its_text(
    tagged: str, target: str, links: Mapping[int, int], expected: str
) -> None:
    assert marked(tagged, target, links) == expected


def test_tag_around_a_particle_goes_around_its_preposition() -> None:
    paired = split_pairs("서울<b>에서</b> 왔다")
    one = sentence(paired.plain, "came from Seoul", {0: 2, 1: 1, 2: 0}, 0)
    cut = (Token("서울", 0, 2), Token("에서", 2, 4), Token("왔다", 5, 7), Token("</s>", 7, 7))
    rows = ((0.0, 0.1, 0.9, 0.0), (0.1, 0.8, 0.1, 0.0), (0.9, 0.1, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    one = replace(one, source_tokens=cut, attention=rows)
    assert project(paired, joined([one])) == "came <b>from</b> Seoul"


def test_word_is_never_cut() -> None:
    paired = split_pairs("<b>집</b> 가")
    one = sentence(paired.plain, "homeward go", {0: 0, 1: 1}, 0)
    cut = (Token("home", 0, 4), Token("ward", 4, 8), Token("go", 9, 11), Token("</s>", 11, 11))
    rows = ((0.9, 0.1, 0.0), (0.5, 0.5, 0.0), (0.1, 0.9, 0.0), (0.0, 0.0, 1.0))
    one = replace(one, target_tokens=cut, attention=rows)
    assert project(paired, joined([one])) == "<b>homeward</b> go"


def two(tagged: str) -> str:
    paired = split_pairs(tagged)
    first = sentence("가 나.", "B K.", {0: 1, 1: 0}, 0)
    second = sentence("다 라.", "D C.", {0: 1, 1: 0}, 5)
    return project(paired, joined([first, second]))


@pytest.mark.parametrize(
    ("tagged", "expected"),
    [
        ("가 나. <b>다</b> 라.", "B K. D <b>C</b>."),
        ("<b>가 나.</b> 다 라.", "<b>B K.</b> D C."),
        ("<b>가</b> 나. 다 <i>라</i>.", "B <b>K</b>. <i>D</i> C."),
        ("<b>가 나. 다 라.</b>", "<b>B K. D C.</b>"),
        ("<b>가 나. 다</b> 라.", "<b>B K. D C</b>."),
        ("<b>가 나.</b> <i>다 라.</i>", "<b>B K.</b> <i>D C.</i>"),
    ],
)
def test_sentences_of_a_text_have_their_own_attention(tagged: str, expected: str) -> None:
    assert two(tagged) == expected


def test_text_that_stays_the_same_keeps_its_tags() -> None:
    source = "<b>3</b>명이 <i>{name}</i> 또는 3.5로 간다."
    target = "To 3.5 or {name} go 3 people"
    assert "<i>{name}</i>" in marked(source, target, {})
    assert marked("값은 <b>50%</b>다.", "50% is it", {}) == "<b>50%</b> is it"


def test_without_attention_places_go_by_proportion() -> None:
    paired = split_pairs("가나다 <b>라마바</b> 사아자")
    one = replace(sentence(paired.plain, "one two six", {}, 0), attention=None)
    assert project(paired, joined([one])) == "one <b>two</b> six"
    assert project_evenly(paired, "one two six") == "one <b>two</b> six"


def test_attention_that_says_nothing_counts_as_none() -> None:
    paired = split_pairs("가나다 <b>라마바</b> 사아자")
    one = sentence(paired.plain, "one two six", {}, 0)
    flat = tuple((0.25,) * 4 for _ in one.target_tokens)
    assert project(paired, joined([replace(one, attention=flat)])) == "one <b>two</b> six"


def test_more_pairs_than_words_are_all_there() -> None:
    assert marked("<b>가</b><i>나</i><u>다</u>", "word", {0: 0}).count("<") == 6
    assert re.sub("<.*?>", "", marked("<b>가</b><i>나</i>", "word", {})) == "word"
    assert project_evenly(split_pairs("<b>가</b>"), "") == "<b></b>"


TARGETS = ["one", "two", "the", "3", "a.b", "Kim's", "...", "{0}", "<g9/>", "say,"]


def is_well_formed(tags: Sequence[str]) -> bool:
    opened: list[str] = []
    for tag in tags:
        if not tag.startswith("</"):
            opened.append(tag[1:])
        elif not opened or opened.pop() != tag[2:]:
            return False
    return not opened


@given(
    st.recursive(
        st.sampled_from(["가 ", "나다 ", "3 ", "라. ", "{0} "]),
        lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda p: ["g", *p]),
        max_leaves=12,
    ),
    st.lists(st.sampled_from(TARGETS), max_size=12),
    st.lists(st.integers(0, 9), min_size=30, max_size=30),
)
def test_every_tag_comes_once_and_well_formed(
    tree: list[object] | str, target: list[str], links: list[int]
) -> None:
    n_pairs = 0

    def spelled(part: object) -> str:
        nonlocal n_pairs
        if not isinstance(part, list):
            return str(part)
        n_pairs += 1
        name = f"g{n_pairs}"
        return f"<{name}>{''.join(map(spelled, part[1:]))}</{name}>"

    paired = split_pairs(spelled(tree))
    text = " ".join(target)
    n_source = len(tokens(paired.plain))
    found = dict(enumerate(n % n_source for n in links))
    translation = joined([sentence(paired.plain, text, found, 0)])
    for result in (project(paired, translation), project_evenly(paired, text)):
        tags = TAG.findall(result)
        assert sorted(tags) == sorted(
            t for n in range(1, n_pairs + 1) for t in (f"<g{n}>", f"</g{n}>")
        )
        assert is_well_formed(tags)
        assert TAG.sub("", result) == text


def test_hostile_numbers_of_pairs_take_seconds() -> None:
    started = time.monotonic()
    many = split_pairs("<b>가</b> " * 2000)
    assert project_evenly(many, "word " * 1000).count("<b>") == 2000
    deep = split_pairs("<b>" * 5000 + "가" + "</b>" * 5000)
    assert project_evenly(deep, "word").count("</b>") == 5000
    assert time.monotonic() - started < 20
