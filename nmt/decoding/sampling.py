"""Drawing translations from the model: temperature, top-k, top-p.

Every draw comes from a generator of its own, seeded by the seed, the source and the number of
the sample. What is drawn for a source does not depend on the batch it is in.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.greedy import walk
from nmt.decoding.live import LiveBatch
from nmt.decoding.step_model import StepModel
from nmt.hypothesis import Hypothesis


def sample(
    model: StepModel,
    src_ids: Tensor,
    src_mask: Tensor,
    options: SearchConfig,
    *,
    attention: bool = False,
) -> list[list[Hypothesis]]:
    """Gives `n_best` samples for each row, the highest score first.

    Args:
        model: the network.
        src_ids: [B, S] source pieces, each row ended by EOS and padded.
        src_mask: [B, S] bool.
        options: search settings.
        attention: give the attention of the hypotheses.
    """
    n = options.n_best
    batch = LiveBatch(model, src_ids, src_mask, options, copies=n, attention=attention)
    generators = build_generators(src_ids, src_mask, options.seed, n)

    def choose(ranked: Tensor, paths: list[int]) -> Tensor:
        uniform = torch.tensor([generators[path].random() for path in paths], dtype=torch.float64)
        return draw(next_probabilities(ranked, options), uniform.to(ranked.device))

    endings = walk(batch, choose)
    samples = [batch.hypothesis(path // n, ending) for path, ending in enumerate(endings)]
    return [
        sorted(samples[first : first + n], key=lambda hypothesis: -hypothesis.score)
        for first in range(0, len(samples), n)
    ]


def build_generators(
    src_ids: Tensor, src_mask: Tensor, seed: int, n: int
) -> list[np.random.Generator]:
    """Gives `n` generators for each row of `src_ids`; equal sources have equal generators."""
    sources = [ids[mask].tolist() for ids, mask in zip(src_ids, src_mask, strict=True)]
    return [
        np.random.default_rng([abs(seed), int(seed < 0), number, *source])
        for source in sources
        for number in range(n)
    ]


def next_probabilities(ranked: Tensor, options: SearchConfig) -> Tensor:
    """Gives [N, V] float64 probabilities after temperature, top-k and top-p, in this order.

    Args:
        ranked: [N, V] log-probabilities, -inf where forbidden.
        options: search settings.
    """
    scores = ranked.double() / options.temperature
    if 0 < options.top_k < scores.size(1):
        least = scores.topk(options.top_k, dim=1).values[:, -1:]
        scores = scores.masked_fill(scores < least, -math.inf)
    if options.top_p < 1.0:
        ordered, order = scores.softmax(1).sort(dim=1, descending=True, stable=True)
        outside = ordered.cumsum(1) - ordered >= options.top_p
        scores = scores.masked_fill(torch.zeros_like(outside).scatter(1, order, outside), -math.inf)
    return scores.softmax(1)


def draw(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Gives for each row the first piece whose cumulated probability exceeds `uniform` ([N]).

    A row where every piece is forbidden (not a number) gives one of these.
    """
    cumulated = probabilities.cumsum(1)
    target = (uniform * cumulated[:, -1]).unsqueeze(1)
    places = torch.searchsorted(cumulated, target, right=True).squeeze(1)
    return places.clamp_max(probabilities.size(1) - 1)
