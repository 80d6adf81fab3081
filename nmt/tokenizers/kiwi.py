"""Kiwi (kiwipiepy): a C++ analyzer in a wheel, no Java; some 1 000 sentences a second."""

from __future__ import annotations

import importlib
from typing import Any, Final

from nmt.tokenizers.analyzers import Span, Versions, package_version
from nmt.tokenizers.per_process import PerProcess


class KiwiAnalyzer:
    """Kiwi's morphemes by their offsets, because it gives base forms (했 → 하 + 었)."""

    name = "kiwi"
    _INSTALL: Final = "pip install kiwipiepy"

    def __init__(self) -> None:
        """Loads nothing; the model (seconds, 0.5 GB) is loaded with the first text."""
        self._kiwi: PerProcess[Any] = PerProcess(self._load)

    def versions(self) -> Versions:
        """Gives the versions of `kiwipiepy` and `kiwipiepy-model`."""
        return Versions(
            package_version("kiwipiepy", self.name, self._INSTALL),
            package_version("kiwipiepy-model", self.name, self._INSTALL),
        )

    def spans(self, text: str) -> list[Span]:
        """Gives the morphemes of `text`; two of them may share a syllable."""
        with self._kiwi.held() as kiwi:
            tokens = kiwi.tokenize(text)
        return [(token.start, token.end) for token in tokens if token.end > token.start]

    def _load(self) -> Any:
        self.versions()
        return importlib.import_module("kiwipiepy").Kiwi(num_workers=1)
