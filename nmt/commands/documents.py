"""`nmt translate` for documents and folders of them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nmt.commands.journal import Journal, write_whole
from nmt.commands.progress import open_progress
from nmt.errors import InputError, NmtError

if TYPE_CHECKING:
    from nmt.documents import Progress
    from nmt.translation import TranslateOptions
    from nmt.translator import Translator

LINE_FORMAT = "text"
"""The format of files that are translated line by line, as a stream."""


@dataclass(frozen=True)
class DocumentRun:
    """What is the same for all documents of a command."""

    translator: Translator
    options: TranslateOptions
    columns: tuple[str, ...]
    """Of CSV and TSV; none: every Korean cell."""
    resume: bool

    @property
    def settings(self) -> str:
        """What translations depend on, as a fingerprint."""
        bundle = self.translator.bundle
        about = (bundle.name if bundle else "", self.options, sorted(self.options.glossary.items()))
        return hashlib.sha256(repr(about).encode()).hexdigest()


def takes_documents(path: Path) -> bool:
    """Whether a path is a folder or has a document's extension; text files are lines."""
    from nmt.documents.formats import format_of_name

    format = format_of_name(path.name)
    return path.is_dir() or (format is not None and format.name != LINE_FORMAT)


def check_output(input: Path, out: Path | None) -> None:
    """Raises typer.BadParameter where documents cannot be written to `out`."""
    if out is None:
        what = "a folder" if input.is_dir() else "a document"
        raise typer.BadParameter(f"INPUT is {what}; say where to write with --output")
    if input.is_dir() and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"INPUT is a folder, so --output must be one; {out} is a file")
    if not input.is_dir() and out.is_dir():
        raise typer.BadParameter(f"--output is a folder, {out}; give a file name for the document")


def translate_documents(input: Path, out: Path, run: DocumentRun) -> None:
    """Translates a document, or all documents of a folder.

    Raises:
        NmtError: the document cannot be read or translated.
        typer.Exit: some documents of the folder could not be translated; they are listed.
    """
    if input.is_dir():
        _translate_folder(input, out, run)
    else:
        _translate_file(input, out, run)


def _translate_file(source: Path, target: Path, run: DocumentRun) -> int:
    """Translates one document; gives the number of its segments."""
    from nmt.documents import DocumentOptions, open_document, translate_document

    options = DocumentOptions(run.columns)
    document = open_document(source.read_bytes(), source.name, options)
    n_segments = len(document.segments())
    journal = Journal(target, run.settings)
    done = journal.read() if run.resume else {}
    n_reported = 0
    with open_progress(n_segments, "segments") as progress, journal.writing(done):

        def report(report: Progress) -> None:
            nonlocal n_reported
            journal.add(report.new)
            n_left = report.n_total - report.n_done
            progress.advance(report.n_done - n_reported, n_segments - n_left)
            n_reported = report.n_done

        data = translate_document(document, run.translator, run.options, report, done)
        write_whole(target, data)
    return n_segments


def _translate_folder(folder: Path, out: Path, run: DocumentRun) -> None:
    from nmt.documents.formats import allowed_extensions, format_of_name

    files = list(_iter_files(folder, out))
    known = [path for path in files if format_of_name(path.name)]
    if not known:
        raise InputError(
            f"{folder} holds no document that can be translated; allowed are {allowed_extensions()}"
        )
    for path in files:
        if path not in known:
            _say(f"{path.relative_to(folder)}: left out, of no known format")
    failures = []
    for path in known:
        relative = path.relative_to(folder)
        target = out / relative
        if _is_done(path, target):
            _say(f"{relative}: done before")
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _say(f"{relative}: {_translate_file(path, target, run)} segments")
        except (NmtError, OSError) as error:
            failures.append(f"{relative}: {error}")
    if failures:
        _say(f"nmt: error: {len(failures)} of {len(known)} documents failed:")
        for failure in failures:
            _say(f"  {' '.join(failure.split())}")
        raise typer.Exit(1)


def _iter_files(folder: Path, out: Path) -> Iterator[Path]:
    """Gives the files below a folder, without hidden ones and those of the output."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not is_hidden and out.resolve() not in path.resolve().parents:
            yield path


def _is_done(source: Path, target: Path) -> bool:
    """Whether the output is there and not older than its source."""
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


def _say(line: str) -> None:
    print(line, file=sys.stderr)
