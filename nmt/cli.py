"""The command `nmt`: translate, models, train, evaluate, serve.

Exit codes: 0 done, 1 failure, 2 wrong usage, 130 stopped by Ctrl-C. A failure is one line on
stderr; NMT_DEBUG=1 shows the traceback instead.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from nmt import __version__
from nmt.allocator import FOR_SEARCH, keep_freed_memory
from nmt.commands.models import models
from nmt.commands.output import OutputClosed
from nmt.commands.translate import translate
from nmt.errors import NmtError

DEBUG_VARIABLE = "NMT_DEBUG"

_DELEGATED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command `nmt` with the arguments `argv`; gives its exit code."""
    command = typer.main.get_command(build_app())
    try:
        command.main(list(sys.argv[1:] if argv is None else argv), prog_name="nmt")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except OutputClosed:
        return _quiet_exit()
    except KeyboardInterrupt:
        return 130
    except (NmtError, OSError, MemoryError) as error:
        return _fail(error, _message(error))
    except Exception as error:
        return _fail(
            error, f"unexpected {type(error).__name__}: {error}; {DEBUG_VARIABLE}=1 shows where"
        )
    return 0


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, [str(error.filename or ""), error.strerror]))
    if isinstance(error, MemoryError):
        return "out of memory; translate less at a time or use a smaller --beam-size"
    return str(error)


def _fail(error: Exception, message: str) -> int:
    if os.environ.get(DEBUG_VARIABLE):
        raise error
    print(f"nmt: error: {' '.join(message.split())}", file=sys.stderr)
    return 1


def _quiet_exit() -> int:
    """Keeps the interpreter from complaining about the closed pipe when it flushes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def build_app() -> typer.Typer:
    """Gives the command with its subcommands; those of other packages are imported when called."""
    app = typer.Typer(
        name="nmt",
        help="Translate Korean into English; train, evaluate and serve the models that do.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    app.command()(translate)
    app.command()(models)
    app.command("train", context_settings=_DELEGATED)(_train)
    app.command("evaluate", context_settings=_DELEGATED)(_evaluate)
    app.command("serve", context_settings=_DELEGATED)(_serve)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nmt {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True,
                           help="Show the version and exit.")
    ] = False,
) -> None:  # fmt: skip
    """Translate Korean into English; train, evaluate and serve the models that do."""
    keep_freed_memory(FOR_SEARCH)


def _train(ctx: typer.Context) -> None:
    """Train a model: prepare, tokenizer, fit, average, export, convert; or quickstart."""
    _delegate("training.cli", "app", "train", ctx.args)


def _evaluate(ctx: typer.Context) -> None:
    """Score a model or compare several: BLEU, chrF, TER, significance, plots."""
    _delegate("training.evaluation.cli", "evaluate", "evaluate", ctx.args)


def _serve(ctx: typer.Context) -> None:
    """Start the HTTP service."""
    _delegate("api.cli", "app", "serve", ctx.args)


_EXTRAS = {"train": "train", "evaluate": "train", "serve": "api"}


def _delegate(module_name: str, attribute: str, command: str, args: list[str]) -> None:
    """Runs the command of another package.

    Raises:
        NmtError: the package or something that it needs is not installed.
    """
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise NmtError(_missing(command, module_name, error.name or "")) from error
    target: typer.Typer | Callable[..., Any] = getattr(module, attribute)
    if not isinstance(target, typer.Typer):
        app = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
        )
        app.command()(target)
        target = app
    typer.main.get_command(target).main(args, prog_name=f"nmt {command}")


def _missing(command: str, module_name: str, missing: str) -> str:
    extra = _EXTRAS[command]
    if module_name.startswith(missing):
        return (
            f"`nmt {command}` is not part of this installation ({module_name} is missing); "
            f"install a version that has it with `pip install korean-nmt[{extra}]`"
        )
    return (
        f"`nmt {command}` needs the package {missing}, which is not installed; "
        f"install it with `pip install korean-nmt[{extra}]`"
    )


if __name__ == "__main__":
    sys.exit(main())
