"""A document is translated by one version of a model, whatever takes its place meanwhile."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from document_client import (
    DEADLINE_S,
    SMALL_BATCHES,
    begun,
    client_of,
    document,
    finished,
    send,
)

from api.keys import new_key
from nmt.bundle import load_bundle
from nmt.documents import open_document, translate_document
from nmt.translator import Translator

pytestmark = pytest.mark.slow

RunServer = Callable[..., Any]
N_LINES = 400


def translated(bundle: Path, data: bytes) -> str:
    """Gives what the library makes of a text."""
    translator = Translator.load(bundle, device="cpu")
    return translate_document(open_document(data, "a.txt"), translator).decode()


def served(client: httpx.Client) -> str:
    """Gives the version that is served now."""
    (model,) = client.get("/v1/models").json()["models"]
    checksum: str = model["checksum"]
    return checksum


def wait_for(client: httpx.Client, checksum: str) -> None:
    """Waits until a version is served."""
    until, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while served(client) != checksum:
        assert time.monotonic() < until
        pause.wait(0.02)


@pytest.fixture
def place(tiny_bundle: Path, tmp_path: Path) -> Path:
    """Where the service finds its model; `put` puts another one there."""
    link = tmp_path / "model"
    link.symlink_to(tiny_bundle)
    return link


def put(bundle: Path, place: Path) -> None:
    place.unlink()
    place.symlink_to(bundle)


def test_document_ends_with_the_version_it_was_begun_with(
    run_server: RunServer, place: Path, tiny_bundle: Path, second_bundle: Path
) -> None:
    first, second = (load_bundle(bundle).checksum for bundle in (tiny_bundle, second_bundle))
    data = document(N_LINES)
    old, new = (translated(bundle, data) for bundle in (tiny_bundle, second_bundle))
    assert old != new
    server = run_server(**SMALL_BATCHES, NMT_MODELS=f"tiny={place}")
    with client_of(server) as client:
        id = send(client, "a.txt", data).json()["id"]
        begun(client, id)
        put(second_bundle, place)
        server.process.send_signal(signal.SIGHUP)
        wait_for(client, second)
        assert client.get(f"/v1/documents/{id}").json()["status"] == "translating"
        next_id = send(client, "a.txt", data).json()["id"]
        jobs = [finished(client, id), finished(client, next_id)]
        assert [(job["status"], job["checksum"]) for job in jobs] == [
            ("done", first), ("done", second),
        ]  # fmt: skip
        assert client.get(f"/v1/documents/{id}/result").text == old
        assert client.get(f"/v1/documents/{next_id}/result").text == new


def test_document_outlives_the_removal_of_its_model(
    run_server: RunServer, tiny_bundle: Path, second_bundle: Path, tmp_path: Path
) -> None:
    secret, key = new_key("root", ["admin", "translate"])
    (tmp_path / "keys").write_text(key.line)
    server = run_server(
        **SMALL_BATCHES, NMT_JOB_WORKERS="1", NMT_API_KEYS_FILE=str(tmp_path / "keys"),
        NMT_MODELS=f"main={tiny_bundle},extra={second_bundle}",
    )  # fmt: skip
    with client_of(server) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        ids = [
            send(client, "a.txt", document(N_LINES, seed), {"model": "extra"}).json()["id"]
            for seed in range(2)
        ]
        begun(client, ids[0])
        assert client.delete("/v1/admin/models/extra").status_code == 204
        begun_one, waiting_one = (finished(client, id) for id in ids)
        assert begun_one["status"] == "done"
        result = client.get(f"/v1/documents/{ids[0]}/result").text
        assert result == translated(second_bundle, document(N_LINES))
        assert waiting_one["status"] == "failed"
        assert waiting_one["error"]["type"] == "not-found"
        assert "model is 'extra'; allowed: 'main'" in waiting_one["error"]["detail"]


def test_process_with_another_version_begins_a_document_again(
    run_server: RunServer, tiny_bundle: Path, second_bundle: Path
) -> None:
    data = document(N_LINES)
    first = run_server(**SMALL_BATCHES)
    with client_of(first) as client:
        id = send(client, "a.txt", data).json()["id"]
        begun(client, id)
        assert first.stop() == 0
    with client_of(run_server(NMT_MODELS=f"tiny={second_bundle}")) as client:
        job = finished(client, id)
        assert (job["status"], job["checksum"]) == ("done", load_bundle(second_bundle).checksum)
        result = client.get(f"/v1/documents/{id}/result").text
    assert result == translated(second_bundle, data)
