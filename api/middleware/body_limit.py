"""Bodies that are too large are refused while they come in, before anything reads them whole."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLargeError


class BodyLimit:
    """Counts the bytes of request bodies, whatever their `Content-Length` says.

    Args:
        app: what comes next.
        max_bytes: of a body.
        max_document_bytes: of a body that holds a document.
        document_paths: where documents are sent; paths below them count too.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, max_document_bytes: int, document_paths: Sequence[str]
    ) -> None:
        self.app = app
        self._max_bytes = max_bytes
        self._max_document_bytes = max_document_bytes
        self._document_paths = tuple(document_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            # Before the first byte: a client that waits for `100 Continue` sends nothing.
            if declared.isdecimal() and int(declared[:20]) > limit:
                raise _too_large(limit)
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, counted, send)

    def _limit_of(self, path: str) -> int:
        is_document = any(
            path == known or path.startswith(known + "/") for known in self._document_paths
        )
        return self._max_document_bytes if is_document else self._max_bytes


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"the body has more than {limit} bytes, which is the limit here; send it in parts, or as a "
        "document",
        limit=limit,
    )
