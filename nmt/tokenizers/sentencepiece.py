"""SentencePiece alone: the whole text is one segment, cut at spaces only."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any, Final, Literal, cast

from nmt.errors import TokenizerError
from nmt.tokenizers.base import (
    FORMAT_VERSION,
    MODEL_FILE,
    SETTINGS_FILE,
    Encoding,
    RandomSource,
    read_settings,
)
from nmt.tokenizers.sampling import Sampler, sample_ids, sampler_for
from nmt.tokenizers.segmented import join_at
from nmt.tokenizers.subwords import ModelType, Subwords

SAMPLING: Final[dict[ModelType, str]] = {"unigram": "unigram", "bpe": "bpe-dropout"}


class SentencePieceTokenizer:
    """Text → pieces, without an analyzer. Implements `Tokenizer`."""

    kind: str = "sentencepiece"

    def __init__(self, subwords: Subwords) -> None:
        """Takes the trained model."""
        self.subwords = subwords

    @classmethod
    def load(cls, folder: Path) -> SentencePieceTokenizer:
        """Loads what `save` wrote."""
        return cls(load_subwords(folder))

    @property
    def vocab_size(self) -> int:
        """Number of pieces, reserved ones included."""
        return self.subwords.vocab_size

    @functools.cached_property
    def _sampler(self) -> Sampler:
        return sampler_for(self.subwords)

    def segment(self, text: str) -> str:
        """Gives the segmented form: one segment."""
        return join_at(text, ())

    def encode(self, text: str) -> Encoding:
        """Gives ids, pieces and character offsets of `text`."""
        return self.subwords.encoding(self.encode_ids(text))

    def encode_ids(self, text: str) -> list[int]:
        """Gives the ids of `text`."""
        return self.subwords.ids(self.segment(text))

    def ids_of_segmented(self, segmented: str) -> list[int]:
        """Gives the ids of a segmented text."""
        return self.subwords.ids(segmented)

    def sample_ids(self, segmented: str, alpha: float, rng: RandomSource) -> list[int]:
        """Gives ids of a random segmentation; see nmt/tokenizers/sampling.py."""
        return sample_ids(self._sampler, segmented, alpha, rng)

    def decode(self, ids: list[int]) -> str:
        """Gives the text of `ids`; pad, bos, eos and unk are left out."""
        return self.subwords.decode(ids)

    def describe(self) -> dict[str, Any]:
        """Gives what a bundle records of the tokenizer."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": self.kind,
            "analyzer": None,
            "analyzer_version": None,
            "dictionary_version": None,
            "vocab_size": self.vocab_size,
            "model_type": self.subwords.model_type,
            "sampling": SAMPLING[self.subwords.model_type],
        }

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` and `spm.model`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / MODEL_FILE, self.subwords.model)
        settings = json.dumps(self.describe(), ensure_ascii=False, indent=2) + "\n"
        _write(folder / SETTINGS_FILE, settings.encode())

    def check_ready(self) -> None:
        """Needs nothing but SentencePiece."""


def _write(path: Path, content: bytes) -> None:
    """Writes through a temporary name, so that a reader never sees half a file."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def load_subwords(folder: Path) -> Subwords:
    """Loads the SentencePiece model of a saved tokenizer.

    Raises:
        TokenizerError: the folder is no tokenizer, or model and settings disagree.
    """
    settings = read_settings(folder)
    model_type = settings.get("model_type")
    if model_type not in SAMPLING:
        raise TokenizerError(
            f"{folder / SETTINGS_FILE} has model_type {model_type!r}; "
            f"allowed: {', '.join(SAMPLING)}; train the tokenizer again"
        )
    model = (folder / MODEL_FILE).read_bytes()
    subwords = Subwords(model, cast(Literal["unigram", "bpe"], model_type))
    if settings.get("vocab_size") != subwords.vocab_size:
        raise TokenizerError(
            f"{folder}: {SETTINGS_FILE} says {settings.get('vocab_size')} pieces, {MODEL_FILE} "
            f"has {subwords.vocab_size}; the two files are not of one training: copy both again"
        )
    return subwords
