"""Text inside HTML or XML source, without touching the source around it.

    fragment = Fragment("<p>안녕<b>하세요</b>.</p>", HTML)
    fragment.segments()            # ["안녕<g1>하세요</g1>."]
    fragment.fill(["He<g1>llo</g1>."])   # <p>He<b>llo</b>.</p>

The source is cut into tags and texts and never rebuilt from a tree, so that anything goes in: a
whole page, a fragment, tags that are never closed. Block tags separate segments; inline tags travel
inside a segment as short tags (nmt/documents/tagged_text.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape

from nmt.documents.base import StringContent, StringSlot
from nmt.documents.tagged_text import TaggedText
from nmt.documents.tags import Kind, Mark, Piece, as_chars, core_range, numbered

# What is never closed goes on to the end, as in a browser; nothing is scanned twice.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?[^>]*(?:>|\Z)|<![A-Za-z][^>]*(?:>|\Z)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z_][\w:.\-]*+)"
    r"""(?P<rest>(?>[^<>"']+|"[^"<]*"|'[^'<]*'|"[^"]{0,1000}"|'[^']{0,1000}')*+)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([\w:.\-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`/]+)""")
_UNTOUCHED = re.compile(
    r"""\btranslate\s*=\s*["']?no\b|\bclass\s*=\s*(?:"[^"]*\bnotranslate\b|'[^']*\bnotranslate\b)""",
    re.IGNORECASE,
)
_LANG = re.compile(r"""(\slang\s*=\s*["']?|\sxml:lang\s*=\s*["']?)ko(?:-kr)?\b""", re.IGNORECASE)


@dataclass(frozen=True)
class MarkupRules:
    """Which tags mean what; names are in lower case."""

    inline: Callable[[str], bool]
    """Whether a tag stands inside sentences; all others separate them."""
    breaks: frozenset[str] = frozenset()
    """Tags that break the line inside a text."""
    untouched: frozenset[str] = frozenset()
    """Tags whose content is not translated."""
    raw: frozenset[str] = frozenset()
    """Tags whose content has no tags of its own."""
    void: frozenset[str] = frozenset()
    """Tags that are never closed."""
    attributes: frozenset[str] = frozenset()
    """Attributes that hold text."""


@dataclass(frozen=True)
class Token:
    """A tag, or a text between tags."""

    source: str
    name: str = ""
    """In lower case; empty for a text, a comment or a declaration."""
    is_close: bool = False
    is_closed: bool = False
    """Whether it is `<name/>` or of a tag that is never closed."""
    is_text: bool = False


def iter_tokens(source: str, rules: MarkupRules) -> Iterator[Token]:
    """Gives the tokens of a source; their `source` joined is the whole of it."""
    done, at = 0, 0
    while match := _TOKEN.search(source, at):
        if match.start() > done:
            yield Token(source[done : match.start()], is_text=True)
        done = at = match.end()
        name = (match["name"] or "").lower()
        is_closed = bool(name) and (name in rules.void or match["rest"].endswith("/"))
        yield Token(match[0], name, bool(match["close"]), is_closed)
        if name in rules.raw and not match["close"] and not is_closed:
            end = re.compile(rf"</{re.escape(name)}\b", re.IGNORECASE).search(source, at)
            at = end.start() if end else len(source)
            if at > done:
                yield Token(source[done:at], is_text=True)
                done = at
    if done < len(source):
        yield Token(source[done:], is_text=True)


class Fragment:
    """Markup source, open for translation.

    Args:
        source: a page or any part of one.
        rules: for its language, `HTML` or `XML` in nmt/documents/html.py or rules of the caller's.
    """

    def __init__(self, source: str, rules: MarkupRules) -> None:
        self._source = source
        self._rules = rules

    def segments(self) -> list[str]:
        """Gives the texts to translate, in order."""
        return [slot.text for slot in self.content().slots]

    def fill(self, translations: Sequence[str]) -> str:
        """Gives the source with a translation in the place of each segment."""
        content = self.content()
        for slot, translation in zip(content.slots, translations, strict=True):
            if translation != slot.text:
                slot.put(translation)
        return content.text()

    def content(self) -> StringContent:
        """Gives the verbatim pieces and slots."""
        return StringContent(list(_Cutter(self._rules).iter_pieces(self._source)))


@dataclass
class _Cutter:
    """Cuts a source into verbatim pieces and slots."""

    rules: MarkupRules
    run: list[Token] = field(default_factory=list)
    """Inline tokens since the last separator."""
    skipped: list[str] = field(default_factory=list)
    """The name of an element whose content is not translated, once for each open tag of it."""
    untouched: list[Token] = field(default_factory=list)
    """The tokens of that element."""

    def iter_pieces(self, source: str) -> Iterator[str | StringSlot]:
        """Gives them in order."""
        for token in iter_tokens(source, self.rules):
            if self.skipped:
                yield from self._skip(token)
            elif self._is_untouched(token):
                self.untouched = [token]
                self.skipped = [] if token.is_closed else [token.name]
                if token.is_closed:
                    yield from self._keep()
            elif token.name and not self._is_inline(token):
                yield from self._flush()
                yield from iter_attributes(token, self.rules)
            else:
                self.run.append(token)
        if self.skipped:
            yield from self._keep()
        yield from self._flush()

    def _skip(self, token: Token) -> Iterator[str | StringSlot]:
        """Goes on inside an element that is not translated."""
        self.untouched.append(token)
        if token.name == self.skipped[0] and not token.is_closed:
            if token.is_close:
                self.skipped.pop()
            else:
                self.skipped.append(token.name)
        if not self.skipped:
            yield from self._keep()

    def _keep(self) -> Iterator[str | StringSlot]:
        """Ends an element that is not translated: one piece of a sentence, or a separator."""
        name = self.untouched[0].name
        whole = Token("".join(token.source for token in self.untouched))
        if self.rules.inline(name):
            self.run.append(whole)
        else:
            yield from self._flush()
            yield whole.source

    def _is_untouched(self, token: Token) -> bool:
        if not token.name or token.is_close:
            return False
        return token.name in self.rules.untouched or bool(_UNTOUCHED.search(token.source))

    def _is_inline(self, token: Token) -> bool:
        return token.name in self.rules.breaks or self.rules.inline(token.name)

    def _flush(self) -> Iterator[str | StringSlot]:
        tokens, self.run = self.run, []
        pieces = _pieces(tokens, self.rules)
        start, end = core_range(pieces)
        if not as_chars(pieces[start:end]).strip():
            start = end = len(pieces)
        for token in tokens[:start]:
            yield from iter_attributes(token, self.rules)
        if start < end:
            yield _slot(tokens[start:end], numbered(pieces[start:end]), self.rules)
        for token in tokens[end:]:
            yield from iter_attributes(token, self.rules)


def iter_attributes(token: Token, rules: MarkupRules) -> Iterator[str | StringSlot]:
    """Gives a tag with its attributes that hold text as slots."""
    source, done = token.source, 0
    for match in _ATTRIBUTE.finditer(source) if token.name and not token.is_close else ():
        value = unescape(match[3].strip("\"'"))
        if match[1].lower() in rules.attributes and value.strip():
            yield source[done : match.start(3)]
            yield StringSlot(value, match[3], lambda text: f'"{escape(text)}"')
            done = match.end()
    yield source[done:]


def _pieces(tokens: Sequence[Token], rules: MarkupRules) -> list[Piece]:
    """One piece for each token; a tag without its partner stands alone."""
    kinds = [Kind.SINGLE] * len(tokens)
    ids = list(range(1, len(tokens) + 1))
    opened: list[int] = []
    n_open: Counter[str] = Counter()
    for at, token in enumerate(tokens):
        if token.name in rules.breaks:
            kinds[at] = Kind.BREAK
        elif token.name and not token.is_closed and not token.is_close:
            opened.append(at)
            n_open[token.name] += 1
        elif token.name and token.is_close and n_open[token.name]:
            start = opened.pop()
            while tokens[start].name != token.name:
                n_open[tokens[start].name] -= 1
                start = opened.pop()
            n_open[token.name] -= 1
            kinds[start], kinds[at], ids[at] = Kind.OPEN, Kind.CLOSE, ids[start]
    return [
        unescape(token.source) if token.is_text else Mark(kind, id)
        for token, kind, id in zip(tokens, kinds, ids, strict=True)
    ]


@dataclass(frozen=True)
class _Verbatim:
    """A text as it stands in the file."""

    source: str


@dataclass
class _RunSlot(StringSlot):
    """Texts and inline tags."""

    tagged: TaggedText = field(default_factory=lambda: TaggedText(()))
    sources: Mapping[Piece, Sequence[str | StringSlot]] = field(default_factory=dict)
    """Of each mark."""
    order: Sequence[Piece | _Verbatim] = ()
    """What stands in the file."""
    is_changed: bool = False

    @property
    def inner(self) -> Sequence[StringSlot]:
        """See `StringSlot`."""
        parts = [part for source in self.sources.values() for part in source]
        return [part for part in parts if isinstance(part, StringSlot)]

    def put(self, translation: str) -> None:
        """See `Slot`."""
        first, last = self.order[0], self.order[-1]
        before = first.source if isinstance(first, _Verbatim) else ""
        after = last.source if isinstance(last, _Verbatim) else ""
        self.order = [
            _Verbatim(before[: len(before) - len(before.lstrip())]),
            *self.tagged.read(translation),
            _Verbatim(after[len(after.rstrip()) :]),
        ]
        self.is_changed = True

    def render(self) -> str:
        """See `StringSlot`."""
        return "".join(map(self._render_piece, self.order))

    def _render_piece(self, piece: Piece | _Verbatim) -> str:
        if isinstance(piece, _Verbatim):
            return piece.source
        if isinstance(piece, str):
            return escape(piece, quote=False)
        parts = self.sources[piece]
        tag = "".join(part if isinstance(part, str) else part.render() for part in parts)
        return in_english(tag) if self.is_changed else tag


def _slot(tokens: Sequence[Token], pieces: Sequence[Piece], rules: MarkupRules) -> StringSlot:
    order = [
        _Verbatim(token.source) if isinstance(piece, str) else piece
        for token, piece in zip(tokens, pieces, strict=True)
    ]
    sources: dict[Piece, Sequence[str | StringSlot]] = {
        piece: list(iter_attributes(token, rules))
        for token, piece in zip(tokens, pieces, strict=True)
        if isinstance(piece, Mark)
    }
    tagged = TaggedText(tuple(pieces))
    return _RunSlot(tagged.text, "", tagged=tagged, sources=sources, order=order)


def in_english(tag: str) -> str:
    """Gives a tag that says `lang="ko"` with `en` in its place."""
    return _LANG.sub(r"\1en", tag)
