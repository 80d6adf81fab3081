"""Cuts text into morphemes without altering it, whatever the analyzer does to its surfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nmt.tokenizers.analyzers import Analyzer, analyzer_named
from nmt.tokenizers.segmented import join_at

MAX_ANALYZED_CHARS: Final = 1000
"""Longer texts go to the analyzer in slices, cut at a space where there is one."""

_KEPT = re.compile(r"(⟦\d{1,3}⟧|</?[A-Za-z][^<>\n]{0,200}>)")
# Not for analyzers: controls and surrogates upset their C and Java code; the length stays.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Segmenter:
    """Cuts a text into segments. `Segmenter(None)` leaves it whole, as plain SentencePiece does."""

    def __init__(self, analyzer: Analyzer | None) -> None:
        """Takes the analyzer; it starts with the first text."""
        self.analyzer = analyzer

    def segment(self, text: str) -> str:
        """Gives the segmented form (nmt/tokenizers/segmented.py): one segment a morpheme.

        Raises:
            AnalyzerMissingError: the analyzer is not installed; the message says what to install.
        """
        cuts = () if self.analyzer is None else morpheme_cuts(text, self.analyzer)
        return join_at(text, cuts)


def build_segmenter(kind: str) -> Segmenter:
    """Gives what cuts text for a tokenizer of `kind`, before there is one.

    Args:
        kind: `sentencepiece` (no cuts) or the name of an analyzer.

    Raises:
        TokenizerError: no analyzer has that name.
    """
    return Segmenter(None if kind == "sentencepiece" else analyzer_named(kind))


def morpheme_cuts(text: str, analyzer: Analyzer) -> set[int]:
    """Gives the positions where `text` is cut into morphemes.

    A morpheme takes the spaces before it. Two morphemes that share a syllable (했 = 하 + 었) are
    not parted, so every segment is a slice of the text. Placeholders and markup stay whole.
    """
    cuts: set[int] = set()
    for start, end, kept in _stretches(text):
        if kept:
            cuts.update((start, end))
            continue
        readable = _UNREADABLE.sub(" ", text[start:end])
        for a, b in _parted(analyzer.spans(readable)):
            cuts.update((start + a, start + b))
    return {_before_spaces(text, min(cut, len(text))) for cut in cuts}


def _before_spaces(text: str, position: int) -> int:
    while position > 0 and text[position - 1] == " ":
        position -= 1
    return position


def _stretches(text: str) -> Iterable[tuple[int, int, bool]]:
    """Yields (start, end, kept): kept stretches are single segments, others are analysed."""
    at = 0
    matches = _KEPT.finditer(text) if "⟦" in text or "<" in text else ()
    for match in matches:
        yield from _slices(text, at, match.start())
        yield match.start(), match.end(), True
        at = match.end()
    yield from _slices(text, at, len(text))


def _slices(text: str, start: int, end: int) -> Iterable[tuple[int, int, bool]]:
    while end - start > MAX_ANALYZED_CHARS:
        space = text.rfind(" ", start + 1, start + MAX_ANALYZED_CHARS)
        cut = space if space > start else start + MAX_ANALYZED_CHARS
        yield start, cut, False
        start = cut
    if end > start:
        yield start, end, False


def _parted(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins spans that overlap."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start < out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif end > start:
            out.append((start, end))
    return out
