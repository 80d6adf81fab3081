"""The API's page at `/docs`, without a browser."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.routes import docs
from api.routes.docs import load_assets


def test_docs_page_may_load_its_own_files_only(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert not re.search(r"https?:|unsafe", policy)
    assert not re.search(r"https?://|<script(?![^>]* src=)|\son\w+=", answer.text)


def test_every_file_of_the_docs_page_is_served(client: TestClient) -> None:
    named = set(re.findall(r'"docs/([\w.-]+)"', client.get("/docs").text))
    assert named == load_assets().keys() - {"index.html"}
    for name in named:
        first = client.get(f"/docs/{name}")
        assert first.status_code == 200
        again = client.get(f"/docs/{name}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_document_says_how_a_key_is_sent(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["in"], scheme["name"]) == ("header", "X-API-Key")
    assert document["security"] == [{"ApiKey": []}, {}]


def test_docs_page_sends_no_address_to_a_validator(client: TestClient) -> None:
    # The browser test cannot see it: Swagger UI spares the addresses of this machine.
    assert "validatorUrl: null" in client.get("/docs/start.js").text


@pytest.mark.parametrize("path", ["/docs/none.js", "/docs/..%2fpage.py", "/redoc"])
def test_other_files_of_the_docs_page_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_missing_package_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    load_assets.cache_clear()
    monkeypatch.setattr(docs, "_PACKAGE", "no_such_package")
    answer = client.get("/docs")
    assert answer.status_code == 404
    assert "needs the package no_such_package: pip install" in answer.json()["detail"]
    load_assets.cache_clear()
