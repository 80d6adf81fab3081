"""The unfinished translations of a batch and everything that moves with them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.attention import AttentionTrace, normalised_attention
from nmt.decoding.filters import build_filters
from nmt.decoding.scoring import coverage_penalty
from nmt.decoding.step_model import StepModel
from nmt.errors import ConfigError, EngineError
from nmt.hypothesis import Hypothesis, normalised_score
from nmt.tokenizers.base import BOS_ID, EOS_ID


@dataclass(frozen=True)
class NextScores:
    """Scores of every next piece of N rows."""

    ranked: Tensor
    """[N, V] what the search goes by: filtered and penalised; -inf is forbidden."""
    log_probs: Tensor
    """[N, V] what the model says; equal to `ranked` where that is allowed and not penalised."""


@dataclass(frozen=True)
class Ending:
    """A translation that left the batch."""

    row: int
    """Its row in the batch at the step after its last piece."""
    ids: tuple[int, ...]
    log_prob: float
    """Sum of what the model said, EOS included where finished."""
    score: float
    finished: bool


class LiveBatch:
    """N unfinished translations; search only chooses which rows go on with which piece.

    Args:
        model: the network.
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool.
        options: search settings.
        copies: translations begun for each source.
        attention: keep the attention, so that `hypothesis` can give it.
    """

    def __init__(
        self,
        model: StepModel,
        src_ids: Tensor,
        src_mask: Tensor,
        options: SearchConfig,
        *,
        copies: int = 1,
        attention: bool = False,
    ) -> None:
        n_sources = src_ids.size(0)
        self.options = options
        self.limits = length_limits(src_ids, src_mask, options)
        self.source = [row for row in range(n_sources) for _ in range(copies)]
        self._model = model
        self._src_mask = src_mask
        self._src_lengths = src_mask.sum(1).tolist()
        self._device = src_ids.device
        self._filters = build_filters(options, src_ids, self._tensor(self.limits))
        self._trace = AttentionTrace() if attention else None
        self._source = self._tensor(self.source)
        self._history = src_ids.new_empty((len(self.source), 0))
        self._coverage: Tensor | None = None
        self._state = model.start(src_ids, src_mask)
        if copies > 1:
            self._state = model.reorder(self._state, self._source)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def length(self) -> int:
        """Pieces put out so far, the same in every row."""
        return self._history.size(1)

    def _tensor(self, values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self._device)

    def step(self) -> NextScores:
        """Scores the next piece of every row.

        Raises:
            ConfigError: a coverage penalty is asked of a model without attention.
        """
        out = self._model.step(self._state, self._prev_ids())
        self._state = out.state
        self._take_attention(out.attention)
        ranked = out.log_probs.float()
        penalised = self.options.repetition_penalty != 1.0
        log_probs = ranked.clone() if penalised else ranked
        for piece_filter in self._filters:
            piece_filter(ranked, self._history, self._source)
        return NextScores(ranked, log_probs)

    def _prev_ids(self) -> Tensor:
        if self.length:
            return self._history[:, -1]
        return torch.full_like(self._source, BOS_ID)

    def _take_attention(self, attention: Tensor | None) -> None:
        wants_coverage = self.options.coverage_penalty > 0
        if attention is None and wants_coverage:
            raise ConfigError(
                f"coverage_penalty is {self.options.coverage_penalty}, but this model has no "
                "attention; allowed: 0; set coverage_penalty to 0"
            )
        if attention is None or not (wants_coverage or self._trace):
            return
        weights = normalised_attention(attention, self._src_mask[self._source])
        if self._trace:
            self._trace.record(weights)
        if wants_coverage:
            self._coverage = weights if self._coverage is None else self._coverage + weights

    def keep(self, rows: list[int], ids: list[int]) -> None:
        """Goes on with `rows`, of which the i-th now ends in piece `ids[i]`."""
        if rows != list(range(len(self))):
            chosen = self._tensor(rows)
            self._state = self._model.reorder(self._state, chosen)
            self._history = self._history[chosen]
            self._source = self._source[chosen]
            self._coverage = None if self._coverage is None else self._coverage[chosen]
            self.source = [self.source[row] for row in rows]
        self._history = torch.cat([self._history, self._tensor(ids).unsqueeze(1)], 1)
        if self._trace:
            self._trace.select(rows)

    def endings(
        self, rows: list[int], totals: list[float], log_probs: list[float], *, finished: bool
    ) -> list[Ending]:
        """Gives what rows are worth that end here: with EOS, or cut off before the next piece.

        Args:
            rows: which rows end.
            totals: their ranked log-probabilities.
            log_probs: their log-probabilities, as the model has them.
            finished: whether they end with EOS.

        Raises:
            EngineError: a score is not a number.
        """
        length, alpha = self.length + finished, self.options.length_penalty
        penalties = self._coverage_penalties(rows)
        scores = [
            normalised_score(total, length, alpha) + penalty
            for total, penalty in zip(totals, penalties, strict=True)
        ]
        if any(map(math.isnan, scores)):
            raise EngineError(
                "the model gave a log-probability that is not a number; its weights are damaged "
                "or too large for the precision used; load the bundle again or use float32"
            )
        ids = self._history[self._tensor(rows)].tolist()
        return [
            Ending(row, tuple(row_ids), log_prob, score, finished)
            for row, row_ids, log_prob, score in zip(rows, ids, log_probs, scores, strict=True)
        ]

    def _coverage_penalties(self, rows: list[int]) -> list[float]:
        if self._coverage is None:
            return [0.0] * len(rows)
        chosen = self._tensor(rows)
        mask = self._src_mask[self._source[chosen]]
        beta = self.options.coverage_penalty
        penalties: list[float] = coverage_penalty(self._coverage[chosen], mask, beta).tolist()
        return penalties

    def hypothesis(self, source: int, ending: Ending) -> Hypothesis:
        """Gives an ending of source row `source` as the caller sees it."""
        attention = None
        if self._trace:
            path = self._trace.path(ending.row, len(ending.ids), self._src_lengths[source])
            attention = None if path is None else path[: len(ending.ids) + ending.finished]
        return Hypothesis(ending.ids, ending.log_prob, ending.score, ending.finished, attention)


def length_limits(src_ids: Tensor, src_mask: Tensor, options: SearchConfig) -> list[int]:
    """Gives the most pieces that each row may put out; EOS of the source does not count."""
    lengths = ((src_ids != EOS_ID) & src_mask).sum(1).tolist()
    return [options.length_limit(length) for length in lengths]
