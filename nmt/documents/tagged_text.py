"""Inline markup as short tags in a text, which a translator carries through, and back again.

    tagged = TaggedText(("이것은 ", OPEN₁, "굵은", CLOSE₁, " 글씨."))
    tagged.text                                 # 이것은 <g1>굵은</g1> 글씨.
    tagged.read("This is <g1>bold</g1> text.")  # ["This is ", OPEN₁, "bold", CLOSE₁, " text."]

`<gN>…</gN>` is a pair (bold, a link), `<gN/>` stands alone (a picture, a footnote), a line break
is a line break. What comes back is always well formed: marks that a model lost are put back (see
`_Reader`), those that it invented are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nmt.documents.tags import Kind, Mark, Piece, as_chars, as_text
from nmt.text.segment import split_sentences

MAX_SINGLES = 14
"""A sentence is sent without the marks that stand alone beyond these: models have 16 placeholders
(nmt/text/protect.py). They come back at its end, as lost ones do. Pairs need no placeholders."""
MAX_PROJECTED = 200
"""Pairs of one text that get places if they are lost; more than these come at its end."""
_TAG = re.compile(r"<(?P<close>/?) ?g ?(?P<id>\d+) ?(?P<single>/?)>|\n", re.IGNORECASE)
_WORD = re.compile(r"\w")
_SPACES = re.compile(r"[^\S\n]+")
_AROUND_BREAK = re.compile(r" *\n *")


@dataclass(frozen=True)
class TaggedText:
    """A text with markup."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The text with tags; white space other than breaks is single spaces."""
        kept = _without_excess(self.pieces)
        return _AROUND_BREAK.sub("\n", _SPACES.sub(" ", as_text(kept))).strip()

    def read(self, translation: str) -> list[Piece]:
        """Gives the pieces of a translation of `text`; well formed, with every required mark."""
        return _Reader(self.pieces, translation).pieces()


