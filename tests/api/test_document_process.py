"""Documents and the real process: killed, told to end, busy."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from document_client import (
    DEADLINE_S,
    SMALL_BATCHES,
    begun,
    client_of,
    document,
    finished,
    sample,
    send,
)

pytestmark = pytest.mark.slow

RunServer = Callable[..., Any]
N_LINES = 400


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_document_goes_on_after_the_process_ended(run_server: RunServer, number: int) -> None:
    first = run_server(**SMALL_BATCHES)
    with client_of(first) as client:
        id = send(client, "a.txt", document(N_LINES)).json()["id"]
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
        assert sample(client, "nmt_cache_misses_total") <= N_LINES - n_done
        result = client.get(f"/v1/documents/{id}/result").text
        whole = send(client, "b.txt", document(N_LINES)).json()["id"]
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
