"""Excel documents: cells, comments, lists; formulas, numbers and sheet names stay."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table

from nmt.documents import open_document

MaskDocument = Callable[..., bytes]


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def book() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "매출표"
    sheet.append(["품목", "가격"])
    sheet.append(["사과", 1200])
    sheet.append(["배 ", 1500])
    sheet["A5"] = "사과"
    sheet["B5"] = '=SUM(B2:B3)&"원"&매출표!A2'
    sheet["C1"] = CellRichText("이것은 ", TextBlock(InlineFont(b=True), "굵은"), " 글")
    sheet["C2"] = "첫 줄\n둘째 줄"
    sheet["D1"].comment = Comment("메모 글", "김")
    sheet["E1"] = "English"
    return saved(book)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def reopened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), rich_text=True)


def test_sheets_come_back_as_they_were(book: bytes) -> None:
    document = open_document(book, "a.xlsx")
    assert parts(document.write(document.segments())) == parts(book)


def test_cells_and_comments_are_translated(book: bytes, mask_document: MaskDocument) -> None:
    sheet = reopened(mask_document(book, "a.xlsx"))["매출표"]
    rows = [[cell.value for cell in row] for row in sheet["A1:B5"]]
    assert rows == [
        ["T2", "T2"], ["T2", 1200], ["T1", 1500], [None, None],
        ["T2", '=SUM(B2:B3)&"원"&매출표!A2'],
    ]  # fmt: skip
    rich = sheet["C1"].value
    assert str(rich) == "T3 T2 T1"
    assert [part.text for part in rich if isinstance(part, TextBlock) and part.font.b] == ["T2"]
    assert sheet["C2"].value == "T1 T1\nT2 T1"
    assert sheet["D1"].comment.text == "T2 T1"
    assert sheet["E1"].value == "English"


def test_only_parts_with_korean_cells_change(book: bytes, mask_document: MaskDocument) -> None:
    translated, before = parts(mask_document(book, "a.xlsx")), parts(book)
    changed = {name for name in before if translated[name] != before[name]}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/comments/comment1.xml"}


def test_shared_strings_and_their_headings_are_translated(mask_document: MaskDocument) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.add_table("A1:B3", {"columns": [{"header": "품목"}, {"header": "가격표"}]})
        sheet.write("A2", "사과")
        sheet.write("A3", "사과")
        sheet.write_rich_string("A5", "이것은 ", book.add_format({"bold": True}), "굵은", " 글")
        sheet.insert_textbox("D5", "글상자")
    data = buffer.getvalue()
    assert open_document(data, "a.xlsx").segments().count("사과") == 1
    translated = mask_document(data, "a.xlsx")
    after = reopened(translated).active
    assert [after[name].value for name in ("A1", "B1", "A2", "A3")] == ["T2", "T3", "T2", "T2"]
    assert str(after["A5"].value) == "T3 T2 T1"
    (table,) = after.tables.values()
    assert [column.name for column in table.tableColumns] == ["T2", "T3"]
    assert b"<a:t>T3</a:t>" in parts(translated)["xl/drawings/drawing1.xml"]


def with_table(formula: str | None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["품목", "가격", "수량"])
    sheet.append(["사과", 1200, 3])
    sheet.add_table(Table(displayName="표1", ref="A1:C2"))
    if formula:
        sheet["E1"] = formula
    return saved(book)


def test_headings_of_a_list_stay_equal_to_its_cells_and_unique(
    mask_document: MaskDocument,
) -> None:
    sheet = reopened(mask_document(with_table(None), "a.xlsx")).active
    assert [cell.value for cell in sheet[1]] == ["T2", "T2 2", "T2 3"]
    assert [column.name for column in sheet.tables["표1"].tableColumns] == ["T2", "T2 2", "T2 3"]


def test_headings_that_formulas_name_stay(mask_document: MaskDocument) -> None:
    sheet = reopened(mask_document(with_table("=SUM(표1[가격])"), "a.xlsx")).active
    assert [cell.value for cell in sheet[1]][:3] == ["T2", "가격", "T2 2"]
    assert [column.name for column in sheet.tables["표1"].tableColumns] == ["T2", "가격", "T2 2"]
    assert sheet["E1"].value == "=SUM(표1[가격])"
