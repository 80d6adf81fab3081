"""Devices, number formats, the probe, the journal and the plot."""

import json
import time

import pytest
import torch
from reversal import reversed_digits, run_config, run_data

from nmt.errors import ConfigError
from training import probe as probe_module
from training.config import TrainConfig
from training.data.dataset import BatchStream
from training.fit import build_learner, open_data
from training.journal import Journal, read_journal
from training.plot import plot_journal
from training.precision import choose_device, choose_precision, cpu_multiplies_bf16
from training.probe import expected_end, probe
from training.state import TrainState

CPU = torch.device("cpu")


def test_auto_precision_on_a_cpu_follows_its_units(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("flags : avx512f avx512_bf16\n")
    assert cpu_multiplies_bf16(info)
    info.write_text("flags : avx2\n")
    assert not cpu_multiplies_bf16(info)
    assert not cpu_multiplies_bf16(tmp_path / "none")
    assert choose_precision("auto", CPU).name in ("fp32", "bf16")
    assert choose_precision("bf16", CPU).name == "bf16"


def test_devices_and_formats_that_are_not_there_are_refused():
    with pytest.raises(ConfigError, match=r"precision is 'fp16', which needs CUDA"):
        choose_precision("fp16", CPU)
    with pytest.raises(ConfigError, match=r"device is 'cuda:99', but this machine has \d+ CUDA"):
        choose_device("cuda:99")
    for name in ("gpu", "mps"):
        with pytest.raises(ConfigError, match=rf"device is '{name}'; allowed: auto, cpu, cuda"):
            choose_device(name)
    assert choose_device("auto").type in ("cpu", "cuda")


def test_probe_touches_nothing_and_prints_the_end():
    config = run_config("lstm", max_updates=1000)
    data = run_data(reversed_digits(100, 1))
    learner = build_learner(config, data, CPU)
    batches = BatchStream(data.chunks, 64, CPU)
    before = torch.get_rng_state(), [p.clone() for p in learner.model.parameters()]
    found = probe(learner, batches.largest(), CPU, threads=1)
    assert torch.equal(before[0], torch.get_rng_state())
    for old, new in zip(before[1], learner.model.parameters(), strict=True):
        assert torch.equal(old, new)
        assert new.grad is None
    assert batches.state.batch == 0
    line = found.line(config.train, batches.mean_tokens(), TrainState())
    assert "M parameters; target tokens/s: 1 thread " in line
    assert line.endswith("at about update 1000")


def test_probe_takes_more_threads_only_where_they_pay(monkeypatch):
    data = run_data(reversed_digits(50, 1))
    learner = build_learner(run_config("lstm"), data, CPU)
    batch = BatchStream(data.chunks, 64, CPU).take(False)
    monkeypatch.setattr(probe_module, "free_cores", lambda: 2)
    for seconds, chosen in (({1: 1.0, 2: 0.95}, 1), ({1: 1.0, 2: 0.6}, 2), ({1: 1.0, 2: 4.0}, 1)):

        def timed(learner, batch, device, seconds=seconds):
            return seconds[torch.get_num_threads()]

        monkeypatch.setattr(probe_module, "_time_step", timed)
        assert probe(learner, batch, CPU, threads=0).threads == chosen


def test_expected_end_counts_what_is_left():
    state = TrainState(update=50, elapsed_s=60.0)
    assert expected_end(TrainConfig(max_minutes=3), 10.0, state).endswith("about update 1250")
    both = expected_end(TrainConfig(max_minutes=3, max_updates=60), 10.0, state)
    assert both.endswith("about update 60")
    assert "no end set" in expected_end(TrainConfig(), 10.0, state)
    assert "does not fit into memory" in expected_end(TrainConfig(), 0.0, state)


def test_journal_reader_drops_what_became_void_and_broken_lines(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for update in (5, 10, 15):
        journal.write("train", update, {"loss": float("nan"), "rate": 0.123456789})
    journal.write("resume", 10, {})
    journal.close()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event": "tra')
    records = read_journal(path)
    assert [(r["event"], r["update"]) for r in records] == [
        ("train", 5), ("train", 10), ("resume", 10),
    ]  # fmt: skip
    assert (records[0]["loss"], records[0]["rate"]) == ("nan", 0.123457)
    assert records[0]["time_s"] <= round(time.time(), 2)  # the journal rounds likewise
    assert all(json.loads(line) for line in path.read_text().splitlines()[:-1])


def test_plot_draws_a_picture(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write("train", 5, {"nll": 2.0})
    journal.write("validation", 5, {"loss": 2.0, "chrf": 20.0, "bleu": 1.0})
    journal.close()
    plot_journal(tmp_path / "journal.jsonl", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_unnamed_folders_are_refused():
    with pytest.raises(ConfigError, match=r"data\.prepared is not set; name the folder"):
        open_data(run_config("lstm"))
