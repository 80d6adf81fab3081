"""Slips of a finger on the Korean two-set keyboard (KS X 5002), at the level of jamo."""

from __future__ import annotations

import functools
import random

_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = (
    "", "ㄱ", "ㄲ", "ㄳ", "ㄴ", "ㄵ", "ㄶ", "ㄷ", "ㄹ", "ㄺ", "ㄻ", "ㄼ", "ㄽ", "ㄾ", "ㄿ", "ㅀ",
    "ㅁ", "ㅂ", "ㅄ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
)  # fmt: skip
_FIRST, _LAST = 0xAC00, 0xD7A3
# What people confuse though the keys lie apart: same sound, or shift left out.
_CONFUSED = dict(zip("ㅐㅔㅆㄲㅙㅚㅒㅖ", "ㅔㅐㅅㄱㅚㅙㅐㅔ", strict=True))


@functools.cache
def neighbours(jamo: str) -> str:
    """Keys next to that of a jamo, of the same kind (consonant or vowel), and confusions."""
    found = _CONFUSED.get(jamo, "")
    for r, row in enumerate(_ROWS):
        if jamo in row:
            c = row.index(jamo)
            beside = {row[i] for i in (c - 1, c + 1) if 0 <= i < len(row)}
            for other in (r - 1, r + 1):
                if 0 <= other < len(_ROWS):
                    beside |= {_ROWS[other][i] for i in (c - 1, c) if 0 <= i < len(_ROWS[other])}
            is_vowel = jamo in _MEDIALS
            found += "".join(sorted(k for k in beside if (k in _MEDIALS) == is_vowel))
    return found


def slip(syllable: str, rng: random.Random) -> str:
    """A Hangul syllable with one jamo mistyped; other characters come back as they are."""
    code = ord(syllable)
    if not _FIRST <= code <= _LAST:
        return syllable
    initial, rest = divmod(code - _FIRST, 21 * 28)
    medial, final = divmod(rest, 28)
    parts = [_INITIALS[initial], _MEDIALS[medial], _FINALS[final]]
    places = [i for i, jamo in enumerate(parts) if jamo and neighbours(jamo)]
    if not places:
        return syllable
    place = rng.choice(places)
    parts[place] = rng.choice(neighbours(parts[place]))
    if parts[2] not in _FINALS:
        return syllable
    return chr(
        _FIRST
        + (_INITIALS.index(parts[0]) * 21 + _MEDIALS.index(parts[1])) * 28
        + _FINALS.index(parts[2])
    )
