"""What tests of documents over HTTP share."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx2 as httpx

DEADLINE_S = 90


def send(
    client: httpx.Client, name: str, data: bytes, wishes: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:  # fmt: skip
    """Sends a document."""
    return client.post("/v1/documents", files={"file": (name, data)}, data=wishes, headers=headers)


def finished(
    client: httpx.Client, id: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Waits until a document has ended; gives what the service says of it."""
    until, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(f"/v1/documents/{id}", headers=headers).json()
        if job["status"] in ("done", "failed"):
            return job
        pause.wait(0.02)
    raise TimeoutError(f"document {id} did not end")
