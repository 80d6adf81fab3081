"""DeepL's own client and documents: sent, polled, fetched once."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import deepl
import httpx2 as httpx
import pytest

from api.keys import new_key

TEXT = "저는 서울에 살아요.\n\n내일 부산에 가요.\n"


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[deepl.DeepLClient]:
    # Between its looks at a document the client sleeps for 5 s.
    monkeypatch.setattr(deepl.translator.time, "sleep", lambda s: real_sleep(0.02))
    client = deepl.DeepLClient("any-key", server_url=server)
    yield client
    client.close()


real_sleep = time.sleep


def test_file_is_translated(client: deepl.DeepLClient, http: httpx.Client, tmp_path: Path) -> None:
    source, target = tmp_path / "글.txt", tmp_path / "text.txt"
    source.write_text(TEXT, encoding="utf-8")
    status = client.translate_document_from_filepath(source, target, target_lang="EN-US")
    assert status.done and status.ok
    assert status.status == deepl.DocumentStatus.Status.DONE
    assert status.billed_characters == len(TEXT.replace("\n", ""))
    wanted = http.post("/v1/translate", json={"text": "내일 부산에 가요."}).json()
    assert target.read_text(encoding="utf-8").splitlines()[2] == wanted["translations"][0]["text"]


def test_stream_without_a_name_is_known_by_its_content(client: deepl.DeepLClient) -> None:
    source, target = io.BytesIO(b"<!doctype html><html><p>" + "커피".encode()), io.BytesIO()
    client.translate_document(source, target, target_lang="EN-GB", source_lang="KO")
    assert target.getvalue().startswith(b"<!doctype html><html><p>")
    assert "커피".encode() not in target.getvalue()


def test_document_is_fetched_once(client: deepl.DeepLClient) -> None:
    handle = client.translate_document_upload(TEXT, target_lang="EN-US", filename="a.txt")
    assert handle.document_id and len(handle.document_key) == 64
    while not client.translate_document_get_status(handle).done:
        pass
    assert b"".join(client.translate_document_download(handle).iter_content(100))
    with pytest.raises(deepl.DeepLException, match="there is no document") as gone:
        client.translate_document_get_status(handle)
    assert gone.value.http_status_code == 404
    with pytest.raises(deepl.DeepLException, match="Not found"):
        client.translate_document_download(handle)


def test_document_needs_its_key(client: deepl.DeepLClient, http: httpx.Client) -> None:
    handle = client.translate_document_upload(TEXT, target_lang="EN-US", filename="a.txt")
    other = client.translate_document_upload(TEXT, target_lang="EN-US", filename="a.txt")
    for id, key in (
        (handle.document_id, other.document_key), (handle.document_id, "가"),
        (str(uuid.uuid4()), handle.document_key),
    ):  # fmt: skip
        with pytest.raises(deepl.DeepLException, match="there is no document"):
            client.translate_document_get_status(deepl.DocumentHandle(id, key))
    missing = http.post(f"/v2/document/{handle.document_id}")
    assert missing.status_code == 400
    assert missing.json()["detail"] == "Parameter 'document_key' not specified."
    # Its address gives nothing away: LibreTranslate's are of other documents.
    assert http.get(f"/download_file/{handle.document_id}.a.txt").status_code == 400


def test_document_that_is_not_ready_is_told_so(
    client: deepl.DeepLClient, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deepl.http_client, "max_network_retries", 0)
    text = "\n".join(f"{n}번 버스는 서울에 가요." for n in range(10_000))
    handle = client.translate_document_upload(text, target_lang="EN-US", filename="a.txt")
    with pytest.raises(deepl.DocumentNotReadyException, match="not ready"):
        client.translate_document_download(handle)
    status = client.translate_document_get_status(handle)
    while status.status == deepl.DocumentStatus.Status.QUEUED:
        status = client.translate_document_get_status(handle)
    assert status.status == deepl.DocumentStatus.Status.TRANSLATING
    assert status.seconds_remaining is not None and status.seconds_remaining >= 1
    assert status.billed_characters is None
    # Its owner sees it beside the others, and may cancel it.
    assert http.delete(f"/v1/documents/{handle.document_id}").status_code == 204
    with pytest.raises(deepl.DeepLException, match="there is no document"):
        client.translate_document_get_status(handle)


def test_glossary_is_used(client: deepl.DeepLClient) -> None:
    made = client.create_glossary("Drinks", "KO", "EN", {"커피": "Kaffee"})
    target = io.BytesIO()
    client.translate_document(
        io.BytesIO("커피".encode()), target, target_lang="EN-US", source_lang="KO", glossary=made
    )
    assert target.getvalue() == b"Kaffee"


def test_wrong_wishes_are_refused(client: deepl.DeepLClient, tmp_path: Path) -> None:
    def refused(**wishes: Any) -> str:
        given = {"target_lang": "EN-US", "filename": "a.txt", **wishes}
        with pytest.raises(deepl.DeepLException) as error:
            client.translate_document_upload(TEXT, **given)
        assert error.value.http_status_code == 400
        return str(error.value)

    assert "target_lang" in refused(target_lang="DE")
    assert "source_lang" in refused(source_lang="JA")
    assert "formality" in refused(formality="more")
    assert "output_format" in refused(output_format="pdf")
    assert "allowed are .txt" in refused(filename="a.xyz")
    assert "no complete ZIP file" in refused(filename="a.docx")
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(deepl.DeepLException, match="no complete ZIP file"):
        client.translate_document_from_filepath(
            tmp_path / "a.docx", tmp_path / "b.docx", target_lang="EN-US"
        )
    assert not (tmp_path / "b.docx").exists()


def test_missing_file_is_refused(http: httpx.Client) -> None:
    for given in ({"data": {"target_lang": "EN"}}, {"json": {"target_lang": "EN"}}):
        response = http.post("/v2/document", **given)
        assert response.status_code == 400
        assert response.json()["detail"] == "Parameter 'file' not specified."


@pytest.mark.slow
def test_quota_holds_for_documents(run_server: Callable[..., Any], tmp_path: Path) -> None:
    secret, key = new_key("alice")
    (tmp_path / "keys").write_text(f"{key.line}:40\n")
    client = deepl.DeepLClient(
        secret, server_url=run_server(NMT_API_KEYS_FILE=str(tmp_path / "keys")).url
    )
    client.translate_document(io.BytesIO(TEXT.encode()), io.BytesIO(), target_lang="EN-US")
    assert client.get_usage().character.count == len(TEXT.replace("\n", ""))
    with pytest.raises(deepl.QuotaExceededException, match="left of this month"):
        client.translate_document_upload(TEXT * 2, target_lang="EN-US", filename="a.txt")
