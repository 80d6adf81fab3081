"""Excel documents (.xlsx): cells, comments, charts and shapes; formulas and sheet names stay.

Cells name their text by its number in a table of shared strings, so equal cells are one segment. A
list ("table") of Excel repeats its column headings in a part of its own, which must say the same as
the cells, and formulas may name them; headings that formulas name stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import unescape

from nmt.documents.archive import Archive, PackageContent, Part, read_archive, require_part
from nmt.documents.base import DocumentOptions, Slot
from nmt.documents.hangul import has_hangul
from nmt.documents.office import drawing_slots, format_key, parts_matching, title_parts
from nmt.documents.run_items import RunRules
from nmt.documents.runs import paragraph_slots
from nmt.documents.xml_tree import (
    Element,
    ElementSlot,
    keep_spaces,
    parse_xml,
    xml_part,
)

_DRAWING_PARTS = r"xl/(?:drawings/drawing|charts/chart|diagrams/data)\d+\.xml"
_STRINGS = "xl/sharedStrings.xml"
_RULES = RunRules(text="t", format_key=format_key, walls=frozenset(), marks_spaces=True)


def load_sheets(data: bytes, options: DocumentOptions) -> PackageContent:
    """Gives the texts of an Excel document.

    Raises:
        DocumentError: it is corrupt, encrypted or of another format.
    """
    archive = read_archive(data)
    require_part(archive, "xl/workbook.xml", "Excel")
    tables = [_Table(archive, name) for name in parts_matching(archive, r"xl/tables/table\d+\.xml")]
    named = _names_in_formulas(archive)
    slots_of = partial(_string_slots, tables=tables, named=named)
    parts = list(title_parts(archive))
    if _STRINGS in archive.parts:
        parts.append(xml_part(archive, _STRINGS, slots_of))
    for name in parts_matching(archive, r"xl/worksheets/sheet\d+\.xml"):
        if b"inlineStr" in archive.parts[name]:
            parts.append(xml_part(archive, name, slots_of))
    for name in parts_matching(archive, r"xl/(?:comments\d*|comments/comment\d+)\.xml"):
        parts.append(xml_part(archive, name, _comment_slots))
    for name in parts_matching(archive, r"xl/threadedComments/[^/]*\.xml"):
        parts.append(xml_part(archive, name, _comment_slots))
    parts += [xml_part(archive, n, drawing_slots) for n in parts_matching(archive, _DRAWING_PARTS)]
    return _Workbook(archive, parts, tables)


def _names_in_formulas(archive: Archive) -> frozenset[str]:
    """All that stands in square brackets in a formula: the headings that formulas name."""
    formulas = re.compile(
        r"<(?:\w+:)?(?:f|formula1|formula2|calculatedColumnFormula)\b[^>]*>([^<]+)"
    )
    found: set[str] = set()
    for name, content in archive.parts.items():
        if name.startswith("xl/") and name.endswith(".xml") and b"[" in content:
            for formula in map(unescape, formulas.findall(content.decode("utf-8", "replace"))):
                found |= {text.lstrip("@#") for text in re.findall(r"[\[@]([^\[\]]+)\]", formula)}
    return frozenset(found)


class _Table:
    """A list of Excel, whose headings repeat those of its first row."""

    def __init__(self, archive: Archive, name: str) -> None:
        self.name = name
        self.file = parse_xml(archive.parts[name], name)
        self.columns: Sequence[Element] = list(self.file.root.iter("{*}tableColumn"))
        self.headings = [str(column.get("name", "")) for column in self.columns]
        self.is_changed = False

    def rename(self, translations: dict[str, str]) -> None:
        """Puts the headings' translations into the list's own part."""
        for column, heading in zip(self.columns, self.headings, strict=True):
            if heading in translations:
                column.set("name", translations[heading])
                self.is_changed = True


def _string_slots(root: Element, tables: Sequence[_Table], named: frozenset[str]) -> Iterator[Slot]:
    headings = {heading for table in tables for heading in table.headings}
    taken: set[str] = set()
    for element in [*root.iter("{*}si"), *root.iter("{*}is")]:
        plain = "".join(text.text or "" for text in _texts(element))
        if plain in headings and plain in named:
            continue
        for slot in _slots(element):
            yield _Heading(slot, element, plain, taken) if plain in headings else slot


def _slots(element: Element) -> Iterator[Slot]:
    """Gives the text of a string, which is plain or made of runs."""
    direct = element.find("{*}t")
    if direct is None:
        yield from paragraph_slots(element, _RULES)
    elif has_hangul(direct.text):
        yield _Plain(direct)


class _Plain(ElementSlot):
    """A string without formats."""

    def put(self, translation: str) -> None:
        """See `Slot`."""
        super().put(translation)
        keep_spaces(self.element)


def _texts(element: Element) -> list[Element]:
    """The texts of a string, without those that say how it is read."""
    return [t for t in element.iter("{*}t") if t.getparent().tag.rpartition("}")[2] != "rPh"]


@dataclass(frozen=True)
class _Heading:
    """A cell that is a list's heading: no two of them may be equal."""

    slot: Slot
    element: Element
    heading: str
    taken: set[str]

    @property
    def text(self) -> str:
        return self.slot.text

    def put(self, translation: str) -> None:
        unique, number = " ".join(translation.split()), 2
        while unique.casefold() in self.taken:
            unique, number = f"{translation} {number}", number + 1
        self.taken.add(unique.casefold())
        self.slot.put(unique)


class _Workbook(PackageContent):
    """A workbook, whose lists follow their headings when it is saved."""

    def __init__(self, archive: Archive, parts: Sequence[Part], tables: Sequence[_Table]) -> None:
        super().__init__(archive, parts)
        self._tables = tables

    def save(self) -> bytes:
        """See `Content`."""
        found = [getattr(tracked, "slot", None) for tracked in self.slots]
        headings = {
            slot.heading: "".join(text.text or "" for text in _texts(slot.element))
            for slot in found
            if isinstance(slot, _Heading)
        }
        changed = {old: new for old, new in headings.items() if old != new}
        parts = {part.name: part.render() for part in self.parts if part.is_changed}
        for table in self._tables:
            table.rename(changed)
            if table.is_changed:
                parts[table.name] = table.file.render()
        return self.archive.save(parts)


def _comment_slots(root: Element) -> Iterator[Slot]:
    """Gives the texts of comments, old (made of runs) and threaded (plain)."""
    for element in root.iter("{*}text"):
        if len(element):
            yield from _slots(element)
        elif has_hangul(element.text):
            yield ElementSlot(element)
