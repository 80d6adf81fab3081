"""Checkpoints are whole or refused, and averaging is the mean."""

import os

import pytest
import torch

from training.average import average, last_checkpoints, mean_weights, soup
from training.checkpoint import (
    LAST,
    read_checkpoint,
    read_last,
    recent_checkpoints,
    write_checkpoint,
    write_recent,
)
from training.errors import CheckpointError


def content(value, ema=None):
    return {"about": {}, "update": int(value), "tokens": 7,
            "model": {"w": torch.full((2,), float(value))}, "ema": ema}  # fmt: skip


def test_checkpoint_reads_back_what_was_written(tmp_path):
    write_checkpoint(tmp_path / "new" / "a.ckpt", content(3))
    found = read_checkpoint(tmp_path / "new" / "a.ckpt")
    assert found["model"]["w"].tolist() == [3.0, 3.0]
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.ckpt"]


def test_checkpoint_write_that_dies_leaves_the_old_one(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / LAST, content(1))

    def full_disk(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(CheckpointError, match=r"No space left on device; free space or change"):
        write_checkpoint(tmp_path / LAST, content(2), keep_previous=True)
    assert read_checkpoint(tmp_path / LAST)["update"] == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_read_last_finds_the_previous_where_the_process_died_between_renames(tmp_path):
    write_checkpoint(tmp_path / LAST, content(1))
    os.replace(tmp_path / LAST, tmp_path / f"{LAST}.previous")
    found, warnings = read_last(tmp_path)
    assert (found["update"], warnings) == (1, [])
    assert read_last(tmp_path / "nothing") is None


def test_damaged_checkpoints_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint .*missing\.ckpt; give a run folder"):
        read_checkpoint(tmp_path / "missing.ckpt")
    (tmp_path / "text.ckpt").write_text("hello\nworld")
    with pytest.raises(CheckpointError, match=r"text\.ckpt is no checkpoint of this program"):
        read_checkpoint(tmp_path / "text.ckpt")
    write_checkpoint(tmp_path / LAST, content(1))
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"damaged: its SHA-256 differs; take last\.ckpt"):
        read_last(tmp_path)


def test_average_is_the_mean_of_the_plain_weights(tmp_path):
    for value in (1, 2, 6):
        write_recent(tmp_path, value, content(value, ema={"w": torch.zeros(2)}), keep=2)
    assert [p.name for p in recent_checkpoints(tmp_path)] == [
        "update-0000002.ckpt", "update-0000006.ckpt",
    ]  # fmt: skip
    average(last_checkpoints(tmp_path, 2), tmp_path / "average.ckpt")
    found = read_checkpoint(tmp_path / "average.ckpt")
    assert found["model"]["w"].tolist() == [4.0, 4.0]
    assert (found["ema"], found["update"]) == (None, 6)


def test_soup_is_the_mean_of_moving_averages_and_counts_all_runs(tmp_path):
    paths = [tmp_path / f"{value}.ckpt" for value in (1, 5)]
    for value, path in zip((1, 5), paths, strict=True):
        write_checkpoint(path, content(value, ema={"w": torch.full((2,), float(-value))}))
    soup(paths, tmp_path / "soup.ckpt")
    found = read_checkpoint(tmp_path / "soup.ckpt")
    assert found["model"]["w"].tolist() == [-3.0, -3.0]
    assert found["update"] == 6
    assert found["tokens"] == sum(content(value)["tokens"] for value in (1, 5))


def test_average_says_what_is_missing(tmp_path):
    with pytest.raises(CheckpointError, match=r"holds 0 checkpoints update-\*\.ckpt, 5 were asked"):
        last_checkpoints(tmp_path, 5)
    with pytest.raises(CheckpointError, match=r"no checkpoints to average"):
        average([], tmp_path / "average.ckpt")
    with pytest.raises(CheckpointError, match=r"of different networks"):
        mean_weights([{"w": torch.zeros(2)}, {"w": torch.zeros(3)}])
