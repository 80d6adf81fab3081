from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_systems import forgetful, small_set, with_errors

from training.errors import DataError
from training.evaluation.challenge import Failure, SuiteResult
from training.evaluation.fonts import FontMissingError, find_hangul_font
from training.evaluation.heatmap import AttentionMap
from training.evaluation.report import as_json, file_name, metrics_by_system, write_report
from training.evaluation.results import AttentionExample, Evaluation, Statistics, assess
from training.evaluation.run import SystemOutput
from training.evaluation.tables import challenge_table, systems_table, table

SET = small_set(40)
OUTPUTS = [
    SystemOutput("lstm", tuple(forgetful(list(SET.references))), {"truncated": 3}, 2.0, 45_000_000,
                 "torch, cpu"),
    SystemOutput("luong", tuple(with_errors(list(SET.references), 0.2, seed=1)), {}, 4.0),
]  # fmt: skip
QUICK = Statistics(("bleu", "chrf"), resamples=30, trials=30)
SUITES = {"lstm": (SuiteResult("names", 4, (Failure("김|민수", "Kim", "", ("empty",)),)),)}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return Evaluation((assess(SET, OUTPUTS, QUICK),), SUITES)


def test_table_aligns_wide_characters_and_escapes_bars() -> None:
    assert table(["a", "b"], [["한글", "x|y"]]).splitlines() == [
        "| a    |    b |",
        "| :--- | ---: |",
        "| 한글 | x\\|y |",
    ]


def test_systems_table_shows_scores_intervals_and_p_values(evaluation: Evaluation) -> None:
    head, _, lstm, luong = systems_table(evaluation.sets[0]).splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "system", "BLEU", "chrF", "sent./s", "size",
    ]  # fmt: skip
    assert "±" in lstm and "p=" not in lstm and "20.0" in lstm and "45.0 MB" in lstm
    assert luong.count("(p=") == 2


def test_challenge_table_adds_the_suites_up() -> None:
    assert "3/4 75 %" in challenge_table(Evaluation((), SUITES)).splitlines()[-1]


def test_json_holds_what_was_found(evaluation: Evaluation) -> None:
    values = json.loads(json.dumps(as_json(evaluation), allow_nan=False))
    (found,) = values["sets"]
    chrf = found["systems"][1]["metrics"]["chrf"]
    assert set(chrf) == {"score", "signature", "certainty"}
    assert found["forgetting"][0]["verdict"].startswith("luong loses less")
    assert sum(bucket["lines"] for bucket in found["by_length"]) == found["lines"] == 40
    assert values["challenge"]["lstm"][0]["passed"] == 3


def test_metrics_of_a_system_are_what_export_reads(evaluation: Evaluation) -> None:
    metrics = metrics_by_system(evaluation)["lstm"]
    expected = evaluation.sets[0].systems[0].metrics["chrf"].score
    assert metrics["scores"]["small"]["chrf"] == pytest.approx(expected, abs=0.01)
    assert metrics["challenge"] == {"names": {"passed": 3, "total": 4}}


def test_report_is_written_with_everything_it_names(tmp_path: Path, evaluation: Evaluation) -> None:
    written = write_report(evaluation, {"small": OUTPUTS}, tmp_path / "new" / "folder")
    text = written[0].read_text(encoding="utf-8")
    assert all(path.is_file() for path in written)
    lines = (tmp_path / "new/folder/small/luong.en").read_text(encoding="utf-8").split("\n")
    assert tuple(lines[:-1]) == OUTPUTS[1].lines
    for part in ("signature" and "tok:13a", "truncated 3", "small/length.png", "small/scores.png",
                 "### What lstm fails", "approximate randomisation", "Samples"):  # fmt: skip
        assert part in text


def test_report_draws_attention(tmp_path: Path, evaluation: Evaluation) -> None:
    try:
        find_hangul_font()
    except FontMissingError as error:
        pytest.skip(str(error))
    example = AttentionExample(
        "small", "luong", 7, AttentionMap(("_가",), ("_a",), np.ones((1, 1)))
    )
    write_report(Evaluation(evaluation.sets, {}, (example,)), {"small": OUTPUTS}, tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "small/attention/luong-7.png" in text
    assert (tmp_path / "small" / "attention" / "luong-7.png").is_file()


@pytest.mark.parametrize(
    ("name", "expected"), [("../a b", "a_b"), ("한글", "한글"), ("..", "_"), ("x/y.z", "x_y.z")]
)
def test_file_name_stays_inside_the_folder(name: str, expected: str) -> None:
    assert file_name(name) == expected


def test_small_sets_are_not_cut_by_length() -> None:
    few = small_set(5)
    found = assess(few, [SystemOutput("a", few.references)], QUICK)
    assert (found.by_length, found.forgetting) == ((), ())
    assert found.systems[0].metrics["chrf"].score == pytest.approx(100.0)


@pytest.mark.parametrize("outputs", [[], [OUTPUTS[0], OUTPUTS[0]]])
def test_assess_needs_systems_of_different_names(outputs: list[SystemOutput]) -> None:
    with pytest.raises(DataError, match="give at least one, all with different names"):
        assess(SET, outputs, QUICK)
