"""`nmt evaluate`: score bundles or files of translations, compare them, write a report."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from nmt.bundle import DEFAULT_BUNDLE, find_bundle
from nmt.commands.translate import Device, Engine
from nmt.translation import TranslateOptions
from training.errors import TrainingError
from training.evaluation.challenge import load_suite, suite_names
from training.evaluation.compare import NamedPath, Request, compare
from training.evaluation.fonts import FontMissingError, find_hangul_font
from training.evaluation.metrics import METRIC_NAMES
from training.evaluation.report import write_report
from training.evaluation.results import Evaluation, Statistics
from training.evaluation.run import TestSet, read_prefix, read_test_set
from training.evaluation.systems import Tasks
from training.evaluation.tables import challenge_table, systems_table

EXAMPLES = 3
"""Pictures of attention where nothing else is asked for."""

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="Bundles by name or path; with --compare, several."),
]


def evaluate(
    systems: Names = None,
    model: Annotated[
        list[str] | None, typer.Option(help="The same as MODEL; repeatable. NAME=PATH renames.")
    ] = None,
    compare_all: Annotated[
        bool, typer.Option("--compare", help="Compare two systems or more with the first.")
    ] = False,
    hypothesis: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="Ready translations, one a line; repeatable."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="PREFIX", help="Test set PREFIX.ko, PREFIX.en; repeatable."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--source", "--sources", help="Korean, one sentence a line.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", "--references", help="English, line by line.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the report.")
    ] = Path("runs/evaluation"),
    limit: Annotated[
        int | None, typer.Option(min=1, help="Lines of each test set.", show_default="all")
    ] = None,
    challenge: Annotated[
        list[str] | None,
        typer.Option(metavar="SUITE", help="Challenge suite: a name, a .tsv file or all."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(METRIC_NAMES)}; repeatable.", show_default="all"),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="What runs the model.")] = Engine.AUTO,
    device: Annotated[Device, typer.Option(help="Where the model runs.")] = Device.AUTO,
    beam_size: Annotated[
        int | None, typer.Option(min=1, max=64, help="1 is greedy.", show_default="the model's")
    ] = None,
    length_penalty: Annotated[
        float | None, typer.Option(min=0.0, help="Higher is longer.", show_default="the model's")
    ] = None,
    attention_examples: Annotated[
        int | None,
        typer.Option(min=0, help="Attention to draw for each model.", show_default=str(EXAMPLES)),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    trials: Annotated[int, typer.Option(min=1, help="Approximate randomisation trials.")] = 10_000,
) -> None:  # fmt: skip
    """Score models on test sets: BLEU, chrF, chrF++, TER, significance, length, attention.

    Tables go to stdout; report.md, report.json, translations and plots into --output.
    """
    _need_packages()
    models = [NamedPath.parse(text) for text in [*(systems or []), *(model or [])]]
    ready = [NamedPath.parse(text) for text in hypothesis or []]
    sets = _test_sets(data or [], source, reference, limit)
    _check_usage(models, ready, compare_all, sets, challenge)
    if not models and not ready:
        models = [NamedPath.parse(DEFAULT_BUNDLE)]
    tasks = Tasks(
        tuple(sets),
        tuple(load_suite(name) for name in _suites(challenge or [])),
        TranslateOptions(beam_size, 1, length_penalty),
        _examples(attention_examples) if models and sets else 0,
    )
    statistics = Statistics(tuple(metric or METRIC_NAMES), resamples, trials)
    request = Request(
        tuple(models), tuple(ready), tasks, engine.value, device.value, statistics, limit
    )
    for named in models:
        find_bundle(named.path)
    output.mkdir(parents=True, exist_ok=True)
    with _progress(request.lines) as progress:
        evaluation, outputs = compare(request, progress=progress)
    written = write_report(evaluation, outputs, output)
    _print_tables(evaluation)
    typer.echo(f"report: {written[0]}", err=True)


def _need_packages() -> None:
    for name in ("sacrebleu", "matplotlib"):
        if importlib.util.find_spec(name) is None:
            raise TrainingError(
                f"`nmt evaluate` needs the package {name}, which is not installed; "
                "install it with `pip install korean-nmt[train]`"
            )


def _test_sets(
    prefixes: list[Path], source: Path | None, reference: Path | None, limit: int | None
) -> list[TestSet]:
    if (source is None) != (reference is None):
        raise typer.BadParameter("--source and --reference go together; give both")
    sets = [read_prefix(prefix, limit) for prefix in prefixes]
    if source and reference:
        sets.append(read_test_set(source, reference, source.stem, limit))
    names = [test_set.name for test_set in sets]
    if len(set(names)) < len(names):
        raise typer.BadParameter(f"test sets are {', '.join(names)}; give each another name")
    return sets


def _check_usage(
    models: list[NamedPath],
    ready: list[NamedPath],
    compare_all: bool,
    sets: list[TestSet],
    challenge: list[str] | None,
) -> None:
    """Raises typer.BadParameter for options that contradict each other."""
    if not sets and not challenge:
        raise typer.BadParameter(
            "nothing to translate; give --data PREFIX, --source with --reference, or --challenge"
        )
    if compare_all and len(models) + len(ready) < 2:
        raise typer.BadParameter(
            f"--compare needs two systems or more, not {len(models) + len(ready)}; "
            "e.g. --compare lstm luong transformer"
        )
    if ready and len(sets) != 1:
        raise typer.BadParameter(f"--hypothesis needs one test set, not {len(sets)}")
    names = [named.name for named in (*models, *ready)]
    if len(set(names)) < len(names):
        raise typer.BadParameter(f"systems are {', '.join(names)}; rename one with NAME=PATH")


def _suites(wanted: list[str]) -> list[str]:
    return suite_names() if "all" in wanted else wanted


def _examples(wanted: int | None) -> int:
    """Gives how many pictures to draw; says before the work starts that they cannot be drawn."""
    if wanted == 0:
        return 0
    try:
        find_hangul_font()
    except FontMissingError as error:
        if wanted is not None:
            raise
        typer.echo(f"nmt: attention is not drawn: {error}", err=True)
        return 0
    return EXAMPLES if wanted is None else wanted


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Gives a bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda lines: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("lines", total=total)
        yield lambda lines: bar.advance(task, lines)


def _print_tables(evaluation: Evaluation) -> None:
    for found in evaluation.sets:
        typer.echo(f"{found.name}, {found.lines} lines\n{systems_table(found)}\n")
    if evaluation.challenge:
        typer.echo(f"challenge suites\n{challenge_table(evaluation)}")
