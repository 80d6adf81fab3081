"""Random segmentations for training, drawn from the caller's generator.

SentencePiece itself samples from one C++ generator per thread that can be seeded only once, so
the samples of one chunk of data could not be drawn again. Here the generator's state alone
decides: the same seed gives the same ids on every thread, process and machine.

Unigram: a segmentation x among the n best of a unit with P(x) ∝ P_model(x)^alpha (Kudo 2018,
section 3.2). BPE: each merge is skipped with probability alpha (Provilkov et al. 2020).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from itertools import accumulate
from typing import Final, Protocol

from nmt.errors import TokenizerError
from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, PLACEHOLDERS, RandomSource
from nmt.tokenizers.bpe_dropout import MergeTable
from nmt.tokenizers.segmented import words_of
from nmt.tokenizers.subwords import (
    FIRST_BYTE_ID,
    FIRST_PIECE_ID,
    MARK_AS_BYTES,
    Subwords,
)

N_BEST: Final = 32
"""Segmentations of a unit that unigram sampling chooses among; short units have fewer."""
MAX_SAMPLED_CHARS: Final = 16
"""Longer units are sampled in slices: their n best would differ in one place only."""
MAX_CACHED_UNITS: Final = 200_000

Choices = tuple[list[list[int]], list[float]]
"""Candidates for a part, and the running sum of their weights."""

_PARTS = re.compile(
    "(" + "|".join(map(re.escape, PLACEHOLDERS)) + f"| )|([^ ]{{1,{MAX_SAMPLED_CHARS}}}?(?=⟦|$)"
    f"|[^ ]{{1,{MAX_SAMPLED_CHARS}}})"
)
_FIXED: Final = {" ": MARK_AS_BYTES} | {
    piece: [FIRST_PLACEHOLDER_ID + k] for k, piece in enumerate(PLACEHOLDERS)
}


class Sampler(Protocol):
    """Draws one segmentation of one part of a unit (no space, no placeholder in it)."""

    def draw(self, part: str, alpha: float, rng: RandomSource) -> list[int]:
        """Gives ids."""
        ...


def sampler_for(subwords: Subwords) -> Sampler:
    """Gives the sampler of the model's type."""
    return UnigramSampler(subwords) if subwords.model_type == "unigram" else BpeSampler(subwords)


def sample_ids(sampler: Sampler, segmented: str, alpha: float, rng: RandomSource) -> list[int]:
    """Gives ids of a random segmentation that decodes to the same text.

    Args:
        sampler: from `sampler_for`.
        segmented: a segmented text.
        alpha: unigram: power on the model's probabilities, 0.1–0.5 is usual, smaller is noisier;
            BPE: probability that a merge is skipped, 0.1 is usual, larger is noisier.
        rng: the only source of chance.

    Raises:
        TokenizerError: `alpha` is out of range.
    """
    if not 0.0 <= alpha <= 1.0:
        raise TokenizerError(f"sampling alpha is {alpha}; allowed: 0 to 1")
    out: list[int] = []
    for unit in words_of(segmented):
        for part in _parts_of(unit):
            fixed = _FIXED.get(part)
            out += sampler.draw(part, alpha, rng) if fixed is None else fixed
    return out


def _parts_of(unit: str) -> list[str]:
    if len(unit) <= MAX_SAMPLED_CHARS and "⟦" not in unit and " " not in unit:
        return [unit]
    return [match.group() for match in _PARTS.finditer(unit)]


class UnigramSampler:
    """Subword regularisation. The n best of a unit are found once and kept."""

    def __init__(self, subwords: Subwords) -> None:
        """Takes a unigram model."""
        processor = subwords.processor
        self._processor = processor
        self._scores = [processor.get_score(i) for i in range(subwords.vocab_size)]
        self._cache: tuple[float, dict[str, Choices]] = (math.nan, {})

    def draw(self, part: str, alpha: float, rng: RandomSource) -> list[int]:
        """Gives the ids of one of the n best segmentations."""
        cached_alpha, cache = self._cache
        if alpha != cached_alpha:
            cache = {}
            self._cache = alpha, cache
        choices = cache.get(part)
        if choices is None:
            choices = self._choices_of(part, alpha)
            if len(cache) >= MAX_CACHED_UNITS:
                cache.clear()
            cache[part] = choices
        candidates, cumulative = choices
        if len(candidates) == 1:
            return candidates[0]
        return candidates[bisect_right(cumulative, rng.random() * cumulative[-1], 0, -1)]

    def _choices_of(self, part: str, alpha: float) -> Choices:
        candidates: list[list[int]] = self._processor.nbest_encode(part, nbest_size=N_BEST)
        # A character outside the vocabulary costs every candidate the same, so bytes count 0.
        scores = [sum(self._scores[i] for i in ids) for ids in candidates]
        best = max(scores)
        weights = [math.exp(alpha * (score - best)) for score in scores]
        return candidates, list(accumulate(weights))


class BpeSampler:
    """BPE dropout."""

    def __init__(self, subwords: Subwords) -> None:
        """Takes a BPE model."""
        first = range(FIRST_PIECE_ID, subwords.vocab_size)
        self._ids = {subwords.pieces[i]: i for i in first}
        scores = [subwords.processor.get_score(i) for i in range(subwords.vocab_size)]
        self._merges = MergeTable(self._ids, scores)

    def draw(self, part: str, alpha: float, rng: RandomSource) -> list[int]:
        """Gives the ids that are left when merges are dropped."""
        out: list[int] = []
        for piece in self._merges.segment(part, alpha, rng):
            row = self._ids.get(piece)
            if row is None:
                out += [FIRST_BYTE_ID + byte for byte in piece.encode()]
            else:
                out.append(row)
        return out
