"""Hangul documents (OWPML in a ZIP), written by hand here."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from nmt.documents import find_format, open_document
from nmt.errors import DocumentError

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

NAMESPACES = (
    'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" '
    'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
    'xmlns:hc="http://www.hancom.co.kr/hwpml/2011/core"'
)
LAYOUT = '<hp:linesegarray><hp:lineseg textpos="0" vertpos="0"/></hp:linesegarray>'
CELL = (
    '<hp:tc name=""><hp:subList id=""><hp:p id="5"><hp:run charPrIDRef="0"><hp:t>{}</hp:t>'
    "</hp:run></hp:p></hp:subList></hp:tc>"
)
SECTION = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<hs:sec {NAMESPACES}><hp:p id="0" paraPrIDRef="3" styleIDRef="0"><hp:run charPrIDRef="0">\
<hp:secPr id=""><hp:pagePr width="59528"/></hp:secPr><hp:ctrl><hp:colPr colCount="1"/></hp:ctrl>\
</hp:run><hp:run charPrIDRef="0"><hp:t>이것은 </hp:t></hp:run><hp:run charPrIDRef="7"><hp:t>굵은\
</hp:t></hp:run><hp:run charPrIDRef="0"><hp:t> 글</hp:t><hp:ctrl><hp:footNote number="1">\
<hp:subList><hp:p id="1"><hp:run charPrIDRef="0"><hp:ctrl><hp:autoNum num="1"/></hp:ctrl>\
<hp:t> 각주 글</hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl><hp:t>입니다.</hp:t>\
</hp:run>{LAYOUT}</hp:p><hp:p id="2"><hp:run charPrIDRef="0"><hp:tbl rowCnt="1" colCnt="2"><hp:tr>\
{CELL.format("칸 하나")}{CELL.format("English")}</hp:tr></hp:tbl><hp:t/></hp:run>{LAYOUT}</hp:p>\
<hp:p id="3"><hp:run charPrIDRef="0"><hp:t>앞<hp:tab width="4000"/>가운데<hp:nbSpace/>글\
<hp:lineBreak/>뒤</hp:t></hp:run></hp:p><hp:p id="4"><hp:run charPrIDRef="0"><hp:ctrl>\
<hp:header id="1"><hp:subList><hp:p id="6"><hp:run charPrIDRef="0"><hp:t>머리말</hp:t></hp:run>\
</hp:p></hp:subList></hp:header></hp:ctrl></hp:run></hp:p></hs:sec>"""
CONTENT = (
    '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:metadata><opf:title>문서 제목'
    "</opf:title><opf:language>ko</opf:language></opf:metadata></opf:package>"
)


def hwpx(section: str = SECTION, extra: dict[str, str] | None = None) -> bytes:
    contents = {
        "version.xml": "<hv:HCFVersion xmlns:hv='http://www.hancom.co.kr/hwpml/2011/version'/>",
        "Contents/header.xml": "<hh:head xmlns:hh='http://www.hancom.co.kr/hwpml/2011/head'/>",
        "Contents/section0.xml": section,
        "Preview/PrvText.txt": "이것은 굵은 글입니다.\r\n<칸 하나><English>\r\n",
        "settings.xml": "<a/>",
        "META-INF/container.xml": "<a/>",
        "Contents/content.hpf": CONTENT,
        **(extra or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip", zipfile.ZIP_STORED)
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_hwpx_comes_back_as_it_was_with_mimetype_first_and_stored() -> None:
    document = open_document(hwpx(), "a.hwpx")
    written = document.write(document.segments())
    assert parts(written) == parts(hwpx())
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_hwpx_segments_are_in_order() -> None:
    assert open_document(hwpx(), "a.hwpx").segments() == (
        "문서 제목",
        "이것은 <g1>굵은</g1> 글<g2/>입니다.", "각주 글", "칸 하나", "앞", "가운데 글", "뒤",
        "머리말", "이것은 굵은 글입니다.", "<칸 하나><English>",
    )  # fmt: skip


def test_every_korean_text_of_hwpx_is_translated(mask_document: MaskDocument) -> None:
    translated = parts(mask_document(hwpx(), "a.hwpx"))
    assert not re.search("[가-힣]", "".join(part.decode() for part in translated.values()))
    assert {name for name in translated if translated[name] != parts(hwpx())[name]} == {
        "Contents/content.hpf", "Contents/section0.xml", "Preview/PrvText.txt",
    }  # fmt: skip


def test_hwpx_formats_and_controls_stay(mask_document: MaskDocument) -> None:
    section = parts(mask_document(hwpx(), "a.hwpx"))["Contents/section0.xml"].decode()
    first = section.split("<hp:subList>")[0]
    assert re.findall(r'<hp:run charPrIDRef="(\d)"><hp:t>([^<]*)', first) == [
        ("0", "T3 "), ("7", "T2"), ("0", " T1"),
    ]  # fmt: skip
    assert "<hp:colPr" in first.split("T3")[0] and first.split("T1")[1].endswith('number="1">')
    tabbed = section[section.index('<hp:p id="3">') : section.index('<hp:p id="4">')]
    assert re.sub(r"</?hp:(?:run|t|p)\b[^>]*>", "", tabbed) == (
        'T1<hp:tab width="4000"/>T3 T1<hp:lineBreak/>T1'
    )
    assert re.search(r"<hp:t><hp:tab [^>]*/></hp:t>", tabbed)


def test_stored_layout_goes_only_where_the_text_changes(mask_document: MaskDocument) -> None:
    section = parts(mask_document(hwpx(), "a.hwpx"))["Contents/section0.xml"].decode()
    assert section.count("linesegarray>") == 2
    assert "linesegarray" in section[section.index("</hp:tbl>") :]


def test_hwpx_is_known_by_its_content() -> None:
    assert find_format(hwpx(), "file").name == "HWPX"


def test_encrypted_hwpx_is_refused() -> None:
    manifest = "<odf:manifest xmlns:odf='x'><odf:encryption-data/></odf:manifest>"
    with pytest.raises(DocumentError, match="is encrypted with a password; remove the password"):
        open_document(hwpx(extra={"META-INF/manifest.xml": manifest}), "a.hwpx")
