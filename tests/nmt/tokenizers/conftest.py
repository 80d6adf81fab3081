"""Small tokenizers, trained once for all tests here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Tests are imported one by one (importlib mode), so their folder is not on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from small_tokenizers import TEXTS, PairAnalyzer, train

from nmt.tokenizers.base import Tokenizer
from nmt.tokenizers.morpheme import MorphemeTokenizer
from nmt.tokenizers.sentencepiece import SentencePieceTokenizer
from nmt.tokenizers.subwords import ModelType


def paired_with(model_type: ModelType) -> MorphemeTokenizer:
    analyzer = PairAnalyzer()
    return MorphemeTokenizer(train(TEXTS, analyzer, model_type), analyzer, analyzer.versions())


@pytest.fixture(scope="session")
def plain_unigram() -> SentencePieceTokenizer:
    return SentencePieceTokenizer(train(TEXTS, None, "unigram"))


@pytest.fixture(scope="session")
def plain_bpe() -> SentencePieceTokenizer:
    return SentencePieceTokenizer(train(TEXTS, None, "bpe"))


@pytest.fixture(scope="session")
def paired_unigram() -> MorphemeTokenizer:
    return paired_with("unigram")


@pytest.fixture(scope="session")
def paired_bpe() -> MorphemeTokenizer:
    return paired_with("bpe")


@pytest.fixture(scope="session", params=["plain_unigram", "plain_bpe"])
def plain(request: pytest.FixtureRequest) -> SentencePieceTokenizer:
    """SentencePiece alone."""
    found: SentencePieceTokenizer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session", params=["paired_unigram", "paired_bpe"])
def paired(request: pytest.FixtureRequest) -> MorphemeTokenizer:
    """SentencePiece over the fake's morphemes."""
    found: MorphemeTokenizer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(
    scope="session", params=["plain_unigram", "plain_bpe", "paired_unigram", "paired_bpe"]
)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    """Each of the four."""
    found: Tokenizer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def saved(tmp_path: Path, paired: MorphemeTokenizer) -> Path:
    """A folder with a saved tokenizer whose analyzer is the fake `mecab`."""
    paired.save(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"
