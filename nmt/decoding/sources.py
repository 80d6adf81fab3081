"""The sentences that a search is at, and where it gets more from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.fitting import fit_end, longest_row
from nmt.hypothesis import Hypothesis
from nmt.tokenizers.base import EOS_ID, PAD_ID


@dataclass(frozen=True)
class Sources:
    """Source sentences, each with a number by which results are told apart."""

    numbers: list[int]
    """[B], each once."""
    ids: Tensor
    """[B, S] pieces, each row ended by EOS and padded."""
    mask: Tensor
    """[B, S] bool."""

    def lengths(self) -> list[int]:
        """Gives the real pieces of each, EOS included."""
        lengths: list[int] = self.mask.sum(1).tolist()
        return lengths

    def limits(self, options: SearchConfig) -> list[int]:
        """Gives the most pieces that each may be translated to; EOS does not count."""
        lengths = ((self.ids != EOS_ID) & self.mask).sum(1).tolist()
        return [options.length_limit(length) for length in lengths]

    def replaced(self, staying: Sequence[int], others: Sources) -> Sources:
        """Gives those of these with the numbers `staying` and then `others`, without padding."""
        if not staying:
            return others
        places = [self.numbers.index(number) for number in staying]
        mask = self.mask[places]
        width = longest_row(mask, others.mask)
        ids = [fit_end(x, width, 1, PAD_ID) for x in (self.ids[places], others.ids)]
        masks = [fit_end(x, width, 1) for x in (mask, others.mask)]
        return Sources([*staying, *others.numbers], torch.cat(ids), torch.cat(masks))


Found = tuple[int, list[Hypothesis]]
"""The number of a source and its hypotheses, best first."""


class Intake(Protocol):
    """Where a search gets its sentences from."""

    def __call__(self, running: Sequence[int]) -> Sources | None:
        """Gives sentences that join those with the numbers `running`; none: not now.

        None where nothing is running means that no more come.
        """
        ...


class AllAtOnce:
    """An intake that gives one batch, its rows numbered from 0.

    Args:
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool, true where a piece may be attended.
    """

    def __init__(self, src_ids: Tensor, src_mask: Tensor) -> None:
        self._left: Sources | None = None
        if src_ids.size(0):
            self._left = Sources(list(range(src_ids.size(0))), src_ids, src_mask)

    def __call__(self, running: Sequence[int]) -> Sources | None:
        """See `Intake`."""
        sources, self._left = self._left, None
        return sources
