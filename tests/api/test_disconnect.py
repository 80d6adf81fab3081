"""Work for a client that has gone is given up; other work is not touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from api.disconnect import unless_gone


def request_that(receive: Callable[[], Awaitable[Message]]) -> Request:
    return Request({"type": "http", "headers": []}, receive)


def leaving(event: asyncio.Event) -> Request:
    """A request whose client goes when the event is set."""

    async def receive() -> Message:
        await event.wait()
        return {"type": "http.disconnect"}

    return request_that(receive)


def test_result_is_given_and_the_task_is_not_cancelled_later() -> None:
    async def scene() -> None:
        goes = asyncio.Event()

        async def work() -> str:
            await asyncio.sleep(0)
            return "done"

        assert await unless_gone(leaving(goes), work()) == "done"
        goes.set()
        for _ in range(5):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()

    asyncio.run(scene())


def test_work_is_cancelled_when_the_client_goes() -> None:
    async def scene() -> list[str]:
        goes, seen = asyncio.Event(), []

        async def work() -> None:
            goes.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        with pytest.raises(ClientDisconnect):
            await unless_gone(leaving(goes), work())
        await asyncio.sleep(0)  # would raise if the task were still being cancelled
        return seen

    assert asyncio.run(scene()) == ["cancelled"]


def test_work_ends_as_cancelled_when_the_server_gives_up() -> None:
    async def scene() -> None:
        started = asyncio.Event()

        async def work() -> None:
            started.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(unless_gone(leaving(asyncio.Event()), work()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())


def test_errors_of_the_work_come_through() -> None:
    async def scene() -> None:
        async def work() -> None:
            raise KeyError("a fault")

        with pytest.raises(KeyError, match="a fault"):
            await unless_gone(leaving(asyncio.Event()), work())

    asyncio.run(scene())


def test_connection_that_fails_counts_as_gone() -> None:
    async def broken() -> Message:
        raise OSError("reset")

    async def scene() -> None:
        with pytest.raises(ClientDisconnect):
            await unless_gone(request_that(broken), asyncio.sleep(60))

    asyncio.run(scene())
