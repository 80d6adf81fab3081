"""The unfinished translations of a batch and everything that moves with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.attention import AttentionTrace, normalised_attention
from nmt.decoding.filters import build_filters
from nmt.decoding.fitting import fit_end, fit_start
from nmt.decoding.scoring import coverage_penalty
from nmt.decoding.sources import Intake, Sources
from nmt.decoding.step_model import StepModel
from nmt.errors import ConfigError, EngineError
from nmt.hypothesis import Hypothesis, normalised_score
from nmt.tokenizers.base import BOS_ID


@dataclass(frozen=True)
class NextScores:
    """Scores of every next piece of N rows."""

    ranked: Tensor
    """[N, V] what the search goes by: filtered and penalised; -inf is forbidden."""
    said: Tensor
    """[N, V] what the model says; equal to `ranked` where that is allowed and not penalised."""
    normaliser: Tensor | None
    """[N] to be subtracted from either to have log-probabilities; none is 0."""

    def gains(self, pieces: Tensor) -> tuple[Tensor, Tensor]:
        """Gives the log-probabilities [N, K] of `pieces` ([N, K]) after each row.

        The first is ranked, the second as said.
        """
        ranked = self.ranked.gather(1, pieces)
        said = ranked if self.said is self.ranked else self.said.gather(1, pieces)
        if self.normaliser is None:
            return ranked, said
        less = self.normaliser[:, None]
        gains = ranked - less
        return gains, gains if said is ranked else said - less


@dataclass(frozen=True)
class Ending:
    """A translation that left the batch."""

    row: int
    """Its row in the batch at the step after its last piece."""
    step: int
    """The number of that step."""
    ids: tuple[int, ...]
    log_prob: float
    """Sum of what the model said, EOS included where finished."""
    score: float
    finished: bool


class LiveBatch:
    """Unfinished translations; search only chooses which rows go on with which piece.

    Rows of further sources may join at any time, so that rows differ in how many pieces they have.

    Args:
        model: the network.
        sources: the first to be translated.
        options: search settings.
        copies: translations begun for each source.
        attention: keep the attention, so that `hypothesis` can give it.
    """

    def __init__(
        self,
        model: StepModel,
        sources: Sources,
        options: SearchConfig,
        *,
        copies: int = 1,
        attention: bool = False,
    ) -> None:
        self.options = options
        self.source: list[int] = []  # of each row, the number of its source
        self._model = model
        self._copies = copies
        self._device = sources.ids.device
        self._trace = AttentionTrace() if attention else None
        self._n_steps = 0
        self._first_steps: dict[int, int] = {}
        self._history = sources.ids.new_empty((0, 1))
        self._coverage: Tensor | None = None
        self._state: Any = None
        self._take(sources)
        self._begin(sources)

    def __len__(self) -> int:
        return len(self.source)

    def length(self, number: int) -> int:
        """Gives how many pieces the rows of a source have."""
        return self._n_steps - self._first_steps[number]

    def limit(self, number: int) -> int:
        """Gives the most pieces that rows of a source may get."""
        return self._limits[number]

    def refill(self, intake: Intake) -> None:
        """Adds rows for the sources that `intake` gives, if it gives any."""
        running = list(dict.fromkeys(self.source))
        sources = intake(running)
        if sources is None:
            return
        self._take(self._sources.replaced(running, sources))
        self._begin(sources)
        if self._trace:
            self._trace.forget(min(self._first_steps.values()))

    def _take(self, sources: Sources) -> None:
        """Has from now on the sentences of `sources` and no others."""
        self._sources = sources
        self._src_lengths = dict(zip(sources.numbers, sources.lengths(), strict=True))
        limits = sources.limits(self.options)
        self._limits = dict(zip(sources.numbers, limits, strict=True))
        self._filters = build_filters(self.options, sources.ids, self._tensor(limits))
        self._first_steps = {
            number: self._first_steps.get(number, self._n_steps) for number in sources.numbers
        }

    def _begin(self, sources: Sources) -> None:
        """Adds the first rows of `sources`, which are the last ones of those taken."""
        rows = [row for row in range(len(sources.numbers)) for _ in range(self._copies)]
        state = self._model.start(sources.ids, sources.mask)
        if self._copies > 1:
            state = self._model.reorder(state, self._tensor(rows))
        self._state = self._model.join(self._state, state) if self.source else state
        width = 1 + max(map(self.length, self._first_steps))
        begun = self._history.new_full((len(rows), width), BOS_ID)
        self._history = torch.cat([fit_start(self._history, width, 1, BOS_ID), begun])
        if self._coverage is not None:
            old = fit_end(self._coverage, self._sources.mask.size(1), 1)
            self._coverage = torch.cat([old, old.new_zeros(len(rows), old.size(1))])
        self.source += [sources.numbers[row] for row in rows]
        places = {number: place for place, number in enumerate(self._sources.numbers)}
        self._source = self._tensor([places[number] for number in self.source])

    def _tensor(self, values: list[int]) -> Tensor:
        # Half the time of torch.tensor, which is asked for several times a step.
        return torch.from_numpy(np.array(values, dtype=np.int64)).to(self._device)

    def step(self) -> NextScores:
        """Scores the next piece of every row.

        Raises:
            ConfigError: a coverage penalty is asked of a model without attention.
        """
        out = self._model.step(self._state, self._history[:, -1])
        self._state = out.state
        self._take_attention(out.attention)
        scores = NextScores(out.logits, out.logits, out.normaliser)
        if self.options.repetition_penalty != 1.0:
            said = out.log_probs
            scores = NextScores(said.clone(), said, None)
        for piece_filter in self._filters:
            piece_filter(scores.ranked, self._history, self._source)
        return scores

    def _take_attention(self, attention: Tensor | None) -> None:
        wants_coverage = self.options.coverage_penalty > 0
        if attention is None and wants_coverage:
            raise ConfigError(
                f"coverage_penalty is {self.options.coverage_penalty}, but this model has no "
                "attention; allowed: 0; set coverage_penalty to 0"
            )
        if attention is None or not (wants_coverage or self._trace):
            return
        weights = normalised_attention(attention, self._sources.mask[self._source])
        if self._trace:
            self._trace.record(weights)
        if wants_coverage:
            self._coverage = weights if self._coverage is None else self._coverage + weights

    def keep(self, rows: list[int], ids: list[int]) -> None:
        """Goes on with `rows`, of which the i-th now ends in piece `ids[i]`."""
        if rows != list(range(len(self))):
            chosen = self._tensor(rows)
            if rows:  # else nobody asks for the state again
                self._state = self._model.reorder(self._state, chosen)
            self._history = self._history[chosen]
            self._source = self._source[chosen]
            self._coverage = None if self._coverage is None else self._coverage[chosen]
            self.source = [self.source[row] for row in rows]
        self._history = torch.cat([self._history, self._tensor(ids).unsqueeze(1)], 1)
        if self._trace:
            self._trace.select(rows)
        self._n_steps += 1

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
        alpha, lengths = self.options.length_penalty, [self.length(self.source[r]) for r in rows]
        penalties = self._coverage_penalties(rows)
        scores = [
            normalised_score(total, length + finished, alpha) + penalty
            for total, length, penalty in zip(totals, lengths, penalties, strict=True)
        ]
        check_numbers(scores)
        filled = self._history[self._tensor(rows)].tolist()
        ids = [tuple(row[len(row) - length :]) for row, length in zip(filled, lengths, strict=True)]
        return [
            Ending(row, self._n_steps, row_ids, log_prob, score, finished)
            for row, row_ids, log_prob, score in zip(rows, ids, log_probs, scores, strict=True)
        ]

    def _coverage_penalties(self, rows: list[int]) -> list[float]:
        if self._coverage is None:
            return [0.0] * len(rows)
        chosen = self._tensor(rows)
        mask = self._sources.mask[self._source[chosen]]
        beta = self.options.coverage_penalty
        penalties: list[float] = coverage_penalty(self._coverage[chosen], mask, beta).tolist()
        return penalties

    def hypothesis(self, number: int, ending: Ending) -> Hypothesis:
        """Gives an ending of a source as the caller sees it, before the source is replaced."""
        attention = None
        if self._trace:
            n_steps, length = len(ending.ids) + 1, self._src_lengths[number]
            path = self._trace.path(ending.row, ending.step, n_steps, length)
            attention = None if path is None else path[: len(ending.ids) + ending.finished]
        return Hypothesis(ending.ids, ending.log_prob, ending.score, ending.finished, attention)


def check_numbers(scores: npt.ArrayLike) -> None:
    """Raises an EngineError where one of the scores is not a number."""
    if np.isnan(scores).any():
        raise EngineError(
            "the model gave a log-probability that is not a number; its weights are damaged "
            "or too large for the precision used; load the bundle again or use float32"
        )
