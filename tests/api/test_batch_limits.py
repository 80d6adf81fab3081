"""How much of a model's work is done at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.batching.batcher import BatchLimits
from api.build import batch_limits
from api.settings import Settings

MakeSettings = Callable[..., Settings]


@pytest.mark.parametrize(
    ("engine", "threads", "tokens", "workers", "full_rows"),
    [
        ("ctranslate2", 1, 256, 2, 16),
        ("ctranslate2", 2, 512, 2, 16),
        ("ctranslate2", 8, 2048, 2, 1),
        ("torch", 8, 2048, 1, 1),
    ],
)
def test_sizes_that_are_not_set_suit_the_engine(
    make_settings: MakeSettings,
    engine: str,
    threads: int,
    tokens: int,
    workers: int,
    full_rows: int,
) -> None:
    limits = batch_limits(make_settings(queue_tokens=7), engine, threads)
    assert limits == BatchLimits(tokens, 7, workers, full_rows)


def test_sizes_that_are_set_hold_for_every_engine(make_settings: MakeSettings) -> None:
    settings = make_settings(batch_tokens=99, workers=5)
    for engine in ("ctranslate2", "torch"):
        limits = batch_limits(settings, engine, 4)
        assert (limits.batch_tokens, limits.workers) == (99, 5)
