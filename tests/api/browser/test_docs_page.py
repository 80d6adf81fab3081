"""The API's page at `/docs` in a real browser: shows routes, tries one out, asks nobody else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from open_page import OpenPage

pytestmark = pytest.mark.browser


@pytest.fixture
def docs(open_page: Callable[[str], OpenPage], server: str) -> OpenPage:
    """The page with its routes; that nothing went wrong unseen is checked when it is left."""
    page = open_page(server + "/docs")
    page.wait(lambda: page.find_all(".opblock"))
    return page


def test_every_route_is_shown(docs: OpenPage, server: str) -> None:
    paths = httpx.get(server + "/openapi.json").json()["paths"]
    shown = {text.replace("\u200b", "") for text in docs.texts(".opblock-summary-path")}
    assert shown == set(paths)
    assert len(docs.find_all(".opblock")) == sum(map(len, paths.values()))


def test_route_is_tried_out(docs: OpenPage) -> None:
    block = '[id$="translate_v1_translate_post"]'
    docs.find(f"{block} .opblock-summary-control").click()
    docs.wait(lambda: docs.find(f"{block} .try-out__btn")).click()
    docs.wait(lambda: docs.find(f"{block} .execute")).click()
    code = f"{block} .live-responses-table .response .response-col_status"
    docs.wait(lambda: docs.text(code).startswith("200"))
    assert "translations" in docs.text(f"{block} .live-responses-table .highlight-code")


def test_page_takes_a_key(docs: OpenPage) -> None:
    docs.find(".auth-wrapper .authorize").click()
    assert docs.wait(lambda: docs.find(".auth-container input")).is_displayed()


def test_page_asks_nobody_else(docs: OpenPage, server: str) -> None:
    asked = {request["url"] for request in docs.read_requests()}
    assert {server + "/docs/swagger-ui.css", server + "/openapi.json"} <= asked
    assert {urlsplit(url).netloc for url in asked if url.startswith("http")} == {
        urlsplit(server).netloc
    }
    # Addresses that are not this machine's would be sent to a validator.
    assert docs.run("return document.querySelector('[src*=validator], [href*=validator]')") is None
    assert docs.faults() == []
