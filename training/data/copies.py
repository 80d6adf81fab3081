"""Noised copies that `prepare` writes, for training on machines without a morpheme analyzer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.data.augment import augment
from training.data.files import Pair
from training.data.repeats import Marks
from training.data.settings import AugmentConfig
from training.data.similarity import mix
from training.data.stage import Stage

_TRIES = 4


@dataclass(frozen=True)
class Copy:
    """A noised pair and where it comes from."""

    src: str
    tgt: str
    source_id: int
    kind: int
    """NOISED or JOINED of shards.py."""


def iter_copies(stage: Stage, marks: Marks, config: AugmentConfig, seed: int) -> Iterator[Copy]:
    """Yields `config.copies` noised forms per unmarked pair; unchanged ones are left out.

    Which pairs and what noise follow from each pair's hash and the seed alone.
    """
    if config.copies == 0:
        return
    sources = stage.sources()
    for first, pairs in stage.iter_texts():
        here = slice(first, first + len(pairs))
        rows = np.flatnonzero(marks[here] == 0)
        ids = sources[here][rows]
        seeds = mix(stage.keys(0, first, len(pairs))[rows] + mix(np.full(1, seed, np.uint64)))
        counts = np.floor(config.copies + seeds / 2.0**64).astype(np.int64)
        for at in np.flatnonzero(counts).tolist():
            near = [r for r in range(at, min(at + 3, len(rows))) if ids[r] == ids[at]]
            texts = [_decoded(pairs[rows[r]]) for r in near]
            rng = random.Random(int(seeds[at]))
            for _ in range(counts[at]):
                yield from _copy(texts, int(ids[at]), config, rng)


def _decoded(pair: tuple[bytes, bytes]) -> Pair:
    return pair[0].decode(), pair[1].decode()


def _copy(
    texts: list[Pair], source_id: int, config: AugmentConfig, rng: random.Random
) -> Iterator[Copy]:
    for _ in range(_TRIES):
        noised = augment(texts, config, rng)
        if (noised.src, noised.tgt) != texts[0]:
            yield Copy(noised.src, noised.tgt, source_id, noised.kind)
            return
