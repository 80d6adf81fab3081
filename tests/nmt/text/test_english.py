"""Tidying of English output."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.text.english import tidy


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("hello , world .", "Hello, world."),
        ("it 's  fine , do n't worry !", "It's fine, don't worry!"),
        ('He said , " hello " .', 'He said, "hello".'),
        ('an odd " mark', 'An odd " mark'),
        ("( see ) 5 % of 3.14", "(See) 5% of 3.14"),
        ("Wait ... what", "Wait... what"),
        ("yes,,, no", "Yes, no"),
        ("Hello.World,again", "Hello. World, again"),
        ("좋아 。 ok", "좋아. ok"),
        ("iPhone is good", "iPhone is good"),
        ("eBay and x86 stay", "eBay and x86 stay"),
        ("a.m. and config.json stay", "a.m. and config.json stay"),
        ("naver.com stays", "naver.com stays"),
        ("foo(bar) and a_b stay", "foo(bar) and a_b stay"),
        ("visit https://a.b,c/d.E now", "Visit https://a.b,c/d.E now"),
        ("⟦0⟧ is kept , ⟦1⟧ too", "⟦0⟧ is kept, ⟦1⟧ too"),
        ("broke till payday :(", "Broke till payday :("),
        ("KBS and MBC", "KBS and MBC"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_tidy_gives(given_text: str, expected: str) -> None:
    assert tidy(given_text) == expected


WORDS = st.sampled_from(["the", "cat", "it", "'s", ",", ".", "!", '"', "(", ")", "3", "⟦0⟧", "iOS"])


@settings(max_examples=80, deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_tidy_changes_only_spaces_marks_and_the_first_capital(text: str) -> None:
    result = tidy(text)
    assert [c for c in result.lower() if c.isalnum()] == [c for c in text.lower() if c.isalnum()]
    assert sum(a != b for a, b in zip(_letters(result), _letters(text), strict=True)) <= 1


def _letters(text: str) -> list[str]:
    return [char for char in text if char.isalpha()]
