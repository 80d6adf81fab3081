"""Which words of a translation stand for which characters of its source, by the model's attention.

Where there is no attention (the model has none, or no model was asked) both texts are taken to run
side by side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmt.text.protect import find_spans
from nmt.translation import SentenceTranslation, Translation

Weights = npt.NDArray[np.float64]
Range = tuple[int, int]
LEAST_SHARE = 0.15
"""A word that gives less of its attention to some characters does not stand for them."""
_WORD = re.compile(r"[$€£¥₩]?\w+(?:['’\-.,]\w+)*%?")
_CHUNK = re.compile(r"\S+")


@dataclass(frozen=True, eq=False)
class AlignedSentence:
    """A sentence of a text."""

    source: Range
    """Its characters in the source text."""
    target: Range
    """In the translation."""
    words: tuple[Range, ...]
    """Characters of its words in the translation; what was protected counts as a word."""
    sums: Weights | None
    """[words, source characters + 1]: the share of each word's attention before a character; none
    without attention."""

    def shares(self, start: int, end: int) -> Weights:
        """Gives the share of each word's attention that falls on `source[start:end]`.

        Where all words give about the same, their attention says nothing: then it is the share that
        they would have if both texts ran at the same pace.
        """
        if self.sums is not None:
            first, last = self.source
            low, high = min(max(start, first), last) - first, min(max(end, first), last) - first
            shares: Weights = self.sums[:, high] - self.sums[:, low]
            if shares.size and np.ptp(shares) >= LEAST_SHARE:
                return shares
        return self._even_shares(start, end)

    def _even_shares(self, start: int, end: int) -> Weights:
        (first, last), (target_start, target_end) = self.source, self.target
        edges = np.array(self.words, dtype=np.float64).reshape(-1, 2) - target_start
        edges *= (last - first) / max(1, target_end - target_start)
        edges += first
        inside = np.clip(edges, start, end)
        shares: Weights = (inside[:, 1] - inside[:, 0]) / np.maximum(
            edges[:, 1] - edges[:, 0], 1e-9
        )
        return shares


def align_words(translation: Translation) -> tuple[AlignedSentence, ...]:
    """Gives the sentences of a translation with what their words stand for."""
    found = []
    at = 0
    for sentence in translation.sentences:
        at = max(at, translation.text.find(sentence.text, at))
        found.append(_aligned(sentence, at))
        at += len(sentence.text)
    return tuple(found)


def side_by_side(source: str, text: str) -> tuple[AlignedSentence, ...]:
    """Gives two whole texts as one sentence, of which nothing but the lengths is known."""
    return (AlignedSentence((0, len(source)), (0, len(text)), tuple(_words(text)), None),)


def _aligned(sentence: SentenceTranslation, at: int) -> AlignedSentence:
    words = tuple((start + at, end + at) for start, end in _words(sentence.text))
    target = (at, at + len(sentence.text))
    sums: Weights | None = None
    if sentence.attention is not None:
        tokens = [(token.start + at, token.end + at) for token in sentence.target_tokens]
        sums = _averages(words, tokens) @ np.array(sentence.attention) @ _spread(sentence)
    return AlignedSentence((sentence.start, sentence.end), target, words, sums)


def _words(text: str) -> list[Range]:
    """Gives words and protected spans; where there are no words, what stands between spaces."""
    spans = [(found.start, found.end) for found in find_spans(text)]
    words = _outside(text, spans, _WORD) or _outside(text, spans, _CHUNK)
    return sorted([*spans, *words])


def _outside(text: str, spans: Sequence[Range], pattern: re.Pattern[str]) -> list[Range]:
    """Where a pattern is found between spans."""
    bounds = [0, *(at for span in spans for at in span), len(text)]
    return [
        match.span()
        for start, end in zip(bounds[::2], bounds[1::2], strict=True)
        for match in pattern.finditer(text, start, end)
    ]


def _averages(words: Sequence[Range], tokens: Sequence[Range]) -> Weights:
    """[words, tokens]: weights that average over the tokens of a word."""
    weights = np.zeros((len(words), len(tokens)))
    first = 0
    for at, (start, end) in enumerate(words):
        while first < len(tokens) and tokens[first][1] <= start:
            first += 1
        for place in range(first, len(tokens)):
            if tokens[place][0] >= end:
                break
            weights[at, place] = tokens[place][1] > max(start, tokens[place][0])
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)
    return weights


def _spread(sentence: SentenceTranslation) -> Weights:
    """[source tokens, characters + 1]: the share of each token before a character."""
    bounds = np.arange(sentence.end - sentence.start + 1)
    starts = np.array([token.start for token in sentence.source_tokens]) - sentence.start
    ends = np.array([token.end for token in sentence.source_tokens]) - sentence.start
    lengths = np.maximum(ends - starts, 1)
    shares = np.clip((bounds - starts[:, None]) / lengths[:, None], 0, 1)
    sums: Weights = shares * (ends > starts)[:, None]
    return sums
