"""`/v1/documents` with real files: sent, watched, fetched, refused, removed."""

from __future__ import annotations

import io
import json
import os
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import httpx2 as httpx
import pytest
from document_client import finished, send
from starlette.testclient import TestClient

from api.keys import new_key

HANGUL = re.compile("[가-힣]")
SRT = (
    "1\n00:00:01,000 --> 00:00:02,500\n안녕하세요.\n\n"
    "2\n00:00:03,000 --> 00:00:04,000\n커피 한 잔 주세요.\n"
)
CSV = "id,설명,memo\n1,저는 서울에 살아요.,그대로\n2,커피,그대로\n"
HTML = (
    '<!doctype html><html lang="ko"><body><p class="a">안녕하세요.</p>'
    "<code>코드</code></body></html>"
)


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("안녕하세요.", 1)
    document.add_paragraph("저는 서울에 살아요.", style="List Bullet")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def problem_of(response: httpx.Response, status: int, type: str) -> str:
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (status, type)
    assert response.headers["Content-Type"] == "application/problem+json"
    detail: str = response.json()["detail"]
    return detail


def test_word_document_keeps_its_styles(http: httpx.Client) -> None:
    sent = send(http, "보고서.docx", word_file())
    assert sent.status_code == 202
    job = sent.json()
    assert sent.headers["Location"] == f"/v1/documents/{job['id']}"
    assert (job["name"], job["status"], job["total"]) == ("보고서.docx", "queued", 2)
    done = finished(http, job["id"])
    assert (done["status"], done["done"], done["error"]) == ("done", 2, None)
    result = http.get(sent.headers["Location"] + "/result")
    assert result.headers["Content-Type"].endswith("wordprocessingml.document")
    assert result.headers["Content-Disposition"] == (
        "attachment; filename=\"___.en.docx\"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.en.docx"
    )
    translated = docx.Document(io.BytesIO(result.content))
    styles = [paragraph.style.name for paragraph in translated.paragraphs if paragraph.style]
    assert styles == ["Heading 1", "List Bullet"]
    wanted = http.post("/v1/translate", json={"text": "저는 서울에 살아요."}).json()
    assert translated.paragraphs[1].text == wanted["translations"][0]["text"]


@pytest.mark.parametrize(
    ("name", "text", "media_type", "stays"),
    [
        ("a.srt", SRT, "application/x-subrip; charset=utf-8", r"00:00:03,000 --> 00:00:04,000\n"),
        (
            "a.html",
            HTML,
            "text/html; charset=utf-8",
            r'lang="en".*<p class="a">.*<code>코드</code>',
        ),
        ("a.json", '{"k": "커피", "n": 1}', "application/json", r'\{"k": ".*", "n": 1\}'),
    ],
)
def test_text_formats_keep_what_is_not_text(
    http: httpx.Client, name: str, text: str, media_type: str, stays: str
) -> None:
    job = finished(http, send(http, name, text.encode()).json()["id"])
    result = http.get(f"/v1/documents/{job['id']}/result")
    assert result.headers["Content-Type"] == media_type
    assert re.search(stays, result.text, re.DOTALL)
    assert result.text != text and not HANGUL.search(result.text.replace("코드", ""))


def test_columns_model_and_glossary_are_taken(http: httpx.Client) -> None:
    wishes = {
        "column": ["설명"],
        "glossary": '{"서울": "SEOUL", "커피": "COFFEE"}',
        "model": "tiny",
    }
    job = finished(http, send(http, "a.csv", CSV.encode(), wishes).json()["id"])
    rows = http.get(f"/v1/documents/{job['id']}/result").text.splitlines()
    assert rows[0] == "id,설명,memo"
    assert "SEOUL" in rows[1] and rows[1].endswith(",그대로")
    assert rows[2] == "2,COFFEE,그대로"
    glossary = {"name": "Drinks", "entries": {"커피": "Kaffee"}}
    id = http.post("/v1/glossaries", json=glossary).json()["id"]
    job = finished(http, send(http, "a.txt", "커피".encode(), {"glossary": id}).json()["id"])
    assert http.get(f"/v1/documents/{job['id']}/result").text == "Kaffee"


