"""Morphemes, then SentencePiece within each morpheme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nmt.errors import AnalyzerMissingError, TokenizerMismatchError
from nmt.tokenizers.analyzers import Analyzer, Versions, analyzer_named
from nmt.tokenizers.base import read_settings
from nmt.tokenizers.morphemes import Segmenter
from nmt.tokenizers.sentencepiece import SentencePieceTokenizer, load_subwords
from nmt.tokenizers.subwords import Subwords


class MorphemeTokenizer(SentencePieceTokenizer):
    """Text → morphemes → pieces that never reach over a morpheme. Implements `Tokenizer`."""

    def __init__(self, subwords: Subwords, analyzer: Analyzer, versions: Versions) -> None:
        """Takes the trained model, the analyzer, and the versions that it was trained with."""
        super().__init__(subwords)
        self.kind = analyzer.name
        self._analyzer = analyzer
        self._segmenter = Segmenter(analyzer)
        self._versions = versions

    @classmethod
    def load(cls, folder: Path) -> MorphemeTokenizer:
        """Loads what `save` wrote.

        Raises:
            TokenizerMismatchError: the analyzer installed here is not the one trained with.
        """
        settings = read_settings(folder)
        analyzer = analyzer_named(settings.get("analyzer"))
        trained = Versions(settings["analyzer_version"], settings["dictionary_version"])
        try:
            here = analyzer.versions()
        except AnalyzerMissingError:
            here = trained  # segment() will say what is missing; training can do without
        if here != trained:
            raise TokenizerMismatchError(
                f"the tokenizer in {folder} was trained with {trained}, but {here} is installed; "
                f"other versions cut words differently. Install the first, or train again"
            )
        return cls(load_subwords(folder), analyzer, trained)

    def segment(self, text: str) -> str:
        """Gives the segmented form: one segment a morpheme."""
        return self._segmenter.segment(text)

    def describe(self) -> dict[str, Any]:
        """Gives what a bundle records of the tokenizer."""
        return super().describe() | {
            "analyzer": self._analyzer.name,
            "analyzer_version": self._versions.analyzer,
            "dictionary_version": self._versions.dictionary,
        }

    def check_ready(self) -> None:
        """Raises AnalyzerMissingError unless the analyzer can be used on this machine."""
        self._analyzer.spans("가")
