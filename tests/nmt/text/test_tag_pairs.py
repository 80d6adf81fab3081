"""Pairs of inline tags, taken out of texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.text.tag_pairs import PairedText, TagPair, split_pairs

TEXTS = ["가", " ", "나다.", "`", "{0}", "<", ">"]
TAGS = [
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<g1>",
    "</g1>",
    "<br/>",
    "<a x='1'>",
    "</a>",
    "<td>",
    "</td>",
]


def put_back(paired: PairedText) -> str:
    """The plain text with its pairs where they were taken out."""
    inserts = [
        (at, order, tag)
        for n, pair in enumerate(paired.pairs)
        for at, order, tag in (
            (pair.start, (1, n), pair.opening),
            (pair.end, (0, -n), pair.closing),
        )
    ]
    done, parts = 0, []
    for at, _, tag in sorted(inserts):
        parts += [paired.plain[done:at], tag]
        done = at
    return "".join([*parts, paired.plain[done:]])


def test_pairs_are_taken_out_with_their_places() -> None:
    paired = split_pairs('저는 <b>서울</b>에 <a href="x">살아요</a>.')
    assert paired.plain == "저는 서울에 살아요."
    assert paired.pairs == (
        TagPair("<b>", "</b>", 3, 5),
        TagPair('<a href="x">', "</a>", 7, 10),
    )


def test_nested_pairs_know_the_pair_around_them() -> None:
    paired = split_pairs("<b>가<i>나</i></b><u>다</u>")
    assert paired.plain == "가나다"
    assert [pair.parent for pair in paired.pairs] == [None, 0, None]


@pytest.mark.parametrize(
    "text",
    [
        "없다",
        "가<br/>나 {0} <img src='x'>",
        "가 <b>나",
        "가</b> 나",
        "가 <b></b> 나",
        "가 <b> <i></i> </b> 나",
        "`<b>나</b>`는 굵다",
        "<td>가</td><td>나</td>",
        "1 < 2</ 가",
    ],
)
def test_all_else_stays(text: str) -> None:
    assert split_pairs(text) == PairedText(text, text)


def test_tag_without_partner_stays_inside_a_pair() -> None:
    paired = split_pairs("<b>가 <i>나</b> 다</i>")
    assert paired.plain == "가 <i>나 다</i>"
    assert [(pair.start, pair.end) for pair in paired.pairs] == [(0, 6)]


@given(st.lists(st.sampled_from(TEXTS + TAGS), max_size=30).map("".join))
def test_what_is_taken_out_can_be_put_back(text: str) -> None:
    paired = split_pairs(text)
    assert put_back(paired) == text
    assert all(paired.plain[pair.start : pair.end].strip() for pair in paired.pairs)


def test_hostile_nesting_is_read_quickly() -> None:
    started = time.monotonic()
    split_pairs("<b>" * 20_000 + "가" + "</i>" * 20_000 + "</b>" * 20_000)
    assert time.monotonic() - started < 10
