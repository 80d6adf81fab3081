"""SentencePiece over the units of a segmented text, with a cache by unit.

Decoding and offsets are done here on the pieces, because SentencePiece reads a `▁` that came in
as bytes and one that marks a space alike.
"""

from __future__ import annotations

from typing import Final, Literal

import sentencepiece

from nmt.errors import TokenizerError
from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, PLACEHOLDERS, UNK_ID, Encoding
from nmt.tokenizers.segmented import SPACE_MARK, unmark, words_of

ModelType = Literal["unigram", "bpe"]

MAX_CACHED_UNITS: Final = 50_000
"""Some 20 MB; numbers and names, which never end, fill any cache."""
MAX_CACHED_CHARS: Final = 32
"""Longer units (text without spaces) are encoded anew each time."""
FIRST_BYTE_ID: Final = FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)
FIRST_PIECE_ID: Final = FIRST_BYTE_ID + 256

MARK_AS_BYTES: Final = [FIRST_BYTE_ID + byte for byte in SPACE_MARK.encode()]


class Subwords:
    """A trained SentencePiece model. Safe to share among threads."""

    def __init__(self, model: bytes, model_type: ModelType) -> None:
        """Reads a serialised SentencePiece model.

        Raises:
            TokenizerError: not a model, or one whose reserved ids differ from ours.
        """
        self.processor = sentencepiece.SentencePieceProcessor()
        try:
            self.processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise TokenizerError(
                f"the SentencePiece model ({len(model)} bytes) cannot be read ({error}); "
                "copy the folder again or train the tokenizer again"
            ) from error
        self.model = model
        self.model_type = model_type
        self.vocab_size: int = self.processor.vocab_size()
        self.pieces: list[str] = [self.processor.id_to_piece(i) for i in range(self.vocab_size)]
        self._check_reserved()
        self._texts = [unmark(piece) for piece in self.pieces]
        self._ids: dict[str, list[int]] = {}

    def _check_reserved(self) -> None:
        wanted = ["<pad>", "<s>", "</s>", "<unk>", *PLACEHOLDERS, "<0x00>"]
        if self.pieces[: len(wanted)] != wanted:
            raise TokenizerError(
                f"the SentencePiece model begins with {self.pieces[:5]}, but ids 0 to 19 must be "
                f"{wanted[:4]} and ⟦0⟧ to ⟦15⟧, followed by the 256 bytes; "
                "train it with `nmt train tokenizer`"
            )

    def ids(self, segmented: str) -> list[int]:
        """Gives the best ids of a segmented text."""
        cached = self._ids
        out: list[int] = []
        for unit in words_of(segmented):
            ids = cached.get(unit)
            out += self._encode_unit(unit) if ids is None else ids
        return out

    def _encode_unit(self, unit: str) -> list[int]:
        # A space in a segmented text stands for a `▁` of the text (see segmented.py).
        parts: list[list[int]] = [self.processor.encode(part) for part in unit.split(" ")]
        ids = list(parts[0])
        for part in parts[1:]:
            ids += MARK_AS_BYTES + part
        if len(unit) <= MAX_CACHED_CHARS:
            if len(self._ids) >= MAX_CACHED_UNITS:
                self._ids.clear()
            self._ids[unit] = ids
        return ids

    def encoding(self, ids: list[int]) -> Encoding:
        """Gives the pieces of `ids` with the characters of the decoded text that they cover."""
        offsets: list[tuple[int, int]] = []
        at = -1  # the `▁` before the first word is no character of the text
        row = 0
        while row < len(ids):
            width, n_chars = 1, len(self._texts[ids[row]])
            if FIRST_BYTE_ID <= ids[row] < FIRST_PIECE_ID:
                width, n_chars = _utf8_length(ids[row] - FIRST_BYTE_ID), 1
            offsets += [(max(at, 0), max(at + n_chars, 0))] * min(width, len(ids) - row)
            at += n_chars
            row += width
        return Encoding(ids, [self.pieces[i] for i in ids], offsets)

    def decode(self, ids: list[int]) -> str:
        """Gives the text of `ids`; pad, bos, eos and unk are left out.

        Bytes that make no UTF-8 character, which only a model can produce, become U+FFFD.

        Raises:
            TokenizerError: an id is not in the vocabulary.
        """
        parts: list[str] = []
        waiting = bytearray()
        for row in ids:
            if not 0 <= row < self.vocab_size:
                raise TokenizerError(
                    f"id {row} is not in the vocabulary; allowed: 0 to {self.vocab_size - 1}; "
                    "use the tokenizer that the model was trained with"
                )
            if FIRST_BYTE_ID <= row < FIRST_PIECE_ID:
                waiting.append(row - FIRST_BYTE_ID)
                continue
            if waiting:
                parts.append(waiting.decode("utf-8", "replace"))
                waiting.clear()
            if row > UNK_ID:
                parts.append(self._texts[row])
        parts.append(waiting.decode("utf-8", "replace"))
        text = "".join(parts)
        return text[1:] if text.startswith(" ") else text


def _utf8_length(first_byte: int) -> int:
    """Gives the number of bytes of the character that begins with `first_byte`."""
    if first_byte < 0xC0:
        return 1
    return 2 if first_byte < 0xE0 else 3 if first_byte < 0xF0 else 4
