"""Checkpoint → bundle, checked: the bundle on disk computes what the checkpoint computes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nmt.bundle import Bundle, WeightsDtype, add_ctranslate2, load_bundle, write_bundle
from nmt.bundle.conversion import Quantization
from nmt.config import ModelConfig, RnnConfig, SearchConfig, build_model_config
from nmt.decoding import search
from nmt.engines.load import load_engine
from nmt.models.base import Seq2Seq
from nmt.models.build import build_model
from nmt.tokenizers.base import BOS_ID, EOS_ID, FIRST_PLACEHOLDER_ID, load_tokenizer
from training.card import write_card
from training.checkpoint import BEST, LAST, read_checkpoint, weights_of
from training.config import RunConfig, config_from_dict
from training.data.shards import MANIFEST, PairStore, StoredSource
from training.errors import CheckpointError, TrainingError
from training.step import load_weights

TOLERANCE: dict[WeightsDtype, float] = {"float32": 1e-4, "float16": 0.1, "bfloat16": 0.8}
"""Most that a log-probability may change by storing the weights in a smaller format, in nats."""
CTRANSLATE2_TOLERANCE: dict[Quantization, float] = {"float32": 1e-3, "float16": 0.02, "int8": 0.25}
"""Most that log-probabilities may change on average by the export to CTranslate2, in nats."""


@dataclass(frozen=True)
class Parity:
    """How far the bundle is from the checkpoint."""

    log_prob_difference: float
    """Largest difference of a log-probability, in nats; comes from the smaller weight format."""
    same_translations: float
    """Share of greedy translations of random sources that are equal."""
    ctranslate2_difference: float | None = None
    """Mean difference of the CTranslate2 export's log-probabilities, in nats a piece."""

    def line(self) -> str:
        """Gives all of it as a sentence."""
        line = (
            f"parity: log-probabilities within {self.log_prob_difference:.2g} nats, "
            f"{100 * self.same_translations:.0f} % of greedy translations equal"
        )
        if self.ctranslate2_difference is None:
            return line
        return f"{line}; CTranslate2 {self.ctranslate2_difference:.2g} nats a piece off on average"


def find_checkpoint(path: Path) -> Path:
    """Gives `path` itself if it is a file; of a run folder the best, else the last checkpoint.

    Raises:
        CheckpointError: there is none.
    """
    for candidate in (path, path / BEST, path / LAST):
        if candidate.is_file():
            return candidate
    raise CheckpointError(f"no checkpoint at {path}; give a .ckpt file or a folder of `fit`")


def _network(config: ModelConfig, weights: Mapping[str, Tensor]) -> Seq2Seq:
    model = build_model(config)
    load_weights(model, dict(weights))
    return model.eval()


def _random_sources(vocab_size: int) -> tuple[Tensor, Tensor]:
    """Gives ids [8, 16] with an end piece each, and the mask; the same ones always."""
    generator = torch.Generator().manual_seed(1)
    shape = (8, 16)
    ids = torch.randint(FIRST_PLACEHOLDER_ID, vocab_size, shape, generator=generator)
    lengths = torch.arange(shape[0])[:, None] + 8
    columns = torch.arange(shape[1])
    ids = ids.masked_fill(columns == lengths, EOS_ID).masked_fill(columns > lengths, 0)
    return ids, columns <= lengths


def _random_targets(vocab_size: int) -> Tensor:
    """Gives ids [8, 12], each row begun by the begin piece; the same ones always."""
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(FIRST_PLACEHOLDER_ID, vocab_size, (8, 12), generator=generator)
    ids[:, 0] = BOS_ID
    return ids


@torch.no_grad()
def _outputs(model: Seq2Seq, options: SearchConfig) -> tuple[Tensor, list[tuple[int, ...]]]:
    src_ids, src_mask = _random_sources(model.config.src_vocab_size)
    tgt_in = _random_targets(model.config.tgt_vocab_size)
    log_probs = torch.log_softmax(model(src_ids, src_mask, tgt_in).logits.float(), dim=-1)
    found = search(model, src_ids, src_mask, options)
    return log_probs, [hypotheses[0].ids for hypotheses in found]


