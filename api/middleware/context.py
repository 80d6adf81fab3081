"""The outermost layer: gives a request its id, measures it, and answers what nobody caught."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import DrainingError
from api.lifecycle import Lifecycle
from api.record import RequestRecord, begin_record

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GONE = 499
"""The status that is noted where the client went before it got one (nginx's number)."""


@dataclass(frozen=True)
class Finished:
    """A request that is over."""

    record: RequestRecord
    method: str
    route: str
    """Template of its route, e.g. `/v1/models/{name}`; `other` where it has none."""
    status: int
    address: str
    first_byte_s: float
    """Seconds until the answer began."""
    seconds: float


class RequestObserver(Protocol):
    """Is told of every request."""

    def request_began(self) -> None:
        """Called before anything is read."""
        ...

    def request_done(self, finished: Finished) -> None:
        """Called when the answer is out, or the client has gone."""
        ...


Respond = Callable[[Request, Exception], Awaitable[Response]]
"""Makes the answer to an error in the style of the path."""


class RequestContext:
    """Wraps the application.

    Args:
        app: what comes next.
        observers: told of every request.
        respond: answers what was not caught.
        lifecycle: says whether connections are to be closed.
    """

    def __init__(
        self,
        app: ASGIApp,
        observers: Sequence[RequestObserver],
        respond: Respond,
        lifecycle: Lifecycle,
    ) -> None:
        self.app = app
        self._observers = observers
        self._respond = respond
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = RequestRecord(request_id_of(Headers(scope=scope)))
        scope.setdefault("state", {})["request_id"] = record.request_id
        begin_record(record)
        answer = _Answer(send, record, self._lifecycle)
        for observer in self._observers:
            observer.request_began()
        try:
            await self._handle(scope, receive, answer)
        finally:
            finished = answer.finished(scope)
            for observer in self._observers:
                observer.request_done(finished)

    async def _handle(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self.app(scope, receive, answer.send)
        except asyncio.CancelledError:
            # The server gives up what is not done in the time it has to end.
            if not self._lifecycle.is_draining or answer.has_begun:
                raise
            error = DrainingError("the service is shutting down; try again", retry_after_s=1)
            await self._answer(error, scope, receive, answer)
        except Exception as error:  # the boundary: nothing of a request may reach the server
            if answer.has_begun:
                raise  # the connection is cut, so that the client sees that the answer is not whole
            await self._answer(error, scope, receive, answer)

    async def _answer(
        self, error: Exception, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        response = await self._respond(Request(scope, receive), error)
        await response(scope, receive, answer.send)


def request_id_of(headers: Headers) -> str:
    """Gives the id that the client or a proxy chose, if it is sane; else a new one."""
    given = headers.get(HEADER, "")
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def route_of(scope: Scope) -> str:
    """Gives the template of the route that was taken; never a part of the path itself."""
    return getattr(scope.get("route"), "path", "") or "other"


class _Answer:
    """Sends the answer on and keeps what is to be known of it."""

    def __init__(self, send: Send, record: RequestRecord, lifecycle: Lifecycle) -> None:
        self._send = send
        self._record = record
        self._lifecycle = lifecycle
        self._status = GONE
        self._first_byte_s: float | None = None

    @property
    def has_begun(self) -> bool:
        return self._first_byte_s is not None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._first_byte_s = time.perf_counter() - self._record.start_s
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self._record.request_id
            if self._lifecycle.is_draining:
                headers["Connection"] = "close"
        await self._send(message)

    def finished(self, scope: Scope) -> Finished:
        seconds = time.perf_counter() - self._record.start_s
        client = scope.get("client")
        return Finished(
            record=self._record,
            method=scope["method"] if scope["method"] in _METHODS else "other",
            route=self._record.route or route_of(scope),
            status=self._status,
            address=client[0] if client else "",
            first_byte_s=seconds if self._first_byte_s is None else self._first_byte_s,
            seconds=seconds,
        )
