"""XLIFF 1.2 and 2.x: empty targets of Korean sources are filled, inline codes stay."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from nmt.documents.base import DocumentOptions
from nmt.documents.hangul import has_hangul
from nmt.documents.tagged_text import TaggedText
from nmt.documents.tags import Kind, Mark, Piece, core_range
from nmt.documents.xml_tree import Element, local_name, parse_xml, set_tail, set_text
from nmt.errors import DocumentError

_PAIRS = frozenset({"g", "mrk", "pc"})
_STARTS = frozenset({"bpt", "sc"})
_ENDS = frozenset({"ept", "ec"})
_TO_DO = frozenset({"new", "needs-translation", "initial"})


class Exchange:
    """An XLIFF file; see `Content`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file = parse_xml(data, "the XLIFF file")
        root = self._file.root
        if local_name(root) != "xliff":
            raise DocumentError(
                f"the file's first element is <{local_name(root)}>, not <xliff>; give XLIFF 1.2 "
                "or 2.x"
            )
        self.slots = [_Slot(source, self) for source in _iter_sources(root)]
        self.is_changed = False

    def save(self) -> bytes:
        """See `Content`."""
        if not self.is_changed:
            return self._data
        root = self._file.root
        if root.get("version", "").startswith("2"):
            root.set("trgLang", "en")
        for file in root.iter("{*}file"):
            if file.get("source-language") is not None:
                file.set("target-language", "en")
        return self._file.render()


def load_xliff(data: bytes, options: DocumentOptions) -> Exchange:
    """Gives the Korean sources that have no translation.

    Raises:
        DocumentError: it is no XLIFF.
    """
    return Exchange(data)


def _iter_sources(root: Element) -> Iterator[Element]:
    for source in root.iter("{*}source"):
        unit = source.getparent()
        if local_name(unit) not in ("trans-unit", "segment"):
            continue
        if has_hangul("".join(source.itertext())) and _is_open(unit) and not _is_locked(unit):
            yield source


def _is_open(unit: Element) -> bool:
    """Whether there is no translation yet, or one that says it is none."""
    target = unit.find("{*}target")
    if target is None or not "".join(target.itertext()).strip():
        return True
    return target.get("state") in _TO_DO


def _is_locked(unit: Element) -> bool:
    around = [unit, *unit.iterancestors()]
    return any(e.get("translate") == "no" or e.get("approved") == "yes" for e in around)


class _Slot:
    """A source and the place of its target."""

    def __init__(self, source: Element, exchange: Exchange) -> None:
        self._source = source
        self._exchange = exchange
        self._elements: dict[Mark, Element] = {}
        self._pieces = list(self._iter_pieces(source, {}))
        self._start, self._end = core_range(self._pieces)
        self._tagged = TaggedText(tuple(self._pieces[self._start : self._end]))
        self.text = self._tagged.text

    def put(self, translation: str) -> None:
        """Writes the target; codes are copied from the source."""
        self._exchange.is_changed = True
        before, after = self._pieces[: self._start], self._pieces[self._end :]
        target = _target(self._source)
        self._fill(target, [*before, *self._tagged.read(translation), *after])

    def _iter_pieces(self, parent: Element, open_ids: dict[str, int]) -> Iterator[Piece]:
        """Gives the texts and codes of an element; `open_ids`: of codes that await their ends."""
        yield str(parent.text or "")
        for child in parent:
            name = local_name(child)
            number = len(self._elements) + 1
            if name in _PAIRS:
                yield self._mark(Kind.OPEN, number, child)
                yield from self._iter_pieces(child, open_ids)
                yield self._mark(Kind.CLOSE, number, child)
            elif name in _STARTS and _has_end(parent, child):
                open_ids[_reference(child)] = number
                yield self._mark(Kind.OPEN, number, child)
            elif name in _ENDS and _reference(child) in open_ids:
                yield self._mark(Kind.CLOSE, open_ids.pop(_reference(child)), child)
            else:
                yield self._mark(Kind.SINGLE, number, child)
            yield str(child.tail or "")

    def _mark(self, kind: Kind, number: int, element: Element) -> Mark:
        mark = Mark(kind, number)
        self._elements[mark] = element
        return mark

    def _fill(self, target: Element, pieces: Sequence[Piece]) -> None:
        inside = [target]
        for piece in pieces:
            if isinstance(piece, str):
                _append_text(inside[-1], piece)
                continue
            element = self._elements[piece]
            is_pair = local_name(element) in _PAIRS
            if is_pair and piece.kind is Kind.CLOSE:
                inside.pop()
                continue
            new = copy.deepcopy(element)
            new.tail = None
            inside[-1].append(new)
            if is_pair:
                new.text = None
                for child in list(new):
                    new.remove(child)
                inside.append(new)


def _reference(element: Element) -> str:
    """What ties the beginning of a code to its end."""
    return str(element.get("startRef") or element.get("rid") or element.get("id"))


def _has_end(parent: Element, start: Element) -> bool:
    following = start.itersiblings()
    reference = _reference(start)
    return any(local_name(e) in _ENDS and _reference(e) == reference for e in following)


def _append_text(element: Element, text: str) -> None:
    if len(element):
        last = element[-1]
        set_tail(last, (last.tail or "") + text)
    else:
        set_text(element, (element.text or "") + text)


def _target(source: Element) -> Element:
    """The empty target of a source, made if it is missing; it says that it awaits a review."""
    unit = source.getparent()
    target = unit.find("{*}target")
    if target is None:
        target = source.makeelement(source.tag.replace("source", "target"), None, None)
        before = unit.find("{*}seg-source")
        before = source if before is None else before
        before.addnext(target)
        target.tail = before.tail if before.tail and not before.tail.strip() else None
    for child in list(target):
        target.remove(child)
    target.text = None
    if local_name(unit) == "segment":
        unit.set("state", "translated")
    else:
        target.set("state", "needs-review-translation")
    return target