def check_parity(bundle: Bundle, weights: Mapping[str, Tensor], dtype: WeightsDtype) -> Parity:
    """Compares a bundle with the weights it was made of.

    With the weights rounded as they are stored everything must be equal; against the weights as
    they were, log-probabilities may differ by the rounding.

    Raises:
        TrainingError: they differ by more.
    """
    options = SearchConfig(beam_size=1, max_length=24)
    stored = {n: w.to(getattr(torch, dtype)).float() for n, w in weights.items()}
    config = bundle.model_config
    loaded, loaded_ids = _outputs(_network(config, bundle.load_weights()), options)
    rounded, rounded_ids = _outputs(_network(config, stored), options)
    exact, exact_ids = _outputs(_network(config, weights), options)
    if loaded_ids != rounded_ids or not torch.allclose(loaded, rounded, atol=1e-5):
        raise TrainingError(
            f"the bundle {bundle.path} computes something else than its checkpoint; "
            "export again, and report this if it stays"
        )
    difference = float((loaded - exact).abs().max())
    if difference > TOLERANCE[dtype]:
        raise TrainingError(
            f"stored as {dtype}, log-probabilities change by {difference:.3f}, allowed: "
            f"{TOLERANCE[dtype]}; export with --dtype float32"
        )
    same = sum(a == b for a, b in zip(loaded_ids, exact_ids, strict=True))
    return Parity(difference, same / len(exact_ids))


def _stored_sources(config: RunConfig) -> tuple[StoredSource, ...]:
    prepared = Path(config.data.prepared)
    if config.data.prepared and (prepared / MANIFEST).is_file():
        return PairStore.open(prepared).sources
    return ()


def read_metrics(path: Path | None) -> dict[str, Any]:
    """Reads a JSON file of scores; nothing where none is given.

    Raises:
        TrainingError: no such file, or no JSON object.
    """
    if path is None:
        return {}
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot read the scores {path}: {error}") from None
    if not isinstance(metrics, dict):
        raise TrainingError(f"{path} holds no JSON object; give what `nmt evaluate` wrote")
    return metrics


def export(
    checkpoint: Path,
    output: Path,
    name: str,
    dtype: WeightsDtype = "float16",
    search_config: SearchConfig | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> Parity:
    """Writes the bundle of a checkpoint and compares it with the checkpoint.

    A Transformer's bundle gets its CTranslate2 export, which is compared too.

    Args:
        checkpoint: a .ckpt file, or a run folder (its best checkpoint, else its last).
        output: folder of the bundle.
        name: of the bundle.
        dtype: how weights are stored.
        search_config: search defaults; by default those of the run.
        metrics: content of metrics.json; its `scores` (test set → metric → value) go into the
            card and into lists of bundles.

    Raises:
        CheckpointError: there is no checkpoint.
        BundleError: the output folder holds something else.
        TrainingError: the bundle does not compute the same.
    """
    content = read_checkpoint(find_checkpoint(checkpoint))
    about: dict[str, Any] = content["about"]
    config = config_from_dict(about["config"])
    model_config = build_model_config(about["model"])
    weights = weights_of(content)
    counters = content.get("state", content)
    scores = dict((metrics or {}).get("scores", {}))
    card = write_card(name, config, about, counters, _stored_sources(config), scores)
    write_bundle(
        output,
        name=name,
        model_config=model_config,
        weights=_network(model_config, weights).state_dict(),
        source_tokenizer=load_tokenizer(Path(config.tokenizer.source)),
        target_tokenizer=load_tokenizer(Path(config.tokenizer.target)),
        search=search_config or config.search,
        card=card,
        metrics=dict(metrics or {}) | {"run": {"update": counters["update"]}},
        scores=scores,
        max_source_pieces=config.data.max_source_pieces,
        weights_dtype=dtype,
    )
    parity = check_parity(load_bundle(output), weights, dtype)
    if isinstance(model_config, RnnConfig):
        return parity
    return replace(parity, ctranslate2_difference=convert(output))


@torch.no_grad()
def convert(folder: Path, quantization: Quantization = "int8") -> float:
    """Adds the CTranslate2 export to a bundle and compares the two.

    Gives the mean difference of the log-probabilities of random translations, in nats a piece.

    Raises:
        BundleError: the bundle cannot be read, or its network is no Transformer.
        TrainingError: they differ by more than `CTRANSLATE2_TOLERANCE`.
    """
    bundle = load_bundle(add_ctranslate2(folder, quantization))
    src_ids, src_mask = _random_sources(bundle.model_config.src_vocab_size)
    targets = _random_targets(bundle.model_config.tgt_vocab_size)[:, 1:].tolist()
    sources = [ids[mask][:-1].tolist() for ids, mask in zip(src_ids, src_mask, strict=True)]
    engines = [load_engine(bundle, name, "cpu") for name in ("torch", "ctranslate2")]
    ours, theirs = (np.array(engine.score(sources, targets)) for engine in engines)
    difference = float(np.abs(ours - theirs).mean())
    if difference > CTRANSLATE2_TOLERANCE[quantization]:
        raise TrainingError(
            f"the CTranslate2 export of {folder} differs by {difference:.3f} nats a piece, "
            f"allowed: {CTRANSLATE2_TOLERANCE[quantization]}; convert with --quantization float32, "
            "or use the bundle with engine 'torch'"
        )
    return difference
