"""Numbers of Korean and English text, and whether the two agree."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.text.numerals import english_numbers, korean_numbers, numbers_differ


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3만 5천 원", ["35000"]),
        ("1억 2,000만 명", ["120000000"]),
        ("1천200명, 5백만", ["1200", "5000000"]),
        ("1조 3천억 원", ["1300000000000"]),
        ("1.5억", ["150000000"]),
        ("만 5천 리터, 천2백 년", ["15000", "1200"]),
        ("만 19세", ["19"]),
        ("3~5만 원", ["30000", "50000"]),
        ("제21조, 100만큼, 5조각", ["21", "100", "5"]),
        ("2024. 3. 5. 3.14", ["2024", "3", "5", "3.14"]),
        ("삼십", ["30"]),
        ("이천이십사 년, 백만 명", ["2024", "1000000"]),
        ("사만 팔천 원", ["48000"]),
        ("스물두 살, 열한 곳, 백네 명", ["22", "11", "104"]),
        ("하나를, 두 개", ["1", "2"]),
        ("사흘 동안", ["3"]),
        ("만일 이 사람을 만나면 한참", []),
        ("이만 가 볼게요", []),
    ],
)
def test_korean_numbers_are(text: str, values: list[str]) -> None:
    assert korean_numbers(text) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("35,000 won", ["35000"]),
        ("1.2 billion", ["1200000000"]),
        ("$5m and 20k", ["5000000", "20000"]),
        ("3 to 5 million", ["3000000", "5000000"]),
        ("thirty, thirty-two", ["30", "32"]),
        ("a hundred and two", ["102"]),
        ("one million two hundred thousand", ["1200000"]),
        ("the twenty-first, twentieth and 3rd", ["3", "21", "20"]),
        ("nineteen eighty-four", ["19", "84"]),
        ("a dozen in their forties", ["12", "40"]),
        ("tenfold", ["10"]),
        ("often someone at noon", []),
    ],
)
def test_english_numbers_are(text: str, values: list[str]) -> None:
    assert english_numbers(text) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("src", "tgt"),
    [
        ("3만 5천 원입니다.", "It is 35,000 won."),
        ("오후 3시 30분", "half past three, 15:30"),
        ("12월 25일", "December 25"),
        ("90년대", "the 1990s"),
        ("21세기", "the twenty-first century"),
        ("그는 두 번 갔다.", "He went twice."),
        ("12달러 50센트", "$12.50"),
        ("2할이 올랐다.", "It rose 20 percent."),
        ("예순 점", "60 items"),
        ("27인치 4K 모니터", "a 27-inch 4K monitor"),
        ("안녕하세요", "Hello"),
    ],
)
def test_numbers_agree(src: str, tgt: str) -> None:
    assert not numbers_differ(src, tgt)


@pytest.mark.parametrize(
    ("src", "tgt"),
    [
        ("3만 5천 원입니다.", "It is 350,000 won."),
        ("참석자는 12명이다.", "There were 21 people."),
        ("2024년에 태어났다.", "He was born."),
        ("회의가 있다.", "There is a meeting at 14:30."),
        ("1억 2,000만", "12 million"),
    ],
)
def test_numbers_differ(src: str, tgt: str) -> None:
    assert numbers_differ(src, tgt)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 10**15))
def test_a_number_in_digits_is_read_the_same_in_both_languages(number: int) -> None:
    assert korean_numbers(f"{number:,}명") == english_numbers(f"{number:,} people") == [number]


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 9999), st.integers(1, 9999))
def test_units_of_ten_thousand_add_up(high: int, low: int) -> None:
    assert korean_numbers(f"{high}억 {low}만 원") == [high * 10**8 + low * 10**4]


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("일이삼십백천만억조 0123456789,.~시년할"), max_size=30))
def test_numbers_of_any_text_are_finite(text: str) -> None:
    assert all(value.is_finite() for value in korean_numbers(text))
    numbers_differ(text, text)
