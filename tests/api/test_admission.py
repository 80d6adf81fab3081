"""An overloaded service refuses before it reads anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from api.app import TRANSLATE_PATHS
from api.batching.batcher import Batcher
from api.errors import OverloadedError
from api.keys import new_key

NATIVE = "/v1/translate"
NO_JSON = b"{no JSON"


def fill(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes the queue full for everyone; gives the callers that ask from then on."""
    callers = []

    def refuse(batcher: Batcher, caller: str, deadline_s: float | None) -> None:
        callers.append(caller)
        raise OverloadedError("too much is waiting", limit=1, retry_after_s=7.5)

    monkeypatch.setattr(Batcher, "check_open", refuse)
    return callers


def test_all_translating_routes_exist(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert all("post" in paths[path] for path in TRANSLATE_PATHS)


@pytest.mark.parametrize("path", TRANSLATE_PATHS)
def test_full_service_refuses_before_it_reads_the_body(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    fill(app, monkeypatch)
    reply = client.post(path, content=NO_JSON, headers={"Origin": "https://else.example"})
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "8"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert "too much is waiting" in reply.text
    assert (reply.headers["content-type"] == "application/problem+json") == (
        path.startswith("/v1/tr")
    )
    sample = app.state.metrics.registry.get_sample_value
    counted = {"method": "POST", "route": path, "status": "503"}
    assert sample("nmt_requests_total", counted) == 1
    assert sample("nmt_problems_total", {"type": "overloaded"}) == 1


def test_refusal_needs_one_step_of_the_event_loop_and_no_body(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(app, monkeypatch)
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    async def one_step() -> bool:
        scope: Scope = {
            "type": "http", "method": "POST", "path": NATIVE, "query_string": b"", "headers": [],
            "client": ("127.0.0.1", 5),
        }  # fmt: skip
        request = asyncio.ensure_future(app(scope, receive, send))
        await asyncio.sleep(0)
        return request.done()

    assert asyncio.run(one_step())
    assert sent[0]["status"] == 503


def test_other_routes_are_served_while_the_queue_is_full(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(app, monkeypatch)
    assert client.get("/v1/models").status_code == 200
    assert client.post("/detect", json={"q": "안녕하세요"}).status_code == 200


def test_service_is_full_when_no_model_would_begin(
    open_client: Callable[..., TestClient], tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client(models=f"one={tiny_bundle},two={tiny_bundle}")
    one, two = client.app.state.service.registry.models  # type: ignore[attr-defined]

    def refuse(caller: str, deadline_s: float | None) -> None:
        raise OverloadedError("too much is waiting")

    monkeypatch.setattr(one.batcher, "check_open", refuse)
    asked = {"text": "안녕하세요.", "model": "two"}
    assert client.post(NATIVE, json=asked).status_code == 200
    assert client.post(NATIVE, content=NO_JSON).status_code == 400
    monkeypatch.setattr(two.batcher, "check_open", refuse)
    assert client.post(NATIVE, content=NO_JSON).status_code == 503


def test_callers_are_told_apart_by_keys_outside_the_body(
    open_client: Callable[..., TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, key = new_key("alice", ["translate"])
    other, admin = new_key("ops", ["admin"])
    (tmp_path / "keys").write_text(f"{key.line}\n{admin.line}\n")
    client = open_client(api_keys_file=tmp_path / "keys")
    callers = fill(client.app, monkeypatch)  # type: ignore[arg-type]

    def status(path: str = NATIVE, given: str = "") -> int:
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        return client.post(path, json={"text": "안녕하세요."}, headers=headers).status_code

    assert status(given=secret) == 503
    assert callers == ["alice"]
    # Who may not translate learns that, whatever waits.
    assert (status(given="nmt_wrong"), status(given=other), status()) == (403, 403, 401)
    # Here the key may stand in the body, so that it is read.
    assert status("/v2/translate") == 403
    assert callers == ["alice"]


def test_anonymous_callers_are_told_apart_by_address(
    open_client: Callable[..., TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = new_key("alice", ["translate"])
    (tmp_path / "keys").write_text(key.line)
    client = open_client(api_keys_file=tmp_path / "keys", allow_anonymous=True)
    callers = fill(client.app, monkeypatch)  # type: ignore[arg-type]
    assert client.post(NATIVE, content=NO_JSON).status_code == 503
    assert callers == ["testclient"]
