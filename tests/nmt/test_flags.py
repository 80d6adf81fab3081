"""Checks on a translation without a reference."""

from __future__ import annotations

import pytest

from nmt.flags import count_repeats, has_hangul, length_is_odd, runs_away


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ("", (1, 1)),
        ("abc", (1, 1)),
        ("aaaa", (4, 4)),
        ("xabababc", (3, 6)),
        ("abcabcabcabc", (4, 12)),
    ],
)
def test_repeats_are_counted(pieces: str, expected: tuple[int, int]) -> None:
    assert count_repeats(pieces) == expected


def test_a_loop_runs_away() -> None:
    assert runs_away(["I", "am", "a"] * 5, ["나는", "이다"])


def test_a_loop_of_its_source_does_not_run_away() -> None:
    assert not runs_away(["ha"] * 10, ["하"] * 10)


def test_emphasis_does_not_run_away() -> None:
    assert not runs_away(["very", "very", "very", "good"], ["정말", "좋다"])


def test_a_long_text_of_few_phrases_runs_away() -> None:
    phrases = ["the", "man", "and", "x1", "the", "man", "and", "x2"]
    assert runs_away(phrases * 5, list(range(10)))


def test_length_is_odd_where_the_end_is_missing() -> None:
    source = "이것이 스케이터가 회전을 할 수 있게 하며 오른쪽으로 기울면 오른쪽으로 돈다."
    assert length_is_odd(source, "This is the skater.")
    assert not length_is_odd(source, "This lets the skater turn, and to the right when tilted.")


def test_length_is_odd_where_the_model_rambles() -> None:
    assert length_is_odd("네.", "Yes, I will " * 8)
    assert not length_is_odd("네.", "Yes, I will do so.")


def test_hangul_is_found_as_syllables_and_letters() -> None:
    assert has_hangul("the 서울 city")
    assert has_hangul("lol ㅋ")
    assert not has_hangul("Seoul, 2024: 首都!")
