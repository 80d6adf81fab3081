"""What an evaluation finds: plain data, made from systems' outputs, written by report.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from training.errors import DataError
from training.evaluation.challenge import SuiteResult
from training.evaluation.heatmap import AttentionMap
from training.evaluation.length import (
    Bucket,
    Forgetting,
    eojeol_counts,
    forgetting,
    scores_by_length,
)
from training.evaluation.metrics import METRIC_NAMES, Scorer, check_metrics
from training.evaluation.run import SystemOutput, TestSet
from training.evaluation.significance import (
    BOOTSTRAP_RESAMPLES,
    RANDOMISATION_TRIALS,
    Certainty,
    certainties,
)

SAMPLES = 5
MIN_LINES_BY_LENGTH = 30
"""Smaller test sets are not cut by length."""


@dataclass(frozen=True)
class Statistics:
    """What to compute, and how carefully."""

    metrics: tuple[str, ...] = METRIC_NAMES
    resamples: int = BOOTSTRAP_RESAMPLES
    """Bootstrap resamples for intervals, p-values and the comparison by length."""
    trials: int = RANDOMISATION_TRIALS
    """Random swaps for the second p-value."""

    def __post_init__(self) -> None:
        check_metrics(self.metrics)


@dataclass(frozen=True)
class MetricResult:
    """One metric of one system."""

    score: float
    signature: str
    """sacreBLEU's."""
    certainty: Certainty


@dataclass(frozen=True)
class SystemResult:
    """One system on one test set."""

    name: str
    description: str
    """Engine and device, or the file read."""
    sentences_per_s: float | None
    size_bytes: int | None
    flags: Mapping[str, int]
    """How many lines the translator has flagged, by flag."""
    metrics: Mapping[str, MetricResult]


@dataclass(frozen=True)
class Sample:
    """One line of the test set, as every system translates it."""

    line: int
    """Counted from 1."""
    source: str
    reference: str
    translations: Mapping[str, str]


@dataclass(frozen=True)
class SetResult:
    """All systems on one test set."""

    name: str
    lines: int
    systems: tuple[SystemResult, ...]
    by_length: tuple[Bucket, ...] = ()
    forgetting: tuple[Forgetting, ...] = ()
    """Each system against the first."""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class AttentionExample:
    """One picture to draw."""

    test_set: str
    system: str
    line: int
    """Counted from 1."""
    attention: AttentionMap


@dataclass(frozen=True)
class Evaluation:
    """Everything that one run of `nmt evaluate` finds."""

    sets: tuple[SetResult, ...]
    challenge: Mapping[str, tuple[SuiteResult, ...]] = field(default_factory=dict)
    """System → suites."""
    attention: tuple[AttentionExample, ...] = ()


def assess(test_set: TestSet, outputs: Sequence[SystemOutput], wanted: Statistics) -> SetResult:
    """Scores all systems on one test set and compares them with the first.

    Raises:
        DataError: no system, or two of the same name.
    """
    lines = {output.name: output.lines for output in outputs}
    if not outputs or len(lines) != len(outputs):
        names = ", ".join(output.name for output in outputs) or "none"
        raise DataError(f"systems are {names}; give at least one, all with different names")
    scorer = Scorer(test_set.references, wanted.metrics)
    sure = certainties(scorer, lines, wanted.resamples, wanted.trials)
    systems = tuple(_system(scorer, output, sure) for output in outputs)
    lengths = eojeol_counts(test_set.sources)
    enough = len(lengths) >= MIN_LINES_BY_LENGTH
    shown = [metric for metric in ("bleu", "chrf") if metric in wanted.metrics]
    compared = enough and "chrf" in shown
    return SetResult(
        test_set.name,
        len(lengths),
        systems,
        tuple(scores_by_length(scorer, lines, lengths, shown)) if enough and shown else (),
        tuple(forgetting(scorer, lines, lengths, wanted.resamples)) if compared else (),
        tuple(_samples(test_set, lines)),
    )


def _system(
    scorer: Scorer, output: SystemOutput, sure: Mapping[str, Mapping[str, Certainty]]
) -> SystemResult:
    metrics = {}
    for metric in scorer.metrics:
        score = scorer.score(metric, output.lines)
        metrics[metric] = MetricResult(score.value, score.signature, sure[metric][output.name])
    return SystemResult(output.name, output.description, output.sentences_per_s,
                        output.size_bytes, output.flags, metrics)  # fmt: skip


def _samples(test_set: TestSet, lines: Mapping[str, Sequence[str]]) -> list[Sample]:
    """Gives a few lines, spread evenly over the test set."""
    total = len(test_set.sources)
    rows = sorted({i * total // SAMPLES for i in range(SAMPLES)})
    return [
        Sample(row + 1, test_set.sources[row], test_set.references[row],
               {name: found[row] for name, found in lines.items()})
        for row in rows
    ]  # fmt: skip
