"""Sentences that are too long for a model, cut where it hurts least; no character is lost."""

import re
from collections.abc import Callable, Iterator

from nmt.errors import ConfigError
from nmt.text.endings import joins_clauses
from nmt.text.segment import Sentence, slice_stripped

_SPACE = re.compile(r"\s+")
_UNBREAKABLE = re.compile(
    r"⟦\d{1,2}⟧|\w[\u0300-\u036f\u1160-\u11ff]+|\S[\ufe0f\u200d\U0001f3fb-\U0001f3ff]+\S?"
)
_LONGEST_UNBREAKABLE = 16


def split_long(sentence: Sentence, max_chars: int) -> list[Sentence]:
    """`sentence` in parts of at most `max_chars` characters, with offsets in the same text.

    The last best cut of the second half of the window wins: after `; : ! ? .`, after a comma,
    after a connective ending (`-고`, `-지만`, `-는데`), at any space; without a space between two
    characters, though not inside a placeholder, an emoji sequence or a decomposed syllable.
    Only white space lies between the parts.

    Raises:
        ConfigError: `max_chars` is less than 16, the room that a placeholder or emoji needs.
    """
    if max_chars < _LONGEST_UNBREAKABLE:
        raise ConfigError(
            f"max_chars is {max_chars}; allowed: {_LONGEST_UNBREAKABLE} or more characters"
        )
    parts: list[Sentence] = []
    start, text = 0, sentence.text
    while len(text) - start > max_chars:
        cut = _best_cut(text, start, start + max_chars)
        _append(parts, sentence, start, cut)
        start = cut
    _append(parts, sentence, start, len(text))
    return parts


def _append(parts: list[Sentence], sentence: Sentence, start: int, end: int) -> None:
    part = slice_stripped(sentence.text, start, end)
    if part:
        offset = sentence.start
        parts.append(Sentence(part.start + offset, part.end + offset, part.text))


def _best_cut(text: str, start: int, limit: int) -> int:
    """Where to cut `text[start:]`, after `start` and at `limit` at the latest."""
    spaces = list(_iter_spaces(text, (start + limit) // 2, limit))
    tests: tuple[Callable[[str], bool], ...] = (
        lambda word: word.endswith((";", ":", "!", "?", ".", "。", "…")),
        lambda word: word.endswith((",", "、", "，")),
        joins_clauses,
        lambda word: True,
    )
    for is_good in tests:
        for at in reversed(spaces):
            if is_good(_word_before(text, start, at)):
                return at
    earlier = list(_iter_spaces(text, start + 1, limit))
    return earlier[-1] if earlier else _breakable(text, start, limit)


def _iter_spaces(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets in [start, end] at which white space begins."""
    for match in _SPACE.finditer(text, start, min(end + 1, len(text))):
        yield match.start()


def _word_before(text: str, start: int, at: int) -> str:
    return text[max(start, at - 32) : at].split(" ")[-1]


def _breakable(text: str, start: int, limit: int) -> int:
    """The last offset up to `limit` that is not inside a placeholder or a joined character."""
    window = max(start + 1, limit - _LONGEST_UNBREAKABLE)
    for match in _UNBREAKABLE.finditer(text, window, limit + _LONGEST_UNBREAKABLE):
        if window < match.start() < limit < match.end():
            return match.start()
    return limit
