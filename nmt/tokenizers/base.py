"""The Tokenizer protocol, the reserved ids, and how a saved tokenizer is loaded.

Every vocabulary, source and target, begins with the same 20 pieces: pad, bos, eos, unk and the
placeholders ⟦0⟧ … ⟦15⟧, which stand for spans that must come through translation unchanged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nmt.errors import TokenizerError

PAD_ID = 0
BOS_ID = 1
EOS_ID = 2
UNK_ID = 3
FIRST_PLACEHOLDER_ID = 4
PLACEHOLDERS: tuple[str, ...] = tuple(f"⟦{k}⟧" for k in range(16))

SETTINGS_FILE = "tokenizer.json"
MODEL_FILE = "spm.model"
FORMAT_VERSION = 1


class RandomSource(Protocol):
    """What sampling needs of a generator: `random.Random` or `numpy.random.Generator`."""

    def random(self) -> float:
        """Gives a number in [0, 1)."""
        ...


@dataclass(frozen=True)
class Encoding:
    """The pieces of one text; no bos or eos among them."""

    ids: list[int]
    """Row of each piece in the vocabulary."""
    pieces: list[str]
    """Each piece as the vocabulary writes it; a space is `▁`, a byte is `<0xE2>`."""
    offsets: list[tuple[int, int]]
    """Characters [start, end) of the text that each piece covers. The spans tile the text in
    order; the `▁` before the first word covers nothing, and the bytes of one character all
    carry the span of that character."""


class Tokenizer(Protocol):
    """Text ↔ ids. Losslessly: `decode(encode_ids(text)) == text`."""

    @property
    def kind(self) -> str:
        """Name of the analyzer before SentencePiece, or `sentencepiece` for none."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of pieces, reserved ones included."""
        ...

    def encode(self, text: str) -> Encoding:
        """Gives ids, pieces and character offsets of `text`."""
        ...

    def encode_ids(self, text: str) -> list[int]:
        """Gives the ids of `text` alone (the fast way)."""
        ...

    def segment(self, text: str) -> str:
        """Gives the segmented form (see nmt/tokenizers/segmented.py) that training stores."""
        ...

    def ids_of_segmented(self, segmented: str) -> list[int]:
        """Gives the ids of a segmented text; needs no analyzer."""
        ...

    def sample_ids(self, segmented: str, alpha: float, rng: RandomSource) -> list[int]:
        """Gives ids of a random segmentation into pieces; needs no analyzer."""
        ...

    def decode(self, ids: list[int]) -> str:
        """Gives the text of `ids`; pad, bos, eos and unk are left out."""
        ...

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` and `spm.model`."""
        ...

    def describe(self) -> dict[str, Any]:
        """Gives kind, analyzer, its versions, vocabulary size and sampling, JSON-ready."""
        ...

    def check_ready(self) -> None:
        """Raises AnalyzerMissingError unless the analyzer can be used on this machine."""
        ...


def read_settings(folder: Path) -> dict[str, Any]:
    """Gives the parsed `tokenizer.json` of a saved tokenizer.

    Raises:
        TokenizerError: the folder has no tokenizer or one of a newer format.
    """
    path = folder / SETTINGS_FILE
    for needed in (path, folder / MODEL_FILE):
        if not needed.is_file():
            raise TokenizerError(
                f"no tokenizer in {folder}: {needed.name} is missing; "
                "give a folder written by `nmt train tokenizer`"
            )
    try:
        settings: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TokenizerError(f"{path} is not JSON ({error}); train the tokenizer again") from error
    if not isinstance(settings, dict) or settings.get("format_version") != FORMAT_VERSION:
        found = settings.get("format_version") if isinstance(settings, dict) else None
        raise TokenizerError(
            f"{path} has format_version {found!r}, this version reads {FORMAT_VERSION}; "
            "update the package or train the tokenizer again"
        )
    return settings


def load_tokenizer(folder: Path) -> Tokenizer:
    """Loads a tokenizer that `save` wrote.

    An analyzer that is not installed is no error here, because training on segmented text does
    without it: call `check_ready` to be told early.

    Raises:
        TokenizerError: the folder holds no usable tokenizer.
        TokenizerMismatchError: the analyzer installed here is not the one trained with.
    """
    # Both modules build on this one, so they are imported when needed.
    from nmt.tokenizers.morpheme import MorphemeTokenizer
    from nmt.tokenizers.sentencepiece import SentencePieceTokenizer

    folder = Path(folder)
    if read_settings(folder).get("kind") == SentencePieceTokenizer.kind:
        return SentencePieceTokenizer.load(folder)
    return MorphemeTokenizer.load(folder)
