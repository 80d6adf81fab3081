"""Texts with inline markup on their way to a translator, which sees them without.

    for request in requests(texts, options):
        translations = translator.translate(request.texts, request.options)
        for place, text in request.read(translations): ...    # the translation of texts[place]

Texts with pairs of tags are asked for apart, with attention: it tells where the tags belong
(nmt/projection.py), and nothing else pays for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nmt.projection import project, project_evenly
from nmt.text.tag_pairs import PairedText, split_pairs
from nmt.translation import TranslateOptions, Translation


@dataclass(frozen=True)
class Request:
    """Texts to be translated in one call."""

    places: Sequence[int]
    """Of each text among all that were given."""
    paired: Sequence[PairedText]
    options: TranslateOptions | None

    @property
    def texts(self) -> list[str]:
        """What to translate."""
        return [paired.plain for paired in self.paired]

    def read(self, translations: Sequence[Translation]) -> Iterator[tuple[int, TaggedTranslation]]:
        """Gives the places and translations of the texts, from one translation of each."""
        for place, paired, found in zip(self.places, self.paired, translations, strict=True):
            others = tuple(project_evenly(paired, text) for text in found.alternatives)
            yield place, TaggedTranslation(project(paired, found), others, found)


@dataclass(frozen=True)
class TaggedTranslation:
    """A text with inline markup in English."""

    text: str
    alternatives: Sequence[str]
    plain: Translation
    """Of the text without its pairs of tags."""


def requests(texts: Sequence[str], options: TranslateOptions | None) -> list[Request]:
    """Gives the calls that translate texts: one, or two where only some have pairs of tags.

    No texts are one call, so that what is wrong with the options comes out.
    """
    numbered = list(enumerate(map(split_pairs, texts)))
    plain = [(place, paired) for place, paired in numbered if not paired.pairs]
    tagged = [(place, paired) for place, paired in numbered if paired.pairs]
    with_attention = dataclasses.replace(options or TranslateOptions(), attention=True)
    return [
        Request([place for place, _ in some], [paired for _, paired in some], how)
        for some, how in ((plain, options), (tagged, with_attention))
        if some or (not texts and how is options)
    ]
