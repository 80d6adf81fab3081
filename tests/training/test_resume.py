"""Training 2N updates equals N, stop, resume, N — to the last bit on a CPU."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from reversal import reversed_digits, run_config, run_data, write_dev

from training.checkpoint import LAST, read_checkpoint
from training.fit import fit


def train(folder, config, stop_after=None, resume=False):
    limits_pairs = reversed_digits(300, 1)
    return fit(config, folder, resume=resume, data=run_data(limits_pairs), stop_after=stop_after)


def assert_same(a, b, path=""):
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), path
        for key in a:
            if key not in ("elapsed_s", "validated_s", "about"):
                assert_same(a[key], b[key], f"{path}/{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), path
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{path}[{i}]")
    else:
        assert a == b, path


@pytest.mark.parametrize("model", ["transformer", "lstm"])
def test_resume_is_bit_equal_to_training_through(tmp_path, model):
    data = write_dev(tmp_path, reversed_digits(10, 2))
    config = run_config(model, data, validate_every=7, scheduled_sampling=0.2 * (model == "lstm"))
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    train(whole, config)
    train(halves, config, stop_after=10)
    torch.manual_seed(99)
    train(halves, config, resume=True)
    assert_same(read_checkpoint(whole / LAST), read_checkpoint(halves / LAST))
