"""Numbers in English text: digits, `1.2 billion`, number words and ordinals."""

import re
from decimal import Decimal

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
}  # fmt: skip
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9,
           "trillion": 10**12}  # fmt: skip
_SHORT_SCALES = {"k": 10**3, "m": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_VALUES = (
    {word: number for number, word in enumerate(_ONES)}
    | {word: 10 * number for number, word in enumerate(_TENS, 2)}
    | {"dozen": 12}
)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d{1,40})?|\d{1,40}(?:\.\d{1,40})?"
_DIGIT_NUMBER = re.compile(
    rf"({_DIGITS})(?:[ -]?((?:hundred|thousand|million|billion|trillion)(?:[ -](?:million|billion|"
    rf"trillion))?)s?\b|(?<=\d)(k|m|bn|tn|b)\b)?",
    re.IGNORECASE,
)
_BIG_SCALE = "thousand|million|billion|trillion"
_RANGE = re.compile(
    rf"(?<!\d)({_DIGITS})(?=(?: to | and | or |[-–~])[$€£₩]?(?:{_DIGITS})[ -]({_BIG_SCALE}))",
    re.IGNORECASE,
)
_WORD = "(?:" + "|".join(sorted([*_VALUES, *_SCALES, *_ORDINALS], key=len, reverse=True)) + ")"
_WORD_NUMBER = re.compile(
    rf"(?<!\d )(?<!\d-)\b(?:an? (?={_BIG_SCALE}|hundred|dozen))?{_WORD}(?:th|ieth|s|fold)?"
    rf"(?:(?:[ -]| and )(?:{_WORD})(?:th|ieth)?)*\b"
    rf"|\b(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)ie(?:th|s)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z]+")


def english_numbers(text: str) -> list[Decimal]:
    """Values of the numbers in `text`, first those with digits, then those in words.

    `35,000` is 35000, `1.2 billion` 1200000000, `$5m` 5000000, `thirty-two` 32, `a hundred and
    two` 102, `twenty-first` 21, `a dozen` 12.
    """
    return [*digit_numbers(text), *word_numbers(text)]


def digit_numbers(text: str) -> list[Decimal]:
    """Values of the numbers that are written with Arabic digits."""
    shared = {match.start(): match[2].lower() for match in _RANGE.finditer(text)}
    found = []
    for match in _DIGIT_NUMBER.finditer(text):
        value = Decimal(match[1].replace(",", ""))
        scale = (match[2] or shared.get(match.start(), "")).lower()
        for word in _WORDS.findall(scale):
            value *= _SCALES[word]
        found.append(value * _SHORT_SCALES.get((match[3] or "").lower(), 1))
    return found


def word_numbers(text: str) -> list[Decimal]:
    """Values of the numbers that are written in words, ordinals included."""
    return [value for match in _WORD_NUMBER.finditer(text) for value in _values(match[0].lower())]


def _values(words: str) -> list[Decimal]:
    """Values of a run of number words; `nineteen eighty` and `one two` are two numbers."""
    found: list[Decimal] = []
    total = section = last = 0
    for word in _WORDS.findall(words):
        scale = _SCALES.get(word.removesuffix("s").removesuffix("th"))
        if scale:
            section = (section or 1) * scale
            if scale > 100:
                total, section = total + section, 0
            last = scale
            continue
        value = _word_value(word)
        if value is None:
            continue
        if 0 < last < 100 and not (last >= 20 and value < 10):
            found.append(Decimal(total + section))
            total = section = 0
        section += value
        last = value
    return [*found, Decimal(total + section)]


def _word_value(word: str) -> int | None:
    """Value of one cardinal or ordinal below 100; None for `and` and `a`."""
    if word in _ORDINALS:
        return _ORDINALS[word]
    stems = (word.removesuffix("s"), word.removesuffix("th"), word.removesuffix("fold"))
    for base in (word, *stems, word[:-4] + "y", word[:-3] + "y"):
        if base in _VALUES:
            return _VALUES[base]
    return None
