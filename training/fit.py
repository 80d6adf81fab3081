"""Assemble a run from its settings, and train it: `nmt train fit`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nmt.config import TransformerConfig, to_dict
from nmt.errors import ConfigError
from nmt.models.base import Seq2Seq
from nmt.models.build import build_model
from nmt.tokenizers.base import Tokenizer, load_tokenizer
from training.checkpoint import LAST, read_checkpoint, recent_checkpoints, weights_of
from training.config import RunConfig
from training.data.dataset import (
    BatchStream,
    ChunkSource,
    EncodeLimits,
    PairEncoder,
    default_workers,
)
from training.data.order import epoch_indices
from training.data.shards import PairStore
from training.dev import load_dev
from training.dropout import use_byte_dropout
from training.errors import CheckpointError
from training.growth import depths_of, with_depths
from training.journal import Journal, tensorboard_writer
from training.keeper import Keeper
from training.lexicon import AlignmentGuide, Lexicon, estimate_lexicon, start_from_lexicon
from training.precision import choose_device, choose_precision
from training.probe import probe
from training.reporter import Observer, Reporter
from training.state import TrainState, seed_all
from training.step import Learner, load_weights
from training.trainer import Trainer
from training.validate import Validator

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunData:
    """Encoded training pairs and what made them."""

    chunks: ChunkSource
    source: Tokenizer
    target: Tokenizer


def open_encoder(prepared: str, source: str, target: str, limits: EncodeLimits) -> PairEncoder:
    """Opens prepared pairs and tokenizers; runs in worker processes too."""
    pairs = PairStore.open(prepared)
    return PairEncoder(pairs, load_tokenizer(Path(source)), load_tokenizer(Path(target)), limits)


def require_folders(config: RunConfig) -> None:
    """Raises ConfigError unless the settings name prepared data and both tokenizers."""
    data, tokenizer = config.data, config.tokenizer
    for name, value in (("data.prepared", data.prepared), ("tokenizer.source", tokenizer.source),
                        ("tokenizer.target", tokenizer.target)):  # fmt: skip
        if not value:
            raise ConfigError(f"{name} is not set; name the folder, e.g. --set {name}=FOLDER")


def open_data(config: RunConfig) -> RunData:
    """Opens the training data of a run.

    Raises:
        ConfigError: a folder is not named.
        DataError, TokenizerError: a folder is not what it should be.
    """
    require_folders(config)
    data, tokenizer = config.data, config.tokenizer
    limits = EncodeLimits(tokenizer.source_alpha, tokenizer.target_alpha,
                          data.max_source_pieces, data.max_target_pieces)  # fmt: skip
    folders = data.prepared, tokenizer.source, tokenizer.target
    store, seed = PairStore.open(data.prepared), config.train.seed
    workers = default_workers() if data.workers < 0 else data.workers
    chunks = ChunkSource(
        functools.partial(open_encoder, *folders, limits),
        lambda epoch: epoch_indices(store, epoch, seed), data.chunk_pairs, seed, workers,
    )  # fmt: skip
    return RunData(chunks, chunks.encoder.source, chunks.encoder.target)


def initial_weights(path: Path) -> dict[str, torch.Tensor]:
    """Reads the weights of a checkpoint, a run folder or a bundle.

    Raises:
        CheckpointError: there is none of them.
    """
    if (path / LAST).exists():
        path = path / LAST
    if path.suffix == ".ckpt":
        return weights_of(read_checkpoint(path))
    if (path / "model.safetensors").exists():
        from safetensors.torch import load_file

        return {n: w.float() for n, w in load_file(path / "model.safetensors").items()}
    raise CheckpointError(
        f"train.init_from is {path}; give a .ckpt file, a run folder or a bundle folder"
    )


def fitting_weights(path: Path, model: Seq2Seq) -> dict[str, torch.Tensor]:
    """Reads the weights that a network starts from; a Transformer's may be of other depths.

    Raises:
        CheckpointError: there are none at `path`.
    """
    weights, config = initial_weights(path), model.config
    if not isinstance(config, TransformerConfig):
        return weights
    there, wanted = depths_of(weights), (config.n_encoder_layers, config.n_decoder_layers)
    if there == wanted or not all(there):
        return weights
    log.info("layers of %s are added or left out: %d-%d becomes %d-%d", path, *there, *wanted)
    return with_depths(weights, config)


def learn_lexicon(chunks: ChunkSource, pairs: int, shape: tuple[int, int]) -> Lexicon:
    """Learns the word-translation table from the first `pairs` of epoch 0."""
    log.info("learning a word-translation table from %d pairs", pairs)
    encoded = chunks.encoder.encode(chunks.indices(0)[:pairs], seed=0, sampled=False)
    source, target = encoded.source, encoded.target
    return estimate_lexicon(
        (
            (source.ids[a:b].tolist(), target.ids[c:d].tolist())
            for a, b, c, d in zip(source.starts[:-1], source.starts[1:], target.starts[:-1],
                                  target.starts[1:], strict=True)
        ),
        shape,
    )  # fmt: skip


def build_learner(config: RunConfig, data: RunData, device: torch.device) -> Learner:
    """Makes the network with its first weights, and its optimiser."""
    train = config.train
    sizes = data.source.vocab_size, data.target.vocab_size
    precision = choose_precision(train.precision, device)
    seed_all(train.seed)
    model: Seq2Seq = build_model(config.model_config(*sizes)).to(device)
    if device.type == "cpu":
        use_byte_dropout(model)
    guide = None
    if train.lexicon_pairs:
        lexicon = learn_lexicon(data.chunks, train.lexicon_pairs, sizes)
        if not train.init_from:
            start_from_lexicon(model, lexicon, train.seed)
        guide = AlignmentGuide(lexicon, device) if train.guide_weight else None
    if train.init_from:
        load_weights(model, fitting_weights(Path(train.init_from), model))
    return Learner(model, train, precision, guide)


def build_trainer(
    config: RunConfig, data: RunData, folder: Path, observer: Observer | None = None
) -> Trainer:
    """Makes everything a run needs, down to its journal."""
    train = config.train
    device = choose_device(train.device)
    learner = build_learner(config, data, device)
    precision = learner.precision
    batches = BatchStream(
        data.chunks, train.batch_tokens, device, multiple=8 if device.type == "cuda" else 1
    )
    dev = load_dev(config.data, data.source, data.target)
    validator = None
    if dev is not None:
        validator = Validator(dev, data.target, config.search, train.validation_lines,
                              train.batch_tokens, device, precision)  # fmt: skip
    about: dict[str, Any] = {
        "config": to_dict(config), "model": to_dict(learner.model.config),
        "precision": precision.name, "device": device.type, "torch": str(torch.__version__),
        "source_tokenizer": data.source.describe(), "target_tokenizer": data.target.describe(),
    }  # fmt: skip
    keeper = Keeper(folder, learner, batches, about, train.keep_recent)
    scalars = tensorboard_writer(folder / "tensorboard") if train.tensorboard else None
    reporter = Reporter(Journal(folder / "journal.jsonl", scalars), observer or Observer())
    return Trainer(learner, batches, validator, train, keeper, reporter,
                   config.tokenizer.sampling_until)  # fmt: skip


def _begin(trainer: Trainer, resume: bool) -> None:
    folder, tell = trainer.keeper.folder, trainer.reporter.tell
    if (folder / LAST).exists() and not resume:
        raise CheckpointError(
            f"{folder} holds a run already; add --resume to go on with it, or give another --output"
        )
    if resume and trainer.load():
        state = trainer.state
        line = f"resumed at update {state.update}, {state.elapsed_s / 60:.1f} min into the run"
        tell("resume", state.update, {"elapsed_s": state.elapsed_s, "tokens": state.tokens}, line)
        return
    for path in recent_checkpoints(folder):
        path.unlink()
    tell("start", 0, trainer.keeper.about, f"new run in {folder}")


def _probe(trainer: Trainer) -> None:
    batches, train, state = trainer.batches, trainer.config, trainer.state
    threads = train.threads or state.threads
    found = probe(trainer.learner, batches.largest(), batches.device, threads)
    state.threads = found.threads
    tokens = batches.mean_tokens() * train.accumulate
    trainer.reporter.tell(
        "probe", state.update,
        {"threads": found.threads, "memory_bytes": found.memory_bytes,
         "tokens_per_s": {str(k): v for k, v in found.tokens_per_s.items()},
         "parameters": found.parameters, "tokens_per_update": tokens},
        found.line(train, tokens, state),
    )  # fmt: skip


def fit(
    config: RunConfig,
    folder: Path,
    resume: bool = False,
    observer: Observer | None = None,
    data: RunData | None = None,
    stop_after: int | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> TrainState:
    """Trains a run to its end.

    Args:
        config: all settings.
        folder: receives checkpoints and journal.
        resume: go on with the run in `folder`, if there is one; else start it.
        observer: is told about the progress.
        data: opened training data; by default what the settings name.
        stop_after: pause after this many updates.
        stop_requested: asked before every update; True saves and pauses.

    Raises:
        TrainingError, NmtError: see the classes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = data or open_data(config)
    trainer = build_trainer(config, data, folder, observer)
    trainer.stop_requested = stop_requested
    try:
        _begin(trainer, resume)
        _probe(trainer)
        return trainer.run(stop_after)
    finally:
        data.chunks.close()
        trainer.reporter.journal.close()
