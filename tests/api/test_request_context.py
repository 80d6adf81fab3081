"""Ids, logs, headers and sizes of requests."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from api.logs import JsonFormatter, TextFormatter
from api.record import RequestRecord, begin_record

OpenClient = Callable[..., TestClient]
SECRET = "비밀 문장입니다."


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    form = JsonFormatter()
    return [json.loads(form.format(r)) for r in caplog.records if r.name == "api.access"]


def break_routes(app: FastAPI) -> None:
    """Adds routes that do not end well."""

    @app.get("/broken/{what}")
    async def broken(what: str) -> None:
        raise ZeroDivisionError(what)

    @app.get("/gone")
    async def gone() -> None:
        raise ClientDisconnect


def test_request_id_of_the_client_is_kept(client: TestClient) -> None:
    reply = client.get("/nowhere", headers={"X-Request-ID": "abc-123"})
    assert reply.headers["X-Request-ID"] == "abc-123"
    assert reply.json()["request_id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a" * 129, "two words", "a\tb", "<script>"])
def test_request_id_that_is_not_sane_is_replaced(client: TestClient, given: str) -> None:
    reply = client.get("/nowhere", headers={"X-Request-ID": given})
    assert len(reply.headers["X-Request-ID"]) == 32
    assert reply.json()["request_id"] == reply.headers["X-Request-ID"]


def test_unexpected_error_is_told_without_details_and_logged_with_its_id(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    break_routes(app)
    reply = client.get("/broken/thing")
    assert reply.status_code == 500
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["X-Request-ID"] == reply.json()["request_id"]
    assert "ZeroDivision" not in reply.text and "thing" not in reply.text
    assert "ZeroDivisionError" in caplog.text


def test_access_log_holds_sizes_and_no_text(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.post("/v1/translate", json={"text": SECRET}, headers={"X-Request-ID": "r1"})
    client.get(f"/v1/unknown/{SECRET}")
    client.get("/livez")
    first, second = access_lines(caplog)
    assert (first["method"], first["route"], first["status"]) == ("POST", "/v1/translate", 200)
    assert (first["chars"], first["sentences"]) == (len(SECRET), 1)
    assert 0 < first["first_byte_ms"] <= first["duration_ms"]  # type: ignore[operator]
    assert "address" not in first and "key" not in first
    assert (second["route"], second["status"], second["error"]) == ("other", 404, "not-found")
    assert SECRET not in caplog.text


def test_access_log_tells_addresses_only_if_asked(
    open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    open_client(log_addresses=True).get("/v1/models")
    assert access_lines(caplog)[-1]["address"] == "testclient"


def test_access_log_notes_clients_that_have_gone(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    break_routes(app)
    client.get("/gone")
    assert access_lines(caplog)[-1]["status"] == 499


def test_log_lines_carry_the_id_of_the_request() -> None:
    line = logging.LogRecord("api", logging.WARNING, "", 0, "%d left", (3,), None)

    async def inside() -> tuple[str, str]:
        begin_record(RequestRecord("r1"))
        return TextFormatter().format(line), JsonFormatter().format(line)

    text, encoded = asyncio.run(inside())
    assert text.endswith("WARNING 3 left [r1]")
    assert json.loads(encoded)["request_id"] == "r1"
    assert "request_id" not in json.loads(JsonFormatter().format(line))


def test_body_over_the_limit_is_refused_by_its_declared_length(open_client: OpenClient) -> None:
    reply = open_client(max_body_bytes=1000).post("/v1/translate", json={"text": "a" * 1000})
    assert reply.status_code == 413
    assert reply.json()["limit"] == 1000
    assert "more than 1000 bytes, which is the limit here" in reply.json()["detail"]


def test_body_over_the_limit_is_refused_while_it_is_streamed(open_client: OpenClient) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            sent.append(1)
            yield b"[" * 100

    headers = {"Content-Type": "application/json"}
    client = open_client(max_body_bytes=1000)
    reply = client.post("/v1/translate", content=endless(), headers=headers)
    assert reply.status_code == 413
    assert client.post("/v1/translate", json={"text": "OK"}).status_code == 200


def test_documents_have_a_limit_of_their_own(open_client: OpenClient) -> None:
    client = open_client(max_body_bytes=1000, max_document_bytes=5000)
    app = client.app
    assert isinstance(app, FastAPI)

    @app.post("/v1/documents/echo")
    async def echo(body: list[int]) -> int:
        return len(body)

    assert client.post("/v1/documents/echo", json=[1] * 1000).json() == 1000
    assert client.post("/v1/documents/echo", json=[1] * 3000).status_code == 413


def test_pages_of_every_origin_may_call_without_credentials(client: TestClient) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Authorization, Content-Type",
    }
    preflight = client.options("/v1/translate", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    reply = client.get("/v1/models", headers={"Origin": "https://example.org"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in reply.headers


def test_origins_can_be_named(open_client: OpenClient) -> None:
    client = open_client(cors_origins="https://a.example, https://b.example")
    allowed = client.get("/v1/models", headers={"Origin": "https://b.example"})
    other = client.get("/v1/models", headers={"Origin": "https://c.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://b.example"
    assert "Access-Control-Allow-Origin" not in other.headers


def test_answers_tell_browsers_to_be_strict(client: TestClient) -> None:
    headers = client.get("/v1/models").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
