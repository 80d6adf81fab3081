"""The whole way on the shipped sample: prepare, tokenizers, fit, average, export, translate."""

import dataclasses
import json
import shutil
import sys

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from nmt.bundle import load_bundle
from nmt.errors import ConfigError
from nmt.translator import Translator
from training.checkpoint import BEST, read_checkpoint, weights_of
from training.cli import app
from training.config import config_from_dict
from training.data import dataset
from training.data.dataset import ChunkSource
from training.errors import CheckpointError, TrainingError
from training.export import (
    CTRANSLATE2_TOLERANCE,
    TOLERANCE,
    Parity,
    check_parity,
    convert,
    export,
    find_checkpoint,
    read_metrics,
)
from training.fit import initial_weights, open_data
from training.quickstart import SAMPLE, quickstart
from training.reporter import Observer


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A quickstart that trains for a second or two."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("quickstart")
    return folder, quickstart(folder, 0.03, Observer())


def test_quickstart_leaves_a_bundle_that_translates_and_a_plot(made):
    result = made[1]
    assert len(result.translations) == 8
    assert result.plot.is_file()
    translated = Translator.load(result.bundle).translate(["안녕하세요."])[0]
    assert isinstance(translated.text, str)
    card = (result.bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| pairs | 4" in card
    assert "CC0-1.0 | written by a large language model" in card


def test_sample_is_clean_and_its_held_out_part_is_not_in_it():
    pairs = (SAMPLE / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    assert len(pairs) >= 400
    sources = {line.split("\t")[0] for line in pairs}
    assert all(line.count("\t") == 1 for line in pairs)
    dev = (SAMPLE / "dev.ko").read_text(encoding="utf-8").splitlines()
    assert not sources & set(dev)
    assert len(dev) == len((SAMPLE / "dev.en").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_export_computes_what_the_checkpoint_computes(made, tmp_path, dtype):
    run = made[0] / "run"
    metrics = {"scores": {"dev": {"chrf": 12.345}}}
    parity = export(run, tmp_path / "bundle", "tiny", dtype, metrics=metrics)
    assert parity.log_prob_difference < {"float32": 1e-5, "float16": 0.02, "bfloat16": 0.2}[dtype]
    assert "greedy translations equal" in parity.line()
    assert parity.ctranslate2_difference is not None
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.ctranslate2 is not None
    assert bundle.scores == {"dev": {"chrf": 12.345}}
    assert "| dev | chrf 12.35 |" in bundle.card or "chrf 12.34" in bundle.card
    exact = weights_of(read_checkpoint(run / BEST))
    stored = bundle.load_weights()
    for name, weight in exact.items():
        assert torch.equal(stored[name], weight.to(getattr(torch, dtype)).float()), name
    assert initial_weights(tmp_path / "bundle").keys() >= exact.keys()


def test_export_that_differs_is_refused(made, monkeypatch):
    bundle = load_bundle(made[1].bundle)
    weights = bundle.load_weights()
    name = next(n for n in weights if "embedding" in n)
    with pytest.raises(TrainingError, match=r"computes something else than its checkpoint"):
        check_parity(bundle, weights | {name: weights[name] + 1.0}, "float16")
    monkeypatch.setitem(TOLERANCE, "float16", -1.0)
    with pytest.raises(TrainingError, match=r"stored as float16, .* export with --dtype float32"):
        check_parity(bundle, weights, "float16")


def test_average_and_export_commands(made, tmp_path):
    run = made[0] / "run"
    runner = CliRunner()
    found = runner.invoke(app, ["average", str(run), "--last", "1"])
    assert found.exit_code == 0, found.output
    target = tmp_path / "mean"
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps({"scores": {}}))
    found = runner.invoke(app, ["export", str(run / "average.ckpt"), "-o", str(target),
                                "--metrics", str(scores)])  # fmt: skip
    assert found.exit_code == 0, found.output
    assert load_bundle(target).name == "mean"


def test_average_command_takes_several_runs(made, tmp_path):
    run, runner = str(made[0] / "run"), CliRunner()
    target = tmp_path / "soup.ckpt"
    found = runner.invoke(app, ["average", run, run, "-o", str(target)])
    assert found.exit_code == 0, found.output
    assert target.exists()
    for options in ([], ["--last", "2", "-o", str(target)]):
        found = runner.invoke(app, ["average", run, run, *options])
        assert found.exit_code == 2
        assert "leave --last out" in " ".join(found.output.replace("│", " ").split())


def test_export_command_takes_search_defaults_from_a_configuration(made, tmp_path):
    settings = tmp_path / "search.toml"
    settings.write_text(
        '[model]\narchitecture = "transformer"\n[search]\nlength_penalty = 1.75\n', "utf-8"
    )
    arguments = ["export", str(made[0] / "run"), "-o", str(tmp_path / "b"), "--config"]
    result = CliRunner().invoke(app, [*arguments, str(settings)])
    assert result.exit_code == 0, result.output
    assert load_bundle(tmp_path / "b").search.length_penalty == 1.75


def test_export_mistakes_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*; give a \.ckpt file"):
        find_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match=r"train\.init_from is .*; give a \.ckpt file"):
        initial_weights(tmp_path)
    with pytest.raises(TrainingError, match=r"cannot read the scores"):
        read_metrics(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(TrainingError, match=r"holds no JSON object"):
        read_metrics(tmp_path / "list.json")


def config_of(made):
    return config_from_dict(read_checkpoint(made[0] / "run" / BEST)["about"]["config"])


@pytest.mark.slow
def test_worker_processes_encode_the_same_chunks(made, monkeypatch):
    monkeypatch.setattr(dataset, "PART_PAIRS", 30)
    config = config_of(made)
    sampled = dataclasses.replace(
        config,
        tokenizer=dataclasses.replace(config.tokenizer, source_alpha=0.2),
        data=dataclasses.replace(config.data, chunk_pairs=100, workers=2),
    )
    alone = dataclasses.replace(sampled, data=dataclasses.replace(sampled.data, workers=0))
    ahead: ChunkSource = open_data(sampled).chunks
    here: ChunkSource = open_data(alone).chunks
    try:
        for chunk in [(0, 0), (0, 1), (1, 2)]:
            one, other = ahead.get(*chunk, True), here.get(*chunk, True)
            assert np.array_equal(one.source.ids, other.source.ids)
            assert np.array_equal(one.target.ids, other.target.ids)
        plain = ahead.get(0, 0, False)
        assert len(plain.source.ids) < len(here.get(0, 0, True).source.ids)
    finally:
        ahead.close()


def test_tensorboard_that_is_missing_is_named(monkeypatch, tmp_path):
    from training.journal import tensorboard_writer

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"package tensorboard is not installed"):
        tensorboard_writer(tmp_path)


def test_convert_adds_the_export_and_compares(tiny_bundle, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_bundle, tmp_path / "transformer")
    result = CliRunner().invoke(app, ["convert", str(folder), "--quantization", "float32"])
    assert result.exit_code == 0, result.output
    assert load_bundle(folder).ctranslate2 is not None
    assert convert(folder, "float32") < 1e-4
    assert 1e-4 < convert(folder) < 0.25
    assert "CTranslate2 0.12 nats a piece off" in Parity(0.1, 1.0, 0.12).line()
    monkeypatch.setitem(CTRANSLATE2_TOLERANCE, "int8", 0.0)
    with pytest.raises(TrainingError, match=r"differs by .* convert with --quantization float32"):
        convert(folder)
