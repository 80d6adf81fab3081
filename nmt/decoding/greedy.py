"""One path for each row: the best next piece until EOS (and the walk that sampling shares)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.live import Ending, LiveBatch
from nmt.decoding.step_model import StepModel
from nmt.hypothesis import Hypothesis
from nmt.tokenizers.base import EOS_ID

Choose = Callable[[Tensor, list[int]], Tensor]
"""Picks a piece for each row: (ranked [N, V], numbers of the N paths) -> [N]."""


def greedy_search(
    model: StepModel,
    src_ids: Tensor,
    src_mask: Tensor,
    options: SearchConfig,
    *,
    attention: bool = False,
) -> list[list[Hypothesis]]:
    """Gives one hypothesis for each row, always going on with the most probable piece.

    Args:
        model: the network.
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool.
        options: search settings.
        attention: give the attention of the hypotheses.
    """
    batch = LiveBatch(model, src_ids, src_mask, options, attention=attention)
    endings = walk(batch, lambda ranked, paths: ranked.argmax(1))
    return [[batch.hypothesis(row, ending)] for row, ending in enumerate(endings)]


def walk(batch: LiveBatch, choose: Choose) -> list[Ending]:
    """Follows every row of `batch` to its end; rows that ended leave the batch.

    A row ends with EOS, or unfinished: at its length limit, or where no piece is allowed.
    """
    paths = list(range(len(batch)))
    totals, log_probs = [0.0] * len(paths), [0.0] * len(paths)
    endings: dict[int, Ending] = {}
    while paths:
        scores = batch.step()
        chosen = choose(scores.ranked, paths).unsqueeze(1)
        ids: list[int] = chosen.squeeze(1).tolist()
        gains: list[float] = scores.ranked.gather(1, chosen).squeeze(1).tolist()
        raw_gains: list[float] = scores.log_probs.gather(1, chosen).squeeze(1).tolist()
        ended, cut, kept = _sort_out(batch, ids, gains)
        new_totals = [a + b for a, b in zip(totals, gains, strict=True)]
        new_log_probs = [a + b for a, b in zip(log_probs, raw_gains, strict=True)]
        for ending in _end(batch, ended, new_totals, new_log_probs, finished=True):
            endings[paths[ending.row]] = ending
        for ending in _end(batch, cut, totals, log_probs, finished=False):
            endings[paths[ending.row]] = ending
        paths = [paths[row] for row in kept]
        totals = [new_totals[row] for row in kept]
        log_probs = [new_log_probs[row] for row in kept]
        if kept:
            batch.keep(kept, [ids[row] for row in kept])
    return [endings[path] for path in range(len(endings))]


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
        elif batch.length >= batch.limits[batch.source[row]]:
            cut.append(row)
        else:
            kept.append(row)
    return ended, cut, kept


def _end(
    batch: LiveBatch,
    rows: list[int],
    totals: list[float],
    log_probs: list[float],
    *,
    finished: bool,
) -> list[Ending]:
    if not rows:
        return []
    return batch.endings(
        rows, [totals[row] for row in rows], [log_probs[row] for row in rows], finished=finished
    )
