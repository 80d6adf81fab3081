"""Pairs of inline tags in a translation that was made without them.

    paired = split_pairs("저는 <b>서울</b>에 살아요.")
    translation = translator.translate([paired.plain], TranslateOptions(attention=True))[0]
    project(paired, translation)     # I live in <b>Seoul</b>.

A pair goes around the run of words that give most of their attention to what it held in the source;
where no word does, around the words at the same place by proportion. Every tag is in the result
once, an opening tag before its closing tag, and pairs are nested as they were.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from nmt.alignment import LEAST_SHARE, AlignedSentence, Range, Weights, align_words, side_by_side
from nmt.flags import has_hangul
from nmt.text.tag_pairs import PairedText, TagPair
from nmt.translation import Translation

_NEEDED = 0.5
"""Of the share of the word that gives most; words above count for a run, those below against."""
_ARTICLES = frozenset({"a", "an", "the"})
"""Have no counterpart in Korean; their attention says nothing."""
_ARTICLE, _TAKEN = -0.01, -1e6
"""What an article and a word of another pair count for a run."""
_ROUNDING = 1e-9
Flags = npt.NDArray[Any]


def project(paired: PairedText, translation: Translation) -> str:
    """Gives the translation of `paired.plain` with the pairs, by its attention where it has any."""
    if not paired.pairs:
        return translation.text
    return _marked(paired, translation.text, align_words(translation))


def project_evenly(paired: PairedText, text: str) -> str:
    """Gives another translation of `paired.plain` with the pairs, by proportion."""
    if not paired.pairs:
        return text
    return _marked(paired, text, side_by_side(paired.plain, text))


def _marked(paired: PairedText, text: str, sentences: Sequence[AlignedSentence]) -> str:
    places = _Placing(paired, text, sentences).places()
    return "".join(_iter_parts(paired.pairs, text, places))


@dataclass(frozen=True, eq=False)
class _Wish:
    """A pair and the words that it would like to be around."""

    number: int
    first: int
    """The first word that may stand for it."""
    shares: Weights
    """Of that word and those after it."""
    needed: Weights
    """The share from which a word counts for the pair."""

    @property
    def words(self) -> slice:
        return slice(self.first, self.first + len(self.shares))


class _Placing:
    """Finds places for the pairs of a text."""

    def __init__(self, paired: PairedText, text: str, sentences: Sequence[AlignedSentence]) -> None:
        self._paired = paired
        self._text = text
        self._sentences = sentences
        self._source_ends = [sentence.source[1] for sentence in sentences]
        self._words = [word for sentence in sentences for word in sentence.words]
        self._edges = np.array(self._words, dtype=np.int64).reshape(-1, 2)
        counts = [len(sentence.words) for sentence in sentences]
        self._firsts = [0, *accumulate(counts)]
        spelled = [text[start:end].lower() in _ARTICLES for start, end in self._words]
        self._articles = np.array(spelled, dtype=bool)

    def places(self) -> list[Range]:
        """Gives the characters of the translation that each pair goes around."""
        pairs = self._paired.pairs
        inside = _by_parent(pairs)
        places = [(0, 0)] * len(pairs)
        for parent in [None, *range(len(pairs))]:
            room = (0, len(self._text)) if parent is None else places[parent]
            numbers = inside.get(parent, [])
            if parent is not None and len(numbers) == 1 and _same(pairs[parent], pairs[numbers[0]]):
                places[numbers[0]] = room
            elif numbers:
                for number, place in self._siblings(numbers, room).items():
                    places[number] = place
        return places

    def _siblings(self, numbers: Sequence[int], room: Range) -> dict[int, Range]:
        """Places for pairs that must not overlap; the shortest chooses first."""
        pairs = self._paired.pairs
        within = (self._edges[:, 0] >= room[0]) & (self._edges[:, 1] <= room[1])
        free = within.copy()
        ends = self._edges[:, 1].copy()  # of the pair that has taken a word
        places: dict[int, Range] = {}
        wishes = sorted(map(self._wish, numbers), key=lambda wish: _length(pairs[wish.number]))
        best, second = self._best_shares(wishes)
        for wish in wishes:
            run = self._run(wish, best, second, free)
            if run:
                places[wish.number] = self._characters(wish.number, run, room)
                free[run[0] : run[1]] = False
                ends[run[0] : run[1]] = places[wish.number][1]
        for number in numbers:
            if number not in places:
                places[number] = self._nearest(number, within, free, ends, room)
        return places

    def _wish(self, number: int) -> _Wish:
        pair = self._paired.pairs[number]
        touched = self._touched(pair)
        first = self._firsts[touched[0]] if touched else 0
        rows = [self._sentences[at].shares(pair.start, pair.end) for at in touched]
        shares = np.concatenate(rows) if rows else np.zeros(0)
        verbatim = self._verbatim(pair, touched)
        if verbatim:
            words = self._edges[first : first + len(shares)]
            shares = ((words[:, 0] < verbatim[1]) & (verbatim[0] < words[:, 1])).astype(np.float64)
        given = np.flatnonzero(shares)
        if not given.size:
            return _Wish(number, first, np.zeros(0), np.zeros(0))
        part = slice(int(given[0]), int(given[-1]) + 1)
        needed = self._needed(shares, first, touched)
        return _Wish(number, first + part.start, shares[part], needed[part])

    def _needed(self, shares: Weights, first: int, touched: range) -> Weights:
        """The share from which each word counts, by the largest one in its sentence."""
        needed = np.zeros(len(shares))
        said = np.where(self._articles[first : first + len(shares)], 0.0, shares)
        for at in touched:
            part = slice(self._firsts[at] - first, self._firsts[at + 1] - first)
            needed[part] = max(LEAST_SHARE, _NEEDED * float(said[part].max(initial=0.0)))
        return needed

    def _touched(self, pair: TagPair) -> range:
        """The sentences that a pair has text of."""
        start = end = bisect_right(self._source_ends, pair.start)
        while end < len(self._sentences) and self._sentences[end].source[0] < pair.end:
            end += 1
        return range(start, end)

    def _verbatim(self, pair: TagPair, touched: range) -> Range | None:
        """Where the text of a pair stands in the translation as it is: numbers, names, slots."""
        plain = self._paired.plain
        text = plain[pair.start : pair.end].strip()
        if len(touched) != 1 or not text or has_hangul(text):
            return None
        sentence = self._sentences[touched[0]]
        (first, last), (start, end) = sentence.source, sentence.target
        if plain.count(text, first, last) != self._text.count(text, start, end):
            return None
        at = start - 1
        for _ in range(plain.count(text, first, pair.start) + 1):
            at = self._text.find(text, at + 1)
        return at, at + len(text)

    def _best_shares(self, wishes: Sequence[_Wish]) -> tuple[Weights, Weights]:
        """Of each word, the largest share that a pair has, and the largest of the others."""
        best, second = np.zeros(len(self._words)), np.zeros(len(self._words))
        for wish in wishes:
            top = best[wish.words]
            second[wish.words] = np.maximum(second[wish.words], np.minimum(top, wish.shares))
            best[wish.words] = np.maximum(top, wish.shares)
        return best, second

    def _run(self, wish: _Wish, best: Weights, second: Weights, free: Flags) -> Range | None:
        """The free words that stand for a pair."""
        words = wish.words
        others = np.where(wish.shares >= best[words], second[words], best[words])
        scores = wish.shares - np.maximum(others, wish.needed)
        scores = np.where(self._articles[words], _ARTICLE, scores)
        run = _best_run(np.where(free[words], scores, _TAKEN))
        return run and (run[0] + wish.first, run[1] + wish.first)

    def _characters(self, number: int, run: Range, room: Range) -> Range:
        """The characters of a run of words, with the marks at its ends if it is whole sentences."""
        start, end = self._words[run[0]][0], self._words[run[1] - 1][1]
        pair = self._paired.pairs[number]
        opening = bisect_right(self._firsts, run[0]) - 1
        closing = bisect_right(self._firsts, run[1] - 1) - 1
        if run[0] == self._firsts[opening] and self._holds(pair, opening):
            start = self._sentences[opening].target[0]
        if run[1] == self._firsts[closing + 1] and self._holds(pair, closing):
            end = self._sentences[closing].target[1]
        return max(start, room[0]), min(end, room[1])

    def _holds(self, pair: TagPair, sentence: int) -> bool:
        first, last = self._sentences[sentence].source
        return pair.start <= first and last <= pair.end

    def _nearest(self, number: int, within: Flags, free: Flags, ends: Flags, room: Range) -> Range:
        """The free word nearest to a pair's place by proportion; without one, no characters."""
        wanted = self._proportional(self._paired.pairs[number])
        distances = np.abs(self._edges.mean(axis=1) - wanted)
        if not within.any():
            return room[1], room[1]
        at = int(np.argmin(np.where(free if free.any() else within, distances, np.inf)))
        if not free[at]:
            return int(ends[at]), int(ends[at])
        free[at] = False
        return self._words[at]

    def _proportional(self, pair: TagPair) -> float:
        """Where the middle of a pair comes to stand."""
        middle = (pair.start + pair.end) / 2
        if not self._sentences:
            return 0.0
        at = min(bisect_right(self._source_ends, middle), len(self._sentences) - 1)
        (first, last), (start, end) = self._sentences[at].source, self._sentences[at].target
        return start + (middle - first) / max(1, last - first) * (end - start)


