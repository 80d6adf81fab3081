"""`nmt translate`: lines in, lines out, in constant memory; documents and folders of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nmt.commands import output
from nmt.commands.documents import (
    DocumentRun,
    check_output,
    takes_documents,
    translate_documents,
)
from nmt.commands.lines import LineChunk, LineReader
from nmt.commands.progress import open_progress
from nmt.glossary import read_glossary


class Format(StrEnum):
    """How a translation is written."""

    TEXT = "text"
    JSONL = "jsonl"
    TSV = "tsv"


class Engine(StrEnum):
    """What runs the model."""

    AUTO = "auto"
    CTRANSLATE2 = "ctranslate2"
    TORCH = "torch"
    TORCH_INT8 = "torch-int8"
    TORCH_GRAPHS = "torch-graphs"


class Device(StrEnum):
    """Where the model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Encoding(StrEnum):
    """Of the input: those in which the byte 0x0A is a line break and nothing else."""

    UTF_8 = "utf-8"
    CP949 = "cp949"
    EUC_KR = "euc-kr"


def translate(
    input: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]",
            help="Korean, one text a line, none or - is stdin; or a document or a folder of them.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="File or folder; none is stdout.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", help="A text to translate; repeatable.")
    ] = None,
    model: Annotated[str, typer.Option(help="Name or path of a bundle.")] = "transformer",
    engine: Annotated[Engine, typer.Option(help="What runs the model.")] = Engine.AUTO,
    device: Annotated[Device, typer.Option(help="Where the model runs.")] = Device.AUTO,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads.", show_default="the free cores")
    ] = None,
    beam_size: Annotated[
        int | None, typer.Option(min=1, max=64, help="1 is greedy.", show_default="the model's")
    ] = None,
    n_best: Annotated[
        int | None, typer.Option(min=1, max=64, help="Translations a sentence.", show_default="1")
    ] = None,
    length_penalty: Annotated[
        float | None, typer.Option(min=0.0, help="Higher is longer.", show_default="the model's")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write.")] = Format.TEXT,
    attention: Annotated[
        bool, typer.Option("--attention", help="With jsonl: tokens and attention.")
    ] = False,
    encoding: Annotated[
        Encoding, typer.Option(help="Of the input; output is UTF-8.")
    ] = Encoding.UTF_8,
    glossary: Annotated[
        Path | None, typer.Option(help="Lines of a Korean term, a tab, its English text.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Of CSV and TSV: name or number; repeatable.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Of documents: go on where the work broke off.")
    ] = False,
) -> None:
    """Translate Korean lines into English lines, or Korean documents into English ones."""
    _check_usage(input, out, text, format, attention, n_best)
    document = input if _is_document(input) else None
    if document:
        _check_document_usage(document, out, format)
    elif column or resume:
        raise typer.BadParameter("--column and --resume are for documents; INPUT is none")
    from nmt.translation import TranslateOptions
    from nmt.translator import Translator

    terms = read_glossary(glossary) if glossary else {}
    options = TranslateOptions(beam_size, n_best, length_penalty, attention, terms)

    def load() -> Translator:
        translator = Translator.load(model, engine.value, device.value, threads)
        options.search_config(translator.search)
        return translator

    if document and out:
        run = DocumentRun(load(), options, tuple(column or ()), resume)
        translate_documents(document, out, run)
        return
    with _open_input(input, text, encoding.value) as (chunks, n_bytes):
        translator = load()
        as_line = _formatter(format, attention)
        with output.open_output(out) as writer, open_progress(n_bytes) as progress:
            for chunk in chunks:
                writer.write([as_line(t) for t in translator.translate(chunk.lines, options)])
                progress.advance(len(chunk.lines), chunk.n_bytes)


def _is_document(input: Path | None) -> bool:
    return input is not None and str(input) != "-" and takes_documents(input)


def _check_document_usage(input: Path, out: Path | None, format: Format) -> None:
    """Raises typer.BadParameter for options that do not go with documents.

    Raises:
        FileNotFoundError: there is no such document.
    """
    if format is not Format.TEXT:
        raise typer.BadParameter("--format is for lines; a document keeps its own format")
    check_output(input, out)
    input.stat()


def _check_usage(
    input: Path | None,
    out: Path | None,
    text: list[str] | None,
    format: Format,
    attention: bool,
    n_best: int | None,
) -> None:
    """Raises typer.BadParameter for options that contradict each other."""
    if text and input is not None:
        raise typer.BadParameter("give INPUT or --text, not both")
    if attention and format is not Format.JSONL:
        raise typer.BadParameter("--attention needs --format jsonl, which has a place for it")
    if (n_best or 1) > 1 and format is Format.TEXT:
        raise typer.BadParameter("--n-best above 1 needs --format jsonl or tsv")
    if input and out and out.exists() and input.exists() and out.samefile(input):
        raise typer.BadParameter(f"INPUT and --output are the same file, {input}; give another")
    if out and not out.parent.is_dir():
        raise typer.BadParameter(f"the folder of --output does not exist: {out.parent}")


def _formatter(format: Format, attention: bool) -> output.Formatter:
    if format is Format.JSONL:
        return output.as_json_with_attention if attention else output.as_json
    return output.as_tsv if format is Format.TSV else output.as_text


@contextmanager
def _open_input(
    path: Path | None, texts: list[str] | None, encoding: str
) -> Iterator[tuple[Iterator[LineChunk], int | None]]:
    """Gives the chunks of the input, and its size in bytes where that is known."""
    if texts:
        yield iter([_text_chunk(texts)]), None
    elif path is None or str(path) == "-":
        yield LineReader(sys.stdin.fileno(), "stdin", encoding).iter_chunks(), None
    else:
        with path.open("rb", buffering=0) as file:
            size = path.stat().st_size if path.is_file() else None
            yield LineReader(file.fileno(), str(path), encoding).iter_chunks(), size


def _text_chunk(texts: list[str]) -> LineChunk:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise typer.BadParameter(
                "a --text is not UTF-8; set the terminal to UTF-8 or put the text into a file "
                "and give its --encoding"
            ) from error
    return LineChunk(texts, 0)
