"""EPUB books, written by hand here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from nmt.documents import find_format, open_document
from nmt.documents.markup import Fragment
from nmt.documents.xml_text import xml_rules
from nmt.errors import DocumentError

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

PACKAGE = (
    '<?xml version="1.0"?>\n<package xmlns="http://www.idpf.org/2007/opf" xml:lang="en"><metadata>'
    "<dc:title id='t'>책 제목</dc:title><dc:creator>홍길동</dc:creator>"
    "<dc:language>ko</dc:language></metadata></package>"
)
CHAPTER = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/'
    'xhtml" xml:lang="ko" lang="ko"><head><title>일 장</title></head>\n<body><h1>일 장</h1>'
    '<p>그는 <i>천천히</i> 걸었다.<br/>끝<a href="n.xhtml#1" epub:type="noteref">1</a></p></body>'
    "</html>"
)
CONTENTS = '<ncx><navPoint id="a"><navLabel><text>일 장</text></navLabel></navPoint></ncx>'
FILES = {
    "META-INF/container.xml": "<container/>",
    "OEBPS/content.opf": PACKAGE,
    "OEBPS/toc.ncx": CONTENTS,
    "OEBPS/c1.xhtml": CHAPTER,
    "OEBPS/style.css": "p { content: '가' }",
}


def epub(**more: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in {**FILES, **more}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_book_comes_back_as_it_was() -> None:
    document = open_document(epub(), "a.epub")
    assert parts(document.write(document.segments())) == parts(epub())
    assert find_format(epub()).name == "EPUB"


def test_book_is_translated_in_place(mask: Mask, mask_document: MaskDocument) -> None:
    translated = parts(mask_document(epub(), "a.epub"))
    assert translated["OEBPS/c1.xhtml"] == mask(CHAPTER).replace('lang="ko"', 'lang="en"')
    assert translated["OEBPS/toc.ncx"] == mask(CONTENTS)
    assert translated["OEBPS/content.opf"] == PACKAGE.replace("책 제목", "T1 T2").replace(
        ">ko<", ">en<"
    )
    assert translated["OEBPS/style.css"] == FILES["OEBPS/style.css"]


def test_protected_book_is_refused() -> None:
    locked = '<encryption><CipherReference URI="OEBPS/c1.xhtml"/></encryption>'
    with pytest.raises(DocumentError, match=r"the book is copy-protected \(DRM\)"):
        open_document(epub(**{"META-INF/encryption.xml": locked}), "a.epub")
    fonts = '<encryption><CipherReference URI="OEBPS/font.ttf"/></encryption>'
    assert open_document(epub(**{"META-INF/encryption.xml": fonts}), "a.epub").segments()


@pytest.mark.parametrize(
    ("source", "segments"),
    [
        ("가 <x id='1'>나</x> 다", ["가 <g1>나</g1> 다"]),
        ("<doc><title>가</title><par>나 <e>다</e></par></doc>", ["가", "나 <g1>다</g1>"]),
        ("<a>가</a><b>나</b>", ["가", "나"]),
    ],
)
def test_xml_tags_beside_text_are_inline(source: str, segments: list[str]) -> None:
    fragment = Fragment(source, xml_rules(source))
    assert fragment.segments() == segments
    assert fragment.fill(segments) == source


def test_xml_tags_can_split_and_be_left_alone() -> None:
    source = "가 <br2/> 나 <keep>다</keep> 라"
    fragment = Fragment(source, xml_rules(source, splitting=["br2"], untouched=["keep"]))
    assert fragment.segments() == ["가", "나 <g1/> 라"]
    assert fragment.fill(["a", "b <g1/> c"]) == "a <br2/> b <keep>다</keep> c"
