"""The attention mechanisms: Bahdanau 2015, Luong 2015, multi-head (Vaswani 2017).

All take a query and a memory of source states and give a context vector and weights that sum
to 1 over the source positions whose mask is True.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.config import RnnConfig
from nmt.models.masks import masked_softmax


class BahdanauAttention(nn.Module):
    """Additive attention: score(s, h) = vᵀ tanh(W s + U h) (Bahdanau 2015, appendix A.1.2)."""

    def __init__(self, d_query: int, d_memory: int, d_hidden: int) -> None:
        super().__init__()
        self.query = nn.Linear(d_query, d_hidden, bias=False)
        self.key = nn.Linear(d_memory, d_hidden)
        self.energy = nn.Linear(d_hidden, 1, bias=False)

    def prepare(self, memory: Tensor) -> Tensor:
        """Gives keys U h [B, S, H], the same at every step (Bahdanau 2015, A.1.2)."""
        keys: Tensor = self.key(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Gives scores [B, T, S] of queries [B, T, D] against prepared keys [B, S, H]."""
        hidden = torch.tanh(self.query(query)[:, :, None, :] + keys[:, None, :, :])
        energies: Tensor = self.energy(hidden).squeeze(-1)
        return energies


class LuongDot(nn.Module):
    """score(h, s) = hᵀ s (Luong 2015, section 3.1)."""

    def prepare(self, memory: Tensor) -> Tensor:
        """Gives the memory itself."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Gives scores [B, T, S] of queries [B, T, D] against keys [B, S, D]."""
        return query @ keys.transpose(1, 2)


class LuongGeneral(nn.Module):
    """score(h, s) = hᵀ W s (Luong 2015, section 3.1)."""

    def __init__(self, d_query: int, d_memory: int) -> None:
        super().__init__()
        self.weight = nn.Linear(d_memory, d_query, bias=False)

    def prepare(self, memory: Tensor) -> Tensor:
        """Gives W s [B, S, D] for memory [B, S, M]."""
        keys: Tensor = self.weight(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Gives scores [B, T, S] of queries [B, T, D] against prepared keys [B, S, D]."""
        return query @ keys.transpose(1, 2)


class LuongConcat(BahdanauAttention):
    """score(h, s) = vᵀ tanh(W [h; s]) (Luong 2015, section 3.1).

    W [h; s] = W₁ h + W₂ s, so it is the additive score; it differs from Bahdanau's model in the
    query, the decoder's state after its update instead of before.
    """


def build_attention(config: RnnConfig) -> BahdanauAttention | LuongDot | LuongGeneral:
    """Builds the score function that an RNN model's settings name."""
    width = config.d_model
    if config.attention == "bahdanau":
        return BahdanauAttention(width, width, width)
    if config.luong_score == "dot":
        return LuongDot()
    if config.luong_score == "general":
        return LuongGeneral(width, width)
    return LuongConcat(width, width, width)


def attend(scores: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Gives contexts [B, T, M] and weights [B, T, S].

    Args:
        scores: [B, T, S].
        memory: [B, S, M].
        mask: [B, S], True at real positions.
    """
    weights = masked_softmax(scores, mask[:, None, :])
    return weights @ memory, weights


class MultiHeadAttention(nn.Module):
    """softmax(Q Kᵀ / √d) V over several heads (Vaswani 2017, section 3.2)."""

    def __init__(self, d_model: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        self.query = nn.Linear(d_model, d_model)
        self.key_value = nn.Linear(d_model, 2 * d_model)
        self.output = nn.Linear(d_model, d_model)

    def _split(self, x: Tensor) -> Tensor:
        """[B, T, D] → [B, H, T, D / H]."""
        heads: Tensor = x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        return heads

    def project_memory(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Gives keys and values [B, H, S, D / H] of a memory [B, S, D]."""
        keys, values = self.key_value(memory).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(
        self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, causal: bool = False
    ) -> Tensor:
        """Gives attended states [B, T, D].

        Args:
            x: [B, T, D] queries before their projection.
            keys: [B, H, S, D / H].
            values: [B, H, S, D / H].
            mask: broadcastable to [B, H, T, S], or None for all.
            causal: position i sees 0…i only; needs T = S and no mask.
        """
        heads = functional.scaled_dot_product_attention(
            self._split(self.query(x)), keys, values, attn_mask=mask, is_causal=causal,
            dropout_p=self.dropout if self.training else 0.0,
        )  # fmt: skip
        output: Tensor = self.output(heads.transpose(1, 2).flatten(2))
        return output

    def weights(self, x: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Gives the attention weights [B, H, T, S] themselves; arguments as in `forward`."""
        queries = self._split(self.query(x))
        scores = queries @ keys.transpose(2, 3) * queries.size(-1) ** -0.5
        return masked_softmax(scores, mask)
