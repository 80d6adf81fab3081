"""Hangul documents (.hwpx): body, tables, text boxes, notes, headers and footers.

OWPML (KS X 6101) keeps the body in `Contents/section*.xml`. Everything a page shows (tables,
shapes, notes, headers) stands inside runs and has paragraphs of its own. The layout that Hangul
stores with a paragraph (`linesegarray`) is dropped where the text changes; Hangul lays it out
again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from nmt.documents.archive import Archive, PackageContent, Part, read_archive, require_part
from nmt.documents.base import DocumentOptions, Slot, StringContent
from nmt.documents.hangul import has_hangul
from nmt.documents.office import parts_matching
from nmt.documents.plain import iter_lines
from nmt.documents.run_items import RunRules
from nmt.documents.runs import paragraph_slots
from nmt.documents.xml_tree import Element, ElementSlot, local_name, xml_part
from nmt.errors import DocumentError

_TEXT_PARTS = r"Contents/(?:section|masterpage)\d+\.xml"
_PREVIEW = "Preview/PrvText.txt"
_MANIFEST = "META-INF/manifest.xml"
_SPACES = frozenset({"nbSpace", "fwSpace"})
RULES = RunRules(
    text="t",
    format_key=lambda run: str(run.get("charPrIDRef", "")),
    run="run",
    walls=frozenset({"lineBreak", "tab"}),
    properties=frozenset(),
)


def load_hwpx(data: bytes, options: DocumentOptions) -> PackageContent:
    """Gives the texts of a Hangul document.

    Raises:
        DocumentError: it is corrupt, encrypted or of another format.
    """
    archive = read_archive(data)
    if b"encryption-data" in archive.parts.get(_MANIFEST, b""):
        raise DocumentError(
            "the document is encrypted with a password; remove the password and save it again"
        )
    require_part(archive, "Contents/section0.xml", "Hangul")
    parts = [xml_part(archive, name, _slots) for name in parts_matching(archive, _TEXT_PARTS)]
    if "Contents/content.hpf" in archive.parts:
        parts.insert(0, xml_part(archive, "Contents/content.hpf", _title_slots))
    return PackageContent(archive, [*parts, *_preview(archive)])


def _title_slots(root: Element) -> Iterator[Slot]:
    for element in root.iter("{*}title"):
        if has_hangul(element.text):
            yield ElementSlot(element)


def _preview(archive: Archive) -> Iterator[Part]:
    """Gives the text that file managers show."""
    try:
        text = archive.parts.get(_PREVIEW, b"").decode("utf-8")
    except UnicodeDecodeError:
        return
    content = StringContent(list(iter_lines(text)))
    yield Part(_PREVIEW, [slot for slot in content.slots if has_hangul(slot.text)], content.save)


def _slots(root: Element) -> Iterator[Slot]:
    for element in list(root.iter()):
        name = local_name(element)
        if name == "p":
            yield from _paragraph(element)
        elif name == "shapeComment" and has_hangul(element.text):
            yield ElementSlot(element)


def _paragraph(paragraph: Element) -> Iterator[Slot]:
    texts = [t for run in paragraph.iterchildren("{*}run") for t in run.iterchildren("{*}t")]
    if any(has_hangul("".join(text.itertext())) for text in texts):
        for text in texts:
            _split_text(text)
        yield from (_Slot(slot, paragraph) for slot in paragraph_slots(paragraph, RULES))


def _split_text(text: Element) -> None:
    """Gives what stands inside a text (a tab, a line break, a mark) a text element of its own."""
    for child in list(text):
        if local_name(child) in _SPACES:
            _append_text(text, child, " " + (child.tail or ""))
            child.tail = None
            text.remove(child)
    for child in reversed(list(text)):
        around, after = _empty_like(text), _empty_like(text)
        after.text, child.tail = child.tail, None
        around.append(child)
        text.addnext(around)
        if after.text:
            around.addnext(after)


def _append_text(text: Element, child: Element, added: str) -> None:
    before = child.getprevious()
    if before is None:
        text.text = (text.text or "") + added
    else:
        before.tail = (before.tail or "") + added


def _empty_like(text: Element) -> Element:
    new = copy.copy(text)
    for child in list(new):
        new.remove(child)
    new.text = new.tail = None
    return new


@dataclass(frozen=True)
class _Slot:
    """A segment of a paragraph, whose stored layout goes when it changes."""

    slot: Slot
    paragraph: Element

    @property
    def text(self) -> str:
        return self.slot.text

    def put(self, translation: str) -> None:
        self.slot.put(translation)
        for layout in list(self.paragraph.iterchildren("{*}linesegarray")):
            self.paragraph.remove(layout)
