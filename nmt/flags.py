"""Checks on one translated sentence that need no reference."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby

_HANGUL = re.compile("[가-힣\u1100-\u11ff\u3131-\u318e]")
_PLACEHOLDER = re.compile(r"⟦\d{1,2}⟧")
_LONGEST_PERIOD = 16
_MIN_REPEATS = 4
_MIN_REPEATED = 8
_LOOP_LENGTH = 32
_DISTINCT_SHARE = 0.5


def count_repeats(pieces: Sequence[Hashable]) -> tuple[int, int]:
    """Gives how often a run of pieces follows itself at most, and the pieces of all its copies.

    `a b a b a b c` is (3, 6). Runs of up to 16 pieces are looked at.
    """
    best = (1, 1)
    for period in range(1, min(_LONGEST_PERIOD, len(pieces) // 2) + 1):
        longest = _longest_run(map(operator.eq, pieces, pieces[period:]))
        repeats = longest // period + 1
        best = max(best, (repeats, repeats * period))
    return best


def _longest_run(matches: Iterable[bool]) -> int:
    return max((sum(run) for is_match, run in groupby(matches) if is_match), default=0)


def runs_away(target: Sequence[Hashable], source: Sequence[Hashable]) -> bool:
    """Whether a translation repeats itself although its source does not.

    Either some pieces follow themselves four times or more (eight pieces in all), or fewer than
    half of the three-grams of a long translation are distinct.
    """
    if max(Counter(target).values(), default=0) < _MIN_REPEATS:
        return False
    repeats, repeated = count_repeats(target)
    if repeats >= _MIN_REPEATS and repeated >= _MIN_REPEATED:
        source_repeats, _ = count_repeats(source)
        if repeats > source_repeats + 1:
            return True
    is_loop = len(target) >= _LOOP_LENGTH and _distinct_share(target) < _DISTINCT_SHARE
    return is_loop and _distinct_share(source) >= _DISTINCT_SHARE


def _distinct_share(pieces: Sequence[Hashable]) -> float:
    trigrams = list(zip(pieces, pieces[1:], pieces[2:], strict=False))
    return len(set(trigrams)) / len(trigrams) if trigrams else 1.0


def length_is_odd(source: str, target: str) -> bool:
    """Whether an English sentence is far shorter or longer than its Korean source suggests.

    Characters without spaces; no pair of 35 000 human translations is beyond the bounds.
    """
    n_source, n_target = _length(source), _length(target)
    return n_target + 8 < n_source or n_target > 4 * n_source + 30


def _length(text: str) -> int:
    return len(re.sub(r"\s+", "", text))


def has_hangul(text: str) -> bool:
    """Whether Korean letters are left in `text`."""
    return bool(_HANGUL.search(text))


def without_placeholders(text: str) -> str:
    """`text` without ⟦k⟧, whose digits are no numbers of the text."""
    return _PLACEHOLDER.sub(" ", text)
