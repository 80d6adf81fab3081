"""Floating-point operations of a Transformer, counted from its shape."""

from collections.abc import Sequence

import numpy as np

from nmt.config import TransformerConfig

Lengths = Sequence[tuple[int, int]]
"""Source and target pieces of each pair, without begin and end pieces."""


def flops_per_token(config: TransformerConfig, lengths: Lengths) -> float:
    """Multiplications and additions of an update for each target token, no padding.

    A product of [n, a] and [a, b] takes 2·n·a·b forwards and twice that backwards. Attention
    counts both of its products, over all positions of the sentence.
    """
    linear, attention, target = _counts(config, lengths)
    return float(6 * (linear + attention).sum() / target.sum())


def attention_share(config: TransformerConfig, length: int, target: int) -> float:
    """Share of the operations of one pair that grows with the square of its length."""
    linear, attention, _ = _counts(config, [(length, target)])
    return float(attention.sum() / (linear + attention).sum())


def _counts(config: TransformerConfig, lengths: Lengths) -> tuple[np.ndarray, ...]:
    """Multiplications of the linear layers and of attention, and target tokens, of each pair."""
    source = np.array([src + 1 for src, _ in lengths], float)
    target = np.array([tgt + 1 for _, tgt in lengths], float)
    d, ff = config.d_model, config.d_ff
    n_source = config.n_encoder_layers * (4 * d * d + 2 * d * ff)
    n_source += config.n_decoder_layers * 2 * d * d  # keys and values of the source
    n_target = config.n_decoder_layers * (6 * d * d + 2 * d * ff) + d * config.tgt_vocab_size
    attended = config.n_encoder_layers * source**2
    attended = attended + config.n_decoder_layers * (target**2 + source * target)
    return n_source * source + n_target * target, 2 * d * attended, target
