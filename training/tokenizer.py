"""Trains a tokenizer: SentencePiece over the units of segmented texts.

SentencePiece reads each distinct unit (a word of a morpheme, see nmt/tokenizers/segmented.py)
once, with its count, as a text of its own. That is how no piece can grow over a morpheme, and it
is fast: a million sentences have some hundred thousand units.
"""

from __future__ import annotations

import io
import itertools
import logging
import string
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, get_args

import sentencepiece

from nmt.errors import TokenizerError
from nmt.tokenizers.analyzers import analyzer_named
from nmt.tokenizers.base import PLACEHOLDERS, Tokenizer
from nmt.tokenizers.morpheme import MorphemeTokenizer
from nmt.tokenizers.segmented import SPACE_MARK, words_of
from nmt.tokenizers.sentencepiece import SentencePieceTokenizer
from nmt.tokenizers.subwords import FIRST_PIECE_ID, ModelType, Subwords

logger = logging.getLogger(__name__)

KEPT_CHARS: Final = string.ascii_letters + string.digits + string.punctuation
"""Always pieces of their own, so that Latin words never fall to bytes in Korean text."""
MAX_UNIT_CHARS: Final = 64
"""Longer units teach no pieces: they are addresses, keys and drawings."""


def train_tokenizer(
    segmented_lines: Iterable[str],
    *,
    kind: str,
    vocab_size: int,
    folder: Path,
    model_type: ModelType = "unigram",
    seed_sentences: int = 2_000_000,
    character_coverage: float = 0.9998,
    n_threads: int = 2,
) -> Tokenizer:
    """Trains a tokenizer, saves it in `folder` and gives it.

    Args:
        segmented_lines: segmented texts, in random order if there are more than are read.
        kind: `sentencepiece` or the analyzer that cut the lines; its versions are recorded.
        vocab_size: pieces wanted, with the 4 specials, 16 placeholders and 256 bytes among them;
            fewer come out if the text has too few (a warning says so).
        folder: where `tokenizer.json` and `spm.model` are written.
        model_type: `unigram` (subword regularisation) or `bpe` (dropout).
        seed_sentences: lines read at most; memory grows with their distinct units.
        character_coverage: share of the characters that are pieces; the rest become bytes.
        n_threads: threads of SentencePiece.

    Raises:
        TokenizerError: no text, or a vocabulary too small for the reserved pieces.
        AnalyzerMissingError: the analyzer `kind` is not installed.
    """
    if model_type not in get_args(ModelType):
        raise TokenizerError(f"model_type is {model_type!r}; allowed: unigram, bpe")
    build = _builder(kind)  # asks for the analyzer before hours are spent
    counts = count_units(itertools.islice(segmented_lines, seed_sentences))
    model = train_subwords(
        counts,
        vocab_size=vocab_size,
        model_type=model_type,
        character_coverage=character_coverage,
        n_threads=n_threads,
    )
    tokenizer = build(Subwords(model, model_type))
    if tokenizer.vocab_size < vocab_size:
        logger.warning("%d pieces wanted, the text gave %d", vocab_size, tokenizer.vocab_size)
    tokenizer.save(folder)
    return tokenizer


def _builder(kind: str) -> Callable[[Subwords], Tokenizer]:
    if kind == SentencePieceTokenizer.kind:
        return SentencePieceTokenizer
    analyzer = analyzer_named(kind)
    versions = analyzer.versions()
    return lambda subwords: MorphemeTokenizer(subwords, analyzer, versions)


def count_units(segmented_lines: Iterable[str]) -> Counter[str]:
    """Counts the units of segmented texts; those that teach nothing are left out."""
    counts: Counter[str] = Counter()
    for line in segmented_lines:
        counts.update(words_of(line))
    for unit in [u for u in counts if len(u) > MAX_UNIT_CHARS or not u.isprintable() or " " in u]:
        del counts[unit]
    return counts


def train_subwords(
    counts: Counter[str],
    *,
    vocab_size: int,
    model_type: ModelType,
    character_coverage: float,
    n_threads: int,
) -> bytes:
    """Trains SentencePiece on counted units and gives the serialised model.

    Identity normalisation: the text was normalised before; nothing is lost or added here.

    Raises:
        TokenizerError: no units, or SentencePiece refuses the vocabulary size.
    """
    if not counts:
        raise TokenizerError("no text to train a tokenizer on; give at least some lines")
    if vocab_size <= FIRST_PIECE_ID + len(KEPT_CHARS):
        raise TokenizerError(
            f"vocab_size is {vocab_size}; {FIRST_PIECE_ID} ids are reserved and "
            f"{len(KEPT_CHARS)} are Latin characters: give 1000 or more"
        )
    # Sorted, so that the model does not depend on the order of the lines.
    lines = (f"{unit}\t{count}" for unit, count in sorted(counts.items()))
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            input_format="tsv",
            model_writer=model,
            model_type=model_type,
            vocab_size=vocab_size,
            hard_vocab_limit=False,
            character_coverage=character_coverage,
            required_chars=KEPT_CHARS + SPACE_MARK,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            byte_fallback=True,
            split_digits=True,
            pad_id=0,
            bos_id=1,
            eos_id=2,
            unk_id=3,
            user_defined_symbols=list(PLACEHOLDERS),
            num_threads=n_threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise TokenizerError(
            f"SentencePiece cannot train {vocab_size} pieces on {len(counts)} distinct "
            f"words ({error}); give more text or another vocab_size"
        ) from error
    return model.getvalue()
