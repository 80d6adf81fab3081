"""CPU seconds per sentence against its length, for engines with equal, forced target lengths."""

import random
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from peers.children import Contender, in_turns, running
from record import Figures, spread

from nmt.bundle import find_bundle, load_bundle
from nmt.config import RnnConfig

LENGTHS = (5, 10, 20, 50, 100, 200)
BATCHES = (1, 16)
LEAST_PIECES = 120
"""Source pieces of one measurement at least, so that short sentences are not lost in noise."""


def contenders(bundles: Sequence[str]) -> dict[str, Contender]:
    """Each engine of each bundle, with random weights in the bundle's shape.

    With random weights no translation ends by itself, which makes all equally long.
    """
    found = {}
    for name in bundles:
        config = load_bundle(find_bundle(name)).model_config
        engines = ["torch-int8" if isinstance(config, RnnConfig) else "int8", "torch"]
        for engine in engines:
            shown = "ctranslate2 int8" if engine == "int8" else engine
            job = {"model": asdict(config), "engine": engine}
            found[f"{name}, {shown}"] = Contender("ours_decoding.py", job)
    return found


def random_sources(length: int, count: int, vocabulary: int, seed: int = 1) -> list[list[int]]:
    """Gives sources of equal length; no piece is a reserved one."""
    numbers = random.Random(seed * 1000 + length)
    return [[numbers.randrange(300, vocabulary) for _ in range(length)] for _ in range(count)]


def how_many(length: int, batch: int) -> int:
    """Sentences of a measurement: whole batches of `LEAST_PIECES` at least."""
    return batch * -(-LEAST_PIECES // (length * batch))


def measure_lengths(
    bundles: Sequence[str], lengths: Sequence[int], beam: int, ratio: float, repeats: int
) -> list[Figures]:
    """Gives a curve for each engine and batch size; costs are CPU seconds per sentence."""
    started = contenders(bundles)
    smallest = min(contender.job["model"]["src_vocab_size"] for contender in started.values())
    costs: dict[tuple[int, str], list[Figures]] = {}
    with running(started) as children:
        for batch in BATCHES:
            for length in lengths:
                count = how_many(length, batch)
                target = max(1, round(ratio * length))
                order: dict[str, Any] = {
                    "beam": beam, "batch": batch, "sentences": count, "length": target,
                    "sources": random_sources(length, count, smallest),
                }  # fmt: skip
                for name, answers in in_turns(children, repeats, **order).items():
                    if any(answer["lengths"] != [target] * count for answer in answers):
                        raise SystemExit(f"{name} did not put out {target} pieces each")
                    found = spread([answer["cpu_s"] / count for answer in answers])
                    costs.setdefault((batch, name), []).append(found)
    return [
        {
            "group": f"length, batch {batch}, beam {beam}", "name": name, "unit": "ms a sentence",
            "scale": 1000, "sizes": list(lengths), "cost": of_curve,
        }
        for (batch, name), of_curve in costs.items()
    ]  # fmt: skip
