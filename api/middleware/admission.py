"""Refuses translations that would wait too long before anything of their body is read."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import caller_in_head
from api.errors import OverloadedError
from api.middleware.context import Respond
from api.record import current_record
from api.service import TranslationService


class Admission:
    """Asks the service whether it would begin in time; the routes ask again, knowing the text.

    An overloaded service has no time to read what it refuses. All this happens in the round of the
    event loop in which the request's head was read: each further round is as long as all that is
    waiting in it.

    Args:
        app: what comes next.
        paths: where texts are translated while their sender waits.
        service: is asked.
        deadline_s: seconds the sender waits at most.
        respond: makes the answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        paths: Collection[str],
        service: TranslationService,
        deadline_s: float,
        respond: Respond,
    ) -> None:
        self.app = app
        self._paths = frozenset(paths)
        self._service = service
        self._deadline_s = deadline_s
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._paths:
            request = Request(scope)
            caller = caller_in_head(request)
            try:
                if caller is not None:
                    self._service.check_open(caller, self._deadline_s)
            except OverloadedError as error:
                current_record().route = scope["path"]
                response = await self._respond(request, error)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)
