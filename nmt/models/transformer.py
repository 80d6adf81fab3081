"""Pre-norm Transformer (Vaswani 2017; Xiong 2020), deep encoder and shallow decoder allowed.

Kasai 2021 shows that encoder layers cost little time in translation and decoder layers much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.config import TransformerConfig
from nmt.models.attention import MultiHeadAttention
from nmt.models.base import Seq2Seq
from nmt.models.positions import sinusoidal_positions


@dataclass(frozen=True)
class TransformerState:
    """Keys and values of all layers; one row per hypothesis."""

    length: int
    """Target pieces consumed so far."""
    src_mask: Tensor
    """[N, S]."""
    source: Tensor
    """[N] which row of `start` each hypothesis translates."""
    cross: tuple[tuple[Tensor, Tensor], ...]
    """Per layer keys and values of the source, [N, H, S, D / H]."""
    own: tuple[tuple[Tensor, Tensor], ...]
    """Per layer keys and values of the target so far, [N, H, length, D / H]."""


class FeedForward(nn.Module):
    """W₂ relu(W₁ x) with dropout between (Vaswani 2017, section 3.3)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.d_ff)
        self.outer = nn.Linear(config.d_ff, config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, D] → [B, T, D]."""
        y: Tensor = self.outer(self.dropout(torch.relu(self.inner(x))))
        return y


class EncoderLayer(nn.Module):
    """x + SelfAttention(norm x), then x + FeedForward(norm x)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.d_model)
        self.attention = MultiHeadAttention(
            config.d_model, config.n_heads, config.attention_dropout
        )
        self.feed_forward_norm = nn.LayerNorm(config.d_model)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, S, D] → [B, S, D]; mask [B, 1, 1, S]."""
        y = self.attention_norm(x)
        x = x + self.dropout(self.attention(y, *self.attention.project_memory(y), mask))
        y = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return cast(Tensor, y)


class DecoderLayer(nn.Module):
    """Self-attention over the past, attention over the source, feed-forward; all pre-norm."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        d_model, heads, rate = config.d_model, config.n_heads, config.attention_dropout
        self.attention_norm = nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, heads, rate)
        self.cross_norm = nn.LayerNorm(d_model)
        self.cross = MultiHeadAttention(d_model, heads, rate)
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        past: tuple[Tensor, Tensor] | None,
        cross: tuple[Tensor, Tensor],
        src_mask: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
        """Gives the layer's output [B, T, D], its own keys and values, and the cross query.

        Args:
            x: [B, T, D]; T is 1 when `past` is given.
            past: own keys and values of earlier positions; None under teacher forcing.
            cross: keys and values of the source.
            src_mask: [B, 1, 1, S].
        """
        y = self.attention_norm(x)
        keys, values = self.attention.project_memory(y)
        if past is not None:
            keys = torch.cat([past[0], keys], dim=2)
            values = torch.cat([past[1], values], dim=2)
        x = x + self.dropout(self.attention(y, keys, values, None, causal=past is None))
        query = self.cross_norm(x)
        x = x + self.dropout(self.cross(query, *cross, src_mask))
        x = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return x, (keys, values), query


