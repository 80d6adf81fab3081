"""One path for each row: the best next piece until EOS (and the walk that sampling shares)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.live import Ending, LiveBatch
from nmt.decoding.sources import Found, Intake
from nmt.decoding.step_model import StepModel
from nmt.hypothesis import Hypothesis
from nmt.tokenizers.base import EOS_ID

Path = tuple[int, int]
"""The number of a source and which of its translations it is."""
Choose = Callable[[Tensor, list[Path]], Tensor]
"""Picks a piece for each row: (ranked [N, V], the N paths) -> [N]."""


def greedy_search(
    model: StepModel, intake: Intake, options: SearchConfig, *, attention: bool = False
) -> Iterator[Found]:
    """Gives one hypothesis for each source, always going on with the most probable piece.

    Args:
        model: the network.
        intake: gives the sources; asked again after every step.
        options: search settings.
        attention: give the attention of the hypotheses.
    """

    def choose(ranked: Tensor, paths: list[Path]) -> Tensor:
        return ranked.argmax(1)

    return walk(model, intake, options, choose, copies=1, attention=attention)


def walk(
    model: StepModel,
    intake: Intake,
    options: SearchConfig,
    choose: Choose,
    *,
    copies: int,
    attention: bool,
) -> Iterator[Found]:
    """Follows every path to its end, `copies` of them for each source; gives what they came to.

    A path ends with EOS, or unfinished: at its length limit, or where no piece is allowed.
    """
    sources = intake([])
    if sources is None:
        return
    batch = LiveBatch(model, sources, options, copies=copies, attention=attention)
    walked = Walked([], [], [])
    ended: dict[int, list[Hypothesis]] = {}
    while len(batch):
        walked = walked.joined_by(batch.source[len(walked.paths) :], copies)
        walked, endings = _advance(batch, walked, choose)
        for (number, _), ending in endings:
            found = ended.setdefault(number, [])
            found.append(batch.hypothesis(number, ending))
            if len(found) == copies:
                yield number, ended.pop(number)
        batch.refill(intake)


@dataclass(frozen=True)
class Walked:
    """The paths of the rows of a batch, and what they have come to."""

    paths: list[Path]
    totals: list[float]
    """Ranked log-probability of each so far."""
    log_probs: list[float]
    """Log-probability of each so far, as the model has it."""

    def joined_by(self, numbers: list[int], copies: int) -> Walked:
        """Gives the same with new paths for rows of `numbers`, `copies` of each in a row."""
        new = [(number, place % copies) for place, number in enumerate(numbers)]
        zeros = [0.0] * len(new)
        return Walked(self.paths + new, self.totals + zeros, self.log_probs + zeros)

    def plus(self, gains: list[float], raw_gains: list[float]) -> Walked:
        """Gives the same one piece further."""
        totals = [a + b for a, b in zip(self.totals, gains, strict=True)]
        log_probs = [a + b for a, b in zip(self.log_probs, raw_gains, strict=True)]
        return Walked(self.paths, totals, log_probs)

    def only(self, rows: list[int]) -> Walked:
        """Gives those of `rows`."""
        return Walked(
            [self.paths[row] for row in rows],
            [self.totals[row] for row in rows],
            [self.log_probs[row] for row in rows],
        )


def _advance(
    batch: LiveBatch, walked: Walked, choose: Choose
) -> tuple[Walked, list[tuple[Path, Ending]]]:
    """Goes one step; gives the paths that go on and the ends of the others."""
    scores = batch.step()
    chosen = choose(scores.ranked, walked.paths)
    ids: list[int] = chosen.tolist()
    gains, raw_gains = (gain[:, 0].tolist() for gain in scores.gains(chosen[:, None]))
    ended, cut, kept = _sort_out(batch, ids, gains)
    further = walked.plus(gains, raw_gains)
    endings = _end(batch, ended, further, finished=True) + _end(batch, cut, walked, finished=False)
    batch.keep(kept, [ids[row] for row in kept])
    return further.only(kept), [(walked.paths[ending.row], ending) for ending in endings]


def _sort_out(
    batch: LiveBatch, ids: list[int], gains: list[float]
) -> tuple[list[int], list[int], list[int]]:
    """Gives the rows that end with EOS, those that are cut off and those that go on."""
    ended, cut, kept = [], [], []
    for row, (piece, gain) in enumerate(zip(ids, gains, strict=True)):
        if gain == float("-inf"):
            cut.append(row)
        elif piece == EOS_ID:
            ended.append(row)
        elif batch.length(batch.source[row]) >= batch.limit(batch.source[row]):
            cut.append(row)
        else:
            kept.append(row)
    return ended, cut, kept


def _end(batch: LiveBatch, rows: list[int], walked: Walked, *, finished: bool) -> list[Ending]:
    if not rows:
        return []
    ending = walked.only(rows)
    return batch.endings(rows, ending.totals, ending.log_probs, finished=finished)
