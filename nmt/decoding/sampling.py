"""Drawing translations from the model: temperature, top-k, top-p.

Every draw comes from a generator of its own, seeded by the seed, the source and the number of
the sample. What is drawn for a source does not depend on the batch it is in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from nmt.config import SearchConfig
from nmt.decoding.greedy import Path, walk
from nmt.decoding.sources import Found, Intake, Sources
from nmt.decoding.step_model import StepModel


def sample(
    model: StepModel, intake: Intake, options: SearchConfig, *, attention: bool = False
) -> Iterator[Found]:
    """Gives `n_best` samples for each source, the highest score first.

    Args:
        model: the network.
        intake: gives the sources; asked again after every step.
        options: search settings.
        attention: give the attention of the hypotheses.
    """
    n = options.n_best
    generators: dict[Path, np.random.Generator] = {}

    def seeded(running: Sequence[int]) -> Sources | None:
        sources = intake(running)
        if sources is not None:
            paths = [(number, copy) for number in sources.numbers for copy in range(n)]
            new = build_generators(sources.ids, sources.mask, options.seed, n)
            generators.update(zip(paths, new, strict=True))
        return sources

    def choose(ranked: Tensor, paths: list[Path]) -> Tensor:
        uniform = torch.tensor([generators[path].random() for path in paths], dtype=torch.float64)
        return draw(next_probabilities(ranked, options), uniform.to(ranked.device))

    for number, samples in walk(model, seeded, options, choose, copies=n, attention=attention):
        yield number, sorted(samples, key=lambda hypothesis: -hypothesis.score)


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
