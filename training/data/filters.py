"""What makes a pair unfit for training: one small function for each reason.

Each takes the normalised pair and gives whether it must go. `local_reason` asks them in order
and names the first that says so; repeats and test overlap need other pairs and are judged in
`repeats.py` and `overlap.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from training.data.script import HANGUL, LATIN
from training.data.settings import FilterConfig

Check = Callable[[str, str, FilterConfig], bool]

KOREAN_CHAR_FACTOR = 2.2
"""English characters that one Korean character takes on average."""
_EXEMPT_CHARS = 24.0
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_SLOT = re.compile(
    r"%(?:\d+\$)?[-+#0]?(?:\d+|\*)?(?:\.\d+)?(?:hh|h|ll|l|z|j)?[diouxXeEfgGcsp@]\b"
    r"|%\([A-Za-z_]\w*\)[sdf]|\$?\{[A-Za-z0-9_.:]*\}|\{\{[^{}]*\}\}|%[1-9](?!\d|\s*%)"
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|&[a-z]{2,6};")
_URL = re.compile(r"(?:https?|ftp)://[^\s<>\"'가-힣)\]]+")
_MOJIBAKE = re.compile(
    "\ufffd|Ã[\x80-\xbf©¨¢¤´¼¶±]|â€|ì[\x80-\xbf]|í[\x80-\xbf]|ë[\x80-\xbf]|Â[\xa0-\xbf]|[¿½ï]{2}|占쏙옙"
)
_SINGLE = re.compile(r"(?<![가-힣])(?:[가-힣] ){3,}[가-힣](?![가-힣])")
_SINGLE_WORDS = frozenset(
    "그 이 저 것 수 때 등 및 더 안 못 잘 한 두 세 네 몇 각 매 첫 새 옛 온 전 후 내 외 중 간 별 "
    "나 너 내 네 제 또 꼭 다 좀 왜 뭐 곧 늘 막 참 즉 단 약 총 제 시 분 초 년 월 일 명 개 번 회 "
    "원 달 주 집 물 불 눈 비 밥 책 문 길 말 일 날 해 밤 낮 앞 뒤 위 옆 밖 안 줄 데 바 뿐 채 척 "
    "할 한 된 될 볼 본 줄 준 간 갈 온 올 잘 쓸 쓴 살 산 큰 긴 먼 좋 볼 난 널 걸 게 건 거 뭘 난".split()
)
_ENGLISH = frozenset(
    "the a an of to in is are was were be been and or not for on with as by at from this that "
    "it its you your he she they we i his her their our if can will would may no all has have "
    "had do does did but so there which who what when how than then into out up about".split()
)
_LETTERS = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[A-Za-z']+")


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
    """One side is many times longer than the other could make it."""
    n_hangul = len(HANGUL.findall(src))
    source = n_hangul * KOREAN_CHAR_FACTOR + (len(src) - n_hangul)
    longer, shorter = max(source, len(tgt)), min(source, len(tgt))
    return longer > _EXEMPT_CHARS and longer > config.max_length_ratio * shorter


def is_not_korean(src: str, tgt: str, config: FilterConfig) -> bool:
    """Too little of the source's letters is Hangul."""
    n_letters = len(_LETTERS.findall(src))
    return len(HANGUL.findall(src)) < max(config.min_hangul * n_letters, 1)


def is_not_latin(src: str, tgt: str, config: FilterConfig) -> bool:
    """Too little of the target's letters is Latin, or Hangul stands in it."""
    n_letters = len(_LETTERS.findall(tgt))
    return len(LATIN.findall(tgt)) < max(config.min_latin * n_letters, 1)


def is_not_english(src: str, tgt: str, config: FilterConfig) -> bool:
    """A text of twelve words without one of the most frequent English words."""
    if not config.language:
        return False
    words = _WORD.findall(tgt)
    return len(words) >= 12 and not any(word.lower() in _ENGLISH for word in words)


def is_torn(src: str, tgt: str, config: FilterConfig) -> bool:
    """Words of the source are torn into single syllables (`스 캐 폴 드`)."""
    if not config.spacing:
        return False
    for run in _SINGLE.finditer(src):
        syllables = run.group().split()
        if sum(s not in _SINGLE_WORDS for s in syllables) >= max(3, len(syllables) / 2):
            return True
    return False


def markup_disagrees(src: str, tgt: str, config: FilterConfig) -> bool:
    """Slots or URLs of one side are missing on the other, or tags differ in number."""
    if not config.markup or not (set("%{<:&") & set(src + tgt)):
        return False
    if Counter(_SLOT.findall(src)) != Counter(_SLOT.findall(tgt)):
        return True
    if len(_TAG.findall(src)) != len(_TAG.findall(tgt)):
        return True
    return len(_URL.findall(src)) != len(_URL.findall(tgt))


def numbers_disagree(src: str, tgt: str, config: FilterConfig) -> bool:
    """A long number of one side is missing on the other."""
    if not config.numbers:
        return False
    return numbers_differ(src, tgt)


def numbers_differ(src: str, tgt: str) -> bool:
    """Compares the Arabic numbers of three and more digits on both sides."""
    left, right = ({_plain(n) for n in _DIGITS.findall(side)} for side in (src, tgt))
    return any(len(n) >= 3 for n in left ^ right)


def _plain(number: str) -> str:
    return re.sub(r"\D", "", number).lstrip("0")


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
    "torn Korean spacing": is_torn,
    "markup differs": markup_disagrees,
    "numbers differ": numbers_disagree,
}


def local_reason(src: str, tgt: str, config: FilterConfig) -> str | None:
    """Names the first reason to drop a normalised pair, or none to keep it."""
    for reason, check in CHECKS.items():
        if check(src, tgt, config):
            return reason
    return None
