"""Settings of a training run: one TOML with [data] [tokenizer] [model] [train] [search]."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from nmt.config import ModelConfig, SearchConfig, build, build_model_config, require
from nmt.errors import ConfigError
from training.data.settings import PrepareConfig


@dataclass(frozen=True)
class DataConfig:
    """Where the pairs come from and how long they may be."""

    prepared: str = ""
    """Folder that `nmt train prepare` wrote."""
    dev_source: str = ""
    """Korean development text, one sentence a line; or a prepared folder (then dev_target is
    empty), which needs no morpheme analyzer on the training machine."""
    dev_target: str = ""
    """Its English, line-aligned."""
    chunk_pairs: int = 50_000
    """Pairs encoded and bucketed by length at a time."""
    max_source_pieces: int = 100
    """Longer pairs are left out (and counted)."""
    max_target_pieces: int = 100
    workers: int = -1
    """Processes that encode ahead of the training; 0 encodes in between, -1 decides by cores."""
    prepare: dict[str, Any] = field(default_factory=dict)
    """Fields of PrepareConfig, for `nmt train prepare`."""

    def __post_init__(self) -> None:
        for name in ("chunk_pairs", "max_source_pieces", "max_target_pieces"):
            value = getattr(self, name)
            require(value > 0, f"data.{name} is {value}; allowed: a number above 0")
        require(self.workers >= -1, f"data.workers is {self.workers}; allowed: -1 or more")


@dataclass(frozen=True)
class TokenizerTraining:
    """How both tokenizers are trained from prepared pairs."""

    source_kind: str = "mecab"
    """Analyzer that cuts the Korean first, or `sentencepiece` for none."""
    source_vocab_size: int = 16_000
    """Pieces wanted, 276 reserved ones included."""
    target_vocab_size: int = 16_000
    model_type: Literal["unigram", "bpe"] = "unigram"
    max_pairs: int = 1_000_000
    """Pairs read, of the first epoch's order."""

    def __post_init__(self) -> None:
        for name in ("source_vocab_size", "target_vocab_size"):
            value = getattr(self, name)
            require(value > 300, f"tokenizer.training.{name} is {value}; allowed: above 300")
        value = self.max_pairs
        require(value > 0, f"tokenizer.training.max_pairs is {value}; allowed: above 0")


@dataclass(frozen=True)
class TokenizerConfig:
    """Trained tokenizers and subword regularisation (Kudo 2018)."""

    source: str = ""
    """Folder of the Korean tokenizer."""
    target: str = ""
    """Folder of the English tokenizer."""
    source_alpha: float = 0.0
    """Smoothness of unigram sampling, or BPE dropout; 0 is off, lower than 0.1 may not train."""
    target_alpha: float = 0.0
    sampling_until: float = 0.85
    """Share of the run after which pieces are no longer sampled."""
    training: TokenizerTraining = field(default_factory=lambda: TokenizerTraining())
    """How `nmt train tokenizer` makes them."""

    def __post_init__(self) -> None:
        for name in ("source_alpha", "target_alpha", "sampling_until"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"tokenizer.{name} is {value}; allowed: 0 to 1")