def test_events_tell_the_progress_until_the_end(http: httpx.Client) -> None:
    id = send(http, "a.txt", "안녕하세요.\n커피".encode()).json()["id"]
    response = http.get(f"/v1/documents/{id}/events")
    assert response.headers["Content-Type"].startswith("text/event-stream")
    events = re.findall(r"event: progress\ndata: (.*)\n\n", response.text)
    last = json.loads(events[-1])
    assert (last["status"], last["done"], last["total"]) == ("done", 2, 2)


def test_document_without_korean_and_empty_one_come_back(http: httpx.Client) -> None:
    for data in (b"Nothing to do.\n", b""):
        job = finished(http, send(http, "a.txt", data).json()["id"])
        assert (job["status"], job["total"]) == ("done", 0)
        assert http.get(f"/v1/documents/{job['id']}/result").content == data


def test_formats_are_listed(http: httpx.Client) -> None:
    found = http.get("/v1/documents/formats").json()
    formats = {format["name"]: format["extensions"] for format in found["formats"]}
    assert formats["Word"] == [".docx"] and ".srt" in formats["SubRip"]
    assert found["max_bytes"] == 50 * 2**20


# ---------------------------------------------------------------- refusals


def test_files_that_cannot_be_translated_are_refused_at_once(http: httpx.Client) -> None:
    detail = problem_of(send(http, "a.xyz", b"\x00\x01"), 415, "unsupported-media")
    assert "allowed are .txt" in detail and ".docx" in detail
    assert "PDF" in problem_of(send(http, "a.pdf", b"%PDF-1.7"), 415, "unsupported-media")
    detail = problem_of(send(http, "a.docx", word_file()[:500]), 422, "invalid-field")
    assert "no complete ZIP file" in detail
    assert "ZIP" in problem_of(send(http, "a.docx", SRT.encode()), 422, "invalid-field")
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    assert "password" in problem_of(send(http, "a.docx", ole), 422, "invalid-field")
    missing = http.post("/v1/documents", data={"model": "tiny"})
    assert "file" in problem_of(missing, 422, "invalid-field")


def test_wishes_that_cannot_be_met_are_refused(http: httpx.Client) -> None:
    def refused(status: int, type: str, **wishes: str) -> str:
        return problem_of(send(http, "a.csv", CSV.encode(), wishes), status, type)

    assert "allowed: 'tiny'" in refused(404, "not-found", model="other")
    assert "column" in refused(422, "invalid-field", column="없음")
    assert "no JSON object" in refused(422, "invalid-field", glossary='{"a": 1}')
    assert "there is no glossary" in refused(404, "not-found", glossary="unknown")


@pytest.mark.slow
def test_zip_bomb_is_refused(http: httpx.Client) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(520):
            part.write(bytes(2**20))
    assert len(buffer.getvalue()) < 4 * 2**20
    detail = problem_of(send(http, "bomb.docx", buffer.getvalue()), 413, "too-large")
    assert "512 MiB are allowed" in detail


def test_hostile_names_lead_nowhere(client: TestClient, tmp_path: Path) -> None:
    for name in ("../../../evil.txt", "/etc/passwd.txt", "..\\..\\evil.txt", "a\u202etxt.txt"):
        job = finished(client, send(client, name, "커피".encode()).json()["id"])
        assert not set(job["name"]) & set("/\\\u202e")
    evil = [path for path in tmp_path.rglob("*") if "evil" in path.name or "passwd" in path.name]
    assert evil == []
    folders = {path.name for path in (tmp_path / "data" / "documents").iterdir()}
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in folders)
    for id in ("..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "0" * 32, "'; DROP TABLE jobs; --"):
        assert client.get(f"/v1/documents/{id}/result").status_code in (403, 404)


def test_limits_of_documents_are_told(open_client: Callable[..., TestClient]) -> None:
    client = open_client(max_document_chars=10, max_document_bytes=2000)
    assert "11 characters; allowed: 10" in problem_of(
        send(client, "a.txt", "가나다라마바사아자차카".encode()), 413, "too-large"
    )
    problem_of(send(client, "a.txt", bytes(3000)), 413, "too-large")
    full = open_client(max_stored_bytes=10)
    detail = problem_of(send(full, "a.txt", "커피 한 잔".encode()), 503, "overloaded")
    assert "bytes of documents are stored; allowed: 10" in detail


# ---------------------------------------------------------------- callers


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, list[dict[str, str]]]:
    made = [new_key(name) for name in ("alice", "bob")]
    file = tmp_path / "keys"
    file.write_text("\n".join(key.line for _, key in made))
    return file, [{"Authorization": f"Bearer {secret}"} for secret, _ in made]


