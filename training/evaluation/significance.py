"""Is one system better than another, or was it luck? sacreBLEU's two paired tests.

Paired bootstrap resampling (Koehn 2004) draws test sets of the same size with replacement;
approximate randomisation (Riezler and Maxwell 2005) swaps the two systems' outputs sentence by
sentence. The seed is sacreBLEU's (12345, or `$SACREBLEU_SEED`), so that
`sacrebleu REFERENCE -i A B --paired-bs` (or `--paired-ar`) prints the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from training.errors import DataError
from training.evaluation.metrics import Scorer, Statistics

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric
    from sacrebleu.significance import Result

BOOTSTRAP_RESAMPLES = 1000
RANDOMISATION_TRIALS = 10_000


@dataclass(frozen=True)
class Certainty:
    """How sure one metric of one system is."""

    half_width: float
    """Of the 95 % interval from bootstrap resamples, in the metric's points."""
    p_bootstrap: float | None
    """Against the first system, paired bootstrap; None for the first itself. sacreBLEU's figure
    (that of the Moses script) looks at one direction, about half of `p_randomisation`."""
    p_randomisation: float | None
    """The same by approximate randomisation, two-sided."""


class _Counted:
    """A metric for sacreBLEU's tests that takes each sentence's counts from a `Scorer`."""

    def __init__(self, scorer: Scorer, metric: str) -> None:
        self.scorer, self.metric = scorer, metric

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scorer.metrics[self.metric], name)

    def _extract_corpus_statistics(self, hypotheses: Sequence[str], _: object) -> Statistics:
        return self.scorer.statistics(self.metric, hypotheses)


def _paired(
    scorer: Scorer,
    metric: str,
    outputs: Mapping[str, Sequence[str]],
    test: Literal["bs", "ar"],
    samples: int,
) -> list[Result]:
    from sacrebleu.significance import PairedTest

    named: list[tuple[str, Sequence[str]]] = [(name, [*lines]) for name, lines in outputs.items()]
    metrics = {metric: cast("Metric", _Counted(scorer, metric))}
    _, found = PairedTest(named, metrics, None, test, samples)()
    (results,) = (values for key, values in found.items() if key != "System")
    return cast("list[Result]", results)


def certainties(
    scorer: Scorer,
    outputs: Mapping[str, Sequence[str]],
    resamples: int = BOOTSTRAP_RESAMPLES,
    trials: int = RANDOMISATION_TRIALS,
) -> dict[str, dict[str, Certainty]]:
    """Gives intervals and p-values, metric → system → certainty.

    Args:
        scorer: knows the references and the metrics.
        outputs: system → its translations; every other system is tested against the first.
        resamples: bootstrap resamples.
        trials: random swaps.

    Raises:
        DataError: a number of resamples or trials below 1.
    """
    if resamples < 1 or trials < 1:
        raise DataError(f"resamples are {resamples}, trials {trials}; allowed: 1 or more of each")
    found: dict[str, dict[str, Certainty]] = {}
    for metric in scorer.metrics:
        drawn = _paired(scorer, metric, outputs, "bs", resamples)
        swapped = _paired(scorer, metric, outputs, "ar", trials) if len(outputs) > 1 else drawn
        found[metric] = {
            name: Certainty(float(bs.ci or 0.0), bs.p_value, ar.p_value)
            for name, bs, ar in zip(outputs, drawn, swapped, strict=True)
        }
    return found
