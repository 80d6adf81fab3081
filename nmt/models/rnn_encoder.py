"""Deep bidirectional recurrent encoder (Schuster and Paliwal 1997; Bahdanau 2015, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nmt.config import RnnConfig

CELLS: dict[str, type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]] = {
    "rnn": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}


def reverse_sequences(x: Tensor, mask: Tensor) -> Tensor:
    """Reverses the real positions of each row and leaves its padding where it is.

    Args:
        x: [B, S, D].
        mask: [B, S], True at real positions, padding on the right.
    """
    positions = torch.arange(x.size(1), device=x.device)[None, :]
    lengths = mask.sum(dim=1, keepdim=True)
    source = torch.where(mask, lengths - 1 - positions, positions)
    return x.gather(1, source[:, :, None].expand_as(x))


class EncoderLayer(nn.Module):
    """One recurrent layer in one or both directions."""

    def __init__(self, config: RnnConfig, d_input: int) -> None:
        super().__init__()
        width = config.d_model // 2 if config.bidirectional else config.d_model
        cell = CELLS[config.cell]
        self.forwards = cell(d_input, width, batch_first=True)
        self.backwards = cell(d_input, width, batch_first=True) if config.bidirectional else None

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, S, D] → [B, S, d_model]; what stands at padding is arbitrary."""
        output: Tensor = self.forwards(x)[0]
        if self.backwards is None:
            return output
        backward = reverse_sequences(self.backwards(reverse_sequences(x, mask))[0], mask)
        return torch.cat([output, backward], dim=-1)


class RnnEncoder(nn.Module):
    """Embedding and recurrent layers; gives all states and one summary of the sentence."""

    def __init__(self, config: RnnConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.src_vocab_size, config.d_embed)
        self.layers = nn.ModuleList(
            EncoderLayer(config, config.d_embed if i == 0 else config.d_model)
            for i in range(config.n_encoder_layers)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, src_ids: Tensor, src_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Gives the memory [B, S, d_model] and the summary [B, d_model].

        The summary joins the forward direction's last state and the backward direction's first.
        """
        x = self.dropout(self.embedding(src_ids))
        for index, layer in enumerate(self.layers):
            y = layer(x if index == 0 else self.dropout(x), src_mask)
            x = x + y if self.config.residual and x.size(2) == y.size(2) else y
        memory = x * src_mask[:, :, None]
        last = (src_mask.sum(dim=1) - 1)[:, None, None].expand(-1, 1, x.size(2))
        at_end, at_start = memory.gather(1, last)[:, 0], memory[:, 0]
        if not self.config.bidirectional:
            return memory, at_end
        half = self.config.d_model // 2
        return memory, torch.cat([at_end[:, :half], at_start[:, half:]], dim=-1)
