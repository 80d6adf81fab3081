"""Work for a client that has gone is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Gives the result of `work`, which is cancelled when the client closes the connection.

    The request's body must have been read. `work` runs in the task of the caller: another would
    begin a round of the event loop later, and end one later.

    Raises:
        ClientDisconnect: the client has gone.
    """
    task = cast("asyncio.Task[Any]", asyncio.current_task())
    watching = asyncio.ensure_future(_until_gone(request))
    has_gone = False

    def give_up(watched: asyncio.Future[None]) -> None:
        nonlocal has_gone
        has_gone = True
        task.cancel()
        if not watched.cancelled():
            watched.exception()  # marks it as seen

    watching.add_done_callback(give_up)
    try:
        return await work
    except asyncio.CancelledError:
        if has_gone and not task.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        watching.remove_done_callback(give_up)
        watching.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
