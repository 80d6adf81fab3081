"""What makes a pair unfit for training: one small function for each reason.

Each takes the normalised pair and gives whether it must go. `local_reason` asks them in order
and names the first that says so; markup is compared where it is protected (`pair_protect.py`),
repeats and test overlap need other pairs (`repeats.py`, `overlap.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nmt.text.numerals import numbers_differ
from training.data.script import HANGUL, LATIN
from training.data.settings import FilterConfig

Check = Callable[[str, str, FilterConfig], bool]

KOREAN_CHAR_FACTOR = 2.2
"""English characters that one Korean character takes on average."""
_SMOOTHING_CHARS = 15.0
_DIGIT = re.compile(r"\d")
_MOJIBAKE = re.compile(
    "\ufffd|Ã[\x80-\xbf©¨¢¤´¼¶±]|â€|ì[\x80-\xbf]|í[\x80-\xbf]|ë[\x80-\xbf]|Â[\xa0-\xbf]|[¿½ï]{2}|占쏙옙"
)
_TORN = re.compile(
    # Syllables that are no words, next to each other: 테 넌 트, 스 캐 폴드, 시 키 려 고.
    r"(?<![가-힣])(?:[테넌캐스랜잭트러럽울까요되습니려셔펙컨텍텐] ){2}"
    r"|(?<![가-힣])(?:스 캐|테 넌|트 랜|트 잭) ?[가-힣]"
    # A verb cut before its ending: 호출 하 고.
    r"|[가-힣] (?:하|되|시키) (?:고|여|며|는|지|면|려|려고|기|였|었|도록|게)(?![가-힣])"
    # A particle without its noun.
    r"|^(?:를|을|에서|으로) |[가-힣](?:는를|은를)(?![가-힣])|(?:을 을|를 를) "
)
_FOREIGN = re.compile(
    r"\b(?:der|die|das|und|ist|nicht|mit|auf|für|den|dem|ein|eine|les|des|est|dans|pour|une"
    r"|sur|que|qui|el|los|las|y|en|por|con|para|una|del|se|su|il|di|che|per|non|della"
    r"|sono|em|não|os|uma|com|do|da|het|een|van|voor|niet)\b"
)
_ENGLISH = re.compile(
    r"\b(?:the|a|an|of|to|in|is|are|was|were|be|been|and|or|not|for|on|with|as|by|at|from"
    r"|this|that|it|its|you|your|he|she|they|we|i|his|her|their|our|if|can|will|would"
    r"|may|no|all|has|have|had|do|does|did|but|so|there|which|who|what|when|how|than"
    r"|then|into|out|up|about)\b"
)
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def is_empty(src: str, tgt: str, config: FilterConfig) -> bool:
    """One side is empty."""
    return not src or not tgt


def is_mojibake(src: str, tgt: str, config: FilterConfig) -> bool:
    """Bytes were read in the wrong encoding somewhere on the way."""
    return bool(_MOJIBAKE.search(src) or _MOJIBAKE.search(tgt))


def is_identical(src: str, tgt: str, config: FilterConfig) -> bool:
    """Both sides say the same, so nothing was translated."""
    return src.casefold() == tgt.casefold()


def is_too_short(src: str, tgt: str, config: FilterConfig) -> bool:
    """Fewer characters or English words than allowed."""
    return min(len(src), len(tgt)) < config.min_chars or tgt.count(" ") + 1 < config.min_words


def is_too_long(src: str, tgt: str, config: FilterConfig) -> bool:
    """More characters or words than allowed on a side."""
    words = max(src.count(" "), tgt.count(" ")) + 1
    return max(len(src), len(tgt)) > config.max_chars or words > config.max_words


def lengths_disagree(src: str, tgt: str, config: FilterConfig) -> bool:
    """One side is many times longer than the other could make it (short ones get leeway)."""
    n_hangul = len(HANGUL.findall(src))
    source = n_hangul * KOREAN_CHAR_FACTOR + (len(src) - n_hangul) + _SMOOTHING_CHARS
    target = len(tgt) + _SMOOTHING_CHARS
    return max(source, target) > config.max_length_ratio * min(source, target)


def is_not_korean(src: str, tgt: str, config: FilterConfig) -> bool:
    """Too little of the source's letters is Hangul; Latin words of both sides do not count."""
    n_hangul = len(HANGUL.findall(src))
    if n_hangul and n_hangul >= config.min_hangul * len(_LETTERS.findall(src)):
        return False
    own = _LATIN_WORD.sub(lambda word: "" if word.group() in tgt else word.group(), src)
    return n_hangul < max(config.min_hangul * len(_LETTERS.findall(own)), 1)


def is_not_latin(src: str, tgt: str, config: FilterConfig) -> bool:
    """Too little of the target's letters is Latin."""
    if tgt.isascii():
        return not LATIN.search(tgt)
    n_letters = len(_LETTERS.findall(tgt))
    return len(LATIN.findall(tgt)) < max(config.min_latin * n_letters, 1)


def is_not_english(src: str, tgt: str, config: FilterConfig) -> bool:
    """A longer text without frequent English words, but with those of another language."""
    if not config.language or tgt.count(" ") < 7:
        return False
    words = tgt.lower()
    n_english, n_foreign = len(_ENGLISH.findall(words)), len(_FOREIGN.findall(words))
    return n_foreign >= 3 and n_foreign > 2 * n_english


def is_torn(src: str, tgt: str, config: FilterConfig) -> bool:
    """Korean that a translation machine broke: words torn into syllables, lone particles."""
    return config.spacing and bool(_TORN.search(src))


def numbers_disagree(src: str, tgt: str, config: FilterConfig) -> bool:
    """A number of ten or more of one side is nowhere on the other, in digits or words."""
    if not config.numbers or not (_DIGIT.search(src) or _DIGIT.search(tgt)):
        return False
    return numbers_differ(src, tgt)


CHECKS: dict[str, Check] = {
    "empty side": is_empty,
    "mojibake": is_mojibake,
    "identical sides": is_identical,
    "too short": is_too_short,
    "too long": is_too_long,
    "source not Korean": is_not_korean,
    "target not Latin": is_not_latin,
    "target not English": is_not_english,
    "length ratio": lengths_disagree,
    "broken Korean": is_torn,
    "numbers differ": numbers_disagree,
}


def local_reason(src: str, tgt: str, config: FilterConfig) -> str | None:
    """Names the first reason to drop a normalised pair, or none to keep it."""
    for reason, check in CHECKS.items():
        if check(src, tgt, config):
            return reason
    return None