def _by_parent(pairs: Sequence[TagPair]) -> dict[int | None, list[int]]:
    inside: dict[int | None, list[int]] = {}
    for number, pair in enumerate(pairs):
        inside.setdefault(pair.parent, []).append(number)
    return inside


def _same(one: TagPair, other: TagPair) -> bool:
    return (one.start, one.end) == (other.start, other.end)


def _length(pair: TagPair) -> int:
    return pair.end - pair.start


def _best_run(scores: Weights) -> Range | None:
    """The run of words with the largest sum, the shortest of equal ones; none above zero."""
    if not scores.size:
        return None
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    gains = sums[1:] - np.minimum.accumulate(sums[:-1])
    last = int(np.argmax(gains))
    if gains[last] <= _ROUNDING:
        return None
    return last - int(np.argmin(sums[last::-1])), last + 1


def _iter_parts(pairs: Sequence[TagPair], text: str, places: Sequence[Range]) -> Iterator[str]:
    """Gives the parts of the text and the tags between them."""
    inside = _by_parent(pairs)
    done = 0
    todo = _reversed(inside.get(None, []), places)
    while todo:
        number, is_open = todo.pop()
        at = places[number][is_open]
        yield text[done:at]
        done = at
        if is_open:
            yield pairs[number].closing
        else:
            yield pairs[number].opening
            todo.append((number, True))
            todo += _reversed(inside.get(number, []), places)
    yield text[done:]


def _reversed(numbers: Sequence[int], places: Sequence[Range]) -> list[tuple[int, bool]]:
    """Pairs that are not yet open, the last one first."""
    order = sorted(numbers, key=lambda number: (*places[number], number))
    return [(number, False) for number in reversed(order)]
