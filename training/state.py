"""All that a run needs to go on exactly where it was: counters, random numbers, weights."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch

from training.data.sampler import SamplerState


@dataclass
class TrainState:
    """Counters of a run."""

    update: int = 0
    """Optimiser steps done."""
    tokens: int = 0
    """Target tokens learnt from."""
    elapsed_s: float = 0.0
    """Wall-clock time in training, resumed parts added up."""
    rate_scale: float = 1.0
    """Halved at each rollback."""
    rollbacks: int = 0
    splits: int = 1
    """Pieces each batch is cut into; doubled when memory ran out."""
    threads: int = 0
    """CPU threads; kept when resuming, because sums depend on them in the last bit."""
    best_score: float | None = None
    """Best validation so far, higher is better."""
    best_update: int = 0
    bad_validations: int = 0
    """Validations since the best."""
    validated_update: int = 0
    validated_s: float = 0.0
    """elapsed_s at the last validation."""
    finished: bool = False
    """The budget is used up or the run stopped early."""
    sampler: SamplerState = field(default_factory=SamplerState)

    def to_dict(self) -> dict[str, Any]:
        """Gives plain values for a checkpoint."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> TrainState:
        """Reads what `to_dict` gave."""
        known = {f.name for f in dataclasses.fields(TrainState)}
        plain = {k: v for k, v in values.items() if k in known and k != "sampler"}
        return TrainState(**plain, sampler=SamplerState(**values["sampler"]))


def capture_random(device: torch.device) -> dict[str, Any]:
    """Gives the states of all random number generators that training may draw from."""
    name, keys, position, has_gauss, gauss = cast(
        "tuple[str, np.ndarray[Any, Any], int, int, float]", np.random.get_state(legacy=True)
    )
    states: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, gauss),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random(states: dict[str, Any], device: torch.device) -> None:
    """Sets the generators as `capture_random` found them."""
    torch.set_rng_state(states["torch"])
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def seed_all(seed: int) -> None:
    """Seeds every generator."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
