"""XML of others, read without entities, networks or surprises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from nmt.documents.archive import Archive, Part
from nmt.documents.base import Slot
from nmt.errors import DocumentError

Element = Any
"""An lxml element; lxml ships no types."""
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\?>\s*")
_ENCODING = re.compile(rb"""(encoding\s*=\s*["'])[^"']*(["'])""")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@dataclass(frozen=True)
class XmlFile:
    """An XML file as a tree."""

    root: Element
    head: bytes
    """Its XML declaration, which says UTF-8."""

    def render(self) -> bytes:
        """Gives the file as it now is, in UTF-8."""
        tree = etree.ElementTree(self.root)
        return self.head + bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=False))


def parse_xml(data: bytes, name: str) -> XmlFile:
    """Gives the tree of an XML file.

    Raises:
        DocumentError: it is no well-formed XML, or it declares entities.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(
            f"{name} is no well-formed XML: {error}; open the document in its program, save it "
            "again and send it once more"
        ) from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise DocumentError(f"{name} declares XML entities, which are not allowed; remove them")
    head = _HEAD.match(data)
    return XmlFile(root, _ENCODING.sub(rb"\1UTF-8\2", head[0]) if head else b"")


def xml_part(archive: Archive, name: str, slots_of: Any) -> Part:
    """Gives a part of an archive with the slots that `slots_of` finds in its root element.

    Raises:
        DocumentError: it is no well-formed XML, or it declares entities.
    """
    file = parse_xml(archive.parts[name], name)
    slots: list[Slot] = list(slots_of(file.root))
    return Part(name, slots, file.render)


def local_name(element: Element) -> str:
    """Gives the tag without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def set_text(element: Element, text: str) -> None:
    """Writes a text, with what XML does not allow left out."""
    element.text = _NOT_XML.sub("", text)


def set_tail(element: Element, text: str) -> None:
    """Writes the text after an element, with what XML does not allow left out."""
    element.tail = _NOT_XML.sub("", text)


def keep_spaces(element: Element) -> None:
    """Says that spaces at the ends of an element's text count."""
    if element.text and element.text != element.text.strip():
        element.set(_XML_SPACE, "preserve")


@dataclass(frozen=True)
class ElementSlot:
    """An element that holds nothing but a text."""

    element: Element

    @property
    def text(self) -> str:
        """See `Slot`."""
        return str(self.element.text or "").strip()

    def put(self, translation: str) -> None:
        """See `Slot`."""
        set_text(self.element, translation)


@dataclass(frozen=True)
class AttributeSlot:
    """An attribute that holds a text."""

    element: Element
    name: str

    @property
    def text(self) -> str:
        """See `Slot`."""
        return str(self.element.get(self.name, ""))

    def put(self, translation: str) -> None:
        """See `Slot`."""
        self.element.set(self.name, _NOT_XML.sub("", translation))
