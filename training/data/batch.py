"""Pairs as ids in flat arrays, and padded batches cut from them on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nmt.tokenizers.base import BOS_ID, EOS_ID, PAD_ID


@dataclass(frozen=True)
class Side:
    """Ids of one side of many pairs, one after the other."""

    ids: npt.NDArray[np.int32]
    """All pieces, no begin or end pieces."""
    starts: npt.NDArray[np.int64]
    """[N + 1] where each sentence begins; the last entry is the end."""

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """[N] pieces of each sentence."""
        return np.diff(self.starts)


def flatten(sentences: Sequence[Sequence[int]]) -> Side:
    """Packs sentences into one array."""
    starts = np.zeros(len(sentences) + 1, np.int64)
    np.cumsum([len(s) for s in sentences], out=starts[1:])
    ids = np.fromiter((i for s in sentences for i in s), np.int32, int(starts[-1]))
    return Side(ids, starts)


@dataclass(frozen=True)
class EncodedPairs:
    """A chunk of the training data, ready to be cut into batches."""

    source: Side
    target: Side
    too_long: int = 0
    """Pairs left out because a side has more pieces than allowed."""
    empty: int = 0
    """Pairs left out because a side has no piece."""

    def __len__(self) -> int:
        return len(self.source.starts) - 1


def merge(parts: Sequence[EncodedPairs]) -> EncodedPairs:
    """Joins chunks in their order."""
    return EncodedPairs(
        _merge_sides([part.source for part in parts]),
        _merge_sides([part.target for part in parts]),
        sum(part.too_long for part in parts),
        sum(part.empty for part in parts),
    )


def _merge_sides(sides: Sequence[Side]) -> Side:
    lengths = np.concatenate([side.lengths for side in sides])
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return Side(np.concatenate([side.ids for side in sides]), starts)


@dataclass(frozen=True)
class Batch:
    """One padded batch on the device."""

    src_ids: Tensor
    """[B, S] pieces and the end piece."""
    src_mask: Tensor
    """[B, S] True at real pieces."""
    tgt_in: Tensor
    """[B, T] the begin piece and pieces."""
    targets: Tensor
    """[N] pieces and end pieces at the real target positions, row by row."""
    positions: Tensor
    """[N] their indices in the flattened [B × T]."""

    @property
    def tgt_out(self) -> Tensor:
        """[B, T] pieces and the end piece, padded."""
        flat = torch.full_like(self.tgt_in, PAD_ID).flatten()
        return flat.index_copy(0, self.positions, self.targets).view_as(self.tgt_in)

    @property
    def tokens(self) -> int:
        """Real target pieces, end pieces included."""
        return self.targets.numel()

    @property
    def rows(self) -> int:
        """Pairs."""
        return self.src_ids.shape[0]


class DeviceChunk:
    """A chunk on the device; batches are gathered there, with no wait for the host.

    Shapes come from the lengths, which the host knows, so nothing is read back.
    """

    def __init__(self, pairs: EncodedPairs, device: torch.device, multiple: int = 1) -> None:
        self.pairs = pairs
        self.device = device
        self.multiple = multiple
        self.source = self._place(pairs.source.ids)
        self.target = self._place(pairs.target.ids)

    def _place(self, ids: npt.NDArray[np.int32]) -> Tensor:
        # An empty array could not be gathered from.
        return torch.from_numpy(ids if len(ids) else np.zeros(1, np.int32)).to(self.device)

    def _padded(
        self, flat: Tensor, side: Side, rows: npt.NDArray[np.int64]
    ) -> tuple[Tensor, Tensor, int]:
        """Gives ids [B, longest + 1] with garbage after each row's end, lengths [B, 1], width."""
        lengths = side.lengths[rows]
        width = int(lengths.max()) + 1
        width = -(-width // self.multiple) * self.multiple
        layout = torch.from_numpy(np.stack([side.starts[rows], lengths])).to(
            self.device, non_blocking=True
        )
        columns = torch.arange(width, device=self.device)
        index = (layout[0][:, None] + columns).clamp_(max=flat.numel() - 1)
        return flat[index].long(), layout[1][:, None], width

    def batch(self, rows: npt.NDArray[np.int64]) -> Batch:
        """Gives the padded batch of these rows."""
        src, src_lengths, src_width = self._padded(self.source, self.pairs.source, rows)
        tgt, tgt_lengths, tgt_width = self._padded(self.target, self.pairs.target, rows)
        columns = torch.arange(max(src_width, tgt_width), device=self.device)
        src_columns, tgt_columns = columns[:src_width], columns[:tgt_width]
        src_ids = src.masked_fill(src_columns >= src_lengths, PAD_ID)
        src_ids = src_ids.masked_fill(src_columns == src_lengths, EOS_ID)
        tgt_out = tgt.masked_fill(tgt_columns >= tgt_lengths, PAD_ID)
        tgt_in = torch.cat([torch.full_like(tgt_out[:, :1], BOS_ID), tgt_out[:, :-1]], dim=1)
        tgt_out = tgt_out.masked_fill(tgt_columns == tgt_lengths, EOS_ID)
        counts = self.pairs.target.lengths[rows] + 1
        positions = _real_positions(counts, tgt_width).to(self.device, non_blocking=True)
        targets = tgt_out.flatten()[positions]
        return Batch(src_ids, src_columns <= src_lengths, tgt_in, targets, positions)


def _real_positions(counts: npt.NDArray[np.int64], width: int) -> Tensor:
    """Gives the indices of the first counts[b] of `width` columns of every row b, flattened."""
    before = np.cumsum(counts) - counts
    within = np.arange(int(counts.sum())) - np.repeat(before, counts)
    return torch.from_numpy(np.repeat(np.arange(len(counts)) * width, counts) + within)


def split_batch(batch: Batch, pieces: int) -> list[Batch]:
    """Cuts a batch into at most `pieces` batches of whole rows, for less memory at once."""
    width = batch.tgt_in.shape[1]
    row_of = batch.positions // width
    parts, size = [], -(-batch.rows // pieces)
    for first in range(0, batch.rows, size):
        rows = slice(first, first + size)
        mine = (row_of >= first) & (row_of < first + size)
        parts.append(
            Batch(
                batch.src_ids[rows],
                batch.src_mask[rows],
                batch.tgt_in[rows],
                batch.targets[mine],
                batch.positions[mine] - first * width,
            )
        )
    return parts
