"""XML text with tags of anybody's: fragments for the service, parts of EPUB books."""

from __future__ import annotations

from collections.abc import Collection

from nmt.documents.markup import MarkupRules, Token, iter_tokens


def xml_rules(
    source: str, splitting: Collection[str] = (), untouched: Collection[str] = ()
) -> MarkupRules:
    """Gives rules for a source whose tags are not known beforehand.

    A tag stands inside sentences if the element around it holds text of its own, or if nothing is
    around it; a tag with nothing but tags beside it separates segments.

    Args:
        source: the fragment.
        splitting: names of tags that separate segments in any case.
        untouched: names of tags whose content is not translated.
    """
    split = frozenset(name.lower() for name in splitting)
    inline = frozenset(_names_beside_text(source)) - split
    return MarkupRules(
        inline=inline.__contains__, untouched=frozenset(name.lower() for name in untouched)
    )


def _names_beside_text(source: str) -> set[str]:
    """Names of elements whose parent has text of its own."""
    found: set[str] = set()
    children: list[set[str]] = [set()]
    has_text = [False]
    for token in iter_tokens(source, MarkupRules(inline=lambda name: True)):
        if token.is_text and token.source.strip():
            has_text[-1] = True
        elif token.name and token.is_close and len(children) > 1:
            found |= _taken(children, has_text)
        elif token.name and not token.is_close:
            children[-1].add(token.name)
            _enter(token, children, has_text)
    while children:
        found |= _taken(children, has_text)
    return found


def _enter(token: Token, children: list[set[str]], has_text: list[bool]) -> None:
    if not token.is_closed:
        children.append(set())
        has_text.append(False)


def _taken(children: list[set[str]], has_text: list[bool]) -> set[str]:
    names = children.pop()
    return names if has_text.pop() else set()
