"""Which language a text is in, told by its letters: Korean or something else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

KOREAN = "ko"
_ENGLISH = "en"
_SCRIPTS = {
    KOREAN: re.compile("[가-힣\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\ud7b0-\ud7fb\uffa1-\uffdc]"),
    "ja": re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    _ENGLISH: re.compile("[A-Za-z\u00c0-\u024f]"),
    "ru": re.compile("[\u0400-\u052f]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
"""The usual language of each script."""
_WEIGHTS = {KOREAN: 2.5, "ja": 2.5, "zh": 4.0}
"""Latin letters that one character stands for: 사랑 is love, 愛 too."""
_KOREAN_SHARE = 0.2
"""Names and terms in Latin letters are common in Korean; a Korean word in English is not."""
_KANA_SHARE = 0.1
"""Chinese has no kana at all, Japanese hardly a sentence without."""
_SAMPLE_CHARS = 5000
_NO_WORDS = re.compile(r"<[^<>]{0,500}>|https?://\S+|\S{1,64}@\S{1,255}")
"""Tags and addresses are in Latin letters whatever the language."""


@dataclass(frozen=True)
class Detection:
    """A language that a text may be in."""

    language: str
    """ISO 639-1."""
    confidence: int
    """0 to 100."""


NOTHING = Detection(_ENGLISH, 0)
"""Of a text without letters."""


def detect(text: str) -> list[Detection]:
    """Gives the languages that a text may be in, the most likely first; never none.

    Letters are counted by script. Chinese characters are Japanese where there is kana and Korean
    where there is Hangul; languages in Latin letters are not told apart.
    """
    weights = _weights(_NO_WORDS.sub(" ", unicodedata.normalize("NFC", text[:_SAMPLE_CHARS])))
    total = sum(weights.values())
    if not total:
        return [NOTHING]
    if weights.get("ja", 0) >= _KANA_SHARE * total:
        weights["ja"] += weights.pop("zh", 0)
    likely = sorted(weights, key=lambda language: weights[language], reverse=True)
    if weights.get(KOREAN, 0) >= _KOREAN_SHARE * total:
        likely = [KOREAN, *(language for language in likely if language != KOREAN)]
    shares = {language: round(100 * weights[language] / total) for language in likely}
    shares[likely[0]] = max(shares.values())
    return [Detection(language, share) for language, share in shares.items() if share]


def is_korean(text: str) -> bool:
    """Whether a text is Korean, so that it can be translated."""
    return detect(text)[0].language == KOREAN


def _weights(text: str) -> dict[str, float]:
    """The letters of each language, by what they weigh."""
    counts = {language: len(pattern.findall(text)) for language, pattern in _SCRIPTS.items()}
    return {
        language: count * _WEIGHTS.get(language, 1.0) for language, count in counts.items() if count
    }
