"""The benchmark of refilled batches: what it counts and what it compares."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from nmt.translator import Translator

Script = Callable[[str], ModuleType]


@pytest.fixture
def sources() -> list[list[int]]:
    numbers = random.Random(1)
    lengths = [numbers.randrange(1, 9) for _ in range(24)]
    return [[numbers.randrange(20, 200) for _ in range(length)] for length in lengths]


def test_refill_benchmark_counts_the_steps_that_refilling_saves(
    script: Script, tiny_bundle: Path, sources: list[list[int]]
) -> None:
    translator = Translator.load(tiny_bundle, "torch", "cpu")
    translator.search = replace(translator.search, max_length_ratio=1.0, max_length_extra=1)
    empty, refilled = script("refill").measure_shares(
        translator, sources, beam_size=2, tokens=60, shares=(1.0, 0.1), repeats=1
    )
    assert (empty["least_free"], refilled["least_free"]) == (1.0, 0.1)
    assert refilled["steps"] < empty["steps"]
    assert refilled["rows"] / refilled["steps"] > empty["rows"] / empty["steps"]
    assert empty["equal"] == refilled["equal"] == len(sources)
    assert empty["sentences_per_s"] == pytest.approx(len(sources) / empty["seconds"][0])


def test_refill_benchmark_refuses_other_engines(
    script: Script, tiny_ctranslate2_bundle: Path, sources: list[list[int]]
) -> None:
    translator = Translator.load(tiny_ctranslate2_bundle, "ctranslate2", "cpu", 1)
    with pytest.raises(SystemExit, match="engine is 'ctranslate2'; allowed: those of torch"):
        script("refill").measure_shares(
            translator, sources, beam_size=1, tokens=60, shares=(1.0,), repeats=1
        )


def test_refill_benchmark_compares_with_the_batch_that_runs_empty(script: Script) -> None:
    def row(share: float, speed: float) -> dict[str, float]:
        return {
            "beam": 4, "tokens": 8192, "least_free": share, "sentences_per_s": speed,
            "starts": 2, "steps": 10, "rows": 45, "equal": 3,
        }  # fmt: skip

    text = script("refill").report(
        {"sentences": 3, "models": {"luong, torch": [row(1.0, 20.0), row(0.25, 25.0)]}}
    )
    assert "| luong, torch | 4 | 8192 | 1 | 20.0 | 1.00 | 2 | 10 | 4 | 3 of 3 |" in text
    assert "| luong, torch | 4 | 8192 | 0.25 | 25.0 | 1.25 | 2 | 10 | 4 | 3 of 3 |" in text
