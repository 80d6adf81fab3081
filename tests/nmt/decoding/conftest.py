"""A model that is a table, so that brute force can check every search."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.fitting import fit_end, longest_row
from nmt.decoding.step_model import StepOutput
from nmt.tokenizers.base import BOS_ID, EOS_ID

FIRST_PIECE = 20
"""The first id that is not reserved."""


class TableState(NamedTuple):
    """A row for each translation."""

    key: Tensor
    mask: Tensor
    before: Tensor
    length: Tensor


@dataclass
class TableModel:
    """Log-probabilities looked up by source, step, last piece and the one before."""

    table: Tensor
    """[K, T, V, V, V] log-probabilities: source, step, last but one, last, next."""
    weights: Tensor | None
    """[K, T, V, S] attention before masking: source, step, last."""
    rows_per_step: list[int] = field(default_factory=list)

    def start(self, src_ids: Tensor, src_mask: Tensor) -> TableState:
        key = src_ids[:, 0] % self.table.size(0)
        return TableState(key, src_mask, torch.full_like(key, BOS_ID), torch.zeros_like(key))

    def step(self, state: TableState, prev_ids: Tensor) -> StepOutput:
        assert prev_ids.shape == state.key.shape
        self.rows_per_step.append(len(state.key))
        at = state.length.clamp_max(self.table.size(1) - 1)
        log_probs = self.table[state.key, at, state.before, prev_ids]
        attention = None
        if self.weights is not None:
            attention = self.weights[state.key, at, prev_ids, : state.mask.size(1)]
        after = TableState(state.key, state.mask, prev_ids, state.length + 1)
        return StepOutput(log_probs, after, attention)

    def reorder(self, state: TableState, rows: Tensor) -> TableState:
        return TableState(*(tensor[rows] for tensor in state))

    def join(self, state: TableState, started: TableState) -> TableState:
        width = longest_row(state.mask, started.mask)
        state = state._replace(mask=fit_end(state.mask, width, 1))
        started = started._replace(mask=fit_end(started.mask, width, 1))
        return TableState(*map(torch.cat, zip(state, started, strict=True)))


@dataclass(frozen=True)
class Scored:
    """A translation found by brute force."""

    ids: tuple[int, ...]
    log_prob: float
    score: float


def build_table_model(
    n_pieces: int = 2,
    *,
    sources: int = 4,
    steps: int = 6,
    eos: float = 0.0,
    reserved: float = -30.0,
    spread: float = 1.5,
    seed: int = 0,
    attention: bool = False,
) -> TableModel:
    """Builds random tables; `eos` and `reserved` are added to the logits of those pieces."""
    generator = torch.Generator().manual_seed(seed)
    vocab = FIRST_PIECE + n_pieces
    logits = spread * torch.randn(sources, steps, vocab, vocab, vocab, generator=generator)
    logits[..., :FIRST_PIECE] += reserved
    logits[..., EOS_ID] += eos - reserved
    weights = torch.rand(sources, steps, vocab, 40, generator=generator) if attention else None
    return TableModel(logits.log_softmax(-1), weights)


def batch_of(*sources: list[int], padding: int = 0) -> tuple[Tensor, Tensor]:
    """Gives ids and mask of sources, EOS added, with `padding` columns too many."""
    width = max(map(len, sources)) + 1 + padding
    ids = torch.zeros(len(sources), width, dtype=torch.long)
    mask = torch.zeros(len(sources), width, dtype=torch.bool)
    for row, source in enumerate(sources):
        ids[row, : len(source) + 1] = torch.tensor([*source, EOS_ID])
        mask[row, : len(source) + 1] = True
    return ids, mask


def brute_force(model: TableModel, source: list[int], options: SearchConfig) -> list[Scored]:
    """Scores every finished translation up to the length limit, best first."""
    pieces = range(FIRST_PIECE, model.table.size(2))
    limit = options.length_limit(len(source))
    every: Iterator[tuple[int, ...]] = itertools.chain.from_iterable(
        itertools.product(pieces, repeat=length) for length in range(limit + 1)
    )
    scored = [_score(model, source, ids, options) for ids in every]
    return sorted(scored, key=lambda item: -item.score)


def _score(
    model: TableModel, source: list[int], ids: tuple[int, ...], options: SearchConfig
) -> Scored:
    log_prob, coverage = 0.0, torch.zeros(len(source) + 1)
    path = [BOS_ID, BOS_ID, *ids, EOS_ID]
    key = (source[0] if source else EOS_ID) % model.table.size(0)
    for step, (before, last, piece) in enumerate(zip(path, path[1:], path[2:], strict=False)):
        log_prob += float(model.table[key, min(step, model.table.size(1) - 1), before, last, piece])
        if model.weights is not None:
            row = model.weights[key, min(step, model.table.size(1) - 1), last, : len(coverage)]
            coverage += row / row.sum()
    score = log_prob / ((5 + len(ids) + 1) / 6) ** options.length_penalty
    if options.coverage_penalty:
        score += options.coverage_penalty * float(coverage.clamp_max(1.0).log().sum())
    return Scored(ids, log_prob, score)


@pytest.fixture
def table_model() -> Callable[..., TableModel]:
    return build_table_model


@pytest.fixture
def make_batch() -> Callable[..., tuple[Tensor, Tensor]]:
    return batch_of


@pytest.fixture
def all_translations() -> Callable[[TableModel, list[int], SearchConfig], list[Scored]]:
    return brute_force
