"""The Transformer's weights as a CTranslate2 model, the folder `ctranslate2/` of a bundle.

    model.bin               weights, as a rule in int8 with one scale for each row
    config.json             its settings; ours beside CTranslate2's: `max_positions`, `quantization`
    source_vocabulary.json  the token of each piece
    target_vocabulary.json

Tokens are the numbers of the pieces, written out: what goes in and comes out are piece ids. Only
the end piece of a source is called otherwise (`SOURCE_END`): CTranslate2 would take a source that
holds nothing but its own end token for empty and not translate it.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from nmt.bundle.reading import CONFIG_FILE, CTRANSLATE2_FOLDER, load_bundle
from nmt.bundle.writing import hashes_of, rewriting, write_json
from nmt.config import TransformerConfig
from nmt.errors import BundleError
from nmt.tokenizers.base import BOS_ID, EOS_ID, UNK_ID

if TYPE_CHECKING:
    from ctranslate2 import specs

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]
Quantization = Literal["int8", "float16", "float32"]

SOURCE_END = "end"
MAX_POSITIONS = 512
"""Longest source and translation, end piece included, that an exported model takes."""


def add_ctranslate2(folder: Path, quantization: Quantization = "int8") -> Path:
    """Adds the CTranslate2 model to the bundle in `folder`, or makes it anew from the weights.

    Args:
        folder: a bundle; it is replaced when the new one is complete.
        quantization: how the weights are stored.

    Raises:
        BundleError: the bundle cannot be read, or its network is no Transformer.
    """
    bundle = load_bundle(folder)
    config = bundle.model_config
    if not isinstance(config, TransformerConfig):
        raise BundleError(
            f"bundle {bundle.name!r} is an {config.architecture}; only a transformer can be "
            "converted to CTranslate2; use it with engine 'torch'"
        )
    weights = {name: value.numpy() for name, value in bundle.load_weights().items()}
    with rewriting(folder) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
        shutil.rmtree(part / CTRANSLATE2_FOLDER, ignore_errors=True)
        write_ctranslate2(part / CTRANSLATE2_FOLDER, config, weights, quantization)
        content = json.loads((part / CONFIG_FILE).read_bytes())
        (part / CONFIG_FILE).unlink()
        write_json(part / CONFIG_FILE, content | {"files": hashes_of(part)})
    return folder


def write_ctranslate2(
    folder: Path, config: TransformerConfig, weights: Weights, quantization: Quantization = "int8"
) -> None:
    """Writes a Transformer as a CTranslate2 model into the new folder `folder`.

    Args:
        folder: is made.
        config: the architecture.
        weights: float32, by their names in our network.
        quantization: how matrices are stored; `int8` keeps one scale for each row.
    """
    weights = {name: value.copy() for name, value in weights.items()}  # CTranslate2 rounds in place
    model = _empty_model(config)
    model.config.add_attribute("max_positions", MAX_POSITIONS)
    model.config.add_attribute("quantization", quantization)
    model.config.unk_token, model.config.bos_token = str(UNK_ID), str(BOS_ID)
    model.config.eos_token, model.config.decoder_start_token = str(EOS_ID), str(BOS_ID)
    source = [SOURCE_END if i == EOS_ID else str(i) for i in range(config.src_vocab_size)]
    model.register_source_vocabulary(source)
    model.register_target_vocabulary([str(i) for i in range(config.tgt_vocab_size)])
    _fill_encoder(model.encoder, config, weights)
    _fill_decoder(model.decoder, config, weights)
    model.validate()
    model.optimize(quantization="int8_float32" if quantization == "int8" else quantization)
    folder.mkdir(parents=True)
    model.save(str(folder))


def _empty_model(config: TransformerConfig) -> specs.TransformerSpec:
    from ctranslate2 import specs

    return specs.TransformerSpec.from_config(
        (config.n_encoder_layers, config.n_decoder_layers),
        config.n_heads,
        pre_norm=True,
        activation=specs.Activation.RELU,
        alignment_layer=config.alignment_layer % config.n_decoder_layers,
        # It puts out the mean of the first heads: all of them, or the one that is moved there.
        alignment_heads=config.n_heads if config.alignment_head is None else 1,
    )


def _fill_encoder(encoder: Any, config: TransformerConfig, weights: Weights) -> None:
    encoder.embeddings[0].weight = weights["src_embedding.weight"]
    encoder.position_encodings.encodings = _positions(MAX_POSITIONS, config.d_model)
    _fill_norm(encoder.layer_norm, weights, "encoder_norm")
    for index, layer in enumerate(encoder.layer):
        _fill_self_attention(layer.self_attention, weights, f"encoder.{index}")
        _fill_feed_forward(layer.ffn, weights, f"encoder.{index}")


def _fill_decoder(decoder: Any, config: TransformerConfig, weights: Weights) -> None:
    decoder.embeddings.weight = weights["tgt_embedding.weight"]
    decoder.projection.weight = weights["tgt_embedding.weight"]
    decoder.position_encodings.encodings = _positions(MAX_POSITIONS, config.d_model)
    _fill_norm(decoder.layer_norm, weights, "decoder_norm")
    for index, layer in enumerate(decoder.layer):
        scope = f"decoder.{index}"
        _fill_self_attention(layer.self_attention, weights, scope)
        order = np.arange(config.d_model)
        if index == decoder.alignment_layer and config.alignment_head:
            order = _first_head_order(config, config.alignment_head)
        _fill_cross_attention(layer.attention, weights, scope, order)
        _fill_feed_forward(layer.ffn, weights, scope)


def _first_head_order(config: TransformerConfig, head: int) -> npt.NDArray[np.int64]:
    """Gives the rows of a projection with those of `head` first; the order of heads is free."""
    heads = np.arange(config.d_model).reshape(config.n_heads, -1)
    return np.concatenate([heads[head], np.delete(heads, head, axis=0).reshape(-1)])


def _fill_self_attention(attention: Any, weights: Weights, scope: str) -> None:
    _fill_norm(attention.layer_norm, weights, f"{scope}.attention_norm")
    for part in ("weight", "bias"):
        query = weights[f"{scope}.attention.query.{part}"]
        key_value = weights[f"{scope}.attention.key_value.{part}"]
        setattr(attention.linear[0], part, np.concatenate([query, key_value]))
    _fill_linear(attention.linear[1], weights, f"{scope}.attention.output")


def _fill_cross_attention(
    attention: Any, weights: Weights, scope: str, order: npt.NDArray[np.int64]
) -> None:
    _fill_norm(attention.layer_norm, weights, f"{scope}.cross_norm")
    both = np.concatenate([order, order + len(order)])
    for part in ("weight", "bias"):
        setattr(attention.linear[0], part, weights[f"{scope}.cross.query.{part}"][order])
        setattr(attention.linear[1], part, weights[f"{scope}.cross.key_value.{part}"][both])
    # Contiguous, for the file holds the bytes as they lie in memory.
    output = weights[f"{scope}.cross.output.weight"][:, order]
    attention.linear[2].weight = np.ascontiguousarray(output)
    attention.linear[2].bias = weights[f"{scope}.cross.output.bias"]


def _fill_feed_forward(feed_forward: Any, weights: Weights, scope: str) -> None:
    _fill_norm(feed_forward.layer_norm, weights, f"{scope}.feed_forward_norm")
    _fill_linear(feed_forward.linear_0, weights, f"{scope}.feed_forward.inner")
    _fill_linear(feed_forward.linear_1, weights, f"{scope}.feed_forward.outer")


def _fill_linear(linear: Any, weights: Weights, scope: str) -> None:
    linear.weight, linear.bias = weights[f"{scope}.weight"], weights[f"{scope}.bias"]


def _fill_norm(norm: Any, weights: Weights, scope: str) -> None:
    norm.gamma, norm.beta = weights[f"{scope}.weight"], weights[f"{scope}.bias"]


def _positions(length: int, d_model: int) -> Array:
    """Gives [length, d_model], as nmt/models/positions.py does; CTranslate2's own begin at 1."""
    half = d_model // 2
    rates = np.exp(np.arange(half, dtype=np.float32) * -(math.log(10000.0) / (half - 1)))
    angles = np.arange(length, dtype=np.float32)[:, None] * rates[None, :].astype(np.float32)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
