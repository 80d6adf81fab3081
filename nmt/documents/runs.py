"""Paragraphs made of runs: what Word, PowerPoint, Excel and Hangul documents have in common.

    <p> <r><t>이것은 </t></r> <r>[bold]<t>굵은</t></r> <r><t> 글씨.</t></r> </p>
    이것은 <g1>굵은</g1> 글씨.

A run is text in one format; programs cut runs for many reasons that nobody sees, so neighbouring
runs of the same format are one text here. The most common format of a paragraph has no tag.
Whatever is no text (a picture, a footnote's mark) stands alone and moves with its sentence; a tab,
a line break or a field with Korean in it ends the segment.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from nmt.documents.hangul import has_hangul
from nmt.documents.run_items import Item, Role, RunRules, chunks, hole, iter_items, with_fields
from nmt.documents.tagged_text import TaggedText
from nmt.documents.tags import Kind, Mark, Piece, core_range, numbered, with_margins
from nmt.documents.xml_tree import Element, keep_spaces, local_name, set_text


def paragraph_slots(paragraph: Element, rules: RunRules) -> list[RunSlot]:
    """Gives the segments of a paragraph that hold Korean."""
    texts = paragraph.iter("{*}" + rules.text)
    if not any(has_hangul("".join(element.itertext())) for element in texts):
        return []
    items = with_fields(list(iter_items(paragraph, rules)))
    slots = [
        RunSlot(chunk, rules)
        for chunk in chunks(items)
        if any(has_hangul(item.text) for item in chunk)
    ]
    return [slot for slot in slots if slot.text]


class RunSlot:
    """A segment of a paragraph."""

    def __init__(self, items: Sequence[Item], rules: RunRules) -> None:
        self._rules = rules
        pairs = list(_iter_pieces(items))
        start, end = core_range([piece for piece, _ in pairs])
        self._pieces = tuple(numbered([piece for piece, _ in pairs[start:end]]))
        core = [(p, i) for p, (_, i) in zip(self._pieces, pairs[start:end], strict=True)]
        self._items = [item for _, item in core if item]
        self._of_mark = {p.id: i for p, i in core if isinstance(p, Mark) and i}
        self._templates = _templates(core)
        self.text = TaggedText(self._pieces).text

    def put(self, translation: str) -> None:
        """See `Slot`."""
        pieces = with_margins(TaggedText(self._pieces).read(translation), self._pieces)
        place = self._cleared_place()
        holes: list[Element] = []
        inside: list[int] = [0]
        for piece in pieces:
            elements = self._elements(piece, inside[-1])
            for element in elements:
                if holes:
                    holes[-1].append(element)
                else:
                    place.addprevious(element)
            if isinstance(piece, Mark) and piece.kind is Kind.OPEN:
                inside.append(piece.id)
                holes += [hole(element, self._rules) for element in elements]
            elif isinstance(piece, Mark) and piece.kind is Kind.CLOSE:
                inside.pop()
                if piece.id in self._of_mark:
                    holes.pop()
        place.getparent().remove(place)

    def _elements(self, piece: Piece, inside: int) -> list[Element]:
        """What stands in the paragraph for a piece; nothing for a change of the format."""
        if isinstance(piece, str):
            template = self._templates.get(inside) or self._templates[0]
            return [self._new_run(template.element, piece)]
        if piece.kind is Kind.CLOSE or piece.id not in self._of_mark:
            return []
        item = self._of_mark[piece.id]
        return [item.element, *item.others]

    def _new_run(self, template: Element, text: str) -> Element:
        run = copy.deepcopy(template)
        run.tail = None
        for child in list(run):
            name = local_name(child)
            if name == self._rules.text:
                set_text(child, text)
                if self._rules.marks_spaces:
                    keep_spaces(child)
            elif name not in self._rules.properties:
                run.remove(child)
        return run

    def _cleared_place(self) -> Element:
        """Takes the segment's elements out; gives an element that stands in their place.

        What marks the beginning of a range (a comment, a bookmark) comes to stand before the
        place, what marks its end after it.
        """
        first = self._items[0].element
        parent = first.getparent()
        place = parent.makeelement("place", None, None)
        first.addprevious(place)
        own = {element for item in self._items for element in (item.element, *item.others)}
        last = max(parent.index(e) for e in own if e.getparent() is parent)
        for element in list(parent)[parent.index(place) : last]:
            if element not in own and local_name(element).endswith("Start"):
                place.addprevious(element)
        for element in own:
            element.getparent().remove(element)
        return place


def _iter_pieces(items: Sequence[Item]) -> Iterator[tuple[Piece, Item | None]]:
    """Gives texts and marks with their items; a mark of a change of the format has none."""
    n, open_format, open_id = 0, "", 0
    ids: dict[Element, int] = {}
    for item in items:
        wanted = item.format if item.role is Role.TEXT and item.format != item.base else ""
        if open_format and wanted != open_format:
            yield Mark(Kind.CLOSE, open_id, required=False), None
            open_format = ""
        if wanted and not open_format:
            n, open_format = n + 1, wanted
            open_id = n
            yield Mark(Kind.OPEN, open_id, required=False), None
        if item.role is Role.TEXT:
            yield item.text, item
        elif item.role is Role.CLOSE:
            yield Mark(Kind.CLOSE, ids[item.element]), item
        else:
            n += 1
            ids[item.element] = n
            kind = Kind.OPEN if item.role is Role.OPEN else Kind.SINGLE
            yield Mark(kind, n), item
    if open_format:
        yield Mark(Kind.CLOSE, open_id, required=False), None


def _templates(core: Sequence[tuple[Piece, Item | None]]) -> dict[int, Item]:
    """The run to copy for text inside each pair, and for 0, outside of all."""
    templates: dict[int, Item] = {}
    inside = [0]
    for piece, item in core:
        if isinstance(piece, str) and item:
            templates.setdefault(inside[-1], item)
        elif isinstance(piece, Mark) and piece.kind is Kind.OPEN:
            inside.append(piece.id)
        elif isinstance(piece, Mark) and piece.kind is Kind.CLOSE:
            inside.pop()
    if templates:
        templates.setdefault(0, next(iter(templates.values())))
    return templates
