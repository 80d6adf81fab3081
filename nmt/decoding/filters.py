"""What a search may not put out, and what it should put out less.

A filter changes scores in place; a forbidden piece gets -inf. What is left is not renormalised, so
that scores stay log-probabilities of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.tokenizers.base import (
    BOS_ID,
    EOS_ID,
    FIRST_PLACEHOLDER_ID,
    PAD_ID,
    PLACEHOLDERS,
    UNK_ID,
)

RESERVED = (PAD_ID, BOS_ID, UNK_ID)
ALL_PLACEHOLDERS = range(FIRST_PLACEHOLDER_ID, FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS))


class PieceFilter(Protocol):
    """Changes `log_probs` ([N, V]) of the piece after `history` ([N, t]) in place.

    Rows of `history` end with the last piece; what is shorter is filled with BOS at the start.
    `source` is [N]: the row of the source batch that each row translates.
    """

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None: ...


@dataclass(frozen=True)
class Never:
    """Some pieces are never put out: pad, BOS, unk, and placeholders that no source holds."""

    ranges: tuple[slice, ...]
    """Their ids; a smaller vocabulary may end before."""

    @classmethod
    def of(cls, ids: Iterable[int]) -> Never:
        """Forbids `ids`, those that follow on each other at once."""
        places = enumerate(sorted(ids))
        runs = [[i for _, i in run] for _, run in groupby(places, lambda pair: pair[1] - pair[0])]
        return cls(tuple(slice(run[0], run[-1] + 1) for run in runs))

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None:
        for pieces in self.ranges:
            log_probs[:, pieces].fill_(-math.inf)


@dataclass(frozen=True)
class PlaceholdersOfSource:
    """A placeholder is put out at most as often as the source holds it."""

    budget: Tensor
    """[B, 16] how often each row of the source batch holds each placeholder."""

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None:
        last = FIRST_PLACEHOLDER_ID + self.budget.size(1)
        spent = _count_placeholders(history)
        columns = log_probs[:, FIRST_PLACEHOLDER_ID:last]
        columns.masked_fill_((spent >= self.budget[source])[:, : columns.size(1)], -math.inf)


def _count_placeholders(ids: Tensor) -> Tensor:
    last = FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)
    placeholders = torch.arange(FIRST_PLACEHOLDER_ID, last, device=ids.device)
    return (ids.unsqueeze(2) == placeholders).sum(1)


@dataclass(frozen=True)
class MinLength:
    """EOS waits for a number of pieces."""

    lengths: Tensor
    """[B] pieces before EOS is allowed."""

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None:
        lengths = (history != BOS_ID).sum(1)
        log_probs[:, EOS_ID].masked_fill_(self.lengths[source] > lengths, -math.inf)


@dataclass(frozen=True)
class NoRepeatNgram:
    """No n-gram of `n` pieces occurs twice (Paulus 2018, section 2.5).

    What fills short rows forbids nothing: BOS with pieces after it stands in a row but once.
    """

    n: int

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None:
        length = history.size(1)
        if length < self.n:
            return
        ngrams = history.unfold(1, self.n, 1)
        prefix = history[:, length - self.n + 1 :].unsqueeze(1)
        repeats = (ngrams[:, :, :-1] == prefix).all(2)
        rows, places = repeats.nonzero(as_tuple=True)
        log_probs[rows, ngrams[rows, places, -1]] = -math.inf


@dataclass(frozen=True)
class RepetitionPenalty:
    """Divides the probability of every piece already put out (after Keskar 2019, section 4.1)."""

    penalty: float

    def __call__(self, log_probs: Tensor, history: Tensor, source: Tensor) -> None:
        # BOS is lowered too: it is never put out anyway.
        lowered = log_probs.gather(1, history) - math.log(self.penalty)
        log_probs.scatter_(1, history, lowered.clamp_max(0.0))


def build_filters(options: SearchConfig, src_ids: Tensor, limits: Tensor) -> list[PieceFilter]:
    """Gives the filters that `options` asks for, the cheap ones first.

    Args:
        options: search settings.
        src_ids: [B, S] source pieces, padded.
        limits: [B] most pieces of each translation; a larger `min_length` gives way.
    """
    budget = _count_placeholders(src_ids)
    filters: list[PieceFilter] = []
    if budget.any():
        filters += [Never.of(RESERVED), PlaceholdersOfSource(budget)]
    else:
        filters.append(Never.of((*RESERVED, *ALL_PLACEHOLDERS)))
    if options.min_length:
        filters.append(MinLength(limits.clamp_max(options.min_length)))
    if options.repetition_penalty != 1.0:
        filters.append(RepetitionPenalty(options.repetition_penalty))
    if options.no_repeat_ngram:
        filters.append(NoRepeatNgram(options.no_repeat_ngram))
    return filters
