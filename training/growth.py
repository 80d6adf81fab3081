"""Start a Transformer from one of other depths: layers that change nothing are added, or left out.

An added layer is a copy of its neighbour whose output projections are zero, so that it adds nothing
to the residual stream: the deeper network computes what the shallower one did, and learns from
there (function-preserving growth: Chen 2016, Net2Net, section 2; residual branches that start at
zero: Goyal 2017, section 5.1). Leaving layers out changes what is computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from nmt.config import TransformerConfig

_LAYER = re.compile(r"(encoder|decoder)\.(\d+)\.(.+)")
_OUTPUTS = ("attention.output.", "cross.output.", "feed_forward.outer.")
"""Parameters of a layer that write to the residual stream."""


def depths_of(weights: Mapping[str, Tensor]) -> tuple[int, int]:
    """Gives the encoder and decoder layers of a Transformer's weights."""
    layers = {match.groups()[:2] for name in weights if (match := _LAYER.fullmatch(name))}
    stacks = [stack for stack, _ in layers]
    return stacks.count("encoder"), stacks.count("decoder")


def layer_origins(there: int, wanted: int) -> list[tuple[int, bool]]:
    """Gives for each of `wanted` layers which of `there` it comes from, and whether it is added.

    Added layers are spread evenly and stand before the layer that they copy; where there are too
    many, the last ones stay. So the last layer, whose attention is put out, stays the last.
    """
    if wanted <= there:
        return [(layer, False) for layer in range(there - wanted, there)]
    origins = [-(-(place + 1) * there // wanted) - 1 for place in range(wanted)]
    return [(layer, layer in origins[place + 1 :]) for place, layer in enumerate(origins)]


def with_depths(weights: Mapping[str, Tensor], config: TransformerConfig) -> dict[str, Tensor]:
    """Gives the weights for a network of the depths of `config`, its other sizes being equal.

    Args:
        weights: of a Transformer, by name.
        config: the network that they shall start.
    """
    there = dict(zip(("encoder", "decoder"), depths_of(weights), strict=True))
    wanted = {"encoder": config.n_encoder_layers, "decoder": config.n_decoder_layers}
    fitted = {name: weight for name, weight in weights.items() if not _LAYER.fullmatch(name)}
    for stack, n_layers in wanted.items():
        for place, (origin, is_added) in enumerate(layer_origins(there[stack], n_layers)):
            prefix = f"{stack}.{origin}."
            for name in [name for name in weights if name.startswith(prefix)]:
                rest = name.removeprefix(prefix)
                silent = is_added and rest.startswith(_OUTPUTS)
                weight = weights[name]
                fitted[f"{stack}.{place}.{rest}"] = torch.zeros_like(weight) if silent else weight
    return fitted
