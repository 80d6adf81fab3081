"""A document through a translator: in chunks, with progress, stopped and resumed at will."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from nmt.documents.base import Document
from nmt.documents.hangul import has_hangul
from nmt.documents.inline import requests
from nmt.streaming import MOST_CHARS, iter_chunks
from nmt.translation import TranslateOptions, Translation


class TextTranslator(Protocol):
    """What translates: a `Translator`, or whatever stands before one."""

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> Sequence[Translation]:
        """Gives one translation for each text."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a document is."""

    n_done: int
    """Segments that are translated."""
    n_total: int
    """Segments of the document that hold Korean."""
    new: Mapping[str, str]
    """What was translated since the last report: text → translation, for `resume_from`."""


OnProgress = Callable[[Progress], None]


def translate_document(
    document: Document,
    translator: TextTranslator,
    options: TranslateOptions | None = None,
    on_progress: OnProgress | None = None,
    resume_from: Mapping[str, str] | None = None,
    chunk_chars: int = MOST_CHARS,
) -> bytes:
    """Gives the document in English, in its own format.

    Segments without Hangul stay as they are; equal ones are translated once. To resume, collect
    `Progress.new` of every report and give it as `resume_from` to a later call. To cancel, raise
    from `on_progress`: it is called before the first chunk and after each, and what it raises comes
    through.

    Args:
        document: from `open_document`.
        translator: called with a chunk at a time.
        options: for every call of the translator; texts with pairs of inline tags are asked for
            with attention, which tells where the tags belong.
        on_progress: gets the reports.
        resume_from: translations that are there already: text → translation.
        chunk_chars: most characters between two reports, the last text apart; fewer lose less
            when the work breaks off, more make better batches.

    Raises:
        NmtError: whatever the translator raises.
    """
    segments = document.segments()
    wanted = [text for text in segments if has_hangul(text)]
    done = {text: known for text in wanted if (known := (resume_from or {}).get(text)) is not None}
    report = _Report(wanted, on_progress)
    report.send(done, {})
    for chunk in iter_chunks(
        dict.fromkeys(text for text in wanted if text not in done), chunk_chars
    ):
        new = dict(zip(chunk, _translated(chunk, translator, options), strict=True))
        done.update(new)
        report.send(done, new)
    return document.write([done.get(text, text) for text in segments])


def _translated(
    texts: Sequence[str], translator: TextTranslator, options: TranslateOptions | None
) -> list[str]:
    """Gives the texts' translations; the translator sees no pairs of inline tags."""
    found: dict[int, str] = {}
    for request in requests(texts, options):
        translations = translator.translate(request.texts, request.options)
        found.update((place, done.text) for place, done in request.read(translations))
    return [found[place] for place in range(len(texts))]


@dataclass(frozen=True)
class _Report:
    """Sends reports, if anybody wants them."""

    wanted: Sequence[str]
    on_progress: OnProgress | None

    def send(self, done: Mapping[str, str], new: Mapping[str, str]) -> None:
        if self.on_progress:
            n_done = sum(text in done for text in self.wanted)
            self.on_progress(Progress(n_done, len(self.wanted), new))


def count_chars(document: Document) -> int:
    """Gives the number of characters of all segments, for limits and bills."""
    return sum(map(len, document.segments()))
