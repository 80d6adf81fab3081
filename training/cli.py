"""The commands `nmt train …`; each parses its arguments and calls one function."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt.allocator import FOR_TRAINING, keep_freed_memory

if TYPE_CHECKING:
    from training.progress import StopOnSignal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Corpora to a bundle: download, prepare, tokenizer, fit, average, export; or quickstart.",
)

ConfigPath = Annotated[Path, typer.Argument(help="Settings, a TOML file such as configs/*.toml.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace a setting; repeatable."),
]
Workers = Annotated[int, typer.Option(help="Processes; 0: one per free core.")]


class Quantized(StrEnum):
    """How the CTranslate2 export stores weights."""

    int8 = "int8"
    float32 = "float32"


class Dtype(StrEnum):
    """How a bundle stores weights."""

    float16 = "float16"
    bfloat16 = "bfloat16"
    float32 = "float32"


@app.callback()
def _main(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details.")] = False,
) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(message)s", datefmt="%H:%M:%S",
    )  # fmt: skip


def _settle_process(threads: int) -> None:
    """What has to be set before torch is imported."""
    # Threads that spin while they wait make two busy processes crawl.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if threads:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))


@contextmanager
def _watching() -> Iterator[StopOnSignal]:
    """A progress bar on a terminal, lines elsewhere; Ctrl-C saves and stops."""
    from training.progress import BarObserver, LineObserver, StopOnSignal

    keep_freed_memory(FOR_TRAINING)
    if sys.stderr.isatty():
        with BarObserver() as bar:
            stop = StopOnSignal(bar)
            stop.install()
            yield stop
    else:
        stop = StopOnSignal(LineObserver())
        stop.install()
        yield stop


@app.command()
def download(
    names: Annotated[
        list[str] | None, typer.Argument(help="Corpora: a name of --list, or opus:NAME[@VERSION].")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for [data.prepare] corpora.")
    ] = Path("data/corpora"),
    show: Annotated[bool, typer.Option("--list", help="List the corpora known by name.")] = False,
) -> None:
    """Fetch public corpora by name, as they are; needs a network."""
    from training.data.download import CORPORA
    from training.data.download import download as fetch

    if not names and not show:
        raise typer.BadParameter("name a corpus; `nmt train download --list` shows some")
    if show:
        for corpus in CORPORA.values():
            typer.echo(f"{corpus.name}\t{corpus.licence}\t{corpus.note}")
        typer.echo("opus:NAME[@VERSION]\tsee OPUS\tany Korean-English corpus of OPUS")
    for name in names or []:
        for file in fetch(name, output):
            typer.echo(f"{file.path}\t{file.size_bytes}\t{file.sha256}")


@app.command()
def prepare(config: ConfigPath, settings: Settings = None) -> None:
    """Clean corpora into prepared pairs, as [data.prepare] says."""
    from training.config import load_prepare
    from training.data.prepare import prepare as run_prepare

    report = run_prepare(load_prepare(config, settings or []))
    typer.echo(report.to_markdown())


@app.command()
def tokenizer(config: ConfigPath, settings: Settings = None, workers: Workers = 0) -> None:
    """Segment the prepared pairs and train both tokenizers, as [tokenizer.training] says."""
    from training.config import load_config
    from training.tokenizers import train_tokenizers

    run = load_config(config, settings or [])
    for side, made in zip(("source", "target"), train_tokenizers(run, workers), strict=True):
        typer.echo(f"{getattr(run.tokenizer, side)}\t{made.kind}\t{made.vocab_size} pieces")


@app.command()
def fit(
    config: ConfigPath,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run.")],
    settings: Settings = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --output.")] = False,
    threads: Annotated[int, typer.Option(help="CPU threads; 0: measure and choose.")] = 0,
    max_minutes: Annotated[float, typer.Option(help="Wall-clock budget; 0: as configured.")] = 0.0,
) -> None:
    """Train a model until its budget is used up."""
    replaced = list(settings or [])
    if threads:
        replaced.append(f"train.threads={threads}")
    if max_minutes:
        replaced.append(f"train.max_minutes={max_minutes}")
    _settle_process(threads)

    from training.config import load_config
    from training.fit import fit as run_fit

    run = load_config(config, replaced)
    with _watching() as stop:
        run_fit(run, output, resume, stop.observer, stop_requested=lambda: stop.requested)
    typer.echo(str(output))


@app.command()
def average(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folder of the run; of several, the mean of each one's best."),
    ],
    last: Annotated[
        int | None, typer.Option(help="How many of one run's last checkpoints; default: 5.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: RUN/average.ckpt.")
    ] = None,
) -> None:
    """Average the weights of a run's last checkpoints, or of several runs' best."""
    from training.average import average as run_average
    from training.average import last_checkpoints, soup
    from training.checkpoint import BEST

    if len(runs) == 1:
        target = output or runs[0] / "average.ckpt"
        run_average(last_checkpoints(runs[0], 5 if last is None else last), target)
    elif last is not None or output is None:
        raise typer.BadParameter(
            "of several runs the best checkpoints are averaged: leave --last out, and say with "
            "--output where to write"
        )
    else:
        target = output
        soup([run / BEST for run in runs], target)
    typer.echo(str(target))


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A .ckpt file, or a run folder (its best).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the bundle.")],
    name: Annotated[str, typer.Option(help="Name; default: the folder's.")] = "",
    dtype: Annotated[Dtype, typer.Option(help="How weights are stored.")] = Dtype.float16,
    metrics: Annotated[Path | None, typer.Option(help="JSON of scores for the card.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML whose [search] the bundle gets; default: the run's.")
    ] = None,
) -> None:
    """Write a checkpoint as a bundle and compare the two."""
    from training.config import load_config
    from training.export import export as run_export
    from training.export import read_metrics

    parity = run_export(
        checkpoint, output, name or output.resolve().name, dtype.value,
        search_config=load_config(config).search if config else None,
        metrics=read_metrics(metrics),
    )  # fmt: skip
    typer.echo(parity.line(), err=True)
    typer.echo(str(output))


@app.command()
def convert(
    bundle: Annotated[Path, typer.Argument(help="Folder of a Transformer's bundle.")],
    quantization: Annotated[
        Quantized, typer.Option(help="How the export stores weights.")
    ] = Quantized.int8,
) -> None:
    """Add the CTranslate2 export to a bundle, or make it anew, and compare the two."""
    from training.export import convert as run_convert

    difference = run_convert(bundle, quantization.value)
    typer.echo(f"CTranslate2: {difference:.2g} nats a piece off on average", err=True)
    typer.echo(str(bundle))


@app.command()
def quickstart(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for all of it.")] = Path(
        "runs/quickstart"
    ),
    minutes: Annotated[float, typer.Option(help="Training time.")] = 2.0,
) -> None:
    """Train, evaluate and translate with a tiny model on the sample that ships with this."""
    _settle_process(0)

    from training.quickstart import quickstart as run_quickstart

    with _watching() as stop:
        result = run_quickstart(output, minutes, stop.observer, lambda: stop.requested)
    for source, translation, reference in result.translations:
        typer.echo(f"{source}\t{translation}\t({reference})")
    typer.echo(f"bundle: {result.bundle}  curves: {result.plot}", err=True)
    typer.echo(f"try: echo '저는 물을 마셔요.' | nmt translate --model {result.bundle}", err=True)


@app.command()
def pack(
    prepared: Annotated[Path, typer.Argument(help="Prepared folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File NAME.xz to write.")],
) -> None:
    """Pack prepared, segmented pairs into one file for another machine."""
    from training.data.pack import pack as run_pack

    typer.echo(f"{output}\t{run_pack(prepared, output)} bytes")


@app.command()
def unpack(
    packed: Annotated[Path, typer.Argument(help="What pack wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Prepared folder to write.")],
) -> None:
    """Unpack prepared pairs."""
    from training.data.pack import unpack as run_unpack

    typer.echo(f"{output}\t{len(run_unpack(packed, output))} pairs")
