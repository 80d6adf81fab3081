"""Writes a bundle: all of it or nothing, with the hash of every file."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nmt.bundle.reading import (
    CARD_FILE,
    CONFIG_FILE,
    FORMAT_VERSION,
    MAX_SOURCE_PIECES,
    METRICS_FILE,
    SOURCE_TOKENIZER,
    TARGET_TOKENIZER,
    WEIGHTS_FILE,
    sha256_of,
)
from nmt.config import ModelConfig, SearchConfig, to_dict
from nmt.errors import BundleError
from nmt.tokenizers.base import Tokenizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

WeightsDtype = Literal["float16", "bfloat16", "float32"]


def write_bundle(
    folder: Path,
    *,
    name: str,
    model_config: ModelConfig,
    weights: Mapping[str, Tensor],
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    search: SearchConfig,
    card: str,
    metrics: Mapping[str, Any],
    scores: Mapping[str, Any] | None = None,
    max_source_pieces: int = MAX_SOURCE_PIECES,
    weights_dtype: WeightsDtype = "float16",
) -> Path:
    """Writes a bundle into `folder`, which a bundle may be in already: it is replaced.

    Args:
        folder: where; its parents are made.
        name: as in `--model`.
        model_config: the architecture.
        weights: the network's state by name; tensors that share memory are stored once.
        source_tokenizer: saved into the bundle.
        target_tokenizer: saved into the bundle.
        search: search defaults.
        card: text of MODEL_CARD.md.
        metrics: content of metrics.json.
        scores: test set → metric → value, for lists of bundles.
        max_source_pieces: longest source sentence, in pieces, that the model was trained for.
        weights_dtype: floating-point weights are stored in this precision.

    Raises:
        BundleError: the folder holds something else, or a weight is not finite in `weights_dtype`.
    """
    folder = Path(folder)
    with rewriting(folder) as part:
        tied = _write_weights(part / WEIGHTS_FILE, weights, weights_dtype)
        source_tokenizer.save(part / SOURCE_TOKENIZER)
        target_tokenizer.save(part / TARGET_TOKENIZER)
        (part / CARD_FILE).write_text(card, encoding="utf-8")
        write_json(part / METRICS_FILE, metrics)
        write_json(part / CONFIG_FILE, {
            "format_version": FORMAT_VERSION,
            "name": name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "architecture": to_dict(model_config),
            "search": to_dict(search),
            "max_source_pieces": max_source_pieces,
            "tokenizers": {
                "source": source_tokenizer.describe(),
                "target": target_tokenizer.describe(),
            },
            "scores": dict(scores or {}),
            "tied_weights": tied,
            "files": hashes_of(part),
        })  # fmt: skip
    return folder


@contextmanager
def rewriting(folder: Path) -> Iterator[Path]:
    """Gives an empty folder that takes the place of the bundle `folder` when the block is left.

    After an error `folder` is as it was.

    Raises:
        BundleError: `folder` holds something that is no bundle.
    """
    _check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield part
        part.chmod(0o755)
        _move(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_target(folder: Path) -> None:
    is_other = folder.is_dir() and any(folder.iterdir()) and not (folder / CONFIG_FILE).is_file()
    if is_other or (folder.exists() and not folder.is_dir()):
        raise BundleError(
            f"{folder} exists and is no bundle; give a new folder, or one with a bundle to replace"
        )


def _write_weights(
    path: Path, weights: Mapping[str, Tensor], dtype_name: WeightsDtype
) -> dict[str, str]:
    """Stores the weights; gives the names that are stored under another's."""
    import torch
    from safetensors.torch import save_file

    stored: dict[str, Tensor] = {}
    first_names: dict[tuple[int, tuple[int, ...], tuple[int, ...]], str] = {}
    tied: dict[str, str] = {}
    for name, value in weights.items():
        place = (value.data_ptr(), tuple(value.shape), value.stride())
        if value.numel() and place in first_names:
            tied[name] = first_names[place]
            continue
        first_names[place] = name
        stored[name] = _as_stored(name, value, getattr(torch, dtype_name))
    save_file(stored, path)
    path.chmod(0o644)  # safetensors makes it readable for its owner only
    return tied


def _as_stored(name: str, value: Tensor, dtype: torch.dtype) -> Tensor:
    if not value.is_floating_point():
        return value.detach().cpu().contiguous().clone()
    converted = value.detach().cpu().to(dtype).contiguous().clone()
    if not converted.isfinite().all():
        raise BundleError(
            f"weight {name} has values that are not finite as {dtype}; "
            "store the weights in float32, or look for a training run that diverged"
        )
    return converted


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file that people can read."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def hashes_of(folder: Path) -> dict[str, str]:
    """Gives the SHA-256 of every file in `folder`, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def _move(part: Path, folder: Path) -> None:
    """Puts `part` in the place of `folder`; what was there goes only when the new one stands."""
    old = part.with_name(part.name + ".old")
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
