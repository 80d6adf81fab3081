"""The real process: signals, draining, swaps by SIGHUP, logs."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from api.keys import new_key

RunServer = Callable[..., Any]
DEADLINE_S = 60


def wait_for(is_so: Callable[[], bool]) -> None:
    """Waits until something is so."""
    until = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError("it did not come to be")
        pause.wait(0.02)


def in_work(url: str) -> float:
    found = re.search(r"^nmt_requests_in_work (\S+)$", httpx.get(url + "/metrics").text, re.M)
    assert found is not None
    return float(found[1]) - 1  # without this one


def many_sentences(n: int, seed: int = 0) -> str:
    """Sentences that all differ, so that none is remembered."""
    return " ".join(f"{seed}번 버스는 {number}시에 출발해요." for number in range(n))


def test_server_ends_with_code_0_and_loses_no_request_in_work(run_server: RunServer) -> None:
    server = run_server(NMT_DEADLINE_S="600")
    with ThreadPoolExecutor(4) as threads:
        sent = [
            threads.submit(
                httpx.post, server.url + "/v1/translate", json={"text": many_sentences(120, seed)},
                timeout=DEADLINE_S,
            )
            for seed in range(4)
        ]  # fmt: skip
        wait_for(lambda: in_work(server.url) == 4)
        server.process.send_signal(signal.SIGTERM)
        replies = [future.result() for future in sent]
    assert [reply.status_code for reply in replies] == [200] * 4
    assert all(len(r.json()["translations"][0]["sentences"]) == 120 for r in replies)
    assert server.process.wait(DEADLINE_S) == 0


def test_server_is_not_ready_at_once_and_still_serves_for_the_delay(run_server: RunServer) -> None:
    server = run_server(NMT_DRAIN_DELAY_S="600")
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: client.get("/readyz").status_code == 503)
        problem = client.get("/readyz")
        assert problem.json()["type"] == "urn:korean-nmt:problem:draining"
        reply = client.post("/v1/translate", json={"text": "커피 한 잔 주세요."})
        assert reply.status_code == 200
        assert reply.headers["Connection"] == "close"
        assert client.get("/livez").status_code == 200
    server.process.send_signal(signal.SIGTERM)  # the second ends it
    assert server.process.wait(DEADLINE_S) == 0


@pytest.mark.slow
def test_server_tells_requests_that_it_cannot_end_in_time(run_server: RunServer) -> None:
    server = run_server(NMT_DRAIN_S="1", NMT_DEADLINE_S="600", NMT_BATCH_TOKENS="64")
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(
            httpx.post, server.url + "/v1/translate", json={"text": many_sentences(4000)},
            timeout=DEADLINE_S,
        )  # fmt: skip
        wait_for(lambda: in_work(server.url) == 1)
        server.process.send_signal(signal.SIGTERM)
        reply = sent.result()
    assert reply.status_code == 503
    assert reply.json()["type"] == "urn:korean-nmt:problem:draining"
    assert server.process.wait(DEADLINE_S) == 0


@pytest.mark.slow
def test_server_that_cannot_serve_a_model_ends_with_an_error(run_server: RunServer) -> None:
    with pytest.raises(RuntimeError, match="no-such-bundle"):
        run_server(NMT_MODELS="no-such-bundle")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_sighup_reads_keys_and_models_again(run_server: RunServer, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    first, key = new_key("first")
    second, other = new_key("second")
    file.write_text(key.line)
    server = run_server(NMT_API_KEYS_FILE=str(file))

    def status(secret: str) -> int:
        return httpx.post(
            server.url + "/v1/translate", json={"text": "커피"}, headers={"X-API-Key": secret}
        ).status_code

    assert (status(first), status(second)) == (200, 403)
    file.write_text(other.line)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status(second) == 200)
    assert status(first) == 403
    wait_for(lambda: sum("model tiny loaded" in line for line in server.lines) == 2)
    file.write_text("nonsense")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: any("the API keys stay as they were" in line for line in server.lines))
    assert status(second) == 200
    assert server.stop() == 0


@pytest.mark.slow
def test_server_logs_json_without_texts_keys_or_addresses(
    run_server: RunServer, tmp_path: Path
) -> None:
    secret, key = new_key("alice")
    (tmp_path / "keys").write_text(key.line)
    server = run_server(NMT_LOG_FORMAT="json", NMT_API_KEYS_FILE=str(tmp_path / "keys"))
    reply = httpx.post(
        server.url + "/v1/translate?api_key=" + secret, json={"text": "비밀 문장입니다."}
    )
    assert reply.status_code == 200
    assert "server" not in reply.headers
    assert server.stop() == 0
    wait_for(lambda: any("/v1/translate" in line for line in server.lines))
    written = "".join(server.lines)
    lines = [json.loads(line) for line in server.lines if not line.startswith("nmt serve:")]
    (access,) = [line for line in lines if line.get("route") == "/v1/translate"]
    assert access["request_id"] == reply.headers["X-Request-ID"]
    assert (access["key"], access["status"], access["sentences"]) == ("alice", 200, 1)
    assert not any(private in written for private in (secret, key.digest, "비밀"))
    assert "127.0.0.1" not in json.dumps(access)
