"""Which characters of a translation stand for which of the source, read off the attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from nmt.translation import SentenceTranslation

Span = tuple[int, int]
"""[start, end) in characters."""


@dataclass(frozen=True)
class Aligned:
    """A run of the translation and its source."""

    source: Span
    target: Span


def align(sentence: SentenceTranslation) -> list[Aligned]:
    """Links each target token to the source token with the most attention (Garg et al. 2019).

    Neighbouring target tokens of one source token make one run; the end piece is left out on
    both sides.

    Returns:
        Runs in the order of the translation; none where there is no attention.
    """
    runs = []
    for source, group in groupby(_iter_links(sentence), key=lambda link: link.source):
        links = list(group)
        target = (links[0].target[0], links[-1].target[1])
        runs.append(Aligned(source, target))
    return runs


def _iter_links(sentence: SentenceTranslation) -> Iterator[Aligned]:
    sources = sentence.source_tokens[:-1]
    if not sources or sentence.attention is None:
        return
    for token, row in zip(sentence.target_tokens, sentence.attention, strict=True):
        if token.start == token.end:
            continue
        best = max(range(len(sources)), key=row.__getitem__)
        yield Aligned((sources[best].start, sources[best].end), (token.start, token.end))
