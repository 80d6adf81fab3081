"""Who may call, and how a key is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.auth import CallerDep
from api.keys import new_key

OpenClient = Callable[..., TestClient]
BODY = {"text": "커피 한 잔 주세요."}


class Keys:
    """A file of keys, and the keys."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.alice, alice = new_key("alice")
        self.root, root = new_key("root", ["admin"])
        self.prometheus, prometheus = new_key("prometheus", ["metrics"])
        file.write_text("\n".join(key.line for key in (alice, root, prometheus)))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_everyone_translates_where_there_are_no_keys(client: TestClient) -> None:
    assert client.post("/v1/translate", json=BODY).status_code == 200
    assert client.post("/v1/translate", json=BODY, headers=bearer("any")).status_code == 200


def test_key_is_needed_where_there_are_keys(open_client: OpenClient, keys: Keys) -> None:
    client = open_client(api_keys_file=keys.file)
    none = client.post("/v1/translate", json=BODY)
    assert none.status_code == 401
    assert none.headers["WWW-Authenticate"] == "Bearer"
    assert none.json()["type"] == "urn:korean-nmt:problem:key-required"
    assert "send one as `Authorization: Bearer KEY`" in none.json()["detail"]
    wrong = client.post("/v1/translate", json=BODY, headers=bearer("nmt_wrong"))
    assert wrong.status_code == 403
    assert "the API key is not known" in wrong.json()["detail"]
    assert "nmt_wrong" not in wrong.text


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Authorization", "Bearer {}"),
        ("Authorization", "bearer  {}"),
        ("Authorization", "DeepL-Auth-Key {}"),
        ("X-API-Key", "{}"),
        ("X-NCP-APIGW-API-KEY", "{}"),
        ("X-Naver-Client-Secret", "{}"),
    ],
)
def test_key_is_read_from_every_header(
    open_client: OpenClient, keys: Keys, header: str, form: str
) -> None:
    client = open_client(api_keys_file=keys.file)
    sent = {header: form.format(keys.alice)}
    assert client.post("/v1/translate", json=BODY, headers=sent).status_code == 200


@pytest.mark.parametrize("how", ["json", "data", "params", "files"])
def test_key_is_read_from_the_body_of_routes_for_other_clients(
    open_client: OpenClient, keys: Keys, how: str
) -> None:
    client = open_client(api_keys_file=keys.file)
    app = client.app
    assert isinstance(app, FastAPI)

    @app.post("/echo")
    async def echo(caller: CallerDep) -> str:
        return caller

    fields: dict[str, Any] = {"api_key": keys.alice, "q": "x"}
    if how == "files":
        reply = client.post("/echo", data=fields, files={"file": b"content"})
    else:
        reply = client.post("/echo", **{how: fields})
    assert reply.json() == "alice"
    assert client.post("/echo", content=b"{nonsense", headers=JSON).status_code == 401
    assert client.post("/echo", json=["no object"]).status_code == 401


JSON = {"Content-Type": "application/json"}


def test_anonymous_callers_can_be_let_in_beside_keys(open_client: OpenClient, keys: Keys) -> None:
    client = open_client(api_keys_file=keys.file, allow_anonymous=True)
    assert client.post("/v1/translate", json=BODY).status_code == 200
    assert client.post("/v1/translate", json=BODY, headers=bearer("wrong")).status_code == 403


def test_key_may_do_only_what_its_scopes_say(open_client: OpenClient, keys: Keys) -> None:
    client = open_client(api_keys_file=keys.file, metrics_need_key=True)

    def statuses(key: str) -> list[int]:
        return [
            client.post("/v1/translate", json=BODY, headers=bearer(key)).status_code,
            client.post("/v1/admin/models/tiny", headers=bearer(key)).status_code,
            client.get("/metrics", headers=bearer(key)).status_code,
        ]

    assert statuses(keys.alice) == [200, 403, 403]
    assert statuses(keys.root) == [403, 200, 403]
    assert statuses(keys.prometheus) == [403, 403, 200]
    assert client.get("/metrics").status_code == 401
    assert client.post("/v1/admin/models/tiny").status_code == 401


def test_admin_routes_say_how_to_turn_them_on(client: TestClient) -> None:
    refused = client.post("/v1/admin/models/tiny")
    assert refused.status_code == 403
    assert "nmt serve keys new NAME --scope admin" in refused.json()["detail"]


def test_requests_over_the_rate_are_told_when_to_come_back(open_client: OpenClient) -> None:
    client = open_client(requests_per_minute=2)
    replies = [client.post("/v1/translate", json=BODY) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert 1 <= int(replies[2].headers["Retry-After"]) <= 30
    assert replies[2].json()["limit"] == 2
    assert client.get("/v1/models").status_code == 200


def test_quota_of_a_key_is_used_up_and_outlives_the_process(
    open_client: OpenClient, keys: Keys
) -> None:
    sent = {"json": {"text": "가" * 30}, "headers": bearer(keys.alice)}
    first = open_client(api_keys_file=keys.file, chars_per_month=50)
    assert first.post("/v1/translate", **sent).status_code == 200
    refused = first.post("/v1/translate", **sent)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:korean-nmt:problem:quota")
    first.__exit__(None, None, None)
    second = open_client(api_keys_file=keys.file, chars_per_month=50)
    assert second.post("/v1/translate", **sent).status_code == 429


def test_usage_tells_what_a_key_has_used(open_client: OpenClient, keys: Keys) -> None:
    client = open_client(api_keys_file=keys.file, chars_per_month=50)
    client.post("/v1/translate", json={"text": "가" * 30}, headers=bearer(keys.alice))
    usage = client.get("/v1/usage", headers=bearer(keys.alice)).json()
    assert (usage["used"], usage["limit"]) == (30, 50)
    assert len(usage["month"]) == len("2026-11")
