"""A look into a document before it is queued: what cannot be translated is refused at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.errors import ApiError, InvalidFieldError, TooLargeError, UnsupportedMediaError
from nmt.documents import DocumentOptions, count_chars, find_format, open_document
from nmt.documents.formats import DocumentFormat, extension_of
from nmt.documents.hangul import has_hangul
from nmt.errors import DocumentFormatError, DocumentTooLargeError, NmtError, PackageMissingError

FIELD = "file"


@dataclass(frozen=True)
class Inspected:
    """What is in a document."""

    extension: str
    """That its translation will have."""
    media_type: str
    n_chars: int
    n_segments: int
    """Those that hold Korean."""


def inspect(data: bytes, name: str, columns: Sequence[str], max_chars: int) -> Inspected:
    """Opens a document and counts what is in it. Blocks, for seconds if it is large.

    Raises:
        InvalidFieldError: it is corrupt or encrypted, or has no such column.
        TooLargeError: it is too large unpacked, or has too many characters.
        UnsupportedMediaError: its format is not known here.
    """
    try:
        format = find_format(data, name)
        document = open_document(data, name, DocumentOptions(tuple(columns)))
        n_chars = count_chars(document)
        n_segments = sum(map(has_hangul, document.segments()))
    except NmtError as error:
        raise refusal(error) from error
    if n_chars > max_chars:
        raise TooLargeError(
            f"the document has {n_chars} characters; allowed: {max_chars}; split it",
            field=FIELD,
            limit=max_chars,
        )
    return Inspected(_extension(format, name), media_type(format), n_chars, n_segments)


def refusal(error: NmtError) -> ApiError:
    """Gives the answer to what a document cannot be opened or written for."""
    kind: type[ApiError] = InvalidFieldError
    if isinstance(error, DocumentTooLargeError):
        kind = TooLargeError
    if isinstance(error, DocumentFormatError | PackageMissingError):
        kind = UnsupportedMediaError
    return kind(str(error), field=FIELD)


def media_type(format: DocumentFormat) -> str:
    """Gives the content type of a translated document; texts are in UTF-8."""
    is_text = format.media_type.startswith("text/") or format.name == "SubRip"
    return format.media_type + ("; charset=utf-8" if is_text else "")


def _extension(format: DocumentFormat, name: str) -> str:
    given = extension_of(name)
    return given if given in format.extensions else format.extensions[0]
