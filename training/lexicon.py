"""A word-translation table learnt from the pairs, and what a network may take from it.

IBM Model 1 (Brown et al. 1993, section 4.3) needs a minute of one core. Two uses save a small
model most of the time in which it would find out by itself which word means which:

- `lexical_embeddings`: source and target embeddings in one space, in which a word lies next to
  its translations (a truncated SVD of the table's associations);
- `AlignmentGuide`: what the attention ought to look at for each target piece (guided alignment,
  Chen et al. 2016, section 3; one supervised head as in Garg et al. 2019, section 4.2).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nmt.models.base import Seq2Seq
from nmt.models.rnn import RnnSeq2Seq
from nmt.models.transformer import Transformer
from nmt.tokenizers.base import PAD_ID, UNK_ID

log = logging.getLogger(__name__)

NULL_ID = UNK_ID
"""Takes the part of the empty word in Model 1; no real source piece has this id."""
NOISE = 0.3
"""Share of a random direction in each embedding, which keeps unseen pieces apart."""


@dataclass(frozen=True)
class Lexicon:
    """Sparse translation table in coordinate form."""

    src: NDArray[np.int64]
    """Source ids."""
    tgt: NDArray[np.int64]
    """Target ids."""
    counts: NDArray[np.float64]
    """Expected number of times that the source piece made the target piece."""
    probabilities: NDArray[np.float64]
    """p(target piece | source piece)."""
    shape: tuple[int, int]
    """Sizes of the source and target vocabularies."""


@dataclass(frozen=True)
class _Links:
    """Every possible link of every target position."""

    cell: NDArray[np.int64]
    """Row of the table that the link belongs to."""
    position: NDArray[np.int64]
    """Running number of the target position."""


def _all_links(
    pairs: Iterable[tuple[list[int], list[int]]], n_tgt: int
) -> tuple[NDArray[np.int64], _Links]:
    keys, positions, first = [], [], 0
    for src_ids, tgt_ids in pairs:
        src = np.unique(np.asarray([*src_ids, NULL_ID], np.int64))
        tgt = np.asarray(tgt_ids, np.int64)
        keys.append((src[None, :] * n_tgt + tgt[:, None]).ravel())
        positions.append(np.repeat(np.arange(first, first + len(tgt)), len(src)))
        first += len(tgt)
    table, cell = np.unique(np.concatenate(keys), return_inverse=True)
    return table, _Links(cell, np.concatenate(positions))


def estimate_lexicon(
    pairs: Iterable[tuple[list[int], list[int]]],
    shape: tuple[int, int],
    iterations: int = 6,
    smoothing: float = 1.0,
) -> Lexicon:
    """Learns p(target piece | source piece) by expectation maximisation (Brown et al. 1993).

    Args:
        pairs: source ids and target ids of each pair, no bos or eos.
        shape: sizes of the source and target vocabularies.
        iterations: EM steps from the uniform table.
        smoothing: added to each source piece's total, against rare pieces that explain too much
            (Moore 2004, section 3).
    """
    table, links = _all_links(pairs, shape[1])
    src, tgt = table // shape[1], table % shape[1]
    probabilities: NDArray[np.float64] = np.ones(len(table))
    counts: NDArray[np.float64] = probabilities
    for iteration in range(iterations):
        share = probabilities[links.cell]
        total = np.bincount(links.position, share)
        share /= total[links.position]
        counts = np.bincount(links.cell, share, len(table)).astype(np.float64)
        by_source = np.bincount(src, counts, shape[0])
        probabilities = counts / (by_source[src] + smoothing)
        log.info("lexicon iteration %d: log-likelihood %.3f", iteration + 1, np.log(total).mean())
    return Lexicon(src, tgt, counts, probabilities, shape)


def _unit_rows(x: Tensor, generator: torch.Generator) -> Tensor:
    norms = x.norm(dim=1, keepdim=True)
    known = torch.where(norms > 1e-4, x / norms.clamp_min(1e-9), torch.zeros_like(x))
    noise = torch.randn(x.shape, generator=generator) * x.size(1) ** -0.5
    rows: Tensor = known * (1 - NOISE**2) ** 0.5 + noise * NOISE
    return rows


def lexical_embeddings(lexicon: Lexicon, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Gives embeddings [source vocabulary, width] and [target vocabulary, width].

    Both come from the truncated singular value decomposition of count / √(count_src count_tgt),
    so that translations of each other have a large inner product. Rows have a norm near 1, the
    scale of a fresh embedding (std width^-0.5).
    """
    by_source = np.bincount(lexicon.src, lexicon.counts, lexicon.shape[0]) + 1
    by_target = np.bincount(lexicon.tgt, lexicon.counts, lexicon.shape[1]) + 1
    real = lexicon.src != NULL_ID
    src, tgt = lexicon.src[real], lexicon.tgt[real]
    values = lexicon.counts[real] / np.sqrt(by_source[src] * by_target[tgt])
    matrix = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([src, tgt])), torch.tensor(values, dtype=torch.float32),
        lexicon.shape, check_invariants=True,
    ).coalesce()  # fmt: skip
    rank = min(width, *lexicon.shape)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        left, strengths, right = torch.svd_lowrank(matrix, q=rank, niter=6)
    scale = strengths.sqrt()
    pad = (0, width - rank)
    sides = (nn.functional.pad(side * scale, pad) for side in (left, right))
    src_rows, tgt_rows = (_unit_rows(side, generator) for side in sides)
    return src_rows, tgt_rows


