"""What a recurrent decoder remembers between steps, whichever way it computes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nmt.decoding.fitting import fit_end, longest_row
from nmt.models.seats import Seats


@dataclass(frozen=True)
class RnnState:
    """The decoder's state: N hypotheses, whose B sources are kept once."""

    hidden: tuple[Tensor, ...]
    """States of all layers, [L, N, D]; for an LSTM also its cells."""
    memory: Tensor
    """What attention takes a mean of: source states [B, S, D], or products of them."""
    keys: Tensor
    """The source states prepared for the score function, [B, S, D]."""
    src_mask: Tensor
    """[B, S]."""
    context: Tensor
    """[N, D]: mean of the source states or products of it (no attention), h̃ of the last step (input
    feeding)."""
    source: Tensor
    """[N] which row of the memory each hypothesis translates."""
    seats: Seats
    """The same, for attention."""

    def reordered(self, rows: Tensor) -> RnnState:
        """Gives M hypotheses, the i-th being `rows[i]` (of [M]); see `StepModel.reorder`."""
        source = self.source.index_select(0, rows)
        after = replace(
            self,
            hidden=tuple(s.index_select(1, rows) for s in self.hidden),
            context=self.context.index_select(0, rows),
        )
        if torch.equal(source, self.source):
            return after  # as in most steps of a beam
        kept, source = source.unique(return_inverse=True)
        if len(kept) < self.memory.size(0):
            after = replace(
                after,
                memory=self.memory.index_select(0, kept),
                keys=self.keys.index_select(0, kept),
                src_mask=self.src_mask.index_select(0, kept),
            )
        return replace(after, source=source, seats=Seats.of(source, len(kept)))

    def joined(self, started: RnnState) -> RnnState:
        """Gives these hypotheses and, after them, those of `started`; see `StepModel.join`."""
        width = longest_row(self.src_mask, started.src_mask)

        def both(first: Tensor, second: Tensor) -> Tensor:
            return torch.cat([fit_end(first, width, 1), fit_end(second, width, 1)])

        pairs = zip(self.hidden, started.hidden, strict=True)
        memory = both(self.memory, started.memory)
        source = torch.cat([self.source, started.source + self.memory.size(0)])
        return RnnState(
            hidden=tuple(torch.cat(pair, 1) for pair in pairs),
            memory=memory,
            keys=both(self.keys, started.keys),
            src_mask=both(self.src_mask, started.src_mask),
            context=torch.cat([self.context, started.context]),
            source=source,
            seats=Seats.of(source, memory.size(0)),
        )
