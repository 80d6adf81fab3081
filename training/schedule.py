"""Learning-rate schedules: factors of the peak rate, from the update and the budget used."""

from __future__ import annotations

import math
from collections.abc import Callable

from nmt.config import require
from training.config import TrainConfig

Schedule = Callable[[int, float], float]
"""(update, progress) → factor in [0, 1]; update counts from 1, progress runs from 0 to 1."""


def progress_of(config: TrainConfig, update: int, elapsed_s: float) -> float:
    """Gives the share of the budget that is used, in [0, 1]; 0 where the run has no limit.

    With both limits the one that is nearer counts.
    """
    by_updates = update / config.max_updates if config.max_updates else 0.0
    by_time = elapsed_s / (60 * config.max_minutes) if config.max_minutes else 0.0
    return min(1.0, max(by_updates, by_time))


def wsd(config: TrainConfig) -> Schedule:
    """Warm-up, stable, linear decay (Hu 2024, MiniCPM, section 4; linear as in Hägele 2024).

    Raises:
        ConfigError: the run has neither max_updates nor max_minutes, so no decay can be placed.
    """
    require(
        bool(config.max_updates or config.max_minutes),
        "schedule wsd needs a budget: set train.max_updates or train.max_minutes, "
        "or take schedule = 'inverse_sqrt'",
    )

    def factor(update: int, progress: float) -> float:
        if config.warmup_updates:
            warm = update / config.warmup_updates
        elif config.warmup_share:
            # The first update comes before any time has passed and still has to learn something.
            warm = max(progress, 1e-3) / config.warmup_share
        else:
            warm = 1.0
        left = 1.0 - progress
        decay = left / config.decay_share if config.decay_share else 1.0
        return min(1.0, warm, config.final_share + (1 - config.final_share) * decay)

    return factor


def inverse_sqrt(config: TrainConfig) -> Schedule:
    """Linear warm-up, then the peak × √(warmup / update) (Vaswani 2017, equation 3)."""
    warmup = config.warmup_updates or 4000

    def factor(update: int, progress: float) -> float:
        return min(update / warmup, math.sqrt(warmup / update))

    return factor


def build_schedule(config: TrainConfig) -> Schedule:
    """Gives the schedule that the settings name."""
    return wsd(config) if config.schedule == "wsd" else inverse_sqrt(config)
