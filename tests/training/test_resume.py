"""Training 2N updates equals N, stop, resume, N — to the last bit on a CPU."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from reversal import reversed_digits, run_config, run_data, write_dev

from training.checkpoint import LAST, read_checkpoint, write_checkpoint
from training.errors import CheckpointError
from training.fit import fit
from training.journal import read_journal

CLOCK = ("elapsed_s", "validated_s", "about")


def train(folder, config, stop_after=None, resume=False):
    data = run_data(reversed_digits(300, 1))
    return fit(config, folder, resume=resume, data=data, stop_after=stop_after)


def assert_same(a, b, path=""):
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), path
        for key in a.keys() - set(CLOCK):
            assert_same(a[key], b[key], f"{path}/{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), path
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{path}[{i}]")
    else:
        assert a == b, path


def assert_same_runs(one: Path, other: Path):
    assert_same(read_checkpoint(one / LAST), read_checkpoint(other / LAST))


@pytest.mark.parametrize("model", ["transformer", "lstm"])
def test_resume_is_bit_equal_to_training_through(tmp_path, model):
    data = write_dev(tmp_path, reversed_digits(5, 2))
    mixing = 0.2 if model == "lstm" else 0.0
    config = run_config(model, data, max_updates=12, validate_every=5, scheduled_sampling=mixing)
    train(tmp_path / "whole", config)
    train(tmp_path / "halves", config, stop_after=6)
    torch.manual_seed(99)
    train(tmp_path / "halves", config, resume=True)
    assert_same_runs(tmp_path / "whole", tmp_path / "halves")


def test_resume_after_kill_9_is_bit_equal(tmp_path):
    train(tmp_path / "whole", run_config("lstm", checkpoint_every=4))
    script = Path(__file__).with_name("killed_run.py")
    command = [sys.executable, str(script), str(tmp_path / "killed"), "lstm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline().strip() != "10":
            assert process.poll() is None
        process.kill()
    state = train(tmp_path / "killed", run_config("lstm", checkpoint_every=4), resume=True)
    assert state.update == 20
    assert_same_runs(tmp_path / "whole", tmp_path / "killed")
    records = read_journal(tmp_path / "killed" / "journal.jsonl")
    updates = [r["update"] for r in records if r["event"] == "train"]
    assert updates == sorted(set(updates)), "records that the resume made void are left out"


def test_resume_takes_the_checkpoint_before_a_damaged_one(tmp_path):
    config = run_config("lstm", max_updates=8, checkpoint_every=4)
    train(tmp_path / "whole", config)
    train(tmp_path / "damaged", config, stop_after=6)
    last = tmp_path / "damaged" / LAST
    last.write_bytes(last.read_bytes()[:-100])
    train(tmp_path / "damaged", config, resume=True)
    assert_same_runs(tmp_path / "whole", tmp_path / "damaged")


def test_finished_run_goes_on_when_its_budget_grows(tmp_path):
    assert train(tmp_path, run_config("lstm", max_updates=4)).finished
    assert train(tmp_path, run_config("lstm", max_updates=4), resume=True).update == 4
    assert train(tmp_path, run_config("lstm", max_updates=6), resume=True).update == 6


def test_fit_refuses_a_folder_with_a_run(tmp_path):
    config = run_config("lstm", max_updates=1)
    train(tmp_path, config)
    with pytest.raises(CheckpointError, match=r"holds a run already; add --resume"):
        train(tmp_path, config)


def test_resume_with_another_network_is_refused(tmp_path):
    train(tmp_path, run_config("lstm", max_updates=1))
    with pytest.raises(CheckpointError, match=r"the weights are of another network: missing"):
        train(tmp_path, run_config("transformer", max_updates=2), resume=True)
    content = read_checkpoint(tmp_path / LAST)
    content["model"]["embedding.weight"] = torch.zeros(2, 2)
    write_checkpoint(tmp_path / LAST, content)
    with pytest.raises(CheckpointError, match=r"has shape \(2, 2\), the network needs"):
        train(tmp_path, run_config("lstm", max_updates=2), resume=True)