class Transformer(Seq2Seq):
    """Encoder, decoder and tied output; attention of one chosen layer and head is put out."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config: TransformerConfig = config
        width = config.d_model
        self.src_embedding = nn.Embedding(config.src_vocab_size, width)
        self.tgt_embedding = nn.Embedding(config.tgt_vocab_size, width)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.n_encoder_layers))
        self.encoder_norm = nn.LayerNorm(width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        self.decoder_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self.alignment_layer = config.alignment_layer % config.n_decoder_layers
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        for embedding in (self.src_embedding, self.tgt_embedding):
            nn.init.normal_(embedding.weight, std=self.config.d_model**-0.5)

    def _embed(self, embedding: nn.Embedding, ids: Tensor, first: int = 0) -> Tensor:
        """√d · embedding + position (Vaswani 2017, sections 3.4 and 3.5), [B, T, D]."""
        end = first + ids.size(1)
        positions = sinusoidal_positions(end, self.config.d_model, ids.device)[first:]
        x = embedding(ids) * self.config.d_model**0.5
        y: Tensor = self.dropout(x + positions.to(x.dtype))
        return y

    @property
    def decoder_layers(self) -> list[DecoderLayer]:
        """The decoder's layers, first to last."""
        return cast(list[DecoderLayer], list(self.decoder))

    def encode(self, src_ids: Tensor, src_mask: Tensor) -> Tensor:
        """Gives the memory [B, S, D]."""
        x = self._embed(self.src_embedding, src_ids)
        mask = src_mask[:, None, None, :]
        for layer in self.encoder:
            x = layer(x, mask)
        memory: Tensor = self.encoder_norm(x)
        return memory

    def alignment(self, query: Tensor, keys: Tensor, src_mask: Tensor) -> Tensor:
        """Gives the put-out attention [B, T, S] of the alignment layer."""
        layer = self.decoder_layers[self.alignment_layer]
        weights = layer.cross.weights(query, keys, src_mask[:, None, None, :])
        head = self.config.alignment_head
        chosen: Tensor = weights.mean(dim=1) if head is None else weights[:, head]
        return chosen

    def decode_hidden(
        self, src_ids: Tensor, src_mask: Tensor, tgt_in: Tensor, need_attention: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """See `Seq2Seq.decode_hidden`."""
        memory = self.encode(src_ids, src_mask)
        x = self._embed(self.tgt_embedding, tgt_in)
        attention = None
        for index, layer in enumerate(self.decoder_layers):
            cross = layer.cross.project_memory(memory)
            x, _, query = layer(x, None, cross, src_mask[:, None, None, :])
            if need_attention and index == self.alignment_layer:
                attention = self.alignment(query, cross[0], src_mask)
        return self.decoder_norm(x), attention

    def project(self, hidden: Tensor) -> Tensor:
        """See `Seq2Seq.project`; the output layer is the target embedding."""
        return functional.linear(hidden, self.tgt_embedding.weight)

    def start(self, src_ids: Tensor, src_mask: Tensor) -> TransformerState:
        """See `Seq2Seq.start`."""
        memory = self.encode(src_ids, src_mask)
        cross = tuple(layer.cross.project_memory(memory) for layer in self.decoder_layers)
        empty = cross[0][0].new_zeros(src_ids.size(0), self.config.n_heads, 0, cross[0][0].size(3))
        source = torch.arange(src_ids.size(0), device=src_ids.device)
        return TransformerState(0, src_mask, source, cross, ((empty, empty),) * len(self.decoder))

    def advance(
        self, state: TransformerState, prev_ids: Tensor
    ) -> tuple[Tensor, TransformerState, Tensor | None]:
        """See `Seq2Seq.advance`."""
        x = self._embed(self.tgt_embedding, prev_ids[:, None], first=state.length)
        mask = state.src_mask[:, None, None, :]
        own, attention = [], None
        for index, layer in enumerate(self.decoder_layers):
            x, cache, query = layer(x, state.own[index], state.cross[index], mask)
            own.append(cache)
            if index == self.alignment_layer:
                attention = self.alignment(query, state.cross[index][0], state.src_mask)[:, 0]
        after = replace(state, length=state.length + 1, own=tuple(own))
        return self.decoder_norm(x)[:, 0], after, attention

    def reorder(self, state: TransformerState, rows: Tensor) -> TransformerState:
        """See `Seq2Seq.reorder`."""
        own = tuple((k.index_select(0, rows), v.index_select(0, rows)) for k, v in state.own)
        source = state.source.index_select(0, rows)
        if torch.equal(source, state.source):
            # Every row stays with its source, as in most steps of a beam: nothing to copy there.
            return replace(state, own=own)
        cross = tuple((k.index_select(0, rows), v.index_select(0, rows)) for k, v in state.cross)
        src_mask = state.src_mask.index_select(0, rows)
        return TransformerState(state.length, src_mask, source, cross, own)
