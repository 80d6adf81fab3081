"""Inline tags that come in pairs, taken out of a text.

    paired = split_pairs("저는 <b>서울</b>에 살아요.")
    paired.plain     # 저는 서울에 살아요.
    paired.pairs     # (TagPair("<b>", "</b>", start=3, end=5),)

Taken out are pairs of HTML's inline tags and of the short tags of documents (`<g1>`), if there is
text between them. All else stays: tags that stand alone, empty pairs, tags that separate texts
(`<td>`), tags inside of code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nmt.text.protect import Found, find_spans

_NAMES = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|del|dfn|em|font|i|ins|label|mark|q|s|small|span|strike"
    r"|strong|sub|sup|u|g\d+"
)
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_NAMES})(?:\s[^<>]*)?(?<!/)>", re.IGNORECASE)


@dataclass(frozen=True)
class TagPair:
    """An opening tag and its closing tag."""

    opening: str
    closing: str
    start: int
    """First character between them, in the text without tags."""
    end: int
    parent: int | None = None
    """The pair directly around this one, by its index."""


@dataclass(frozen=True)
class PairedText:
    """A text without its pairs of tags."""

    source: str
    """With them."""
    plain: str
    pairs: tuple[TagPair, ...] = ()
    """In the order of their opening tags."""


@dataclass(frozen=True)
class _Tag:
    """A tag in the source."""

    found: Found
    name: str
    is_close: bool


def split_pairs(text: str) -> PairedText:
    """Takes the pairs of inline tags out of a text."""
    if "</" not in text:
        return PairedText(text, text)
    closings = _closings(text, _tags(text))
    if not closings:
        return PairedText(text, text)
    return _taken_out(text, closings)


def _tags(text: str) -> list[_Tag]:
    found = [(span, _TAG.fullmatch(text, span.start, span.end)) for span in find_spans(text)]
    return [
        _Tag(span, match["name"].lower(), bool(match["close"]))
        for span, match in found
        if match and span.kind == "tag"
    ]


def _closings(text: str, tags: Sequence[_Tag]) -> Mapping[Found, Found]:
    """Gives the closing tag of each opening one; a tag without a partner is left out."""
    closings: dict[Found, Found] = {}
    opened: list[_Tag] = []
    n_open: Counter[str] = Counter()
    for tag in tags:
        if not tag.is_close:
            opened.append(tag)
            n_open[tag.name] += 1
        elif n_open[tag.name]:
            start = opened.pop()
            while start.name != tag.name:
                n_open[start.name] -= 1
                start = opened.pop()
            n_open[tag.name] -= 1
            closings[start.found] = tag.found
    edges = [at for pair in closings.items() for at in pair]
    filled = _filled(text, sorted(edges, key=lambda found: found.start))
    return {
        opening: closing
        for opening, closing in closings.items()
        if filled[opening] < filled[closing]
    }


def _filled(text: str, edges: Sequence[Found]) -> Mapping[Found, int]:
    """Before each tag, the number of texts between tags that are not blank."""
    n_filled, done = 0, 0
    before: dict[Found, int] = {}
    for edge in edges:
        n_filled += bool(text[done : edge.start].strip())
        before[edge] = n_filled
        done = edge.end
    return before


def _taken_out(text: str, closings: Mapping[Found, Found]) -> PairedText:
    openings = {closing: opening for opening, closing in closings.items()}
    edges = sorted([*closings, *openings], key=lambda found: found.start)
    number = {edge: n for n, edge in enumerate(e for e in edges if e in closings)}
    places: dict[Found, int] = {}
    parents: dict[Found, int | None] = {}
    parts: list[str] = []
    inside: list[int] = []
    length = done = 0
    for edge in edges:
        parts.append(text[done : edge.start])
        length += len(parts[-1])
        places[edge] = length
        done = edge.end
        if edge in closings:
            parents[edge] = inside[-1] if inside else None
            inside.append(number[edge])
        else:
            inside.pop()
    pairs = tuple(
        TagPair(
            text[opening.start : opening.end],
            text[closings[opening].start : closings[opening].end],
            places[opening],
            places[closings[opening]],
            parents[opening],
        )
        for opening in number
    )
    return PairedText(text, "".join([*parts, text[done:]]), pairs)
