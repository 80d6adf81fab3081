"""Checkpoint → bundle, checked: the bundle on disk computes what the checkpoint computes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nmt.bundle import Bundle, WeightsDtype, load_bundle, write_bundle
from nmt.config import ModelConfig, SearchConfig, build_model_config
from nmt.decoding import search
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


@dataclass(frozen=True)
class Parity:
    """How far the bundle is from the checkpoint."""

    log_prob_difference: float
    """Largest difference of a log-probability, in nats; comes from the smaller weight format."""
    same_translations: float
    """Share of greedy translations of random sources that are equal."""

    def line(self) -> str:
        """Gives both as a sentence."""
        return (
            f"parity: log-probabilities within {self.log_prob_difference:.2g} nats, "
            f"{100 * self.same_translations:.0f} % of greedy translations equal"
        )


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


@torch.no_grad()
def _outputs(model: Seq2Seq, options: SearchConfig) -> tuple[Tensor, list[tuple[int, ...]]]:
    src_ids, src_mask = _random_sources(model.config.src_vocab_size)
    generator = torch.Generator().manual_seed(2)
    tgt_in = torch.randint(
        FIRST_PLACEHOLDER_ID, model.config.tgt_vocab_size, (8, 12), generator=generator
    )
    tgt_in[:, 0] = BOS_ID
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
    return check_parity(load_bundle(output), weights, dtype)