@torch.no_grad()
def start_from_lexicon(model: Seq2Seq, lexicon: Lexicon, seed: int) -> None:
    """Replaces the fresh embeddings of `model` by lexical ones, in place.

    Attention over the source also begins by passing on what it looks at: a Transformer's value
    and output projections are the identity, and so is the way of the context through a recurrent
    model whose widths agree (with `residual`, where the memory holds the words). The first guess
    at a target piece is then a translation of the source piece attended to; without attention,
    of any source piece.
    """
    if isinstance(model, RnnSeq2Seq):
        tables = model.encoder.embedding.weight, model.embedding.weight
        width = model.config.d_model
        if model.config.attention != "bahdanau" and model.config.d_embed == width:
            identity = torch.eye(width)
            for way in (model.narrow.weight, model.combine_context()):
                way.copy_(identity)
    elif isinstance(model, Transformer):
        tables = model.src_embedding.weight, model.tgt_embedding.weight
        identity = torch.eye(model.config.d_model)
        for layer in model.decoder_layers:
            layer.cross.key_value.weight[model.config.d_model :].copy_(identity)
            layer.cross.output.weight.copy_(identity)
    else:
        raise TypeError(f"no lexical start for {type(model).__name__}")
    for table, rows in zip(tables, lexical_embeddings(lexicon, tables[0].size(1), seed),
                           strict=True):  # fmt: skip
        table.copy_(rows)


class AlignmentGuide:
    """Wanted attention from the lexicon: p(source position | target piece, source sentence)."""

    def __init__(self, lexicon: Lexicon, device: torch.device, least: float = 0.02) -> None:
        """`least`: positions that no source piece explains this well are not guided."""
        # Dense, so that a batch is one look-up: 8k × 8k half-precision numbers are 128 MB.
        table = torch.zeros(lexicon.shape, dtype=torch.float16)
        table[lexicon.src, lexicon.tgt] = torch.tensor(
            lexicon.probabilities.clip(0, 1), dtype=torch.float16
        )
        table[NULL_ID] = 0
        table[:, PAD_ID] = 0
        self.table = table.to(device)
        self.least = least

    def wanted(self, src_ids: Tensor, src_mask: Tensor, tgt_out: Tensor) -> tuple[Tensor, Tensor]:
        """Gives rows [B, T, S] that sum to 1 and which of them count, [B, T].

        Args:
            src_ids: [B, S].
            src_mask: [B, S].
            tgt_out: [B, T], padding 0.
        """
        scores = self.table[src_ids[:, None, :], tgt_out[:, :, None]].float()
        scores = scores * src_mask[:, None, :]
        total = scores.sum(-1)
        return scores / total[..., None].clamp_min(1e-6), total > self.least

    def loss(self, attention: Tensor, src_ids: Tensor, src_mask: Tensor, tgt_out: Tensor) -> Tensor:
        """Gives the summed cross-entropy of `attention` [B, T, S] against the wanted rows."""
        rows, counted = self.wanted(src_ids, src_mask, tgt_out)
        entropy = -(rows * (attention.float() + 1e-6).log()).sum(-1)
        return (entropy * counted).sum()
