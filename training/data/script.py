"""Which script a text is written in."""

from __future__ import annotations

import re

HANGUL = re.compile("[가-힣ㄱ-ㅣ]")
LATIN = re.compile("[A-Za-zÀ-ɏḀ-ỿ]")


def tsv_columns(lines: list[str]) -> tuple[int, int]:
    """Columns of Korean and English by the script that fills them; (0, 1) where unclear."""
    hangul: dict[int, int] = {}
    latin: dict[int, int] = {}
    for line in lines:
        for column, text in enumerate(line.split("\t")):
            n_hangul, n_latin = len(HANGUL.findall(text)), len(LATIN.findall(text))
            hangul[column] = hangul.get(column, 0) + (n_hangul > 0 and n_hangul * 2 > n_latin)
            latin[column] = latin.get(column, 0) + (n_latin > 3 and n_hangul == 0)
    korean = max(hangul, key=lambda c: (hangul[c], -c), default=0)
    rest = {c: n for c, n in latin.items() if c != korean}
    english = max(rest, key=lambda c: (rest[c], -c), default=1)
    return (korean, english) if hangul.get(korean) and rest.get(english) else (0, 1)
