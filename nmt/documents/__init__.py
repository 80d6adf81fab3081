"""Documents in, the same format out.

    document = open_document(data, "report.docx")
    translated = translate_document(document, translator)

`open_document` (formats.py) picks the format, `Document` (base.py) is what all formats are, and
`translate_document` (translate.py) puts one through a translator, in chunks, with progress, so that
it can be stopped and resumed. docs/documents.md says what each format keeps.
"""

from nmt.documents.base import Document, DocumentOptions
from nmt.documents.formats import FORMATS, DocumentFormat, find_format, open_document
from nmt.documents.translate import Progress, count_chars, translate_document

__all__ = [
    "FORMATS",
    "Document",
    "DocumentFormat",
    "DocumentOptions",
    "Progress",
    "count_chars",
    "find_format",
    "open_document",
    "translate_document",
]
