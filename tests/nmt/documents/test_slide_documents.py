"""PowerPoint documents: slides, tables, charts, groups and notes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from nmt.documents import open_document

MaskDocument = Callable[..., bytes]
BOX = (Inches(1), Inches(1), Inches(3), Inches(2))


@pytest.fixture(scope="module")
def slides() -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "발표 제목"
    frame = slide.placeholders[1].text_frame
    frame.text = "첫째 항목"
    paragraph = frame.add_paragraph()
    for text, bold in (("이것은 ", None), ("굵은", True), (" 글", None)):
        run = paragraph.add_run()
        run.text, run.font.bold = text, bold
    link = paragraph.add_run()
    link.text, link.hyperlink.address = "누리집", "https://example.org/"
    frame.add_paragraph().text = "위\v아래"
    table = slide.shapes.add_table(1, 2, *BOX).table
    table.cell(0, 0).text, table.cell(0, 1).text = "칸", "셀"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "묶음 안"
    picture = slide.shapes.add_textbox(*BOX)
    picture._element.nvSpPr.cNvPr.set("descr", "그림 설명")
    data = CategoryChartData()
    data.categories = ["일월"]
    data.add_series("매출", (1,))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.PIE, *BOX, data).chart
    chart.chart_title.text_frame.text = "차트 제목"
    slide.notes_slide.notes_text_frame.text = "발표자 노트"
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def shape_texts(data: bytes) -> list[str]:
    (slide,) = pptx.Presentation(io.BytesIO(data)).slides
    shapes: list[Any] = list(slide.shapes)
    return [shape.text_frame.text for shape in shapes if shape.has_text_frame]


def test_slides_come_back_as_they_were(slides: bytes) -> None:
    document = open_document(slides, "a.pptx")
    assert parts(document.write(document.segments())) == parts(slides)


def test_every_korean_text_of_slides_is_translated(
    slides: bytes, mask_document: MaskDocument
) -> None:
    translated, before = parts(mask_document(slides, "a.pptx")), parts(slides)
    changed = {name for name in before if translated[name] != before[name]}
    chart = next(name for name in before if name.startswith("ppt/charts/"))
    assert changed == {
        "ppt/slides/slide1.xml", "ppt/notesSlides/notesSlide1.xml", chart,
    }  # fmt: skip
    for name in changed:
        cached = re.sub(r"<c:v>[^<]*</c:v>", "", translated[name].decode())
        assert not re.search("[가-힣]", cached)


def test_slide_formats_links_and_breaks_stay(slides: bytes, mask_document: MaskDocument) -> None:
    (slide,) = pptx.Presentation(io.BytesIO(mask_document(slides, "a.pptx"))).slides
    shapes: Any = slide.shapes
    assert shapes.title.text == "T2 T2"
    first, second, third = shapes.placeholders[1].text_frame.paragraphs
    assert [(run.text, run.font.bold) for run in second.runs] == [
        ("T3 ", None), ("T2", True), (" T1", None), ("T3", None),
    ]  # fmt: skip
    assert second.runs[3].hyperlink.address == "https://example.org/"
    assert (first.text, third.text) == ("T2 T2", "T1\vT2")
    table = next(shape for shape in shapes if shape.has_table).table
    assert [cell.text for cell in table.iter_cells()] == ["T1", "T1"]
    assert slide.notes_slide.notes_text_frame.text == "T3 T2"


def test_slide_link_is_a_format_that_may_be_lost(slides: bytes) -> None:
    document = open_document(slides, "a.pptx")
    source = "이것은 <g1>굵은</g1> 글<g2>누리집</g2>"
    assert source in document.segments()
    texts = [text.replace(source, "Plain words") for text in document.segments()]
    assert "첫째 항목\nPlain words\n위\v아래" in shape_texts(document.write(texts))
