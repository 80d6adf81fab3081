"""Long work for clients that give up after some seconds of silence.

White space before a JSON value means nothing, so it keeps the connection alive until the value is
there. The price: the status is sent before it is known (docs/adr/0008-keepalive.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.disconnect import unless_gone
from api.errors import ApiError
from api.json_response import JsonResponse
from api.record import current_record

logger = logging.getLogger(__name__)


async def answer_alive(
    request: Request, work: Coroutine[Any, Any, dict[str, Any]], every_s: float
) -> Response:
    """Gives the result of `work` as JSON.

    What is done in `every_s` is answered as ever, errors with their status. After that the answer
    begins, status 200, and a space is sent every `every_s`. An error then closes the connection
    before the end of the body, which every client takes for a failure.

    Raises:
        ApiError: `work` raises it in time.
        ClientDisconnect: the client has gone.
    """
    working = asyncio.ensure_future(work)
    try:
        await unless_gone(request, _wait(working, every_s))
        if working.done():
            return JsonResponse(working.result())
    except BaseException:
        working.cancel()
        raise
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(
        _drip(working, every_s), headers=headers, media_type=JsonResponse.media_type
    )


async def _wait(working: asyncio.Future[dict[str, Any]], every_s: float) -> None:
    await asyncio.wait({working}, timeout=every_s)


async def _drip(working: asyncio.Future[dict[str, Any]], every_s: float) -> AsyncIterator[bytes]:
    try:
        while not working.done():
            yield b" "
            await _wait(working, every_s)
        yield bytes(JsonResponse(working.result()).body)
    except ApiError as error:
        current_record().error = error.type
        logger.warning("an answer that had begun was cut off: %s", error.type)
        raise
    finally:
        working.cancel()
