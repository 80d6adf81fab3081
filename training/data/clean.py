"""Cleans one block of raw pairs; runs in worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nmt.text.normalize import normalize
from training.data.files import Pair
from training.data.filters import local_reason
from training.data.overlap import ExcludedLines
from training.data.pair_protect import protect_pair
from training.data.settings import PrepareConfig
from training.data.similarity import BANDS, minhash_bands, text_hash

Drop = Callable[[str, Pair], None]

EXAMPLES = 20
N_KEYS = 3 + BANDS
EQUALS_TEST, NEAR_TEST = "equals a test line", "near a test line"
MARKUP_DIFFERS = "markup differs"


@dataclass
class CleanBlock:
    """What is left of a block, in order."""

    source_id: int
    text: bytes
    """All texts in UTF-8, source then target, without separators."""
    lengths: NDArray[np.uint32]
    """Bytes of source and target, `[pairs, 2]`."""
    keys: NDArray[np.uint64]
    """Hashes of pair, source, target and MinHash bands, `[pairs, N_KEYS]`."""
    n_read: int
    drops: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Pair]] = field(default_factory=dict)


class Cleaner:
    """Normalises, filters, decontaminates and protects blocks of pairs."""

    def __init__(self, config: PrepareConfig, test_lines: Sequence[str]) -> None:
        self.config = config
        self.excluded = ExcludedLines(test_lines, config.exclude_overlap) if test_lines else None

    def clean(self, source_id: int, pairs: Sequence[Pair]) -> CleanBlock:
        """Gives the pairs worth keeping; the others are counted by reason, some shown."""
        drops: Counter[str] = Counter()
        examples: dict[str, list[Pair]] = {}
        kept: list[Pair] = []

        def drop(reason: str, pair: Pair) -> None:
            drops[reason] += 1
            shown = examples.setdefault(reason, [])
            if len(shown) < EXAMPLES:
                shown.append(pair)

        for raw in pairs:
            pair = normalize(raw[0]), normalize(raw[1])
            reason = local_reason(*pair, self.config.filters)
            if reason:
                drop(reason, pair)
            else:
                kept.append(pair)
        kept = self._without_test_lines(kept, drop)
        if self.config.protect:
            kept = self._protected(kept, drop)
        return _pack(source_id, kept, len(pairs), drops, examples)

    def _protected(self, pairs: list[Pair], drop: Drop) -> list[Pair]:
        kept = []
        for pair in pairs:
            protected = protect_pair(*pair)
            if protected is not None:
                kept.append(protected)
            elif self.config.filters.markup:
                drop(MARKUP_DIFFERS, pair)
            else:
                kept.append(pair)
        return kept

    def _without_test_lines(self, pairs: list[Pair], drop: Drop) -> list[Pair]:
        if self.excluded is None or not pairs:
            return pairs
        equal, near = self.excluded.find([p[0] for p in pairs], [p[1] for p in pairs])
        kept = []
        for pair, is_equal, is_near in zip(pairs, equal, near, strict=True):
            if is_equal or is_near:
                drop(EQUALS_TEST if is_equal else NEAR_TEST, pair)
            else:
                kept.append(pair)
        return kept


def _pack(
    source_id: int,
    pairs: Sequence[Pair],
    n_read: int,
    drops: Counter[str],
    examples: dict[str, list[Pair]],
) -> CleanBlock:
    encoded = [(src.encode(), tgt.encode()) for src, tgt in pairs]
    return CleanBlock(
        source_id=source_id,
        text=b"".join(side for pair in encoded for side in pair),
        lengths=np.array([[len(s), len(t)] for s, t in encoded], np.uint32).reshape(-1, 2),
        keys=_keys(pairs),
        n_read=n_read,
        drops=drops,
        examples=examples,
    )


def _keys(pairs: Sequence[Pair]) -> NDArray[np.uint64]:
    """Hashes of pair, source, target and MinHash bands of each pair."""
    keys = np.empty((len(pairs), N_KEYS), np.uint64)
    if not pairs:
        return keys
    for column, texts in enumerate(
        ([f"{s}\t{t}" for s, t in pairs], [s for s, _ in pairs], [t for _, t in pairs])
    ):
        keys[:, column] = np.fromiter(map(text_hash, texts), np.uint64, len(pairs))
    keys[:, 3:] = minhash_bands([f"{s} {t}" for s, t in pairs], keys[:, 0])
    return keys
