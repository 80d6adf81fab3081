"""LibreTranslate's way with files: one request to translate, one to fetch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from document_client import DEADLINE_S
from starlette.testclient import TestClient

from api.keys import new_key

TEXT = "저는 서울에 살아요.\n\n내일 부산에 가요.\n"
LANGUAGES = {"source": "ko", "target": "en"}


def translate(client: httpx.Client, name: str, data: bytes, **fields: str) -> httpx.Response:
    return client.post(
        "/translate_file", files={"file": (name, data)}, data={**LANGUAGES, **fields}
    )


def test_file_is_translated_and_fetched_at_its_address(http: httpx.Client) -> None:
    reply = translate(http, "글 하나.txt", TEXT.encode(), source="auto")
    assert (reply.status_code, list(reply.json())) == (200, ["translatedFileUrl"])
    url = reply.json()["translatedFileUrl"]
    assert url.startswith(str(http.base_url).rstrip("/") + "/download_file/")
    for _ in range(2):
        result = http.get(url)
        assert result.status_code == 200
    assert "attachment" in result.headers["Content-Disposition"]
    assert result.headers["Content-Disposition"].endswith(".en.txt")
    wanted = http.post("/v1/translate", json={"text": "내일 부산에 가요."}).json()
    assert result.text.splitlines()[2] == wanted["translations"][0]["text"]


def test_formats_are_announced(http: httpx.Client) -> None:
    found = http.get("/frontend/settings").json()
    assert found["filesTranslation"] is True
    assert {".docx", ".srt", ".epub"} <= set(found["supportedFilesFormat"])


@pytest.mark.parametrize(
    ("name", "data", "fields", "message"),
    [
        ("a.xyz", b"\x00", {}, "allowed are .txt"),
        ("a.docx", b"PK", {}, "no complete ZIP file"),
        ("a.txt", b"a", {"target": "de"}, "de is not supported"),
        ("a.txt", b"a", {"source": ""}, "missing source parameter"),
    ],
)
def test_refusals_are_in_its_words(
    http: httpx.Client, name: str, data: bytes, fields: dict[str, str], message: str
) -> None:
    reply = translate(http, name, data, **fields)
    assert (reply.status_code, list(reply.json())) == (400, ["error"])
    assert message in reply.json()["error"]


def test_missing_file_is_refused(http: httpx.Client) -> None:
    for given in ({"data": LANGUAGES}, {"json": LANGUAGES}):
        reply = http.post("/translate_file", **given)
        assert reply.status_code == 400
        assert reply.json() == {"error": "Invalid request: missing file parameter"}


def test_other_addresses_have_nothing(http: httpx.Client) -> None:
    id = http.post("/v1/documents", files={"file": ("a.txt", b"a")}).json()["id"]
    for name in (f"{id}.a.en.txt", "a.txt", "..%2f..%2fetc%2fpasswd", "0" * 32 + ".txt"):
        reply = http.get(f"/download_file/{name}")
        assert (reply.status_code, list(reply.json())) == (400, ["error"])


def test_key_is_needed_to_send_and_not_to_fetch(
    open_client: Callable[..., TestClient], tmp_path: Path
) -> None:
    secret, key = new_key("alice")
    (tmp_path / "keys").write_text(key.line)
    client = open_client(api_keys_file=tmp_path / "keys")
    assert translate(client, "a.txt", b"a").status_code == 400
    assert translate(client, "a.txt", b"a", api_key="wrong").status_code == 403
    url = translate(client, "a.txt", TEXT.encode(), api_key=secret).json()["translatedFileUrl"]
    assert client.get(url).status_code == 200


@pytest.mark.slow
def test_client_that_goes_away_takes_its_document_along(
    run_server: Callable[..., Any], tmp_path: Path
) -> None:
    server = run_server(NMT_BATCH_TOKENS="64")
    text = "\n".join(f"{n}번 버스는 서울에 가요." for n in range(20_000))
    with httpx.Client(base_url=server.url, timeout=DEADLINE_S) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(
                "/translate_file", files={"file": ("a.txt", text.encode())}, data=LANGUAGES,
                timeout=httpx.Timeout(DEADLINE_S, read=2),
            )  # fmt: skip
        # The queue is empty again, and the next document is not behind the first.
        assert translate(client, "b.txt", "커피".encode()).status_code == 200
        metrics = client.get("/metrics").text
        assert re.search(r'^nmt_queue_tokens\{model="tiny"\} 0\.0$', metrics, re.M)
    folders = list((tmp_path / "data" / "documents").iterdir())
    assert len(folders) == 1
