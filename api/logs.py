"""Log lines for people or for machines. They hold ids, sizes and times, never users' text."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from api.middleware.context import Finished
from api.record import current_request_id

LogFormat = Literal["text", "json"]
_QUIET_ROUTES = frozenset({"/livez", "/readyz", "/health", "/metrics"})
"""Asked every few seconds by machines."""

logger = logging.getLogger("api.access")


def configure_logging(form: LogFormat, level: str) -> None:
    """Sends every log line of the process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class TextFormatter(logging.Formatter):
    """`2026-11-21T08:00:00.000Z INFO message [request id]`."""

    def format(self, record: logging.LogRecord) -> str:
        """Gives the line."""
        request_id = current_request_id()
        message = f"{_time(record)} {record.levelname} {record.getMessage()}"
        if request_id:
            message += f" [{request_id}]"
        return message + _trace(self, record, "\n")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Gives the line."""
        fields: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current_request_id():
            fields["request_id"] = current_request_id()
        fields |= getattr(record, "fields", {})
        trace = _trace(self, record, "")
        if trace:
            fields["trace"] = trace
        return json.dumps(fields, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trace(formatter: logging.Formatter, record: logging.LogRecord, before: str) -> str:
    return before + formatter.formatException(record.exc_info) if record.exc_info else ""


@dataclass(frozen=True)
class AccessLog:
    """Writes a line for every request."""

    has_addresses: bool = False
    """Whether clients' addresses stand in it; they are personal data."""

    def request_began(self) -> None:
        """Writes nothing."""

    def request_done(self, finished: Finished) -> None:
        """Writes the line."""
        record = finished.record
        fields: dict[str, Any] = {
            "method": finished.method,
            "route": finished.route,
            "status": finished.status,
            "duration_ms": round(finished.seconds * 1000, 2),
            "first_byte_ms": round(finished.first_byte_s * 1000, 2),
            "chars": record.n_chars,
            "sentences": record.n_sentences,
            "key": record.key_name,
            "error": record.error,
            "address": finished.address if self.has_addresses else None,
        }
        known = {name: value for name, value in fields.items() if value is not None}
        level = logging.DEBUG if finished.route in _QUIET_ROUTES else logging.INFO
        if logger.isEnabledFor(level):
            text = " ".join(f"{name}={value}" for name, value in known.items())
            logger.log(level, "%s", text, extra={"fields": known})
