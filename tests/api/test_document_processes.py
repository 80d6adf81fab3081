"""Two services that share a data folder: documents of one are documents of the other."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
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
    sample,
    send,
)

from api.database import FILE_NAME
from nmt.documents import open_document, translate_document
from nmt.translator import Translator

pytestmark = pytest.mark.slow

MISSES = "nmt_cache_misses_total"
ENDED = "nmt_documents_total"
N_LINES = 400


@pytest.fixture
def begin(run_server: Callable[..., Any]) -> Iterator[Callable[[], tuple[Any, httpx.Client]]]:
    """Starts a service that works on one document at a time; gives its process and a client.

    Whichever process looks first takes a document: where a test needs to know which it is, the
    other one is started later or ended before.
    """
    with ExitStack() as stack:

        def start() -> tuple[Any, httpx.Client]:
            server = run_server(**SMALL_BATCHES, NMT_JOB_WORKERS="1")
            return server, stack.enter_context(client_of(server))

        yield start


@pytest.fixture
def clients(begin: Callable[[], tuple[Any, httpx.Client]]) -> list[httpx.Client]:
    """Clients of two services."""
    return [begin()[1] for _ in range(2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data folder that they share."""
    return tmp_path / "data"


def translated(bundle: Path, data: bytes) -> str:
    """Gives what the library makes of a text."""
    translator = Translator.load(bundle, device="cpu")
    return translate_document(open_document(data, "a.txt"), translator).decode()


def kept(folder: Path, id: str) -> int:
    """Gives the number of lines that are translated on disk."""
    (file,) = (folder / "documents" / id).glob("done-*")
    return file.read_bytes().count(b"]\n")


def test_documents_of_one_are_seen_and_fetched_at_the_other(
    clients: list[httpx.Client], tiny_bundle: Path
) -> None:
    here, there = clients
    id = send(here, "a.txt", document(20)).json()["id"]
    assert there.get(f"/v1/documents/{id}").json()["name"] == "a.txt"
    job = finished(there, id)
    assert job == here.get(f"/v1/documents/{id}").json()
    results = [client.get(f"/v1/documents/{id}/result").text for client in clients]
    assert results == [translated(tiny_bundle, document(20))] * 2
    assert there.delete(f"/v1/documents/{id}").status_code == 204
    assert here.get(f"/v1/documents/{id}").status_code == 404


def test_two_processes_share_the_work_and_do_nothing_twice(
    clients: list[httpx.Client], tiny_bundle: Path
) -> None:
    n_lines, n_documents = 120, 6
    ids = [
        send(clients[seed % 2], "a.txt", document(n_lines, seed)).json()["id"]
        for seed in range(n_documents)
    ]
    for seed, id in enumerate(ids):
        assert finished(clients[(seed + 1) % 2], id)["status"] == "done"
    done = [sample(client, MISSES) for client in clients]
    assert sum(done) == n_documents * n_lines
    assert sum(sample(client, ENDED) for client in clients) == n_documents
    assert min(done) > 0
    for seed, id in enumerate(ids):
        result = clients[0].get(f"/v1/documents/{id}/result").text
        assert result == translated(tiny_bundle, document(n_lines, seed))


def test_document_of_a_killed_process_is_finished_by_another(
    begin: Callable[[], tuple[Any, httpx.Client]], folder: Path, tiny_bundle: Path
) -> None:
    server, client = begin()
    id = send(client, "a.txt", document(N_LINES)).json()["id"]
    n_done = begun(client, id)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(DEADLINE_S)
    n_kept = kept(folder, id)
    assert n_done <= n_kept < N_LINES
    _, other = begin()
    assert finished(other, id)["status"] == "done"
    # Whatever was on disk was not translated again, and nothing is missing.
    assert sample(other, MISSES) == N_LINES - n_kept
    result = other.get(f"/v1/documents/{id}/result").text
    assert result == translated(tiny_bundle, document(N_LINES))


def test_process_that_was_stopped_for_a_while_lets_go_of_its_document(
    begin: Callable[[], tuple[Any, httpx.Client]], folder: Path, tiny_bundle: Path
) -> None:
    stopped, client = begin()
    id = send(client, "a.txt", document(N_LINES)).json()["id"]
    begun(client, id)
    freeze(stopped.process, folder)
    awake, other = begin()
    job = finished(other, id)
    assert job["status"] == "done"
    assert sample(other, ENDED) == 1
    assert awake.stop() == 0
    stopped.process.send_signal(signal.SIGCONT)
    # It is well again and takes work, but not what it lost.
    next_id = send(client, "b.txt", document(10, seed=1)).json()["id"]
    assert finished(client, next_id)["status"] == "done"
    assert client.get(f"/v1/documents/{id}").json() == job
    assert sample(client, ENDED) == 1
    result = client.get(f"/v1/documents/{id}/result").text
    assert result == translated(tiny_bundle, document(N_LINES))
    assert [path.name for path in (folder / "documents" / id).iterdir()] == ["result"]


def freeze(process: Any, folder: Path) -> None:
    """Stops a process, though not in the middle of a transaction: nobody could go on then."""
    pause = threading.Event()
    for _ in range(100):
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(folder / FILE_NAME, timeout=0.5)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
                return
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                pause.wait(0.02)
    raise TimeoutError("the database stays locked")


def test_document_is_cancelled_at_the_process_that_has_no_part_in_it(
    clients: list[httpx.Client], folder: Path
) -> None:
    n_lines = 20_000
    id = send(clients[0], "a.txt", document(n_lines)).json()["id"]
    begun(clients[0], id)
    assert clients[1].delete(f"/v1/documents/{id}").status_code == 204
    # Its worker is free again.
    next_id = send(clients[0], "b.txt", document(10, seed=1)).json()["id"]
    assert finished(clients[0], next_id)["status"] == "done"
    assert sum(sample(client, MISSES) for client in clients) < n_lines
    assert [path.name for path in (folder / "documents").iterdir()] == [next_id]
