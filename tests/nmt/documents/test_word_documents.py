"""Word documents: every text is found, formats and links stay, the rest is the same to the byte."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.documents import open_document

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

TEXT_BOX = (
    "<w:r {}><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>"
    "<w:p><w:r><w:t>글상자</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)
FIELD = (
    '<w:r {0}><w:fldChar w:fldCharType="begin"/></w:r>',
    "<w:r {0}><w:instrText> SEQ 표 </w:instrText></w:r>",
    '<w:r {0}><w:fldChar w:fldCharType="separate"/></w:r>',
    "<w:r {0}><w:t>1</w:t></w:r>",
    '<w:r {0}><w:fldChar w:fldCharType="end"/></w:r>',
)


def append(paragraph: Any, xml: str) -> None:
    paragraph._p.append(parse_xml(xml.replace("{0}", "{}").format(nsdecls("w"))))


def add_link(document: Any, paragraph: Any, text: str) -> None:
    target = "https://example.org/"
    relation = document.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    append(
        paragraph,
        '<w:hyperlink {} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships" r:id="{relation}"><w:r><w:rPr><w:u w:val="single"/></w:rPr><w:t>{text}'
        "</w:t></w:r></w:hyperlink>",
    )


@pytest.fixture(scope="module")
def report() -> bytes:
    document = docx.Document()
    document.core_properties.title = "보고서 제목"
    document.add_heading("큰 제목", 1)
    paragraph = document.add_paragraph("이것은 ")
    paragraph.add_run("매우 ").bold = True
    paragraph.add_run("중요한").bold = True
    paragraph.add_run(" 문서입니다. ")
    paragraph.add_run("자세한 것은 ")
    add_link(document, paragraph, "누리집")
    paragraph.add_run("을 보세요.")
    document.add_paragraph("목록\t탭\n줄", style="List Bullet")
    field = document.add_paragraph("표 ")
    for xml in FIELD:
        append(field, xml)
    field.add_run(" 매출")
    append(document.add_paragraph("그림 옆 "), TEXT_BOX)
    cell = document.add_table(1, 2).cell(0, 1)
    cell.text = "칸 하나"
    cell.add_table(1, 1).cell(0, 0).text = "안쪽 칸"
    section = document.sections[0]
    section.header.paragraphs[0].text = "머리글"
    section.footer.paragraphs[0].text = "바닥글"
    document.add_comment(document.paragraphs[0].runs, text="메모입니다", author="김")
    document.add_paragraph("English only")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def body(data: bytes) -> Any:
    return docx.Document(io.BytesIO(data))


def translate(data: bytes, translations: dict[str, str]) -> Any:
    document = open_document(data, "a.docx")
    assert set(translations) <= set(document.segments())
    return body(document.write([translations.get(text, text) for text in document.segments()]))


def one_paragraph(*runs: tuple[str, bool]) -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph()
    for text, bold in runs:
        paragraph.add_run(text).bold = bold or None
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_word_document_comes_back_as_it_was(report: bytes) -> None:
    document = open_document(report, "a.docx")
    assert parts(document.write(document.segments())) == parts(report)
    assert list(parts(document.write(document.segments()))) == list(parts(report))


def test_word_segments_are_in_order(report: bytes) -> None:
    assert open_document(report, "a.docx").segments() == (
        "보고서 제목",
        "큰 제목",
        "이것은 <g1>매우 중요한</g1> 문서입니다. 자세한 것은 <g2>누리집</g2>을 보세요.",
        "목록", "탭", "줄",
        "표 <g1/> 매출",
        "그림 옆", "글상자", "칸 하나", "안쪽 칸", "메모입니다", "머리글", "바닥글",
    )  # fmt: skip


def test_every_korean_text_of_a_word_document_is_translated(
    report: bytes, mask_document: MaskDocument
) -> None:
    translated = parts(mask_document(report, "a.docx"))
    before = parts(report)
    changed = {name for name in before if translated[name] != before[name]}
    assert changed == {
        "docProps/core.xml", "word/document.xml", "word/header1.xml", "word/footer1.xml",
        "word/comments.xml",
    }  # fmt: skip
    for name in changed:
        texts = re.sub(
            r"<w:instrText>.*?</w:instrText>| w:\w+=\"[^\"]*\"", "", translated[name].decode()
        )
        assert not re.search("[가-힣]", texts)


def test_word_formats_links_and_styles_stay(report: bytes, mask_document: MaskDocument) -> None:
    document = body(mask_document(report, "a.docx"))
    heading, paragraph, item = document.paragraphs[:3]
    assert (heading.text, heading.style.name) == ("T1 T2", "Heading 1")
    assert [(run.text, run.bold) for run in paragraph.runs] == [
        ("T3 ", None), ("T2 T3", True), (" T5. T3 T2 ", None), ("T1 T3.", None),
    ]  # fmt: skip
    assert [(link.text, link.address) for link in paragraph.hyperlinks] == [
        ("T3", "https://example.org/")
    ]
    assert paragraph.text == "T3 T2 T3 T5. T3 T2 T3T1 T3."
    assert (item.text, item.style.name) == ("T2\tT1\nT1", "List Bullet")
    assert document.paragraphs[3].text == "T1 1 T2"
    assert document.comments.get(0).text == "T5"


def test_word_format_moves_with_its_words() -> None:
    data = one_paragraph(("나는 ", False), ("사과", True), ("를 먹는다.", False))
    source = "나는 <g1>사과</g1>를 먹는다."
    document = translate(data, {source: "<g1>Apples</g1> are what I eat."})
    assert [(r.text, r.bold) for r in document.paragraphs[0].runs] == [
        ("Apples", True), (" are what I eat.", None),
    ]  # fmt: skip


def test_word_format_that_was_lost_is_dropped() -> None:
    data = one_paragraph(("나는 ", False), ("사과", True), ("를 먹는다.", False))
    document = translate(data, {"나는 <g1>사과</g1>를 먹는다.": "I eat apples. <g1> </g1>"})
    assert [(r.text, r.bold) for r in document.paragraphs[0].runs] == [("I eat apples.", None)]


def test_word_link_that_was_lost_is_put_back(report: bytes) -> None:
    source = "이것은 <g1>매우 중요한</g1> 문서입니다. 자세한 것은 <g2>누리집</g2>을 보세요."
    document = translate(report, {source: "This matters. See the web page."})
    paragraph = document.paragraphs[1]
    assert paragraph.text == "This matters. See the web page."
    (link,) = paragraph.hyperlinks
    assert link.text in paragraph.text.split() and link.address == "https://example.org/"


def test_runs_cut_for_no_visible_reason_are_one_text() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("안녕")
    unseen = '<w:rFonts w:hint="eastAsia"/><w:lang w:val="ko"/>'
    append(paragraph, f"<w:r {{}}><w:rPr>{unseen}</w:rPr><w:t>하세요</w:t></w:r>")
    buffer = io.BytesIO()
    document.save(buffer)
    assert open_document(buffer.getvalue(), "a.docx").segments() == ("안녕하세요",)


def test_word_comment_keeps_its_range(report: bytes, mask_document: MaskDocument) -> None:
    paragraph = body(mask_document(report, "a.docx")).paragraphs[0]._p
    names = [child.tag for child in paragraph]
    start, end = names.index(qn("w:commentRangeStart")), names.index(qn("w:commentRangeEnd"))
    assert qn("w:r") in names[start:end]


def test_field_with_korean_result_keeps_its_marks_in_order() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("앞 ")
    for xml in FIELD:
        append(paragraph, xml.replace(">1<", ">결과 글<"))
    paragraph.add_run(" 뒤")
    buffer = io.BytesIO()
    document.save(buffer)
    opened = open_document(buffer.getvalue(), "a.docx")
    assert opened.segments() == ("앞", "결과 글", "뒤")
    xml = body(opened.write(["a", "b", "c"])).paragraphs[0]._p.xml
    assert re.findall(r'fldCharType="(\w+)"|<w:t[^>]*>([^<]*)', xml) == [
        ("", "a "), ("begin", ""), ("separate", ""), ("", "b"), ("end", ""), ("", " c"),
    ]  # fmt: skip


TAGS = st.sampled_from(
    ["<g1>", "</g1>", "<g2>", "</g2>", "<g3/>", "<g1/>", "</g9>", " ", "word", ".", "\n", "\x00"]
)


@pytest.fixture(scope="module")
def write(report: bytes) -> Callable[[str], Any]:
    """Gives the report with one and the same translation everywhere."""
    document = open_document(report, "a.docx")
    return lambda text: body(document.write([text] * len(document.segments())))


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=st.lists(TAGS, max_size=12))
def test_whatever_a_model_writes_links_and_notes_stay(
    write: Callable[[str], Any], written: list[str]
) -> None:
    paragraphs = write("".join(written)).paragraphs
    assert [link.address for link in paragraphs[1].hyperlinks] == ["https://example.org/"]
    fields = re.findall(r'fldCharType="(\w+)"', paragraphs[3]._p.xml)
    assert fields == ["begin", "separate", "end"]
    assert paragraphs[1].text.count("word") == written.count("word")


@pytest.mark.parametrize("translation", ["", " ", "<g1></g1>", "\n"])
def test_empty_translation_leaves_a_sound_document(
    write: Callable[[str], Any], translation: str
) -> None:
    paragraphs = write(translation).paragraphs
    assert [link.address for link in paragraphs[1].hyperlinks] == ["https://example.org/"]
