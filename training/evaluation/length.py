"""Scores by source length: does a model without attention forget the beginning of long sentences?

A fixed context vector has to hold the whole source (Cho 2014, Bahdanau 2015 figure 2), so its
scores are expected to fall with length; attention should keep them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.metrics import Scorer

EDGES = (5, 10, 15, 20, 30)
"""Upper ends of the buckets in eojeol, both included; the last bucket is open."""
RESAMPLES = 1000
SEED = 12345

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bucket:
    """The sentences of one range of lengths, with the scores of every system."""

    label: str
    """E.g. `6–10`, in eojeol."""
    lines: int
    scores: Mapping[str, Mapping[str, float]]
    """Metric → system → score."""


@dataclass(frozen=True)
class Forgetting:
    """How much more a system loses on long sentences than the first system does."""

    system: str
    against: str
    short_score: float
    """chrF of the shortest third of the sentences."""
    long_score: float
    """chrF of the longest third."""
    extra_loss: float
    """(short − long) of this system − (short − long) of `against`, in chrF points."""
    low: float
    """Lower end of the 95 % bootstrap interval of `extra_loss`."""
    high: float

    @property
    def verdict(self) -> str:
        """What the interval allows to say."""
        if self.low > 0:
            return f"{self.system} loses more on long sentences than {self.against}"
        if self.high < 0:
            return f"{self.system} loses less on long sentences than {self.against}"
        return f"{self.system} and {self.against}: no difference in what length costs can be shown"


def eojeol_counts(sources: Sequence[str]) -> Rows:
    """Counts the eojeol (words between spaces) of each source."""
    return np.array([len(source.split()) for source in sources], np.intp)


def bucket_rows(lengths: Rows, edges: Sequence[int] = EDGES) -> dict[str, Rows]:
    """Gives the rows of each bucket by its label; empty buckets are left out."""
    labels = []
    low = 0
    for edge in edges:
        labels.append(f"{low}–{edge}" if low < edge else str(edge))
        low = edge + 1
    labels.append(f"{low}+")
    places = np.searchsorted(np.array(edges), lengths)
    found = {label: np.flatnonzero(places == i) for i, label in enumerate(labels)}
    return {label: rows for label, rows in found.items() if len(rows)}


def scores_by_length(
    scorer: Scorer,
    outputs: Mapping[str, Sequence[str]],
    lengths: Rows,
    metrics: Sequence[str] = ("bleu", "chrf"),
    edges: Sequence[int] = EDGES,
) -> list[Bucket]:
    """Scores each system on the sentences of each length.

    Args:
        scorer: knows the references.
        outputs: system → its translations.
        lengths: of each source, e.g. from `eojeol_counts`.
        metrics: those of the scorer to compute.
        edges: upper ends of all buckets but the last.
    """
    return [
        Bucket(label, len(rows), {
            metric: {
                name: scorer.score_part(metric, lines, rows) for name, lines in outputs.items()
            }
            for metric in metrics
        })
        for label, rows in bucket_rows(lengths, edges).items()
    ]  # fmt: skip


def _losses(
    scorer: Scorer, lines: Sequence[str], draws: Sequence[tuple[Rows, Rows]]
) -> npt.NDArray[np.float64]:
    """Gives chrF of the short rows − chrF of the long rows for each draw."""
    counts = scorer.statistics("chrf", lines)
    return np.array([
        scorer.of_sums("chrf", counts[short].sum(0)) - scorer.of_sums("chrf", counts[long].sum(0))
        for short, long in draws
    ])  # fmt: skip


def forgetting(
    scorer: Scorer,
    outputs: Mapping[str, Sequence[str]],
    lengths: Rows,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Forgetting]:
    """Compares what each system loses between the shortest and the longest third.

    Both thirds are resampled with replacement, the same draws for all systems.

    Args:
        scorer: has the metric chrF.
        outputs: system → its translations; the others are compared with the first.
        lengths: of each source.
        resamples: bootstrap resamples.
        seed: of the draws.
    """
    order = np.argsort(lengths, kind="stable")
    third = len(order) // 3
    if not third or len(outputs) < 2:
        return []
    short, long = order[:third], order[-third:]
    rng = np.random.default_rng(seed)
    draws = [(short, long)] + [(rng.choice(short, third), rng.choice(long, third))
                               for _ in range(resamples)]  # fmt: skip
    losses = {name: _losses(scorer, lines, draws) for name, lines in outputs.items()}
    first, *others = outputs
    found = []
    for name in others:
        extra = losses[name] - losses[first]
        low, high = np.percentile(extra[1:], (2.5, 97.5))
        found.append(Forgetting(
            name, first,
            scorer.score_part("chrf", outputs[name], short),
            scorer.score_part("chrf", outputs[name], long),
            float(extra[0]), float(low), float(high),
        ))  # fmt: skip
    return found
