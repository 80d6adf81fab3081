"""Text files, tables and JSON: only the texts change, all else stays to the byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.documents import DocumentOptions, open_document
from nmt.errors import DocumentError

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

TEXT = "제목\r\n\r\n  첫 줄입니다. 둘째 문장.  \n\n\t- 목록\nlast"
TABLE = (
    '번호,이름,"비고, 기타"\r\n1,홍길동,"그는 ""의적""이다"\r\n2, 성춘향 ,\r\n\r\n3,"두\n줄",end'
)
JSON = '{\n  "제목": "안녕 \\"친구\\"",\t"n": 1.50, "목록": ["가", {"나": "\\uB2E4"}, null, ""] }\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", TEXT), ("a.csv", TABLE), ("a.tsv", TABLE.replace(",", "\t")), ("a.json", JSON)],
)
def test_text_document_comes_back_as_it_was(name: str, text: str) -> None:
    document = open_document(text.encode(), name)
    assert document.write(document.segments()).decode() == text


def test_text_lines_are_segments(mask: Mask, mask_document: MaskDocument) -> None:
    assert open_document(TEXT.encode(), "a.txt").segments() == (
        "제목", "첫 줄입니다. 둘째 문장.", "- 목록", "last",
    )  # fmt: skip
    assert mask_document(TEXT.encode(), "a.txt").decode() == mask(TEXT)


@pytest.mark.parametrize(
    ("encoding", "expected_bom"),
    [("utf-8", b""), ("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xef\xbb\xbf"), ("cp949", b"")],
)
def test_encodings_are_found_and_output_is_utf8(
    encoding: str, expected_bom: bytes, mask: Mask, mask_document: MaskDocument
) -> None:
    assert mask_document(TEXT.encode(encoding), "a.txt") == expected_bom + mask(TEXT).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x81\x20\xff\xfe", "byte 0 is not text in UTF-8 nor CP949; save the file as UTF-8"),
        (b"\xff\xfea", "byte 0 is not text in UTF-8 nor UTF-16-LE"),
        (b"ab\x00\x01", "the file has control characters, it is no text"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        open_document(data, "a.txt")


def test_table_cells_keep_quotes_and_layout(mask: Mask, mask_document: MaskDocument) -> None:
    assert mask_document(TABLE.encode(), "a.csv").decode() == mask(TABLE)
    semicolons = "가;나\n다;라, 마\n"
    assert mask_document(semicolons.encode(), "a.csv").decode() == mask(semicolons)


def test_table_translation_is_quoted_where_it_must_be() -> None:
    document = open_document("가,나\n".encode(), "a.csv")
    written = document.write(['say "a"', "b, c"])
    assert written.decode() == '"say ""a""","b, c"\n'


@pytest.mark.parametrize("column", ["이름", "2"])
def test_table_columns_can_be_chosen(column: str) -> None:
    data = TABLE.encode()
    document = open_document(data, "a.csv", DocumentOptions((column,)))
    header = [] if column == "이름" else ["이름"]
    assert list(document.segments()) == [*header, "홍길동", "성춘향", "두\n줄"]


@pytest.mark.parametrize("column", ["없음", "0", "4"])
def test_unknown_table_column_names_the_known(column: str) -> None:
    with pytest.raises(DocumentError, match=f"no column '{column}'; its columns are 번호, 이름, "):
        open_document(TABLE.encode(), "a.csv", DocumentOptions((column,)))


def test_json_values_change_and_keys_stay(mask_document: MaskDocument) -> None:
    expected = '{\n  "제목": "T2 \\"T2\\"",\t"n": 1.50, "목록": ["T1", {"나": "T1"}, null, ""] }\n'
    assert mask_document(JSON.encode(), "a.json").decode() == expected


def test_json_lines_are_read(mask_document: MaskDocument) -> None:
    assert mask_document('{"a": "가"}\n\n{"가": "나"}\n'.encode(), "a.jsonl").decode() == (
        '{"a": "T1"}\n\n{"가": "T1"}\n'
    )


@pytest.mark.parametrize("text", ['{"a": }', "[" * 100_000, '{"a": 1}\nb\n'])
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"the file is no valid JSON: .*; repair it"):
        open_document(text.encode(), "a.json")


def test_wrong_number_of_translations_is_refused() -> None:
    with pytest.raises(DocumentError, match="1 translations for 2 segments; give one for each"):
        open_document("가\n나".encode()).write(["a"])


@given(st.text(st.sampled_from('가a,"\n\r\t ;'), max_size=40))
def test_any_table_comes_back_as_it_was(text: str) -> None:
    document = open_document(text.encode(), "a.csv")
    assert document.write(document.segments()).decode() == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r가"), max_size=40)
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    document = open_document(text.encode(), "a.txt")
    assert document.write(document.segments()).decode() == text
