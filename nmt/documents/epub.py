"""EPUB books: chapters, navigation, title and description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from nmt.documents.archive import Archive, PackageContent, Part, read_archive, require_part
from nmt.documents.base import DocumentOptions, StringContent, StringSlot
from nmt.documents.encoding import decode_text
from nmt.documents.html import HTML, Page
from nmt.documents.markup import Fragment, MarkupRules
from nmt.errors import DocumentError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE = re.compile(r".+\.x?html?", re.IGNORECASE)
_LANGUAGE = re.compile(r"(<dc:language[^>]*>\s*)ko(?:-KR)?(?=\s*</dc:language>)")
_TITLE = re.compile(r"<(dc:(?:title|description|subject))\b[^>]*>([^<]+)</\1>")
_LABEL = MarkupRules(inline=frozenset().__contains__)
"""Of a table of contents (.ncx): each text stands alone."""


def load_epub(data: bytes, options: DocumentOptions) -> PackageContent:
    """Gives the texts of a book, chapters in the order of the archive.

    Raises:
        DocumentError: it is corrupt, copy-protected or of another format.
    """
    archive = read_archive(data)
    require_part(archive, _CONTAINER, "EPUB")
    locked = archive.parts.get(_ENCRYPTION, b"").decode("utf-8", "replace")
    if any(_PAGE.fullmatch(unquote(uri)) for uri in re.findall(r'URI="([^"]+)"', locked)):
        raise DocumentError("the book is copy-protected (DRM); give a copy without protection")
    return PackageContent(archive, list(_iter_parts(archive)))


def _iter_parts(archive: Archive) -> Iterator[Part]:
    for name in archive.parts:
        if name.endswith(".opf"):
            yield _part(name, _package_page(decode_text(archive.parts[name]).text))
    for name in archive.parts:
        if name.endswith(".ncx"):
            text = decode_text(archive.parts[name]).text
            yield _part(name, Page(Fragment(text, _LABEL).content().pieces))
        elif _PAGE.fullmatch(name):
            text = decode_text(archive.parts[name]).text
            yield _part(name, Page(Fragment(text, HTML).content().pieces))


def _part(name: str, page: StringContent) -> Part:
    return Part(name, page.slots, page.save)


def _package_page(text: str) -> StringContent:
    """The package file: title and description as slots, the language in English."""
    pieces: list[str | StringSlot] = []
    done = 0
    for match in _TITLE.finditer(text):
        pieces += [_LANGUAGE.sub(r"\1en", text[done : match.start(2)])]
        pieces += Fragment(match[2], _LABEL).content().pieces
        done = match.end(2)
    return StringContent([*pieces, _LANGUAGE.sub(r"\1en", text[done:])])
