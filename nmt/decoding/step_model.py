"""The joint between search and networks: start, step, reorder, join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor


@dataclass(frozen=True)
class StepOutput:
    """What a network says about the next piece of N unfinished translations."""

    logits: Tensor
    """[N, V] before the softmax, one for each next piece; the search may overwrite this tensor."""
    state: Any
    """State after the step, for the next one."""
    attention: Tensor | None = None
    """[N, S] weights over the source positions; none where the network has no attention."""
    normaliser: Tensor | None = None
    """[N] log Σ exp of the logits; none where they are log-probabilities already."""

    @property
    def log_probs(self) -> Tensor:
        """[N, V] log-probabilities of the next piece."""
        return self.logits if self.normaliser is None else self.logits - self.normaliser[:, None]


class StepModel(Protocol):
    """A translation model as search sees it: no layers, only a step function.

    The state belongs to the model; search hands it back as it came. It describes N rows, one for
    each unfinished translation, in the order of the last `start`, `reorder` or `join`.
    """

    def start(self, src_ids: Tensor, src_mask: Tensor) -> Any:
        """Gives the state of N rows before their first piece.

        Args:
            src_ids: [N, S] source pieces, each row ended by EOS and then padded.
            src_mask: [N, S] bool, true where a piece may be attended.
        """
        ...

    def step(self, state: Any, prev_ids: Tensor) -> StepOutput:
        """Reads one more piece in every row; `prev_ids` is [N], BOS at the first step."""
        ...

    def reorder(self, state: Any, rows: Tensor) -> Any:
        """Gives the state of M rows, the i-th being row `rows[i]` of `state`.

        A row may occur several times (a beam grows) or not at all (a translation ended).
        """
        ...

    def join(self, state: Any, started: Any) -> Any:
        """Gives the state of the rows of `state` and, after them, of `started`.

        Rows may have read different numbers of pieces. Columns of the source that are padding in
        every row are dropped.

        Args:
            state: of N rows, one at least.
            started: of M rows, as `start` gave it or `reorder` after it.
        """
        ...
