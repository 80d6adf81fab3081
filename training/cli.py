"""The commands `nmt train …`; each parses its arguments and calls one function."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From corpora to a bundle: prepare, tokenizer, fit, average, export; or quickstart.",
)

ConfigPath = Annotated[Path, typer.Argument(help="Settings, a TOML file such as configs/*.toml.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace a setting; repeatable."),
]


@app.callback()
def _main(verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(message)s", datefmt="%H:%M:%S",
    )  # fmt: skip


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
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    if max_minutes:
        replaced.append(f"train.max_minutes={max_minutes}")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch starts its threads

    from training.config import load_config
    from training.fit import fit as run_fit
    from training.precision import keep_freed_memory
    from training.progress import BarObserver, LineObserver, StopOnSignal

    keep_freed_memory()
    run = load_config(config, replaced)
    with ExitStack() as stack:
        terminal = sys.stderr.isatty()
        observer = stack.enter_context(BarObserver()) if terminal else LineObserver()
        stop = StopOnSignal(observer)
        stop.install()
        run_fit(run, output, resume, observer, stop_requested=lambda: stop.requested)
    typer.echo(str(output))
