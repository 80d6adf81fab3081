"""BLEU, chrF, chrF++ and TER as sacreBLEU computes them, from figures kept for each sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.errors import DataError

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

METRIC_NAMES = ("bleu", "chrf", "chrf++", "ter")
TITLES = {"bleu": "BLEU", "chrf": "chrF", "chrf++": "chrF++", "ter": "TER"}
LOWER_IS_BETTER = frozenset({"ter"})

Statistics = npt.NDArray[np.float64]
"""[N, K]: for each sentence the K counts that a metric adds up over a corpus."""


@dataclass(frozen=True)
class Score:
    """One metric of one system on one test set."""

    metric: str
    """As in `METRIC_NAMES`."""
    value: float
    """In per cent; higher is better, except TER."""
    signature: str
    """sacreBLEU's: everything needed to compute the same number again."""


def check_metrics(names: Sequence[str]) -> None:
    """Raises DataError unless `names` are different metrics, at least one."""
    unknown = [name for name in names if name not in METRIC_NAMES]
    if unknown or not names or len(set(names)) < len(names):
        raise DataError(
            f"metrics are {', '.join(names) or 'none'}; allowed: {', '.join(METRIC_NAMES)}, "
            "each at most once"
        )


def build_metric(name: str) -> Metric:
    """Builds one metric with the settings that `sacrebleu -m bleu chrf ter` uses.

    BLEU is Papineni 2002 with 13a tokens (Post 2018), chrF Popović 2015, chrF++ Popović 2017
    (the same with word bigrams), TER Snover 2006.

    Raises:
        DataError: there is no metric of that name.
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    check_metrics([name])
    if name == "bleu":
        return BLEU()
    if name == "ter":
        return TER()
    return CHRF(word_order=2 if name == "chrf++" else 0)


class Scorer:
    """Scores systems against one list of references; each sentence is counted only once.

    The counts of a corpus are the sums of those of its sentences, so the score of any part of it
    (a resample, the sentences of one length) follows from the same table. TER's are dear: seconds
    per hundred sentences.
    """

    def __init__(self, references: Sequence[str], metrics: Sequence[str] = METRIC_NAMES) -> None:
        self.references = list(references)
        self.metrics = {name: build_metric(name) for name in metrics}
        self._known: dict[tuple[str, tuple[str, ...]], Statistics] = {}

    def statistics(self, metric: str, hypotheses: Sequence[str]) -> Statistics:
        """Gives the counts of each sentence, [N, K].

        Raises:
            DataError: there are not as many translations as references.
        """
        if len(hypotheses) != len(self.references):
            raise DataError(
                f"{len(hypotheses)} translations for {len(self.references)} references; "
                "give one for each"
            )
        key = metric, tuple(hypotheses)
        if key not in self._known:
            found = self.metrics[metric]._extract_corpus_statistics(
                list(hypotheses), [self.references]
            )
            self._known[key] = np.asarray(found, np.float64)
        return self._known[key]

    def of_sums(self, metric: str, sums: npt.NDArray[np.float64]) -> float:
        """Gives the score of added-up counts, [K]."""
        compute: Any = self.metrics[metric]._compute_score_from_stats
        return float(compute(sums.tolist()).score)

    def score(self, metric: str, hypotheses: Sequence[str]) -> Score:
        """Scores all sentences; the value equals sacreBLEU's."""
        sums = self.statistics(metric, hypotheses).sum(0)
        signature = str(self.metrics[metric].get_signature())
        return Score(metric, self.of_sums(metric, sums), signature)

    def score_part(
        self, metric: str, hypotheses: Sequence[str], rows: npt.NDArray[np.intp]
    ) -> float:
        """Scores the sentences of `rows`, which may repeat."""
        return self.of_sums(metric, self.statistics(metric, hypotheses)[rows].sum(0))
