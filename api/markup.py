"""Translation of HTML and XML: tags stay, what stands between them is translated."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from api.service import Call, TranslationService
from nmt.documents.html import HTML
from nmt.documents.inline import Request, TaggedTranslation, requests
from nmt.documents.markup import Fragment, MarkupRules, iter_tokens
from nmt.translation import TranslateOptions, Translation


@dataclass(frozen=True)
class MarkupTranslation:
    """A piece of markup in English."""

    text: str
    segments: Sequence[Translation]
    """Of the texts between its tags, in order, without pairs of inline tags; tags that stand alone
    are `<gN/>` in them."""
    alternatives: Sequence[str] = ()


@dataclass(frozen=True)
class MarkupTranslated:
    """The translations of a call, and what made them."""

    model: str
    checksum: str
    translations: Sequence[MarkupTranslation]


@dataclass(frozen=True)
class XmlTags:
    """How the tags of XML are to be taken; names in lower case."""

    splitting: frozenset[str] = frozenset()
    """Separate sentences."""
    non_splitting: frozenset[str] = frozenset()
    """Stand inside sentences."""
    ignored: frozenset[str] = frozenset()
    """Their content is not translated."""
    outline: Outline | None = None
    """Tells which of the others separate sentences; without it none does."""


class Outline:
    """Tells the structure of XML: a tag whose parent has no text of its own is structure.

    In `<doc><p>안녕 <b>하세요</b>.</p></doc>` that is `doc` and `p`; `b` stands in a sentence.

    Args:
        sources: that belong together.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._inside: set[str] = set()
        for source in sources:
            self._read(source)

    def is_structure(self, name: str) -> bool:
        """Whether a tag separates sentences wherever it stands."""
        return name not in self._inside

    def _read(self, source: str) -> None:
        opened = [_Element("")]
        names: Counter[str] = Counter()
        for token in iter_tokens(source, _NO_RULES):
            if token.is_text:
                opened[-1].has_text |= bool(token.source.strip())
            elif token.is_close and names[token.name]:
                name = ""
                while name != token.name:
                    name = self._close(opened.pop())
                    names[name] -= 1
            elif token.name and not token.is_close:
                opened[-1].children.add(token.name)
                if not token.is_closed:
                    opened.append(_Element(token.name))
                    names[token.name] += 1
        for element in opened:
            self._close(element)

    def _close(self, element: _Element) -> str:
        if element.has_text:
            self._inside.update(element.children)
        return element.name


@dataclass
class _Element:
    """An open tag, and what stands directly in it."""

    name: str
    children: set[str] = field(default_factory=set)
    has_text: bool = False


_NO_RULES = MarkupRules(inline=lambda name: True)


def xml_rules(tags: XmlTags) -> MarkupRules:
    """Gives the rules for XML."""

    def is_inline(name: str) -> bool:
        if name in tags.splitting:
            return False
        if name in tags.non_splitting or name in tags.ignored or tags.outline is None:
            return True
        return not tags.outline.is_structure(name)

    return MarkupRules(inline=is_inline, untouched=tags.ignored)


def html_rules(ignored: frozenset[str] = frozenset()) -> MarkupRules:
    """Gives the rules for HTML, with more tags whose content is not translated."""
    return dataclasses.replace(HTML, untouched=HTML.untouched | ignored)


async def translate_markup(
    service: TranslationService,
    sources: Sequence[str],
    rules: MarkupRules,
    options: TranslateOptions,
    call: Call,
) -> MarkupTranslated:
    """Translates what stands between tags; each source comes back in its place.

    Raises:
        ApiError: as `TranslationService.translate`.
    """
    fragments = [Fragment(source, rules) for source in sources]
    segments = await asyncio.to_thread(lambda: [fragment.segments() for fragment in fragments])
    texts = [text for texts in segments for text in texts]
    found: dict[int, TaggedTranslation] = {}
    name = checksum = ""
    for request in await asyncio.to_thread(requests, texts, options):
        done = await service.translate(request.texts, request.options or options, call)
        name, checksum = done.model, done.checksum
        found.update(await asyncio.to_thread(_read, request, done.translations))
    places = iter(range(len(texts)))
    parts = [[found[next(places)] for _ in inside] for inside in segments]

    def fill() -> list[MarkupTranslation]:
        return [_filled(fragment, part) for fragment, part in zip(fragments, parts, strict=True)]

    return MarkupTranslated(name, checksum, await asyncio.to_thread(fill))


def _read(
    request: Request, translations: Sequence[Translation]
) -> list[tuple[int, TaggedTranslation]]:
    return list(request.read(translations))


def _filled(fragment: Fragment, translations: Sequence[TaggedTranslation]) -> MarkupTranslation:
    depth = max((len(t.alternatives) for t in translations), default=0)
    alternatives = [
        fragment.fill([_alternative(t, place) for t in translations]) for place in range(depth)
    ]
    return MarkupTranslation(
        fragment.fill([t.text for t in translations]),
        [t.plain for t in translations],
        alternatives,
    )


def _alternative(translation: TaggedTranslation, place: int) -> str:
    others = translation.alternatives
    return others[min(place, len(others) - 1)] if others else translation.text
