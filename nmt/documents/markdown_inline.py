"""The inside of a Markdown paragraph: tokens as texts and marks, and back to Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from nmt.documents.tagged_text import TaggedText
from nmt.documents.tags import Kind, Mark, Piece, core_range, numbered, with_margins

_SPECIAL = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|~~")
_BLOCK_START = re.compile(r"(\d{1,9})?(?=[-+>#=]|(?<=\d)[.)])")
_LITERAL = re.compile(r"\[\^[^\]\s]+\](?::[ \t])?|^\[[ xX]\](?= )")
"""A footnote's mark, and the box of a task."""
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)[^>]*?(/?)>", re.DOTALL)


class Inline:
    """A paragraph, heading or cell.

    Args:
        children: of its inline token.
        prefix: what a further line of the same block begins with.
    """

    def __init__(self, children: Sequence[Token], prefix: str) -> None:
        self._sources: dict[Mark, str] = {}
        self._prefix = prefix
        pieces = list(self._iter_pieces(children))
        start, end = core_range(pieces)
        self._before, self._after = pieces[:start], pieces[end:]
        core = numbered(pieces[start:end])
        self._original = dict(zip(core, pieces[start:end], strict=True))
        self._tagged = TaggedText(tuple(core))
        self.text = self._tagged.text

    def as_block(self, translation: str) -> str:
        """Gives the Markdown of a translation, which must not begin a list or quote."""
        text = self._markdown(translation)
        mark = _BLOCK_START.match(text)
        return f"{text[: mark.end()]}\\{text[mark.end() :]}" if mark else text

    def as_cell(self, translation: str) -> str:
        """Gives the Markdown of a translation inside a table."""
        return self._markdown(translation).replace("|", "\\|")

    def _markdown(self, translation: str) -> str:
        read = [
            piece if isinstance(piece, str) else self._original[piece]
            for piece in with_margins(self._tagged.read(translation), self._tagged.pieces)
        ]
        pieces = [*self._before, *_with_spaces_outside(read), *self._after]
        return "".join(
            _SPECIAL.sub(r"\\\g<0>", piece) if isinstance(piece, str) else self._sources[piece]
            for piece in pieces
        )

    def _mark(self, kind: Kind, id: int, source: str, required: bool = True) -> Mark:
        mark = Mark(kind, id, required)
        self._sources[mark] = source
        return mark

    def _iter_pieces(self, children: Sequence[Token]) -> Iterator[Piece]:
        opened: list[tuple[int, str, str]] = []
        for at, token in enumerate(children):
            number = len(self._sources) + 1
            if token.nesting == 1 and token.type != "html_inline":
                opened.append((number, token.type, _closing(token)))
                is_link = token.type == "link_open"
                source = _opening(token)
                yield self._mark(Kind.OPEN, number, source, is_link)
            elif token.nesting == -1 and opened and token.type != "html_inline":
                number, type, source = opened.pop()
                yield self._mark(Kind.CLOSE, number, source, type == "link_open")
            elif token.type == "image":
                yield self._mark(Kind.OPEN, number, "![")
                yield token.content
                yield self._mark(Kind.CLOSE, number, f"]({_target(token, 'src')})")
            elif token.type == "html_inline":
                yield self._html(token.content, children[at + 1 :], number)
            else:
                yield from self._plain(token, number)

    def _plain(self, token: Token, number: int) -> Iterator[Piece]:
        """Gives a token that opens and closes nothing."""
        if token.type == "softbreak":
            yield " "
        elif token.type == "hardbreak":
            yield self._mark(Kind.BREAK, number, f"\\\n{self._prefix}")
        elif token.type == "code_inline":
            pad = " " if "`" in token.content[:1] + token.content[-1:] else ""
            source = f"{token.markup}{pad}{token.content}{pad}{token.markup}"
            yield self._mark(Kind.SINGLE, number, source)
        else:
            done = 0
            for match in _LITERAL.finditer(token.content):
                yield token.content[done : match.start()]
                yield self._mark(Kind.SINGLE, len(self._sources) + 1, match[0])
                done = match.end()
            yield token.content[done:]

    def _html(self, source: str, following: Sequence[Token], number: int) -> Mark:
        """Gives the mark of a tag: one of a pair if the other is in the same text."""
        tag = _TAG.fullmatch(source)
        if tag is None or tag[3]:
            return self._mark(Kind.SINGLE, number, source)
        if tag[1]:
            closed = {mark.id for mark in self._sources if mark.kind is Kind.CLOSE}
            for mark, opening in reversed(self._sources.items()):
                found = _TAG.fullmatch(opening)
                is_open = mark.kind is Kind.OPEN and mark.id not in closed
                if is_open and found and found[2].lower() == tag[2].lower():
                    return self._mark(Kind.CLOSE, mark.id, source)
            return self._mark(Kind.SINGLE, number, source)
        ends = [re.fullmatch(rf"</{tag[2]}\s*>", t.content, re.IGNORECASE) for t in following]
        return self._mark(Kind.OPEN if any(ends) else Kind.SINGLE, number, source)


def _opening(token: Token) -> str:
    if token.type != "link_open":
        return token.markup
    return "<" if token.markup == "autolink" else "["


def _closing(token: Token) -> str:
    if token.type != "link_open":
        return token.markup
    return ">" if token.markup == "autolink" else f"]({_target(token, 'href')})"


def _target(token: Token, name: str) -> str:
    """Address and title of a link or picture."""
    address, title = str(token.attrs.get(name, "")), str(token.attrs.get("title", ""))
    if not address or re.search(r"[\s()]", address):
        address = f"<{address}>"
    quoted = title.replace('"', '\\"')
    return f'{address} "{quoted}"' if title else address


def _with_spaces_outside(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with no space just inside a pair: Markdown would not see the pair."""
    done: list[Piece] = []
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            before = pieces[at - 1] if at else None
            after = pieces[at + 1] if at + 1 < len(pieces) else None
            lead = isinstance(before, Mark) and before.kind is Kind.OPEN and piece[:1] == " "
            trail = isinstance(after, Mark) and after.kind is Kind.CLOSE and piece[-1:] == " "
            if lead:
                done.insert(len(done) - 1, " ")
            done.append(piece.strip(" ") if lead and trail else piece)
            if lead:
                done[-1] = str(done[-1]).lstrip(" ")
            if trail:
                done[-1] = str(done[-1]).rstrip(" ")
        else:
            done.append(piece)
            last = pieces[at - 1] if at else None
            if piece.kind is Kind.CLOSE and isinstance(last, str) and last[-1:] == " ":
                done.append(" ")
    return done
