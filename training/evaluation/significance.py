"""Is one system better than another, or was it luck?

Paired bootstrap resampling (Koehn 2004) draws test sets of the same size with replacement;
approximate randomisation (Riezler and Maxwell 2005) swaps the two systems' outputs sentence by
sentence. Draws are those of sacreBLEU 2 with its default seed, so intervals and randomisation equal
what `sacrebleu --paired-bs` and `--paired-ar` print. Its own tests are not used since they count
only draws strictly beyond the observed difference: two identical systems come out as different,
p = 0.001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.errors import DataError
from training.evaluation.metrics import Scorer, Statistics

BOOTSTRAP_RESAMPLES = 1000
RANDOMISATION_TRIALS = 10_000
SEED = 12345
TIE = 1e-9
"""Differences closer than this are the same, in points of a metric."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Certainty:
    """How sure one metric of one system is."""

    half_width: float
    """Of the 95 % interval from bootstrap resamples, in the metric's points."""
    p_bootstrap: float | None
    """Against the first system, one-sided: share of resamples in which the better of the two is not
    better (Koehn 2004); None for the first itself."""
    p_randomisation: float | None
    """Against the first system, two-sided, by approximate randomisation."""


def certainties(
    scorer: Scorer,
    outputs: Mapping[str, Sequence[str]],
    resamples: int = BOOTSTRAP_RESAMPLES,
    trials: int = RANDOMISATION_TRIALS,
    seed: int = SEED,
) -> dict[str, dict[str, Certainty]]:
    """Gives intervals and p-values, metric → system → certainty.

    Args:
        scorer: knows the references and the metrics.
        outputs: system → its translations; every other system is tested against the first.
        resamples: bootstrap resamples.
        trials: random swaps.
        seed: of all draws.

    Raises:
        DataError: a number of resamples or trials below 1.
    """
    if resamples < 1 or trials < 1:
        raise DataError(f"resamples are {resamples}, trials {trials}; allowed: 1 or more of each")
    size = len(scorer.references)
    draws = np.random.default_rng(seed).choice(size, size=(resamples, size), replace=True)
    swaps = np.random.default_rng(seed).integers(2, size=(trials, size), dtype=bool)
    return {metric: _of_metric(scorer, metric, outputs, draws, swaps) for metric in scorer.metrics}


def _of_metric(
    scorer: Scorer,
    metric: str,
    outputs: Mapping[str, Sequence[str]],
    draws: npt.NDArray[np.int64],
    swaps: npt.NDArray[np.bool_],
) -> dict[str, Certainty]:
    counts = {name: scorer.statistics(metric, lines) for name, lines in outputs.items()}
    drawn = {name: _resampled(scorer, metric, counts[name], draws) for name in counts}
    first = next(iter(outputs))
    found = {first: Certainty(half_width(drawn[first]), None, None)}
    for name in list(outputs)[1:]:
        observed = scorer.of_sums(metric, counts[name].sum(0)) - scorer.of_sums(
            metric, counts[first].sum(0)
        )
        swapped = _swapped(scorer, metric, counts[first], counts[name], swaps)
        found[name] = Certainty(
            half_width(drawn[name]),
            p_of_bootstrap(drawn[name] - drawn[first], observed),
            p_of_randomisation(swapped, observed),
        )
    return found


def _resampled(
    scorer: Scorer, metric: str, counts: Statistics, draws: npt.NDArray[np.int64]
) -> Scores:
    """Gives the score of each drawn test set."""
    return np.array([scorer.of_sums(metric, counts[rows].sum(0)) for rows in draws])


def _swapped(
    scorer: Scorer,
    metric: str,
    first: Statistics,
    second: Statistics,
    swaps: npt.NDArray[np.bool_],
) -> Scores:
    """Gives the difference of the two systems after each swap."""
    keep = swaps.astype(np.float64)
    one, other = keep @ first + (1 - keep) @ second, (1 - keep) @ first + keep @ second
    return np.array([
        scorer.of_sums(metric, a) - scorer.of_sums(metric, b)
        for a, b in zip(one, other, strict=True)
    ])  # fmt: skip


def half_width(scores: Scores) -> float:
    """Gives half of the range of the middle 95 % of resampled scores."""
    ordered = np.sort(scores)
    cut = len(ordered) // 40
    return float(ordered[len(ordered) - cut - 1] - ordered[cut]) / 2


def p_of_bootstrap(differences: Scores, observed: float) -> float:
    """Gives the share of resamples in which the observed sign of the difference is not there."""
    contrary = np.sum(differences * np.sign(observed) <= TIE)
    return float(contrary + 1) / (len(differences) + 1)


def p_of_randomisation(differences: Scores, observed: float) -> float:
    """Gives the share of random swaps whose difference is at least the observed one."""
    as_large = np.sum(np.abs(differences) >= abs(observed) - TIE)
    return float(as_large + 1) / (len(differences) + 1)
