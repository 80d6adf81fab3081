"""Finds where the morphemes of an analyzer stand in the text, altered surfaces included.

Komoran, Hannanum and Kkma give base forms: 했다 comes out as 하 + 었 + 다, 됩니다 as 되 + ㅂ니다.
Letters (jamo) of text and morphemes are matched in order, and a morpheme stands where its matched
letters are. A wrong match moves a cut; it can never lose text, because only cuts come out.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cache
from typing import Final

from nmt.tokenizers.analyzers import Span, surface_spans

_LEADS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS: Final = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@cache
def letters_of(char: str) -> str:
    """Gives the letters of a Hangul syllable or conjoining jamo; other characters as they are."""
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        lead, rest = divmod(code - 0xAC00, 21 * 28)
        vowel, tail = divmod(rest, 28)
        return _LEADS[lead] + _VOWELS[vowel] + (_TAILS[tail - 1] if tail else "")
    if 0x1100 <= code <= 0x1112:
        return _LEADS[code - 0x1100]
    if 0x1161 <= code <= 0x1175:
        return _VOWELS[code - 0x1161]
    if 0x11A8 <= code <= 0x11C2:
        return _TAILS[code - 0x11A8]
    return char


def aligned_spans(text: str, morphemes: list[str]) -> list[Span]:
    """Gives the characters [start, end) of each morpheme that is found; they may overlap.

    Args:
        text: what the analyzer was given.
        morphemes: what it gave, in the order of the text.
    """
    if "".join(morphemes) == "".join(text.split()):
        return surface_spans(text, morphemes)
    letters, places = _spelled([c if c != " " else "" for c in text])
    wanted, owners = _spelled(morphemes)
    found: dict[int, Span] = {}
    matcher = SequenceMatcher(None, letters, wanted, autojunk=False)
    for in_text, in_morphemes, size in matcher.get_matching_blocks():
        for k in range(size):
            place, owner = places[in_text + k], owners[in_morphemes + k]
            start, _ = found.get(owner, (place, place))
            found[owner] = (start, place + 1)
    return [found[owner] for owner in sorted(found)]


def _spelled(parts: list[str]) -> tuple[str, list[int]]:
    """Gives the letters of all parts, and the part that each letter is from."""
    spelled = ["".join(map(letters_of, part)) for part in parts]
    owners = [k for k, letters in enumerate(spelled) for _ in letters]
    return "".join(spelled), owners
