"""How late the event loop is, and what the process does so that it is not."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.lag import watch_lag
from api.server import Server, run
from api.settings import Settings

BLOCKED_S = 0.08


def test_lag_is_what_something_else_held_the_loop_for() -> None:
    seen: list[float] = []

    async def scene() -> None:
        watching = asyncio.create_task(watch_lag(seen.append, every_s=0.001))
        await asyncio.sleep(0)
        time.sleep(BLOCKED_S)  # what is measured
        while not seen:
            await asyncio.sleep(0.001)
        watching.cancel()

    asyncio.run(scene())
    assert BLOCKED_S * 0.9 < seen[0] < 20


def test_lag_of_a_running_service_is_a_metric(client: TestClient) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        lines = client.get("/metrics").text.splitlines()
        (count,) = [line for line in lines if line.startswith("nmt_event_loop_lag_seconds_count")]
        if float(count.split()[1]) > 1:
            return
    raise AssertionError(count)


@pytest.fixture
def usual_python() -> Iterator[None]:
    """Puts back what a server changes for its whole process."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("usual_python")
def test_process_leaves_loaded_models_out_of_garbage_collection(
    app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[int] = []
    tick = Server.on_tick

    async def end_when_loaded(server: Server, counter: int) -> bool:
        if app.state.loading.done():
            await asyncio.sleep(0)  # what follows the loading may come in this round of the loop
            frozen.append(gc.get_freeze_count())
            server.should_exit = True
        return await tick(server, counter)

    monkeypatch.setattr(Server, "on_tick", end_when_loaded)
    before = gc.get_freeze_count()
    run(app, settings.model_copy(update={"port": 0}))
    assert frozen[-1] > before
    assert gc.get_threshold()[0] > 700
    assert sys.getswitchinterval() < 0.005
