"""Hypotheses of one source put together, so that its states are read once for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Seats:
    """Where N hypotheses sit at B tables, one for each source, of W seats each."""

    width: int
    """W, the most hypotheses of a source."""
    n_sources: int
    """B."""
    places: Tensor | None
    """[N] the seat of each, counted through all tables; none where they fill all in order."""

    @classmethod
    def of(cls, source: Tensor, n_sources: int) -> Seats:
        """Seats hypotheses of which the i-th translates `source[i]` (of [N])."""
        if not len(source):
            return cls(0, n_sources, None)
        counts = source.bincount(minlength=n_sources)
        width = int(counts.max())
        order = source.argsort(stable=True)
        by_source, numbers = source[order], torch.arange(len(source), device=source.device)
        ranks = numbers - (counts.cumsum(0) - counts)[by_source]
        places = torch.empty_like(source).index_copy_(0, order, by_source * width + ranks)
        if len(source) == n_sources * width and torch.equal(places, numbers):
            return cls(width, n_sources, None)
        return cls(width, n_sources, places)

    def together(self, x: Tensor) -> Tensor:
        """Gives [N, T, D] as [B, W · T, D], zeros on free seats."""
        if self.places is not None:
            seats = x.new_zeros(self.n_sources * self.width, x.size(1), x.size(2))
            x = seats.index_copy_(0, self.places, x)
        return x.reshape(self.n_sources, self.width * x.size(1), x.size(2))

    def apart(self, x: Tensor) -> Tensor:
        """Gives [B, W · T, D] as [N, T, D]."""
        x = x.reshape(self.n_sources * self.width, x.size(1) // self.width, x.size(2))
        return x if self.places is None else x.index_select(0, self.places)
