"""The process: listens, hears signals, ends without losing a request."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import reload
from api.lifecycle import Lifecycle
from api.settings import Settings

logger = logging.getLogger(__name__)

_END = (signal.SIGINT, signal.SIGTERM)
_SWITCH_S = 0.001
"""Seconds after which a thread that runs Python lets another go on; Python's default is 0.005, and
the event loop waits for so long after every system call while a model's thread runs Python."""
_YOUNG_OBJECTS = 10_000
"""New objects after which they are looked through for garbage; Python's default is 700."""
_KEEP_ALIVE_S = 75
"""Longer than the 60 s after which proxies let go of a connection, so that it is they who do."""


def run(app: FastAPI, settings: Settings) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Raises:
        NmtError: a model that was to be served cannot be.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        timeout_graceful_shutdown=settings.drain_s,
        timeout_keep_alive=_KEEP_ALIVE_S,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        # Takes all connections that wait at once. uvloop takes one a round of the loop, and when
        # the model has the processors new clients then wait for seconds, even to be refused.
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    sys.setswitchinterval(_SWITCH_S)
    Server(config, app).run()
    if app.state.failure is not None:
        raise app.state.failure


class Server(uvicorn.Server):
    """Says where it listens, drains on SIGTERM, loads models and keys again on SIGHUP.

    SIGTERM ends it with exit code 0 once the requests in work are answered; a second one ends it
    at once.

    Args:
        config: of the server.
        app: what it serves.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._lifecycle: Lifecycle = app.state.lifecycle
        self._reloading: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: Any = None) -> None:
        """Binds the sockets and prints the address."""
        await super().startup(sockets)
        self._app.state.loading.add_done_callback(_spare_garbage_collection)
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                print(f"nmt serve: listening on http://{host}:{port}", file=sys.stderr, flush=True)

    async def on_tick(self, counter: int) -> bool:
        """Is called ten times a second; True ends the server."""
        if self._lifecycle.is_over:
            self.should_exit = True
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hears signals while it serves.

        Uvicorn's own raises the signal once more when all is done, so that the process would
        seem to have been killed.
        """
        before = {number: signal.signal(number, self._end) for number in _END}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self._lifecycle.is_draining:
            self.force_exit = self.should_exit = True
        self._lifecycle.drain()

    def _reload(self) -> None:
        logger.info("SIGHUP: loading API keys and models again")
        task = asyncio.create_task(reload(self._app))
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)


def _spare_garbage_collection(loaded: asyncio.Task[None]) -> None:
    """Leaves what lives as long as the process out of every later collection.

    Python's collector looks through all objects again and again; with code, routes and models that
    was a seventh of the service's own time, in halts of up to 0.1 s. Little here is garbage that
    only the collector finds, so it may also come less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
