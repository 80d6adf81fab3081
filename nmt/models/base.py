"""What every network offers: encode, decode with teacher forcing, and single steps for search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from nmt.config import ModelConfig
from nmt.decoding.normaliser import scores_of
from nmt.decoding.step_model import StepOutput


@dataclass(frozen=True)
class DecoderOutput:
    """Teacher-forced output of a whole batch."""

    logits: Tensor
    """[B, T, V], before the softmax."""
    attention: Tensor | None
    """[B, T, S], rows sum to 1 over the real source positions; none without attention."""


class Seq2Seq(nn.Module, ABC):
    """An encoder–decoder that also is a `StepModel`.

    Source rows are pieces and the end piece; target rows start with the begin piece. Masks are
    True where a position may be attended.
    """

    config: ModelConfig

    @abstractmethod
    def decode_hidden(
        self, src_ids: Tensor, src_mask: Tensor, tgt_in: Tensor, need_attention: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Gives the decoder's last hidden layer under teacher forcing.

        Args:
            src_ids: [B, S] source pieces, padded on the right.
            src_mask: [B, S] True at real pieces.
            tgt_in: [B, T] target pieces, shifted right by the begin piece.
            need_attention: also compute the attention rows.

        Returns:
            hidden [B, T, D] for `project`, and attention [B, T, S] or None.
        """

    @abstractmethod
    def project(self, hidden: Tensor) -> Tensor:
        """Gives logits [..., V] of hidden states [..., D]."""

    def forward(self, src_ids: Tensor, src_mask: Tensor, tgt_in: Tensor) -> DecoderOutput:
        """Gives logits and attention under teacher forcing; shapes as in `decode_hidden`."""
        hidden, attention = self.decode_hidden(src_ids, src_mask, tgt_in, need_attention=True)
        return DecoderOutput(self.project(hidden), attention)

    @abstractmethod
    def start(self, src_ids: Tensor, src_mask: Tensor) -> Any:
        """Encodes sources [B, S] and gives the decoder's first state, one row per source."""

    @abstractmethod
    def advance(self, state: Any, prev_ids: Tensor) -> tuple[Tensor, Any, Tensor | None]:
        """Gives hidden [N, D], the next state and attention [N, S] for one more piece a row."""

    def step(self, state: Any, prev_ids: Tensor) -> StepOutput:
        """Gives scores of the next piece after `prev_ids` [N]."""
        hidden, state, attention = self.advance(state, prev_ids)
        scores, normaliser = scores_of(self.project(hidden).float())
        return StepOutput(scores, state, attention, normaliser)

    @abstractmethod
    def reorder(self, state: Any, rows: Tensor) -> Any:
        """Picks rows [M] of a state; rows may repeat or be left out."""

    @abstractmethod
    def join(self, state: Any, started: Any) -> Any:
        """Gives the rows of `state` and then those of `started`; see `StepModel.join`."""


def count_parameters(model: nn.Module) -> int:
    """Counts trainable numbers, shared ones once."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
