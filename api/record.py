"""What is known of the request in work, for the log, the metrics and the problems."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class RequestRecord:
    """Is filled in while a request is worked on. Holds no text, no key and no address."""

    request_id: str = ""
    key_name: str | None = None
    """Name of the API key that was used."""
    n_chars: int = 0
    """Characters given to the translation service."""
    n_sentences: int = 0
    """Sentences that had to be translated or remembered."""
    route: str = ""
    """Template of its route, where it was answered before one was looked for."""
    error: str | None = None
    """Type of the problem it was answered with."""
    start_s: float = field(default_factory=time.perf_counter)


_CURRENT: ContextVar[RequestRecord | None] = ContextVar("request", default=None)


def begin_record(record: RequestRecord) -> None:
    """Makes it the record of this task and of those it starts."""
    _CURRENT.set(record)


def current_record() -> RequestRecord:
    """Gives the record of the request in work; outside of one, a record that nobody reads."""
    return _CURRENT.get() or RequestRecord()


def current_request_id() -> str:
    """Gives the id of the request in work; empty outside of one."""
    record = _CURRENT.get()
    return record.request_id if record else ""
