from __future__ import annotations

import numpy as np
import pytest
from sacrebleu import corpus_chrf
from small_systems import forgetful, small_set, with_errors

from training.evaluation.length import (
    bucket_rows,
    eojeol_counts,
    forgetting,
    scores_by_length,
)
from training.evaluation.metrics import Scorer

SET = small_set(60)
LENGTHS = eojeol_counts(SET.sources)
STEADY = with_errors(list(SET.references), 0.3, seed=4)
FORGETFUL = forgetful(list(SET.references))


def test_eojeol_are_words_between_spaces() -> None:
    assert eojeol_counts(["오늘 날씨가  좋네요.", "네", ""]).tolist() == [3, 1, 0]


def test_buckets_hold_every_line_once() -> None:
    found = bucket_rows(np.array([0, 5, 6, 10, 11, 31, 300]), (5, 10, 30))
    assert {label: rows.tolist() for label, rows in found.items()} == {
        "0–5": [0, 1], "6–10": [2, 3], "11–30": [4], "31+": [5, 6],
    }  # fmt: skip


def test_bucket_scores_equal_sacrebleu_on_their_lines() -> None:
    scorer = Scorer(SET.references, ["chrf"])
    for bucket in scores_by_length(scorer, {"a": STEADY}, LENGTHS, ["chrf"], (6, 9)):
        rows = bucket_rows(LENGTHS, (6, 9))[bucket.label]
        expected = corpus_chrf([STEADY[i] for i in rows], [[SET.references[i] for i in rows]])
        assert bucket.lines == len(rows)
        assert bucket.scores["chrf"]["a"] == pytest.approx(expected.score)


def test_forgetting_is_shown_where_the_end_is_missing() -> None:
    scorer = Scorer(SET.references, ["chrf"])
    (found,) = forgetting(scorer, {"steady": STEADY, "forgetful": FORGETFUL}, LENGTHS, 100)
    assert found.low > 0 and found.short_score > found.long_score
    assert found.verdict == "forgetful loses more on long sentences than steady"


def test_forgetting_is_seen_from_the_other_side() -> None:
    scorer = Scorer(SET.references, ["chrf"])
    (found,) = forgetting(scorer, {"forgetful": FORGETFUL, "steady": STEADY}, LENGTHS, 100)
    assert found.verdict == "steady loses less on long sentences than forgetful"


def test_forgetting_is_refuted_for_equal_systems() -> None:
    scorer = Scorer(SET.references, ["chrf"])
    (found,) = forgetting(scorer, {"a": STEADY, "b": STEADY}, LENGTHS, 50)
    assert (found.extra_loss, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.verdict == "b and a: no difference in what length costs can be shown"


def test_forgetting_needs_two_systems() -> None:
    assert forgetting(Scorer(SET.references, ["chrf"]), {"a": STEADY}, LENGTHS) == []
