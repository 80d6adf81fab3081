"""What tests of documents over HTTP share."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx2 as httpx

DEADLINE_S = 90
SMALL_BATCHES = {"NMT_BATCH_TOKENS": "256"}
"""So that a document is in the middle for a while."""


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


def begun(client: httpx.Client, id: str) -> int:
    """Waits until a document is in the middle; gives its segments done."""
    until, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while time.monotonic() < until:
        job = client.get(f"/v1/documents/{id}").json()
        if job["done"]:
            assert job["status"] == "translating"
            done: int = job["done"]
            return done
        pause.wait(0.01)
    raise TimeoutError(f"document {id} did not begin")


def document(n_lines: int, seed: int = 0) -> bytes:
    """Lines of a sentence each that all differ, so that none is remembered."""
    return "".join(f"{seed}번 버스는 {n}시에 출발해요.\n" for n in range(n_lines)).encode()


def client_of(server: Any) -> httpx.Client:
    """Gives a client of a running service."""
    return httpx.Client(base_url=server.url, timeout=DEADLINE_S)


def sample(client: httpx.Client, name: str) -> float:
    """Gives the sum of a metric over its labels; 0 where there is none yet."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{name}[ {{]", line))
