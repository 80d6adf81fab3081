"""Files as answers: saved by browsers under their name, never shown as a page of the service."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import anyio
from starlette.responses import FileResponse, Response, StreamingResponse

_BLOCK = 64 * 2**10
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")
_SANDBOX = "sandbox; default-src 'none'"


def disposition(name: str) -> str:
    """Gives `Content-Disposition` of RFC 6266: a plain name, and the real one as in RFC 5987."""
    plain, encoded = _NOT_PLAIN.sub("_", name), quote(name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def attachment(path: Path, name: str, media_type: str) -> Response:
    """Gives a file."""
    return FileResponse(path, headers=_headers(name, media_type))


def attachment_once(
    path: Path, name: str, media_type: str, when_sent: Callable[[], Awaitable[None]]
) -> Response:
    """Gives a file, then calls `when_sent`; not where the client went before it had the whole.

    There is no length, so that the answer is complete for the client only after the call.
    """

    async def blocks() -> AsyncIterator[bytes]:
        async with await anyio.open_file(path, "rb") as file:
            while block := await file.read(_BLOCK):
                yield block
        await when_sent()

    return StreamingResponse(blocks(), headers=_headers(name, media_type))


def _headers(name: str, media_type: str) -> dict[str, str]:
    return {
        "Content-Type": media_type,
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": _SANDBOX,
        "Cache-Control": "private, no-store",
    }
