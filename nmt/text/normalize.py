"""One spelling for one text: what training and serving both do to a line before anything else.

In this order:

1. **Width.** Full-width ASCII (`Ａ１！，～` → `A1!,~`), half-width katakana, punctuation, currency
   and arrow forms take their ordinary form; half-width Hangul letters become compatibility jamo
   (`ﾡ` → `ㄱ`). The wave dash `〜` becomes `~`. Other CJK punctuation (`。 、 「 」 《 》 · …`),
   curly quotes, circled numbers and units such as `㎏` stay as they are.
2. **Removed**: control characters, zero-width and joining characters, bidirectional marks, soft
   hyphens, byte-order marks, variation selectors, Hangul fillers, tag characters, noncharacters
   and lone surrogates. A tab, line break or form feed counts as a space.
3. **NFC**: decomposed Hangul (`ㅎ`+`ㅏ`+`ㄴ` as conjoining jamo) becomes syllables.
4. **Jamo**: compatibility jamo stay (`ㅋㅋ`); a conjoining jamo outside a syllable becomes its
   compatibility jamo. Old Hangul syllables, which have no precomposed form, stay as sequences.
5. **Spaces**: every run of white space becomes one space; the ends are stripped.

Case, punctuation and spelling are never changed.

Source: Unicode Standard Annex 15 (normalisation forms) and section 3.12 (conjoining jamo).
"""

import re
import unicodedata
from functools import lru_cache

_WIDTH = re.compile("[\u301c\uff01-\uff9f\uffa1-\uffef]")
_REMOVED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(chr((plane << 16) + low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_L = "\u1100-\u115f\ua960-\ua97c"
_V = "\u1160-\u11a7\ud7b0-\ud7c6"
_T = "\u11a8-\u11ff\ud7cb-\ud7fb"
_JAMO = re.compile(f"([{_L}][{_V}][{_T}]?)|([가-힣])([{_T}])|([{_L}{_V}{_T}])")
_SPACES = re.compile(r"\s+")
_HANGUL_BASE, _TRAILING_COUNT = 0xAC00, 28


def normalize(text: str) -> str:
    """Normalised `text`: one line, NFC, ordinary widths, single spaces (see the module).

    `normalize(normalize(text)) == normalize(text)` for every string.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip(" ")
    text = _WIDTH.sub(lambda match: _ordinary_width(match[0]), text)
    text = _REMOVED.sub("", text)
    text = unicodedata.normalize("NFC", text)
    text = _JAMO.sub(_settle_jamo, text)
    return _SPACES.sub(" ", text).strip(" ")


@lru_cache(maxsize=512)
def _ordinary_width(char: str) -> str:
    """`char` without its half-width or full-width form."""
    if char == "\u301c":
        return "~"
    kind, _, code = unicodedata.decomposition(char).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else char


def _settle_jamo(match: re.Match[str]) -> str:
    """A whole syllable as it stands; a stray jamo as its compatibility form."""
    old_syllable, syllable, trailing, stray = match.groups()
    if old_syllable:
        return old_syllable
    if stray:
        return _compatibility_jamo(stray)
    is_open = (ord(syllable) - _HANGUL_BASE) % _TRAILING_COUNT == 0
    return syllable + (trailing if is_open else _compatibility_jamo(trailing))


@lru_cache(maxsize=512)
def _compatibility_jamo(jamo: str) -> str:
    """The compatibility jamo of a conjoining one; itself where Unicode has none."""
    letter = re.sub("CHOSEONG|JUNGSEONG|JONGSEONG", "LETTER", unicodedata.name(jamo, ""))
    try:
        return unicodedata.lookup(letter)
    except KeyError:
        return jamo
