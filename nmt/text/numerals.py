"""Compares the numbers of a Korean text with those of its English translation."""

import re
from decimal import Decimal

from nmt.text import english_numbers as english
from nmt.text import korean_numbers as korean
from nmt.text.english_numbers import english_numbers
from nmt.text.korean_numbers import korean_numbers

__all__ = ["english_numbers", "korean_numbers", "numbers_differ"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_DIGIT = re.compile(r"\d")
_MONTH = re.compile(rf"\b(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in _MONTHS)})\b")
_DECIMALS = re.compile(r"(?<!\d)(\d{1,40})\.(\d{1,40})")
_THOUSANDS = re.compile(r"(?<!\d)(\d{1,6})[kK]\b")
_HOUR = re.compile(r"(\d{1,2})(?:시|:\d\d| ?[ap]\.?m\b)|\b(\d{1,2}) o'clock", re.IGNORECASE)
_DECADE = re.compile(r"(?:19|20)?(\d0)(?:년대|'?s\b)")
_FRACTION = re.compile(r"(?<!\d)(\d{1,15})(?:달러 |도 )(\d{1,4})(?:센트|부)")
_TENTHS = re.compile(r"(\d)할")
_ENGLISH_WORDS = {
    "half": (50, 30), "decade": (10,), "centur": (100,), "millenni": (1000,), "teen": (10,),
    "quarter": (15, 25), "full": (100,), "noon": (12,), "midnight": (12, 24), "score": (20,),
}  # fmt: skip
_KOREAN_WORDS = {"절반": (50,), "반": (30, 50), "정오": (12,), "자정": (12, 24), "세기": (100,)}
_SMALLEST = 10
"""Numbers below are compared with nothing: `1개의` is `a`, `2개` may be `both`."""


def numbers_differ(src: str, tgt: str) -> bool:
    """Whether a number of ten or more, in digits on one side, is nowhere on the other.

    Conservative: numbers in words, months, hours of both clocks, decades, percentages and
    fractions of the other side may all account for it; a side without any number still differs.
    """
    if not (_DIGIT.search(src) or _DIGIT.search(tgt)):
        return False
    src_digits, tgt_digits = (
        _compared(korean.digit_numbers(src)),
        _compared(english.digit_numbers(tgt)),
    )
    src_only, tgt_only = src_digits - tgt_digits, tgt_digits - src_digits
    if src_only and not src_only <= {
        *english.word_numbers(tgt),
        *_other_readings(tgt),
        *_months(tgt),
    }:
        return True
    return bool(tgt_only) and not tgt_only <= {*korean.word_numbers(src), *_other_readings(src)}


def _compared(numbers: list[Decimal]) -> set[Decimal]:
    return {number for number in numbers if number >= _SMALLEST}


def _months(text: str) -> set[Decimal]:
    """Numbers of the months that are named in English."""
    names = [month[:3] for month in _MONTHS]
    return {Decimal(names.index(match[0][:3]) + 1) for match in _MONTH.finditer(text)}


def _other_readings(text: str) -> set[Decimal]:
    """Hours of the other clock, decades without their century, tenths, and words like `half`."""
    found: set[Decimal] = set()
    for match in _HOUR.finditer(text):
        hour = int(match[1] or match[2])
        found |= {Decimal(hour + 12), Decimal(hour - 12)}
    for match in _DECADE.finditer(text):
        found |= {Decimal(match[1]), Decimal("19" + match[1]), Decimal("20" + match[1])}
    found |= {Decimal(f"{match[1]}.{match[2]}") for match in _FRACTION.finditer(text)}
    found |= {Decimal(part) for match in _DECIMALS.finditer(text) for part in match.groups()}
    found |= {Decimal(match[1]) * k for match in _THOUSANDS.finditer(text) for k in (1, 1000)}
    found |= {Decimal(match[1]) * 10 for match in _TENTHS.finditer(text)}
    for word, values in (_ENGLISH_WORDS | _KOREAN_WORDS).items():
        if word in text:
            found.update(map(Decimal, values))
    return found
