from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.metrics.base import Metric
from small_systems import reference_lines, with_errors, write_lines

from training.errors import DataError
from training.evaluation.metrics import METRIC_NAMES, Scorer, build_metric, check_metrics


def sacrebleu_command(*args: str) -> list[dict[str, object]]:
    found = subprocess.run(
        [sys.executable, "-m", "sacrebleu", *args], capture_output=True, text=True, check=True
    )
    answer = json.loads(found.stdout)
    return answer if isinstance(answer, list) else [answer]


def test_scores_equal_the_sacrebleu_command(tmp_path: Path) -> None:
    references = reference_lines(30)
    hypotheses = with_errors(references, 0.3, seed=1)
    paths = [str(write_lines(tmp_path / name, lines))
             for name, lines in (("ref", references), ("hyp", hypotheses))]  # fmt: skip
    command = [paths[0], "-i", paths[1], "-w", "6", "-m"]
    theirs = sacrebleu_command(*command, "bleu", "chrf", "ter")
    theirs += sacrebleu_command(*command, "chrf", "--chrf-word-order", "2")
    scorer = Scorer(references)
    ours = [scorer.score(name, hypotheses) for name in ("bleu", "chrf", "ter", "chrf++")]
    assert [round(score.value, 6) for score in ours] == [entry["score"] for entry in theirs]
    assert [score.signature for score in ours] == [entry["signature"] for entry in theirs]


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_score_of_a_part_equals_sacrebleu_on_that_part(name: str) -> None:
    references = reference_lines(20)
    hypotheses = with_errors(references, 0.4, seed=2)
    rows = np.array([3, 4, 4, 11])
    metric: Metric = build_metric(name)
    expected = metric.corpus_score(
        [hypotheses[i] for i in rows], [[references[i] for i in rows]]
    ).score
    assert Scorer(references).score_part(name, hypotheses, rows) == pytest.approx(expected)


def test_score_counts_each_sentence_once() -> None:
    scorer = Scorer(["a b c d", "e f g h"], ["bleu"])
    hypotheses = ["a b c d", "e f g x"]
    assert scorer.statistics("bleu", hypotheses) is scorer.statistics("bleu", list(hypotheses))


@pytest.mark.parametrize("names", [["blue"], [], ["bleu", "bleu"]])
def test_check_metrics_names_those_allowed(names: list[str]) -> None:
    with pytest.raises(DataError, match=r"metrics are .*; allowed: bleu, chrf, chrf\+\+, ter"):
        check_metrics(names)


def test_score_refuses_another_number_of_lines() -> None:
    with pytest.raises(DataError, match="1 translations for 2 references"):
        Scorer(["a", "b"], ["bleu"]).score("bleu", ["a"])
