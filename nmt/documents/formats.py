"""Which format a file has, and what opens it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nmt.documents.base import Content, Document, DocumentOptions, SlotDocument
from nmt.errors import DocumentFormatError, PackageMissingError

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class DocumentFormat:
    """A format that can be translated."""

    name: str
    extensions: tuple[str, ...]
    """With their dot, the usual one first."""
    media_type: str
    module: str
    """In this package; imported when a document of the format is opened."""
    loader: str
    """Its function: (file, options) → a fresh copy of the content."""


FORMATS = (
    DocumentFormat("text", (".txt", ".text"), "text/plain", "plain", "load_plain"),
    DocumentFormat("SubRip", (".srt",), "application/x-subrip", "subtitles", "load_subtitles"),
    DocumentFormat("WebVTT", (".vtt",), "text/vtt", "subtitles", "load_subtitles"),
    DocumentFormat("Markdown", (".md", ".markdown"), "text/markdown", "markdown", "load_markdown"),
    DocumentFormat("HTML", (".html", ".htm", ".xhtml"), "text/html", "html", "load_html"),
    DocumentFormat("CSV", (".csv",), "text/csv", "tables", "load_csv"),
    DocumentFormat("TSV", (".tsv", ".tab"), "text/tab-separated-values", "tables", "load_tsv"),
    DocumentFormat("JSON", (".json", ".jsonl"), "application/json", "json_values", "load_json"),
    DocumentFormat("gettext", (".po", ".pot"), "text/x-gettext", "gettext", "load_gettext"),
    DocumentFormat("XLIFF", (".xlf", ".xliff"), "application/xliff+xml", "xliff", "load_xliff"),
    DocumentFormat(
        "Word", (".docx",), f"{_OFFICE}.wordprocessingml.document", "office_word", "load_word"
    ),
    DocumentFormat(
        "PowerPoint",
        (".pptx",),
        f"{_OFFICE}.presentationml.presentation",
        "office_slides",
        "load_slides",
    ),
    DocumentFormat(
        "Excel", (".xlsx",), f"{_OFFICE}.spreadsheetml.sheet", "office_sheets", "load_sheets"
    ),
    DocumentFormat("HWPX", (".hwpx",), "application/hwp+zip", "hwpx", "load_hwpx"),
    DocumentFormat("EPUB", (".epub",), "application/epub+zip", "epub", "load_epub"),
)
"""All formats."""


def open_document(
    data: bytes, name: str | None = None, options: DocumentOptions | None = None
) -> Document:
    """Opens a document.

    Args:
        data: the file.
        name: its name or path; the extension tells the format. Without one (some clients send a
            file called `file`), or with an unknown one, the content does.
        options: what may be chosen.

    Raises:
        DocumentFormatError: neither name nor content is of a known format.
        DocumentTooLargeError: it would be too large unpacked.
        DocumentError: it is corrupt, encrypted, or not in a known encoding.
        PackageMissingError: the format needs a package that is not installed.
    """
    from nmt.documents.sniffing import sniff

    format = format_of_name(name) or sniff(data, name)
    load = _loader(format)
    return SlotDocument(partial(load, data, options or DocumentOptions()))


def find_format(data: bytes, name: str | None = None) -> DocumentFormat:
    """Gives the format that `open_document` would take.

    Raises:
        DocumentFormatError: neither name nor content is of a known format.
    """
    from nmt.documents.sniffing import sniff

    return format_of_name(name) or sniff(data, name)


def format_of_name(name: str | None) -> DocumentFormat | None:
    """Gives the format of a file name's extension, if there is one that has it."""
    extension = extension_of(name)
    return next((f for f in FORMATS if extension in f.extensions), None)


def extension_of(name: str | None) -> str:
    """Gives the last part of a name with its dot, in lower case; empty if there is none."""
    match = re.search(r"[^/\\.](\.[^/\\.\s]{1,12})$", name or "")
    return match[1].lower() if match else ""


def format_named(name: str) -> DocumentFormat:
    """Gives the format called `name`."""
    return next(f for f in FORMATS if f.name == name)


def allowed_extensions() -> str:
    """Gives all extensions in one line, for messages."""
    return " ".join(extension for format in FORMATS for extension in format.extensions)


Loader = Callable[[bytes, DocumentOptions], Content]


def _loader(format: DocumentFormat) -> Loader:
    try:
        module = importlib.import_module(f"nmt.documents.{format.module}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nmt"):
            raise
        raise PackageMissingError(
            f"{format.name} documents need the package {error.name}, which is not installed; "
            "install it with `pip install korean-nmt[documents]`"
        ) from error
    loader: Loader = getattr(module, format.loader)
    return loader


def unknown_format(name: str | None) -> DocumentFormatError:
    """Gives the error for a file of no known format."""
    what = repr(name) if name else "the file"
    return DocumentFormatError(
        f"{what} is of no format that can be translated; allowed are {allowed_extensions()}"
    )
