"""Depths: speeds and scores brought together, the front of both, and how the scores come about."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from training.config import load_config

Script = Callable[[str], ModuleType]
SCORES = {
    "6-6": {"beam 4": {"bleu": 9.0, "chrf": 33.0}, "greedy": {"bleu": 8.0, "chrf": 32.0}},
    "3-2": {"beam 4": {"bleu": 7.0, "chrf": 31.0}, "greedy": {"bleu": 6.0, "chrf": 30.0}},
}


def row(shape: str, speed: float, beam: int, batch: int, vocabulary: int = 8000) -> dict[str, Any]:
    spread = {"median": speed, "min": speed, "max": speed}
    return {
        "shape": shape, "vocabulary": vocabulary, "beam": beam, "batch": batch,
        "sentences_per_cpu_s": spread,
    }  # fmt: skip


def rows_of(vocabulary: int = 8000) -> list[dict[str, Any]]:
    speeds = {("6-6", 1): 50.0, ("6-6", 4): 20.0, ("3-2", 1): 100.0, ("3-2", 4): 40.0}
    return [
        row(shape, speed * batch, beam, batch, vocabulary)
        for (shape, beam), speed in speeds.items()
        for batch in (1, 16)
    ]


def test_layers_are_read_from_the_shape(script: Script) -> None:
    training = script("depths_training")
    assert training.layers("12-1") == (12, 1)
    with pytest.raises(
        SystemExit, match=r"shape is '6x2'; give encoder-decoder layers, e\.g\. 6-2"
    ):
        training.layers("6x2")


def test_front_is_what_no_other_beats(script: Script) -> None:
    plots = script("plots")
    given = [("a", 10, 9), ("b", 20, 8), ("c", 15, 8), ("d", 30, 8), ("e", 40, 5), ("f", 10, 7)]
    front = plots.pareto_front([plots.Point(n, speed, score, "") for n, speed, score in given])
    assert [point.label for point in front] == ["a", "d", "e"]


def test_scores_go_to_the_rows_of_their_beam(script: Script) -> None:
    depths = script("depths")
    rows = depths.with_scores([*rows_of(), row("6-2", 1.0, 1, 1)], SCORES)
    assert [r["chrf"] for r in rows if r["shape"] == "6-6" and r["batch"] == 1] == [32.0, 33.0]
    assert "chrf" not in rows[-1]


def test_points_are_of_the_first_vocabulary_and_one_batch(script: Script) -> None:
    depths = script("depths")
    rows = depths.with_scores([*rows_of(8000), *rows_of(16_000)], SCORES)
    points = depths.points(rows, "bleu", 16)
    assert [(p.label, p.group, p.speed, p.quality) for p in points] == [
        ("6-6", "greedy", 800.0, 8.0), ("6-6", "beam 4", 320.0, 9.0),
        ("3-2", "greedy", 1600.0, 6.0), ("3-2", "beam 4", 640.0, 7.0),
    ]  # fmt: skip


def test_report_names_speeds_and_front(script: Script) -> None:
    depths = script("depths")
    text = depths.report(depths.with_scores(rows_of(), SCORES))
    assert "| 8,000 | 6-6 | 50.0 (50.0–50.0) | 800.0 (800.0–800.0) | 20.0 " in text
    front = "6-6 beam 4 (33.0, 20/s), 6-6 greedy (32.0, 50/s), 3-2 greedy (30.0, 100/s)"
    assert f"Front of chrF and speed, batch 1: {front}." in text
    assert "Front" not in depths.report(rows_of())


def test_plot_needs_scores(script: Script, tmp_path: Path) -> None:
    depths = script("depths")
    with pytest.raises(SystemExit, match="--plot shows quality over speed; give --scores"):
        depths.main(["--plot", str(tmp_path / "a.png")])
    with pytest.raises(SystemExit, match="--plot shows quality over speed; give --scores"):
        depths.draw(rows_of(), tmp_path / "a.png")
    depths.draw(depths.with_scores(rows_of(), SCORES), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_training_command_sets_the_shape(script: Script, tmp_path: Path) -> None:
    training = script("depths_training")
    arguments = argparse.Namespace(
        prepared=tmp_path / "p", tokenizer=tmp_path / "t", dev=tmp_path / "dev", seed=7,
        max_minutes=0.0, max_updates=450, config=training.CONFIG,
        init_from=tmp_path / "first.ckpt", set=["train.learning_rate=5e-4"],
    )  # fmt: skip
    command = training.fit_command("12-1", tmp_path / "run", arguments)
    settings = [command[i + 1] for i, word in enumerate(command) if word == "--set"]
    config = load_config(Path(command[2]), settings)
    model = config.model_config(8000, 6000)
    assert (model.n_encoder_layers, model.n_decoder_layers) == (12, 1)
    assert (config.train.max_updates, config.train.max_minutes, config.train.seed) == (450, 0, 7)
    assert config.tokenizer.target == str(tmp_path / "t" / "target")
    assert config.train.init_from == str(tmp_path / "first.ckpt")
    assert config.train.learning_rate == 5e-4
    assert "--resume" in command


def test_scores_and_effort_are_read_from_what_the_commands_wrote(
    script: Script, tmp_path: Path
) -> None:
    training = script("depths_training")
    metrics = {"bleu": {"score": 7.5, "signature": "x"}, "chrf": {"score": 31.0}}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"sets": [{"systems": [{"metrics": metrics}]}]}))
    assert training.scores_of(report) == {"bleu": 7.5, "chrf": 31.0}
    journal = tmp_path / "journal.jsonl"
    events = [{"event": "start", "update": 0}, {"event": "train", "update": 9, "tokens": 80,
              "elapsed_s": 3.0}, {"event": "end", "update": 10}]  # fmt: skip
    journal.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert training.effort_of(journal) == {"update": 10, "tokens": 80, "elapsed_s": 3.0}


@pytest.mark.slow
def test_depths_are_measured(script: Script, tmp_path: Path) -> None:
    output, scores = tmp_path / "depths.json", tmp_path / "scores.json"
    scores.write_text(json.dumps(SCORES))
    script("depths").main([
        "--shapes", "1-1", "3-2", "--vocabularies", "400", "--singles", "1", "--repeats", "1",
        "--source-pieces", "4", "--target-pieces", "4", "--scores", str(scores),
        "--output", str(output), "--plot", str(tmp_path / "pareto.svg"),
    ])  # fmt: skip
    rows = json.loads(output.read_text())["rows"]
    assert len(rows) == 8
    assert all(r["sentences_per_cpu_s"]["median"] > 0 for r in rows)
    assert (tmp_path / "pareto.svg").exists()
