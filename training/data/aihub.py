"""Tables as AI Hub gives them out: JSON, Excel and CSV with Korean and English columns."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from training.data.files import Pair, decoded, open_binary
from training.data.script import tsv_columns
from training.errors import DataError

TABLES = (".json", ".jsonl", ".xlsx", ".csv")
KOREAN_KEYS = ("한국어", "ko", "korean", "원문", "ko_original", "한국어 원문", "source", "src")
ENGLISH_KEYS = ("영어", "en", "english", "최종번역문", "번역문", "en_original", "영어 번역문",
                "영어번역문", "target", "tgt", "mt")  # fmt: skip
_CHUNK_CHARS = 1 << 16
# An object that wraps the records: plain members at most, then a list of objects.
_WRAPPER = re.compile(
    r'\{\s*(?:"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[-\w.]+)\s*,\s*){0,20}"[^"\\]*"\s*:\s*\[\s*(?=\{)'
)
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def iter_table(path: Path) -> Iterator[Pair]:
    """Reads one AI Hub file by its extension."""
    with open_binary(path) as stream:
        name = path.name[: -len(path.suffix)] if path.suffix in (".gz", ".xz") else path.name
        yield from iter_table_stream(stream, name, str(path))


def iter_table_stream(stream: IO[bytes], name: str, where: str = "") -> Iterator[Pair]:
    """Reads one AI Hub table from an open file; `name` tells the format."""
    where, suffix = where or name, Path(name).suffix.lower()
    if suffix == ".xlsx":
        yield from _pairs_of_rows(_iter_xlsx(stream, where), where)
    elif suffix == ".csv":
        with decoded(stream, "") as text:
            yield from _pairs_of_rows(csv.reader(text), where)
    else:
        with decoded(stream, None) as text:
            yield from _pairs_of_records(text, where)


def _find(names: Sequence[str], keys: Sequence[str]) -> str | None:
    lowered = {name.strip().lower(): name for name in names}
    return next((lowered[key] for key in keys if key in lowered), None)


def _columns(names: Sequence[str]) -> tuple[str, str] | None:
    korean = _find(names, KOREAN_KEYS)
    english = _find([name for name in names if name != korean], ENGLISH_KEYS)
    return (korean, english) if korean is not None and english is not None else None


def _pairs_of_rows(rows: Iterator[list[str]], where: str) -> Iterator[Pair]:
    header = next(rows, None)
    if header is None:
        return
    columns = _columns(header)
    if columns is None:
        first = next(rows, [])
        korean, english = tsv_columns(["\t".join(first)])
        if not first:
            raise DataError(
                f"{where} has the columns {header}; one must be Korean ({KOREAN_KEYS[0]}, "
                f"{KOREAN_KEYS[3]}) and one English ({ENGLISH_KEYS[0]}, {ENGLISH_KEYS[4]})"
            )
        rows = _prepend(first, rows)
    else:
        korean, english = header.index(columns[0]), header.index(columns[1])
    for row in rows:
        if any(row):
            yield (
                row[korean] if korean < len(row) else "",
                row[english] if english < len(row) else "",
            )


def _prepend(first: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


def _pairs_of_records(text: IO[str], where: str) -> Iterator[Pair]:
    columns: tuple[str, str] | None = None
    for record in iter_records(text, where):
        if columns is None or not record.keys() >= set(columns):
            columns = _columns(list(record)) or columns
        if columns is None:
            raise DataError(
                f"{where} has records with the keys {sorted(record)}; one must be Korean "
                f"({', '.join(KOREAN_KEYS[:4])}) and one English ({', '.join(ENGLISH_KEYS[:4])})"
            )
        yield str(record.get(columns[0]) or ""), str(record.get(columns[1]) or "")


def iter_records(text: IO[str], where: str) -> Iterator[dict[str, Any]]:
    """Yields the innermost flat objects of a JSON document without loading it whole.

    AI Hub wraps its records as `{"data": [{…}, …]}`, as a bare list, or as one object a file
    with nested sentences; JSON lines read the same way.

    Raises:
        DataError: the JSON ends early or is malformed.
    """
    decoder = json.JSONDecoder()
    buffer, position, found = "", 0, False
    while True:
        start = buffer.find("{", position)
        if start < 0:
            buffer, position = text.read(_CHUNK_CHARS), 0
            if not buffer:
                return
            continue
        try:
            value, position = decoder.raw_decode(buffer, start)
        except json.JSONDecodeError as error:
            wrapper = None if found else _WRAPPER.match(buffer, start)
            if wrapper is not None:
                position = wrapper.end()
                continue
            chunk = text.read(_CHUNK_CHARS + len(buffer))
            if not chunk:
                raise DataError(f"{where} is no complete JSON ({error})") from error
            buffer, position = buffer[start:] + chunk, 0
            continue
        found = True
        yield from _flat(value)


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    """Records inside a JSON value: objects whose keys name both languages."""
    if isinstance(value, dict):
        if _columns([str(key) for key in value]):
            yield value
            return
        nested = [item for item in value.values() if isinstance(item, (dict, list))]
        if not nested:
            yield value
        for item in nested:
            yield from _flat(item)
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item)


def _iter_xlsx(stream: IO[bytes], where: str) -> Iterator[list[str]]:
    """Rows of the first sheet of an Excel file, as text (ECMA-376 part 1, section 18.3)."""
    try:
        with zipfile.ZipFile(io.BytesIO(stream.read())) as book:
            names = book.namelist()
            shared = list(_shared_strings(book)) if "xl/sharedStrings.xml" in names else []
            sheet = next(n for n in sorted(names) if n.startswith("xl/worksheets/sheet"))
            with book.open(sheet) as xml:
                for _, element in ElementTree.iterparse(xml):
                    if element.tag == f"{_SHEET}row":
                        yield _cells(element, shared)
                        element.clear()
    except (zipfile.BadZipFile, StopIteration, ElementTree.ParseError) as error:
        raise DataError(f"{where} is no Excel file ({error}); save it as .xlsx or .csv") from error


def _shared_strings(book: zipfile.ZipFile) -> Iterator[str]:
    with book.open("xl/sharedStrings.xml") as xml:
        for _, element in ElementTree.iterparse(xml):
            if element.tag == f"{_SHEET}si":
                yield "".join(t.text or "" for t in element.iter(f"{_SHEET}t"))
                element.clear()


def _cells(row: ElementTree.Element, shared: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_SHEET}c"):
        letters = "".join(c for c in cell.get("r", "") if c.isalpha())
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        cells.extend([""] * (column - 1 - len(cells)))
        value = cell.find(f"{_SHEET}v")
        if cell.get("t") == "s" and value is not None:
            cells.append(shared[int(value.text or 0)])
        elif cell.get("t") == "inlineStr":
            cells.append("".join(t.text or "" for t in cell.iter(f"{_SHEET}t")))
        else:
            cells.append(value.text or "" if value is not None else "")
    return cells