def test_documents_are_seen_by_their_caller_only(
    open_client: Callable[..., TestClient], keys: tuple[Path, list[dict[str, str]]]
) -> None:
    file, (alice, bob) = keys
    client = open_client(api_keys_file=file)
    assert send(client, "a.txt", b"").status_code == 401
    id = send(client, "a.txt", "커피".encode(), headers=alice).json()["id"]
    finished(client, id, headers=alice)
    path = f"/v1/documents/{id}"
    for hidden in (path, path + "/result", path + "/events"):
        assert "there is no document" in problem_of(
            client.get(hidden, headers=bob), 404, "not-found"
        )
        assert client.get(hidden).status_code == 401
    problem_of(client.delete(path, headers=bob), 404, "not-found")
    assert client.get("/v1/documents", headers=bob).json() == {"documents": []}
    (listed,) = client.get("/v1/documents", headers=alice).json()["documents"]
    assert listed["id"] == id
    assert client.get(path + "/result", headers=alice).status_code == 200
    used = client.get("/v1/usage", headers=alice).json()["used"]
    assert used == len("커피")


def test_listing_needs_a_key(http: httpx.Client) -> None:
    detail = problem_of(http.get("/v1/documents"), 403, "forbidden")
    assert "for an address may be that of many" in detail


def test_refused_document_costs_nothing(
    open_client: Callable[..., TestClient], keys: tuple[Path, list[dict[str, str]]]
) -> None:
    file, (alice, _) = keys
    client = open_client(api_keys_file=file, chars_per_month=20, max_stored_bytes=40)
    for text, status in (("가" * 21, 429), ("가" * 15, 503), ("가" * 10, 202)):
        assert send(client, "a.txt", text.encode(), headers=alice).status_code == status
    assert client.get("/v1/usage", headers=alice).json()["used"] == 10


# ---------------------------------------------------------------- removal


def long_text(n: int) -> bytes:
    return "".join(f"{number}번 버스는 서울에 가요.\n" for number in range(n)).encode()


def test_result_of_a_running_document_is_a_conflict_and_delete_cancels_it(
    open_client: Callable[..., TestClient], tmp_path: Path
) -> None:
    client = open_client(job_workers=1, max_jobs_per_caller=2)
    app: Any = client.app
    id = send(client, "a.txt", long_text(20_000)).json()["id"]
    second = send(client, "b.txt", long_text(20_000)).json()["id"]
    path = f"/v1/documents/{id}"
    response = client.get(path + "/result")
    assert "segments are translated" in problem_of(response, 409, "conflict")
    assert response.headers["Retry-After"] == "1"
    refused = problem_of(send(client, "c.txt", b"a"), 429, "rate-limit")
    assert "2 documents of yours are not done yet; allowed: 2" in refused
    assert client.delete(f"/v1/documents/{second}").status_code == 204
    assert client.delete(path).status_code == 204
    problem_of(client.get(path), 404, "not-found")
    # The worker is free for others, and nothing of the cancelled ones is left.
    third = finished(client, send(client, "c.txt", "커피".encode()).json()["id"])
    assert third["status"] == "done"
    assert app.state.service.registry.get().batcher.queued_tokens == 0
    folders = [folder.name for folder in (tmp_path / "data" / "documents").iterdir()]
    assert folders == [third["id"]]


def test_results_expire(open_client: Callable[..., TestClient], tmp_path: Path) -> None:
    client = open_client(job_keep_hours=2)
    app: Any = client.app
    id = send(client, "a.txt", "커피".encode()).json()["id"]
    job = finished(client, id)
    assert 7000 < job["expires_s"] - job["created_s"] < 7300
    folder = tmp_path / "data" / "documents" / id
    assert [path.name for path in folder.iterdir()] == ["result"]
    app.state.jobs.runner.clean()
    assert client.get(f"/v1/documents/{id}/result").status_code == 200
    with app.state.database.connect() as connection:
        connection.execute("UPDATE jobs SET changed = changed - 7201")
    os.utime(folder, (0, time.time() - 7201))
    app.state.jobs.runner.clean()
    problem_of(client.get(f"/v1/documents/{id}/result"), 404, "not-found")
    assert not folder.exists()