@dataclass(frozen=True)
class TrainConfig:
    """How the weights are learnt."""

    max_updates: int = 0
    """Optimiser steps of the run; 0 is no limit."""
    max_minutes: float = 0.0
    """Wall-clock budget of the run, resumed parts counted together; 0 is no limit."""
    seed: int = 1
    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:1`."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """auto: bf16 where the device multiplies it natively, else fp32."""
    threads: int = 0
    """CPU threads; 0 lets the probe choose between one and all."""
    batch_tokens: int = 4096
    """Rows × longest side of a batch, padding counted: what memory depends on."""
    accumulate: int = 1
    """Batches per update."""
    learning_rate: float = 1e-3
    """Peak of the schedule."""
    schedule: Literal["wsd", "inverse_sqrt"] = "wsd"
    """warm-up–stable–decay (Hu 2024, MiniCPM), or Vaswani 2017, section 5.3."""
    warmup_updates: int = 0
    """0 takes warmup_share of the budget instead."""
    warmup_share: float = 0.08
    decay_share: float = 0.25
    """Last share of the budget, over which wsd falls linearly to final_share of the peak."""
    final_share: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.98
    epsilon: float = 1e-9
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    """Gradients are scaled down to this norm; 0 is off."""
    label_smoothing: float = 0.1
    loss_chunk_tokens: int = 1024
    """Target positions whose logits exist at once."""
    ema_decay: float = 0.999
    """Exponential moving average of the weights, which validation uses; 0 is off."""
    lexicon_pairs: int = 0
    """Pairs from which a word-translation table is learnt; the embeddings then start from it
    (training/lexicon.py). 0 is off."""
    guide_weight: float = 0.0
    """Weight of guided alignment: the attention is drawn to what the table says (Chen 2016);
    needs lexicon_pairs."""
    scheduled_sampling: float = 0.0
    """Share of target inputs replaced by the model's own at the end of the run (Bengio 2015)."""
    log_every: int = 50
    """Updates between journal lines."""
    validate_every: int = 0
    """Updates between validations; 0 takes validate_minutes."""
    validate_minutes: float = 10.0
    validation_lines: int = 200
    """Development sentences translated (greedily) at a validation; all count for the loss."""
    metric: Literal["chrf", "bleu", "loss"] = "chrf"
    """Decides about the best checkpoint and early stopping."""
    patience: int = 0
    """Validations without improvement before the run stops; 0 is off."""
    checkpoint_every: int = 0
    """Updates between checkpoints; 0 takes checkpoint_minutes."""
    checkpoint_minutes: float = 5.0
    keep_recent: int = 5
    """Weights of the last checkpoints kept for `nmt train average`."""
    max_rollbacks: int = 3
    """Returns to the last checkpoint (learning rate halved) after NaN before giving up."""
    compile: bool = False
    """torch.compile the network; pays on CUDA for runs above a few minutes."""
    tensorboard: bool = False
    init_from: str = ""
    """Checkpoint, run or bundle whose weights the run starts from. A Transformer may have other
    depths than it: layers are added that change nothing at first, or left out."""

    def __post_init__(self) -> None:
        for name in ("learning_rate", "batch_tokens", "accumulate", "log_every", "epsilon",
                     "loss_chunk_tokens"):  # fmt: skip
            value = getattr(self, name)
            require(value > 0, f"train.{name} is {value}; allowed: a number above 0")
        for name in ("max_updates", "max_minutes", "threads", "warmup_updates", "weight_decay",
                     "lexicon_pairs", "guide_weight", "clip_norm", "validate_every",
                     "validate_minutes", "validation_lines", "patience", "checkpoint_every",
                     "checkpoint_minutes", "keep_recent", "max_rollbacks"):  # fmt: skip
            value = getattr(self, name)
            require(value >= 0, f"train.{name} is {value}; allowed: 0 or more")
        for name in ("warmup_share", "decay_share", "final_share", "beta1", "beta2",
                     "label_smoothing", "ema_decay", "scheduled_sampling"):  # fmt: skip
            value = getattr(self, name)
            require(0 <= value < 1, f"train.{name} is {value}; allowed: 0 ≤ {name} < 1")
        require(
            not self.guide_weight or self.lexicon_pairs > 0,
            f"train.guide_weight is {self.guide_weight} without a word table; "
            "set train.lexicon_pairs too, e.g. to 70000",
        )
        require(
            self.warmup_share + self.decay_share <= 1,
            f"train.warmup_share + decay_share is {self.warmup_share + self.decay_share}; "
            "allowed: at most 1",
        )


@dataclass(frozen=True)
class RunConfig:
    """Everything that fixes a run."""

    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: dict[str, Any] = field(default_factory=dict)
    """Fields of RnnConfig or TransformerConfig without the vocabulary sizes, which the
    tokenizers know."""
    train: TrainConfig = field(default_factory=TrainConfig)
    search: SearchConfig = field(default_factory=SearchConfig)

    def model_config(self, src_vocab_size: int, tgt_vocab_size: int) -> ModelConfig:
        """Gives the settings of the network for these vocabularies."""
        sizes = {"src_vocab_size": src_vocab_size, "tgt_vocab_size": tgt_vocab_size}
        return build_model_config({**self.model, **sizes})


def _set(table: dict[str, Any], setting: str) -> None:
    name, equals, text = setting.partition("=")
    *sections, key = name.strip().split(".")
    if not (equals and sections and key and all(sections)):
        raise ConfigError(f"--set {setting!r}; give section.key=value, e.g. train.max_minutes=60")
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {setting!r}: {section} is no table")
    table[key] = value


def _read_table(path: Path, settings: Sequence[str]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no settings file {path}; see configs/ for examples") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for setting in settings:
        _set(table, setting)
    return table


def load_config(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Reads a TOML file of settings; `settings` such as `train.seed=2` replace what it says.

    Raises:
        ConfigError: no such file, not TOML, an unknown key or a value out of range.
    """
    config: RunConfig = build(RunConfig, _read_table(path, settings))
    config.model_config(32, 32)
    return config


def load_prepare(path: Path, settings: Sequence[str] = ()) -> PrepareConfig:
    """Reads the settings of `prepare`: table [data.prepare], whose output is data.prepared.

    A file of its own may hold the same settings directly under [data].

    Raises:
        ConfigError: as `load_config`.
    """
    data = _read_table(path, settings).get("data", {})
    if "corpora" in data:
        return cast("PrepareConfig", build(PrepareConfig, data, "data"))
    if "prepare" not in data:
        raise ConfigError(f"{path} has no table [data.prepare]; see docs/training.md")
    output = {"output": data["prepared"]} if data.get("prepared") else {}
    return cast("PrepareConfig", build(PrepareConfig, output | data["prepare"], "data.prepare"))


def config_from_dict(mapping: dict[str, Any]) -> RunConfig:
    """Builds the settings that a checkpoint carries."""
    config: RunConfig = build(RunConfig, mapping)
    return config


def with_train(config: RunConfig, train: TrainConfig) -> RunConfig:
    """Gives the same run with other training settings."""
    return dataclasses.replace(config, train=train)
