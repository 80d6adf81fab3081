"""Pre-norm Transformer (Vaswani 2017; Xiong 2020), deep encoder and shallow decoder allowed.

Kasai 2021 shows that encoder layers cost little time in translation and decoder layers much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.config import TransformerConfig
from nmt.decoding.fitting import fit_end, fit_start, longest_row
from nmt.models.attention import MultiHeadAttention
from nmt.models.base import Seq2Seq
from nmt.models.positions import sinusoids

KeysValues = tuple[tuple[Tensor, Tensor], ...]
"""Of all layers."""


@dataclass(frozen=True)
class TransformerState:
    """Keys and values of all layers; one row per hypothesis.

    Own keys and values end with the last piece; rows that have read fewer pieces than others are
    filled at the start, where `own_mask` is False.
    """

    own_mask: Tensor | None
    """[N, T]; none where all rows have read T pieces."""
    src_mask: Tensor
    """[N, S]."""
    source: Tensor
    """[N] which row of `start` each hypothesis translates."""
    cross: KeysValues
    """Per layer keys and values of the source, [N, H, S, D / H]."""
    own: KeysValues
    """Per layer keys and values of the target so far, [N, H, T, D / H]."""

    def mask_of_own(self) -> Tensor:
        """Gives `own_mask`, made where there is none."""
        if self.own_mask is not None:
            return self.own_mask
        return self.src_mask.new_ones(len(self.src_mask), self.own[0][0].size(2))


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
        own_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
        """Gives the layer's output [B, T, D], its own keys and values, and the cross query.

        Args:
            x: [B, T, D]; T is 1 when `past` is given.
            past: own keys and values of earlier positions; None under teacher forcing.
            cross: keys and values of the source.
            src_mask: [B, 1, 1, S].
            own_mask: of the past and the position of x, [B, 1, 1, T]; none where all may be seen.
        """
        y = self.attention_norm(x)
        keys, values = self.attention.project_memory(y)
        if past is not None:
            keys = torch.cat([past[0], keys], dim=2)
            values = torch.cat([past[1], values], dim=2)
        x = x + self.dropout(self.attention(y, keys, values, own_mask, causal=past is None))
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

    def _embed(
        self, embedding: nn.Embedding, ids: Tensor, positions: Tensor | None = None
    ) -> Tensor:
        """√d · embedding + position (Vaswani 2017, sections 3.4 and 3.5), [B, T, D].

        Positions are broadcastable to [B, T]; none counts them from 0.
        """
        if positions is None:
            positions = torch.arange(ids.size(1), device=ids.device)
        x = embedding(ids) * self.config.d_model**0.5
        y: Tensor = self.dropout(x + sinusoids(positions, self.config.d_model).to(x.dtype))
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
        own = ((empty, empty),) * len(self.decoder)
        return TransformerState(None, src_mask, source, cross, own)

    def advance(
        self, state: TransformerState, prev_ids: Tensor
    ) -> tuple[Tensor, TransformerState, Tensor | None]:
        """See `Seq2Seq.advance`."""
        if state.own_mask is None:
            positions, own_mask = prev_ids.new_full((1,), state.own[0][0].size(2)), None
        else:
            positions = state.own_mask.sum(1, keepdim=True)
            own_mask = fit_end(state.own_mask, state.own_mask.size(1) + 1, 1, value=True)
        x = self._embed(self.tgt_embedding, prev_ids[:, None], positions)
        mask = state.src_mask[:, None, None, :]
        seen = None if own_mask is None else own_mask[:, None, None, :]
        own, attention = [], None
        for index, layer in enumerate(self.decoder_layers):
            x, cache, query = layer(x, state.own[index], state.cross[index], mask, seen)
            own.append(cache)
            if index == self.alignment_layer:
                attention = self.alignment(query, state.cross[index][0], state.src_mask)[:, 0]
        after = replace(state, own_mask=own_mask, own=tuple(own))
        return self.decoder_norm(x)[:, 0], after, attention

    def reorder(self, state: TransformerState, rows: Tensor) -> TransformerState:
        """See `Seq2Seq.reorder`."""
        own = tuple((k.index_select(0, rows), v.index_select(0, rows)) for k, v in state.own)
        own_mask = None if state.own_mask is None else state.own_mask.index_select(0, rows)
        after = replace(state, own_mask=own_mask, own=own)
        source = state.source.index_select(0, rows)
        if torch.equal(source, state.source):
            # Every row stays with its source, as in most steps of a beam: nothing to copy there.
            return after
        cross = tuple((k.index_select(0, rows), v.index_select(0, rows)) for k, v in state.cross)
        src_mask = state.src_mask.index_select(0, rows)
        return replace(after, src_mask=src_mask, source=source, cross=cross)

    def join(self, state: TransformerState, started: TransformerState) -> TransformerState:
        """See `Seq2Seq.join`."""
        src_masks, own_masks = zip(
            *((rows.src_mask, rows.mask_of_own()) for rows in (state, started)), strict=True
        )
        src_length, length = longest_row(*src_masks), longest_row(*own_masks)
        return TransformerState(
            own_mask=torch.cat([fit_start(mask, length, 1) for mask in own_masks]),
            src_mask=torch.cat([fit_end(mask, src_length, 1) for mask in src_masks]),
            source=torch.cat([state.source, started.source + state.source.max() + 1]),
            cross=_joined(state.cross, started.cross, lambda x: fit_end(x, src_length, 2)),
            own=_joined(state.own, started.own, lambda x: fit_start(x, length, 2)),
        )


def _joined(first: KeysValues, second: KeysValues, fit: Callable[[Tensor], Tensor]) -> KeysValues:
    """Gives keys and values of the rows of both, layer by layer, made equally wide by `fit`."""
    return tuple(
        (torch.cat([fit(k), fit(other_k)]), torch.cat([fit(v), fit(other_v)]))
        for (k, v), (other_k, other_v) in zip(first, second, strict=True)
    )
