"""Word documents (.docx): body, tables, text boxes, headers, footers, notes and comments."""

from __future__ import annotations

from collections.abc import Iterator

from nmt.documents.archive import PackageContent, read_archive, require_part
from nmt.documents.base import DocumentOptions, Slot
from nmt.documents.office import (
    description_slots,
    drawing_slots,
    format_key,
    parts_matching,
    title_parts,
)
from nmt.documents.run_items import RunRules
from nmt.documents.runs import paragraph_slots
from nmt.documents.xml_tree import Element, xml_part

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_TEXT_PARTS = r"word/(?:header\d*|footer\d*|footnotes|endnotes|comments)\.xml"
_DRAWING_PARTS = r"word/(?:charts/chart|diagrams/data)\d*\.xml"
RULES = RunRules(
    text="t",
    format_key=format_key,
    containers=frozenset({"hyperlink", "ins", "smartTag", "sdt", "fldSimple", "customXml"}),
    singles=frozenset({"oMath", "oMathPara"}),
    walls=frozenset({"br", "tab", "cr", "ptab"}),
    ignored=frozenset({"lastRenderedPageBreak"}),
    marks_spaces=True,
    content="sdtContent",
)


def load_word(data: bytes, options: DocumentOptions) -> PackageContent:
    """Gives the texts of a Word document.

    Raises:
        DocumentError: it is corrupt, encrypted or of another format.
    """
    archive = read_archive(data)
    require_part(archive, "word/document.xml", "Word")
    names = ["word/document.xml", *parts_matching(archive, _TEXT_PARTS)]
    parts = [xml_part(archive, name, _text_slots) for name in names]
    drawings = parts_matching(archive, _DRAWING_PARTS)
    parts += [xml_part(archive, name, drawing_slots) for name in drawings]
    return PackageContent(archive, [*title_parts(archive), *parts])


def _text_slots(root: Element) -> Iterator[Slot]:
    for element in list(root.iter()):
        if element.tag in (f"{{{_WORD}}}p", f"{{{_STRICT}}}p"):
            yield from paragraph_slots(element, RULES)
        else:
            yield from description_slots(element)