def _without_excess(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without the single marks of a sentence beyond its first `MAX_SINGLES`."""
    dropped: set[str] = set()
    if sum(isinstance(piece, Mark) and _is_single(piece) for piece in pieces) > MAX_SINGLES:
        for sentence in split_sentences(as_text(pieces)):
            singles = [m["id"] for m in _TAG.finditer(sentence.text) if m["single"]]
            dropped |= set(singles[MAX_SINGLES:])
    return [p for p in pieces if isinstance(p, str) or str(p.id) not in dropped]


class _Reader:
    """Reads a translation.

    A single mark or line break that is missing comes at the end. A required pair that is missing or
    empty goes around the words that stand where its words stood in the source, by proportion. An
    optional pair that is missing or empty is dropped, and so is one that crosses another.
    """

    def __init__(self, source: Sequence[Piece], translation: str) -> None:
        self._marks = [piece for piece in source if isinstance(piece, Mark)]
        self._offsets: dict[Mark, int] = {}
        self._n_source = 0
        for piece in source:
            if isinstance(piece, Mark):
                self._offsets[piece] = self._n_source
            else:
                self._n_source += len(piece)
        self._pieces = list(self._iter_known(translation))

    def pieces(self) -> list[Piece]:
        self._drop_bad_pairs()
        present = {p.id for p in self._pieces if isinstance(p, Mark)}
        lost = [mark for mark in self._marks if mark.id not in present]
        pairs = [mark for mark in lost if mark.kind is Kind.OPEN and mark.required]
        for mark in pairs[:MAX_PROJECTED]:
            self._project(mark)
        for mark in pairs[MAX_PROJECTED:]:
            self._pieces += [mark, self._closing(mark)]
        self._pieces += [mark for mark in lost if mark.kind in (Kind.SINGLE, Kind.BREAK)]
        return list(_joined(self._pieces))

    def _closing(self, mark: Mark) -> Mark:
        return replace(mark, kind=Kind.CLOSE)

    def _iter_known(self, translation: str) -> Iterator[Piece]:
        """Gives texts and the marks that the source has, each at most once."""
        breaks = iter([mark for mark in self._marks if mark.kind is Kind.BREAK])
        left = {(mark.kind, mark.id): mark for mark in self._marks}
        done = 0
        for match in _TAG.finditer(translation):
            yield translation[done : match.start()]
            done = match.end()
            if match[0] == "\n":
                yield next(breaks, " ")
                continue
            kind = Kind.CLOSE if match["close"] else Kind.OPEN
            kind = Kind.SINGLE if match["single"] else kind
            mark = left.pop((kind, int(match["id"])), None)
            if mark:
                yield mark
        yield translation[done:]

    def _drop_bad_pairs(self) -> None:
        """Drops pairs that are incomplete, empty or across another."""
        kept: set[int] = set()
        opened: list[tuple[int, int]] = []
        for at, piece in enumerate(self._pieces):
            if isinstance(piece, str) or piece.kind not in (Kind.OPEN, Kind.CLOSE):
                continue
            if piece.kind is Kind.OPEN:
                opened.append((piece.id, at))
            elif any(id == piece.id for id, _ in opened):
                while opened[-1][0] != piece.id:
                    opened.pop()
                _, start = opened.pop()
                if not self._is_blank(start, at):
                    kept.add(piece.id)
        pairs = {mark.id for mark in self._marks if mark.kind is Kind.OPEN}
        bad = pairs - kept
        self._pieces = [p for p in self._pieces if isinstance(p, str) or p.id not in bad]

    def _is_blank(self, start: int, end: int) -> bool:
        inside = self._pieces[start:end]
        return not any(_WORD.search(p) if isinstance(p, str) else _is_single(p) for p in inside)

    def _project(self, mark: Mark) -> None:
        """Puts a lost pair around the words in its place."""
        closing = self._closing(mark)
        first, last = self._offsets[mark], self._offsets[closing]
        n_source = max(1, self._n_source)
        n_target = len(as_chars(self._pieces))
        middle = (first + last) / 2 / n_source * n_target
        at, (start, end) = self._word_at(middle)
        if at is None:
            self._pieces += [mark, closing]
            return
        piece = self._pieces[at]
        n_words = max(1, round((last - first) / n_source * n_target / 6))
        start, end = _widened(str(piece), start, end, n_words)
        text = str(piece)
        self._pieces[at : at + 1] = [text[:start], mark, text[start:end], closing, text[end:]]

    def _word_at(self, offset: float) -> tuple[int | None, tuple[int, int]]:
        """The piece and the range of the word that is nearest to an offset of the text."""
        best: tuple[float, int, tuple[int, int]] | None = None
        done = 0
        for at, piece in enumerate(self._pieces):
            if isinstance(piece, str):
                for word in re.finditer(r"[\w'’\-]+", piece):
                    distance = abs(done + sum(word.span()) / 2 - offset)
                    if best is None or distance < best[0]:
                        best = distance, at, word.span()
                done += len(piece)
        return (best[1], best[2]) if best else (None, (0, 0))


def _is_single(mark: Mark) -> bool:
    return mark.kind is Kind.SINGLE


def _widened(text: str, start: int, end: int, n_words: int) -> tuple[int, int]:
    """The range grown to `n_words` words around it, as far as there are."""
    words = [m.span() for m in re.finditer(r"[\w'’\-]+", text)]
    at = words.index((start, end))
    first = max(0, min(at - (n_words - 1) // 2, len(words) - n_words))
    return words[first][0], words[min(len(words), first + n_words) - 1][1]


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces with neighbouring texts as one, without spaces at the ends and repeated ones."""
    text, has_space = "", True
    for piece in [*pieces, None]:
        if isinstance(piece, str):
            text += piece
            continue
        text = _SPACES.sub(" ", text)
        text = text[1:] if has_space and text.startswith(" ") else text
        if text:
            has_space = text.endswith(" ")
            yield text.rstrip() if piece is None else text
        if piece is not None:
            has_space = (has_space and piece.kind is not Kind.SINGLE) or piece.kind is Kind.BREAK
            yield piece
        text = ""
