"""PowerPoint documents (.pptx): slides, tables, charts, diagrams, notes and comments."""

from __future__ import annotations

from collections.abc import Iterator

from nmt.documents.archive import PackageContent, read_archive, require_part
from nmt.documents.base import DocumentOptions, Slot
from nmt.documents.hangul import has_hangul
from nmt.documents.office import drawing_slots, parts_matching, title_parts
from nmt.documents.xml_tree import Element, ElementSlot, local_name, xml_part

_DRAWING_PARTS = r"ppt/(?:slides/slide|notesSlides/notesSlide|charts/chart|diagrams/data)\d+\.xml"
_COMMENT_PARTS = r"ppt/comments/[^/]*\.xml"


def load_slides(data: bytes, options: DocumentOptions) -> PackageContent:
    """Gives the texts of a PowerPoint document; layouts and masters stay as they are.

    Raises:
        DocumentError: it is corrupt, encrypted or of another format.
    """
    archive = read_archive(data)
    require_part(archive, "ppt/presentation.xml", "PowerPoint")
    names = parts_matching(archive, _DRAWING_PARTS)
    parts = [xml_part(archive, name, drawing_slots) for name in names]
    comments = parts_matching(archive, _COMMENT_PARTS)
    parts += [xml_part(archive, name, _comment_slots) for name in comments]
    return PackageContent(archive, [*title_parts(archive), *parts])


def _comment_slots(root: Element) -> Iterator[Slot]:
    """Gives comments of both kinds: a plain text each, or paragraphs in DrawingML."""
    for element in root.iter("{*}text"):
        if local_name(element) == "text" and has_hangul(element.text):
            yield ElementSlot(element)
    yield from drawing_slots(root)
