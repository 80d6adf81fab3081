"""LibreTranslate's own Python client against the running service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from libretranslatepy import LibreTranslateAPI

from api.keys import new_key

TEXT = "저는 서울에 살아요."


def error_of(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(HTTPError) as refused:
        call()
    with refused.value as answer:
        body = json.load(answer)
    assert list(body) == ["error"]
    return refused.value.code, body["error"]


def test_client_translates_detects_and_lists(server: str) -> None:
    client = LibreTranslateAPI(server)
    assert client.translate(TEXT, "ko", "en") == client.translate(TEXT, "auto", "en") != TEXT
    assert client.translate("今天天气很好。", "auto", "en") == "今天天气很好。"
    assert client.detect(TEXT) == [{"confidence": 100, "language": "ko"}]
    assert [language["code"] for language in client.languages()] == ["ko", "en"]


def test_client_keeps_lines(server: str) -> None:
    text = "저는 서울에 살아요.\n\n내일 부산에 가요."
    assert LibreTranslateAPI(server).translate(text, "ko", "en").count("\n\n") == 1


def test_client_sends_its_key_also_with_get(server: str) -> None:
    client = LibreTranslateAPI(server, "any-key")
    assert client.translate(TEXT, "ko", "en")
    assert client.languages()


def test_client_gets_errors_in_words(server: str) -> None:
    client = LibreTranslateAPI(server)
    assert error_of(lambda: client.translate("", "ko", "en")) == (
        400, "Invalid request: missing q parameter",
    )  # fmt: skip
    status, message = error_of(lambda: client.translate("Hello", "en", "es"))
    assert (status, message.split(";")[0]) == (400, "es is not supported")
    status, message = error_of(lambda: client.translate("가" * 100_001, "ko", "en"))
    assert (status, message.split(";")[0]) == (400, "q has 100001 characters")


def test_client_is_told_of_keys_and_limits(run_server: Callable[..., Any], tmp_path: Path) -> None:
    secret, key = new_key("alice")
    (tmp_path / "keys").write_text(key.line)
    server = run_server(NMT_API_KEYS_FILE=str(tmp_path / "keys"), NMT_REQUESTS_PER_MINUTE="2")
    nobody, wrong = LibreTranslateAPI(server.url), LibreTranslateAPI(server.url, "wrong")
    assert error_of(lambda: nobody.translate(TEXT, "ko", "en"))[0] == 400
    assert error_of(lambda: wrong.translate(TEXT, "ko", "en"))[0] == 403
    client = LibreTranslateAPI(server.url, secret)
    assert client.translate(TEXT, "ko", "en")
    assert client.detect(TEXT)
    status, message = error_of(lambda: client.detect(TEXT))
    assert status == 429
    assert message.startswith("Slowdown: more than 2 requests in a minute")
