"""What Word, PowerPoint and Excel documents share: DrawingML texts, descriptions, titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nmt.documents.archive import Archive, Part
from nmt.documents.base import Slot
from nmt.documents.hangul import has_hangul
from nmt.documents.run_items import RunRules
from nmt.documents.runs import paragraph_slots
from nmt.documents.xml_tree import (
    AttributeSlot,
    Element,
    ElementSlot,
    local_name,
    xml_part,
)

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_UNSEEN = frozenset({"lang", "altLang", "dirty", "err", "smtClean", "bmk", "noProof", "kumimoji"})
_UNSEEN_CHILDREN = frozenset({"lang", "noProof", "proofErr"})
_TITLES = ("title", "subject", "description", "keywords", "category")


def format_key(run: Element) -> str:
    """Gives a text that is equal for runs that look the same.

    Leaves out languages, spelling marks and the hint which of a font's scripts to take: programs
    cut runs at these between Korean and other letters.
    """
    properties = next((child for child in run if local_name(child) == "rPr"), None)
    return "" if properties is None else "".join(sorted(_keys(properties)))


def _keys(element: Element) -> Iterator[str]:
    for child in element:
        name = local_name(child)
        attributes = {k: v for k, v in child.attrib.items() if not k.endswith("}hint")}
        if name in _UNSEEN_CHILDREN or (name == "rFonts" and not attributes):
            continue
        yield f"{name}{sorted(attributes.items())}({''.join(_keys(child))})"
    if local_name(element) == "rPr":
        yield from sorted(f"{k}={v};" for k, v in element.attrib.items() if k not in _UNSEEN)


DRAWING_RULES = RunRules(text="t", format_key=format_key, singles=frozenset({"fld"}))
"""Of `a:p`: slides, notes, text in shapes, charts and diagrams."""


def drawing_slots(root: Element) -> Iterator[Slot]:
    """Gives the texts of a part in DrawingML and the descriptions of its pictures."""
    for element in list(root.iter()):
        if element.tag == f"{{{_DRAWING}}}p":
            yield from paragraph_slots(element, DRAWING_RULES)
        else:
            yield from description_slots(element)


def description_slots(element: Element) -> Iterator[Slot]:
    """Gives the alternative text of a picture or shape."""
    if local_name(element) in ("docPr", "cNvPr"):
        for name in ("title", "descr"):
            if has_hangul(element.get(name)):
                yield AttributeSlot(element, name)


def title_parts(archive: Archive) -> Iterator[Part]:
    """Gives the part with a document's title, subject and description."""
    if "docProps/core.xml" in archive.parts:
        yield xml_part(archive, "docProps/core.xml", _title_slots)


def _title_slots(root: Element) -> Iterator[Slot]:
    for element in root:
        if local_name(element) in _TITLES and has_hangul(element.text):
            yield ElementSlot(element)


def parts_matching(archive: Archive, pattern: str) -> list[str]:
    """Gives the names of the parts that match, by their numbers: slide2 before slide10."""
    names = [name for name in archive.parts if re.fullmatch(pattern, name)]
    return sorted(names, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
