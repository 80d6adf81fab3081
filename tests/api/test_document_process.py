"""Documents and the real process: killed, told to end, busy."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from document_client import DEADLINE_S, finished, send

pytestmark = pytest.mark.slow

RunServer = Callable[..., Any]
N_LINES = 400
SMALL_BATCHES = {"NMT_BATCH_TOKENS": "256"}


def document(n_lines: int = N_LINES, seed: int = 0) -> bytes:
    """Lines that all differ, so that none is remembered."""
    return "".join(f"{seed}번 버스는 {n}시에 출발해요.\n" for n in range(n_lines)).encode()


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


def client_of(server: Any) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=DEADLINE_S)


def misses(client: httpx.Client) -> float:
    (line,) = [
        line for line in client.get("/metrics").text.splitlines()
        if line.startswith("nmt_cache_misses_total ")
    ]  # fmt: skip
    return float(line.split()[1])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_document_goes_on_after_the_process_ended(run_server: RunServer, number: int) -> None:
    first = run_server(**SMALL_BATCHES)
    with client_of(first) as client:
        id = send(client, "a.txt", document()).json()["id"]
        n_done = begun(client, id)
    first.process.send_signal(number)
    code = first.process.wait(DEADLINE_S)
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    with client_of(run_server()) as client:
        job = client.get(f"/v1/documents/{id}").json()
        assert n_done <= job["done"] < N_LINES
        if number == signal.SIGTERM:
            assert job["status"] in ("queued", "translating")
        assert finished(client, id)["status"] == "done"
        assert misses(client) <= N_LINES - n_done
        result = client.get(f"/v1/documents/{id}/result").text
        whole = send(client, "b.txt", document()).json()["id"]
        finished(client, whole)
        assert result == client.get(f"/v1/documents/{whole}/result").text
    assert len(result.splitlines()) == N_LINES


def test_interactive_requests_do_not_wait_for_documents(run_server: RunServer) -> None:
    with client_of(run_server()) as client:
        id = send(client, "a.txt", document(20_000)).json()["id"]
        begun(client, id)
        for number in range(20):
            reply = client.post("/v1/translate", json={"text": f"커피 {number}잔 주세요."})
            assert reply.status_code == 200
        job = client.get(f"/v1/documents/{id}").json()
        assert job["status"] == "translating"
        assert client.delete(f"/v1/documents/{id}").status_code == 204
