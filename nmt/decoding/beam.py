"""Batched beam search with an exact stopping rule.

Every sentence keeps at most `beam_size` hypotheses, finished ones included: a finished hypothesis
takes its place in the beam, so that a beam of 1 is greedy search and the batch shrinks as
hypotheses finish. A sentence is done when no live hypothesis can still beat its n-th best
finished one, whatever pieces follow (`scoring.score_bound`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from nmt.config import SearchConfig
from nmt.decoding.largest import largest
from nmt.decoding.live import Ending, LiveBatch, NextScores, check_numbers
from nmt.decoding.scoring import score_bound
from nmt.decoding.sources import Found, Intake
from nmt.decoding.step_model import StepModel
from nmt.tokenizers.base import EOS_ID


class Candidate(NamedTuple):
    """A live row and one piece that may follow it."""

    row: int
    piece: int
    total: float
    """Ranked log-probability, the piece included."""
    log_prob: float
    """Log-probability the model gives, the piece included."""


@dataclass(frozen=True)
class Live:
    """What the search knows about the rows of the batch, beside the batch itself."""

    totals: list[float]
    """Ranked log-probability of each row so far."""
    log_probs: list[float]
    """Log-probability of each row so far, as the model has it."""

    def candidate(self, row: int, piece: int, total: float, raw_gain: float) -> Candidate:
        """Gives `row` with one more piece, by which its log-probability gains `raw_gain`."""
        return Candidate(row, piece, total, self.log_probs[row] + raw_gain)

    def grown_to(self, n_rows: int) -> Live:
        """Gives the same with rows that have no pieces yet at the end."""
        new = [0.0] * (n_rows - len(self.totals))
        return Live(self.totals + new, self.log_probs + new)


@dataclass(frozen=True)
class Expansion:
    """The best candidates of every sentence."""

    candidates: dict[int, list[Candidate]]
    """By the first row of the sentence, best first."""

    @classmethod
    def of(cls, scores: NextScores, live: Live, source: list[int], k: int) -> Expansion:
        """Picks the `k` best of each sentence: of each row on the device, of all its rows here.

        Args:
            scores: of the pieces that may follow.
            live: the rows so far.
            source: the sentence of each row; those of one sentence stand together.
            k: no sentence needs more.

        Raises:
            EngineError: a score is not a number.
        """
        columns = largest(scores.ranked, min(k, scores.ranked.size(1)))[1]
        gains, raw_gains = scores.gains(columns)
        ranks = np.array(live.totals)[:, None] + gains.numpy(force=True)
        check_numbers(ranks)
        rows = [list(rows) for _, rows in groupby(range(len(source)), source.__getitem__)]
        firsts = [of_sentence[0] for of_sentence in rows for _ in of_sentence]
        width = ranks.shape[1]
        order = np.lexsort((-ranks.ravel(), np.repeat(firsts, width))).tolist()
        totals = ranks.ravel().tolist()
        pieces, said = (x.flatten().tolist() for x in (columns, raw_gains))
        found = {}
        for of_sentence in rows:
            first, last = of_sentence[0] * width, (of_sentence[-1] + 1) * width
            found[of_sentence[0]] = [
                live.candidate(place // width, pieces[place], totals[place], said[place])
                for place in order[first : min(first + k, last)]
                if totals[place] != -math.inf
            ]
        return cls(found)

    def best(self, rows: list[int], n: int) -> list[Candidate]:
        """Gives the `n` best candidates of one sentence's rows, best first, none forbidden."""
        return self.candidates[rows[0]][:n]


class Beam:
    """The hypotheses of one sentence."""

    def __init__(self, limit: int, options: SearchConfig) -> None:
        self.limit = limit
        self.options = options
        self.endings: list[Ending] = []

    @property
    def free(self) -> int:
        """Places not taken by finished hypotheses."""
        return self.options.beam_size - len(self.endings)

    def add(self, endings: list[Ending]) -> None:
        """Takes hypotheses that ended; keeps them best first."""
        self.endings = sorted([*self.endings, *endings], key=lambda ending: -ending.score)

    def is_decided(self, live: list[Candidate]) -> bool:
        """Tells whether none of `live` can still come among the n best."""
        n_best = self.options.n_best
        if not live:
            return True
        if len(self.endings) < n_best:
            return False
        best = max(candidate.total for candidate in live)
        bound = score_bound(best, self.limit + 1, self.options.length_penalty)
        return bound <= self.endings[n_best - 1].score


def beam_search(
    model: StepModel, intake: Intake, options: SearchConfig, *, attention: bool = False
) -> Iterator[Found]:
    """Gives the `n_best` best hypotheses of each source, best first, as soon as they are known.

    Hypotheses cut off at the length limit come only where none finished; fewer than `n_best`
    come where fewer were found.

    Args:
        model: the network.
        intake: gives the sources; asked again after every step.
        options: search settings.
        attention: give the attention of the hypotheses.
    """
    sources = intake([])
    if sources is None:
        return
    batch = LiveBatch(model, sources, options, attention=attention)
    beams: dict[int, Beam] = {}
    live = Live([], [])
    while len(batch):
        live = live.grown_to(len(batch))
        kept: list[Candidate] = []
        expansion = Expansion.of(batch.step(), live, batch.source, options.beam_size)
        for number, rows in groupby(range(len(batch)), key=batch.source.__getitem__):
            beam = beams.setdefault(number, Beam(batch.limit(number), options))
            going = _advance(batch, number, beam, expansion, live, list(rows))
            kept += going
            if not going:
                best = beams.pop(number).endings[: options.n_best]
                yield number, [batch.hypothesis(number, ending) for ending in best]
        batch.keep([c.row for c in kept], [c.piece for c in kept])
        live = Live([c.total for c in kept], [c.log_prob for c in kept])
        batch.refill(intake)


def _advance(
    batch: LiveBatch, number: int, beam: Beam, expansion: Expansion, live: Live, rows: list[int]
) -> list[Candidate]:
    """Gives the candidates of one sentence that go on; those that end are added to `beam`."""
    chosen = expansion.best(rows, beam.free)
    ended = [c for c in chosen if c.piece == EOS_ID]
    going = [c for c in chosen if c.piece != EOS_ID] if batch.length(number) < beam.limit else []
    if ended:
        beam.add(_end(batch, ended, finished=True))
    if not going and not beam.endings:
        cut = [Candidate(row, EOS_ID, live.totals[row], live.log_probs[row]) for row in rows]
        beam.add(_end(batch, cut, finished=False))
    return [] if beam.is_decided(going) else going


def _end(batch: LiveBatch, candidates: list[Candidate], *, finished: bool) -> list[Ending]:
    return batch.endings(
        [c.row for c in candidates],
        [c.total for c in candidates],
        [c.log_prob for c in candidates],
        finished=finished,
    )
