"""Settings files: every shipped one is valid, and mistakes are named."""

from pathlib import Path

import pytest

from nmt.errors import ConfigError
from nmt.models.build import build_model
from training.config import (
    DataConfig,
    TokenizerConfig,
    TokenizerTraining,
    TrainConfig,
    config_from_dict,
    load_config,
    load_prepare,
)

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))
TINY = {"d_model": 16, "d_embed": 16, "d_ff": 32, "n_heads": 2}


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "run.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_shipped_config_builds_a_network(path):
    config = load_config(path)
    small = {k: v for k, v in TINY.items() if k in config.model}
    shrunk = config_from_dict({"model": {**config.model, **small}})
    assert build_model(shrunk.model_config(40, 40)).config.tgt_vocab_size == 40


def test_shipped_configs_cover_every_architecture():
    names = {p.stem for p in CONFIGS}
    assert {"rnn", "gru", "lstm", "bahdanau", "luong", "luong-dot", "luong-concat",
            "luong-input-feeding", "transformer", "transformer-cpu"} <= names  # fmt: skip


def test_set_replaces_settings(write):
    path = write('[model]\narchitecture = "rnn"\n[train]\nmax_minutes = 5\n')
    found = load_config(path, ["train.max_minutes=60", "model.cell=gru", "train.seed = 7"])
    assert (found.train.max_minutes, found.train.seed, found.model["cell"]) == (60.0, 7, "gru")


def test_set_reaches_tables_within_tables(write):
    path = write('[model]\narchitecture = "rnn"\n[tokenizer.training]\nsource_kind = "mecab"\n')
    sizes = ["tokenizer.training.source_vocab_size=4000", "tokenizer.source=there"]
    found = load_config(path, sizes).tokenizer
    assert (found.training.source_vocab_size, found.training.source_kind) == (4000, "mecab")
    assert found.source == "there"


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("[train]\nlearning_rat = 1", [], r"unknown setting train\.learning_rat; did you mean "
         r"learning_rate\?"),
        ("[trian]", [], r"unknown setting trian; did you mean train\?"),
        ('[model]\narchitecture = "cnn"', [], r"architecture is 'cnn'; allowed: rnn, transformer"),
        ('[model]\narchitecture = "rnn"\ncel = "gru"', [], r"model\.cel; did you mean cell\?"),
        ("[train", [], r"run\.toml is not TOML"),
        ("", ["seed=1"], r"--set 'seed=1'; give section\.key=value"),
        ("", ["train.seed"], r"give section\.key=value"),
        ("data = 3", ["data.x=1"], r"data is no table"),
        ("", ["train..seed=1"], r"give section\.key=value"),
    ],
)  # fmt: skip
def test_mistakes_in_settings_are_named(write, text, settings, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(text), settings)


def test_missing_settings_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no settings file .*none\.toml; see configs/"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TrainConfig(learning_rate=0), r"train\.learning_rate is 0; allowed: .* above 0"),
        (lambda: TrainConfig(patience=-1), r"train\.patience is -1; allowed: 0 or more"),
        (lambda: TrainConfig(ema_decay=1.0), r"train\.ema_decay is 1\.0; allowed: 0 ≤ ema_decay"),
        (lambda: TrainConfig(warmup_share=0.6, decay_share=0.5), r"allowed: at most 1"),
        (lambda: DataConfig(chunk_pairs=0), r"data\.chunk_pairs is 0; allowed: a number above 0"),
        (lambda: DataConfig(workers=-2), r"data\.workers is -2; allowed: -1 or more"),
        (lambda: TokenizerConfig(source_alpha=2.0), r"source_alpha is 2\.0; allowed: 0 to 1"),
        (lambda: TokenizerTraining(source_vocab_size=9), r"source_vocab_size is 9; allowed: above"),
        (lambda: TokenizerTraining(max_pairs=0), r"max_pairs is 0; allowed: above 0"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_prepare_settings_write_where_training_reads(write):
    path = write('[data]\nprepared = "p"\n[data.prepare]\ncorpora = ["c"]\n')
    assert load_prepare(path).output == "p"
    assert load_prepare(write('[data]\ncorpora = ["c"]\noutput = "q"')).output == "q"
    with pytest.raises(ConfigError, match=r"has no table \[data\.prepare\]"):
        load_prepare(write("[train]"))
