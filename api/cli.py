"""The commands `nmt serve` and `nmt serve keys`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.app import create_app
from api.keys import SCOPES, new_key
from api.logs import configure_logging
from api.server import run
from api.settings import Settings
from nmt.errors import ConfigError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
keys = typer.Typer(help="Make API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")

_PRIVATE = 0o600


@app.callback(invoke_without_command=True)
def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Bundle name or NAME=PATH; several may be given.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="auto, ctranslate2 or torch.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
) -> None:
    """Start the HTTP service. All settings are environment variables NMT_…; options come first."""
    if ctx.invoked_subcommand is not None:
        return
    settings = _settings(host, port, model, engine, device)
    configure_logging(settings.log_format, settings.log_level)
    run(create_app(settings), settings)


@keys.command("new")
def make_key(
    name: Annotated[str, typer.Argument(help="Stands in logs and in the usage.")],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; several may be given.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Append the line to this file (NMT_API_KEYS_FILE).")
    ] = None,
) -> None:
    """Make an API key. It is shown once; the line for the file holds only its hash."""
    secret, key = new_key(name, scope or ["translate"])
    typer.echo(f"key (kept nowhere, give it to {name}): {secret}", err=file is None)
    if file is None:
        typer.echo("line for the file that NMT_API_KEYS_FILE names:", err=True)
        typer.echo(key.line)
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
    with os.fdopen(descriptor, "a", encoding="utf-8") as lines:
        lines.write(key.line + "\n")
    typer.echo(f"added to {file}; a running service reads it on SIGHUP", err=True)


def _settings(
    host: str | None,
    port: int | None,
    models: list[str] | None,
    engine: str | None,
    device: str | None,
) -> Settings:
    """Gives the settings of the environment with the options in their place.

    Raises:
        ConfigError: a setting is out of range.
    """
    given = {
        "host": host, "port": port, "models": ",".join(models or []) or None,
        "engine": engine, "device": device,
    }  # fmt: skip
    try:
        return Settings.model_validate(
            Settings().model_dump() | {key: v for key, v in given.items() if v is not None}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise ConfigError(f"NMT_{name.upper()}: {first['msg']}") from error
