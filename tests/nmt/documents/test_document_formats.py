"""Which format a file has; what is refused and what the message says."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import docx
import openpyxl
import pptx
import pytest

from nmt.documents import FORMATS, archive, find_format, open_document
from nmt.errors import (
    DocumentError,
    DocumentFormatError,
    DocumentTooLargeError,
    PackageMissingError,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def saved(thing: object) -> bytes:
    buffer = io.BytesIO()
    thing.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def zipped(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


WORD = {"word/document.xml": "<w/>"}


def test_every_format_has_extensions_of_its_own() -> None:
    extensions = [extension for format in FORMATS for extension in format.extensions]
    assert len(set(extensions)) == len(extensions) >= 20
    for format in FORMATS:
        assert find_format(b"", f"a/b.c{format.extensions[0].upper()}") == format


@pytest.mark.parametrize("name", ["file", "", None, ".hidden", "a.b/file"])
def test_content_tells_where_the_name_does_not(name: str | None) -> None:
    contents = {
        "Word": saved(docx.Document()),
        "PowerPoint": saved(pptx.Presentation()),
        "Excel": saved(openpyxl.Workbook()),
        "HTML": b"<!DOCTYPE html><p>a",
        "JSON": b' {"a": [1]}',
        "gettext": b'# a\nmsgid ""\nmsgstr ""\n',
        "text": "안녕".encode("cp949"),
    }
    assert {find_format(data, name).name for data in contents.values()} == set(contents)
    for format, data in contents.items():
        assert find_format(data, name).name == format


def test_unknown_extension_is_taken_where_the_content_tells() -> None:
    assert find_format(b"<html><p>a", "upload.tmp").name == "HTML"


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"a", "a.xyz"), (b"PK\x05\x06" + bytes(18), None), (b"\x89PNG\r\n\x1a\n\x00", "f")],
)
def test_unknown_format_lists_the_allowed(data: bytes, name: str | None) -> None:
    with pytest.raises(DocumentFormatError, match=r"is of no format that .* allowed are \.txt "):
        open_document(data, name)


def test_pdf_is_refused_with_a_way_out() -> None:
    with pytest.raises(DocumentFormatError, match="PDF documents cannot be translated; give the"):
        open_document(b"%PDF-1.7", "a.pdf")


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ("EncryptedPackage", "encrypted with a password; remove the password"),
        ("HwpSummaryInformation", r"Hangul's binary format \(.hwp\); save it as .hwpx"),
        ("WordDocument", r"binary format \(.doc\); save it as .docx"),
        ("Workbook", r"binary format \(.xls\); save it as .xlsx"),
        ("PowerPoint Document", r"binary format \(.ppt\); save it as .pptx"),
        ("Other", r"in a binary office format; save it as .docx, .pptx, .xlsx or .hwpx"),
    ],
)
@pytest.mark.parametrize("name", ["a.hwp", "a.docx", None])
def test_binary_office_files_are_refused(stream: str, message: str, name: str | None) -> None:
    with pytest.raises(DocumentError, match=message):
        open_document(OLE + bytes(100) + stream.encode("utf-16-le"), name)


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.hwpx", "a.epub"])
def test_damaged_archives_are_refused(name: str) -> None:
    with pytest.raises(DocumentError, match="the document is no complete ZIP file"):
        open_document(b"PK\x03\x04 and then nothing", name)
    with pytest.raises(DocumentError, match=r"has no .*, so it is no \w+ document"):
        open_document(zipped(a="b"), name)


def test_damaged_part_is_refused() -> None:
    data = bytearray(zipped(**{"word/document.xml": "<w>" + "가나다라" * 50 + "</w>"}))
    data[60:64] = b"\xff\xff\xff\xff"
    with pytest.raises(DocumentError, match="the document is no complete ZIP file"):
        open_document(bytes(data), "a.docx")


def test_part_that_is_no_xml_is_named() -> None:
    with pytest.raises(DocumentError, match=r"word/document.xml is no well-formed XML"):
        open_document(zipped(**{"word/document.xml": "<w>"}), "a.docx")


def test_entities_are_refused_and_never_read(tmp_path: object) -> None:
    xml = '<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd">]><w>&e;</w>'
    with pytest.raises(DocumentError, match=r"word/document.xml declares XML entities"):
        open_document(zipped(**{"word/document.xml": xml}), "a.docx")


def test_archive_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 2**20)
    bomb = zipped(**WORD, **{"word/media/a": "0" * 2**21})
    assert len(bomb) < 2**14
    with pytest.raises(DocumentTooLargeError, match=r"2 parts of 2 MiB in all; .* 1 MiB are allow"):
        open_document(bomb, "a.docx")


def test_archive_with_a_password_is_refused() -> None:
    data = bytearray(zipped(**WORD))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(DocumentError, match="encrypted with a password; remove the password"):
        open_document(bytes(data), "a.docx")


@pytest.mark.parametrize(
    ("name", "package"), [("a.docx", "lxml"), ("a.md", "markdown_it"), ("a.po", "polib")]
)
def test_missing_package_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [m for m in sys.modules if m.startswith(("nmt.documents.", package))]:
        if module not in ("nmt.documents.formats", "nmt.documents.base"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PackageMissingError, match=rf"{package}.*pip install korean-nmt\[documents"):
        open_document(b"", name)


def test_importing_documents_needs_no_package() -> None:
    program = (
        "import sys\n"
        "for name in ('lxml', 'polib', 'markdown_it', 'torch'): sys.modules[name] = None\n"
        "from nmt.documents import open_document\n"
        "for name in ('a.txt', 'a.html', 'a.csv', 'a.tsv', 'a.json'): open_document(b'[]', name)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
