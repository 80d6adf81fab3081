"""The command `nmt serve`."""

from __future__ import annotations

import logging
import sys
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError

from api.app import create_app
from api.settings import Settings
from nmt.errors import ConfigError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Server(uvicorn.Server):
    """Says where it listens."""

    async def startup(self, sockets: Any = None) -> None:
        """Binds the sockets and prints the address."""
        await super().startup(sockets)
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                print(f"nmt serve: listening on http://{host}:{port}", file=sys.stderr, flush=True)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Bundle name or NAME=PATH; several may be given.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="auto, ctranslate2 or torch.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
) -> None:
    """Start the HTTP service. All settings are environment variables NMT_…; options come first."""
    settings = _settings(host, port, model, engine, device)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    application = create_app(settings)
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        timeout_graceful_shutdown=settings.drain_s,
        log_config=None,
        access_log=False,
    )
    Server(config).run()
    if application.state.failure is not None:
        raise application.state.failure


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
