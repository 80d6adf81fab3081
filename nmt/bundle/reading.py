"""Reads a bundle: the released, read-only folder that turns Korean text into English text.

    config.json         format version, name, architecture, search defaults, tokenizers, scores,
                        and the SHA-256 of every other file
    model.safetensors   weights, as a rule in float16
    source_tokenizer/   tokenizer.json, spm.model
    target_tokenizer/
    MODEL_CARD.md       data with licences, scores with signatures, limits
    metrics.json        every score in full
    ctranslate2/        the Transformer once more, for the engine of that name; may be missing

Written by nmt/bundle/writing.py, described in docs/bundle.md. Imports no torch: weights are read
when an engine asks for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nmt.config import ModelConfig, SearchConfig, build, build_model_config
from nmt.errors import (
    BundleCorruptError,
    BundleNotFoundError,
    BundleVersionError,
    ConfigError,
    TokenizerError,
    TokenizerMismatchError,
)

if TYPE_CHECKING:
    from torch import Tensor

    from nmt.tokenizers.base import Tokenizer

FORMAT_VERSION = 1
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "MODEL_CARD.md"
METRICS_FILE = "metrics.json"
SOURCE_TOKENIZER = "source_tokenizer"
TARGET_TOKENIZER = "target_tokenizer"
CTRANSLATE2_FOLDER = "ctranslate2"
CTRANSLATE2_MODEL = f"{CTRANSLATE2_FOLDER}/model.bin"
MAX_SOURCE_PIECES = 128
"""Longer sentences are cut before translation, where the bundle says nothing else."""

_REPAIR = "get the bundle again or export it again"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle whose files are all there and have the hashes that `config.json` names."""

    path: Path
    name: str
    model_config: ModelConfig
    search: SearchConfig
    """Search defaults, tuned on development data."""
    max_source_pieces: int
    """Longest source sentence, in pieces, that the model was trained for."""
    tokenizers: Mapping[str, Any]
    """What the tokenizers say of themselves, under `source` and `target`."""
    scores: Mapping[str, Any]
    """Test set → metric → value, e.g. `{"flores-dev": {"bleu": 20.1, "chrf": 48.0}}`."""
    created: str
    """When it was written: ISO 8601, UTC."""
    checksum: str
    """SHA-256 of `config.json`, which holds the hashes of all other files: names the content."""
    tied_weights: Mapping[str, str]
    """Name of a weight that is another's → the name it is stored under."""
    ctranslate2: Path | None = None
    """Folder of the CTranslate2 model; none where the bundle has none."""

    def load_weights(self) -> dict[str, Tensor]:
        """Reads the weights as float32, by their names in the network."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            stored = load_file(self.path / WEIGHTS_FILE)
        except SafetensorError as error:
            raise BundleCorruptError(
                f"{self.path / WEIGHTS_FILE} cannot be read ({error}); {_REPAIR}"
            ) from error
        weights = {
            name: value.float() if value.is_floating_point() else value
            for name, value in stored.items()
        }
        return weights | {alias: weights[name] for alias, name in self.tied_weights.items()}

    def load_tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """Gives the source and the target tokenizer, ready for use.

        Raises:
            AnalyzerMissingError: the source needs an analyzer that is not installed.
            TokenizerMismatchError: another version of it is installed.
            BundleCorruptError: the tokenizers do not fit the model.
        """
        from nmt.tokenizers.base import load_tokenizer

        try:
            source = load_tokenizer(self.path / SOURCE_TOKENIZER)
            target = load_tokenizer(self.path / TARGET_TOKENIZER)
        except TokenizerMismatchError:
            raise
        except TokenizerError as error:
            raise BundleCorruptError(f"bundle {self.name!r}: {error}") from error
        sizes = (self.model_config.src_vocab_size, self.model_config.tgt_vocab_size)
        if (source.vocab_size, target.vocab_size) != sizes:
            raise BundleCorruptError(
                f"bundle {self.name!r}: the tokenizers have {source.vocab_size} and "
                f"{target.vocab_size} pieces, the model {sizes[0]} and {sizes[1]}; {_REPAIR}"
            )
        source.check_ready()
        return source, target

    @cached_property
    def card(self) -> str:
        """Text of the model card."""
        return (self.path / CARD_FILE).read_text(encoding="utf-8")

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """Content of `metrics.json`."""
        metrics: Mapping[str, Any] = json.loads((self.path / METRICS_FILE).read_bytes())
        return metrics


def load_bundle(path: Path | str) -> Bundle:
    """Reads the bundle in the folder `path`; every file's hash is checked.

    Raises:
        BundleNotFoundError: there is no such folder, or no bundle in it.
        BundleVersionError: it was written by a newer version.
        BundleCorruptError: a file is missing or altered, or `config.json` makes no sense.
    """
    path = Path(path)
    content = read_config(path)
    _check_files(path, content)
    try:
        return _build_bundle(path, content)
    except (KeyError, TypeError, AttributeError, ConfigError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BundleCorruptError(
            f"{path / CONFIG_FILE} makes no sense: {reason}; {_REPAIR}"
        ) from error


def _build_bundle(path: Path, content: Mapping[str, Any]) -> Bundle:
    return Bundle(
        path=path,
        name=content["name"],
        model_config=build_model_config(content["architecture"]),
        search=build(SearchConfig, content["search"], "search"),
        max_source_pieces=content.get("max_source_pieces", MAX_SOURCE_PIECES),
        tokenizers=content["tokenizers"],
        scores=content.get("scores", {}),
        created=content["created"],
        checksum=sha256_of(path / CONFIG_FILE),
        tied_weights=content.get("tied_weights", {}),
        ctranslate2=path / CTRANSLATE2_FOLDER if CTRANSLATE2_MODEL in content["files"] else None,
    )


def read_config(path: Path) -> dict[str, Any]:
    """Gives the parsed `config.json` of a bundle, of a format that this version reads.

    Raises:
        BundleNotFoundError, BundleVersionError, BundleCorruptError: as `load_bundle`.
    """
    if not (path / CONFIG_FILE).is_file():
        what = "has no config.json" if path.is_dir() else "is not a folder"
        raise BundleNotFoundError(
            f"{path} is no bundle: it {what}; give a folder written by `nmt train export`"
        )
    try:
        content = json.loads((path / CONFIG_FILE).read_bytes())
    except ValueError as error:
        raise BundleCorruptError(
            f"{path / CONFIG_FILE} is not JSON ({error}); {_REPAIR}"
        ) from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise BundleCorruptError(f"{path / CONFIG_FILE} has no format_version; {_REPAIR}")
    if version > FORMAT_VERSION:
        raise BundleVersionError(
            f"the bundle in {path} has format {version}; this version reads formats up to "
            f"{FORMAT_VERSION}; update korean-nmt"
        )
    config: dict[str, Any] = content
    return config


def _check_files(path: Path, content: Mapping[str, Any]) -> None:
    """Compares every file with its hash; the files that a bundle cannot lack must be listed."""
    files = content.get("files")
    if not isinstance(files, dict):
        raise BundleCorruptError(f"{path / CONFIG_FILE} lists no files; {_REPAIR}")
    needed = (WEIGHTS_FILE, CARD_FILE, METRICS_FILE)
    missing = [name for name in (*needed, *files) if name not in files or not _inside(path, name)]
    if missing:
        raise BundleCorruptError(f"the bundle in {path} has no file {missing[0]}; {_REPAIR}")
    for name, wanted in files.items():
        found = sha256_of(path / name)
        if found != wanted:
            raise BundleCorruptError(
                f"{path / name} was altered: its SHA-256 is {found[:12]}…, "
                f"config.json says {str(wanted)[:12]}…; {_REPAIR}"
            )


def _inside(path: Path, name: str) -> bool:
    """Whether `name` is a file of the bundle and not a way out of it."""
    parts = PurePosixPath(name)
    return not parts.is_absolute() and ".." not in parts.parts and (path / name).is_file()


def sha256_of(path: Path) -> str:
    """Gives the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
