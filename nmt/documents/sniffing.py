"""The format of a file whose name does not tell."""

from __future__ import annotations

import io
import json
import re
import zipfile

from nmt.documents.encoding import decode_text
from nmt.documents.formats import DocumentFormat, extension_of, format_named, unknown_format
from nmt.errors import DocumentError, DocumentFormatError

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT_MARKS = (
    (re.compile(r"WEBVTT(?:\s|$)"), "WebVTT"),
    (re.compile(r"(?:\d+\s*\n)?\d+:\d\d:\d\d[,.]\d{3} *--> *\d"), "SubRip"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?xliff[\s>]", re.DOTALL), "XLIFF"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<!doctype html|(?:<\?xml.*?)?<html[\s>]", re.I), "HTML"),
    (re.compile(r"(?:\s*#[^\n]*\n)*\s*(?:msgctxt .*\n)?msgid\s+\""), "gettext"),
)
_PARTS = (("word/document.xml", "Word"), ("ppt/presentation.xml", "PowerPoint"))
_STREAMS = (
    ("EncryptedPackage", "encrypted with a password; remove the password and save it again"),
    ("HwpSummaryInformation", "in Hangul's binary format (.hwp); save it as .hwpx"),
    ("WordDocument", "in Word's old binary format (.doc); save it as .docx"),
    ("PowerPoint Document", "in PowerPoint's old binary format (.ppt); save it as .pptx"),
    ("Workbook", "in Excel's old binary format (.xls); save it as .xlsx"),
)


def sniff(data: bytes, name: str | None) -> DocumentFormat:
    """Gives the format of the content.

    Text that shows no format is plain text only where the name has no extension.

    Raises:
        DocumentFormatError: it is of no known format.
    """
    check_binary_office(data)
    if data.startswith(b"PK"):
        found = _sniff_zip(data)
    elif data.startswith(b"%PDF"):
        raise DocumentFormatError(
            "PDF documents cannot be translated; give the document that it was made from, or "
            "save it as .docx or .txt"
        )
    else:
        found = _sniff_text(data, is_named=bool(extension_of(name)))
    if found is None:
        raise unknown_format(name)
    return format_named(found)


def check_binary_office(data: bytes) -> None:
    """Refuses the binary files of office programs, and encrypted ones.

    Raises:
        DocumentError: it is such a file; the message says what to do.
    """
    if not data.startswith(OLE_MAGIC):
        return
    for stream, about in _STREAMS:
        if stream.encode("utf-16-le") in data:
            raise DocumentError(f"the document is {about}")
    raise DocumentFormatError(
        "the document is in a binary office format; save it as .docx, .pptx, .xlsx or .hwpx"
    )


def _sniff_zip(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.open("mimetype").read(64) if "mimetype" in names else b""
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        return None
    if kind.startswith(b"application/epub+zip"):
        return "EPUB"
    if kind.startswith(b"application/hwp+zip") or "Contents/section0.xml" in names:
        return "HWPX"
    if "xl/workbook.xml" in names:
        return "Excel"
    return next((format for part, format in _PARTS if part in names), None)


def _sniff_text(data: bytes, is_named: bool) -> str | None:
    try:
        text = decode_text(data).text.lstrip()
    except DocumentError:
        return None
    for pattern, format in _TEXT_MARKS:
        if pattern.match(text):
            return format
    if text[:1] in "[{":
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return "JSON"
    return None if is_named else "text"
