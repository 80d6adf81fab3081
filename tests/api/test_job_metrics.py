"""What Prometheus is told of documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from document_client import begun, document, finished, sample, send
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from api.database import FILE_NAME, Database
from api.jobs.job import Api, Job, Order, Outcome, Status
from api.jobs.limits import JobLimits
from api.jobs.metrics import JobMetrics
from api.jobs.store import JobStore


def order(extension: str = ".docx") -> Order:
    return Order("alice", Api.NATIVE, "a" + extension, extension, "x/y", 10, 1200, 4)


class FakeRunner:
    """A runner with two jobs."""

    n_running = 2


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> JobMetrics:
    return JobMetrics(registry)


def test_durations_and_characters_are_those_of_documents_done(
    registry: CollectorRegistry, metrics: JobMetrics
) -> None:
    done = Job("1", order(), Status.DONE, 4, created_s=100.0, started_s=107.0, changed_s=150.0)
    metrics.job_ended(done, Outcome.DONE)
    failed = Job("2", order(".srt"), Status.FAILED, 0, 100.0, 101.0, 102.0)
    metrics.job_ended(failed, Outcome.FAILED)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("nmt_documents_total", outcome="done", format="docx") == 1
    assert value("nmt_documents_total", outcome="failed", format="srt") == 1
    assert value("nmt_document_wait_seconds_sum", format="docx") == 7
    assert value("nmt_document_seconds_sum", format="docx") == 43
    assert value("nmt_document_seconds_count", format="srt") is None
    assert value("nmt_document_chars_total", format="docx") == 1200


def test_waiting_documents_are_counted_and_a_broken_database_hides_only_them(
    registry: CollectorRegistry, metrics: JobMetrics, tmp_path: Path
) -> None:
    database = Database(tmp_path / FILE_NAME)
    store = JobStore(database, JobLimits(10, 10, 1000))
    metrics.watch(store, FakeRunner())  # type: ignore[arg-type]
    assert registry.get_sample_value("nmt_documents_waiting") == 0
    assert not database.path.exists()
    for id in ("1", "2"):
        store.create(id, order())
    assert store.claim() is not None
    assert registry.get_sample_value("nmt_documents_waiting") == 1
    database.path.write_bytes(b"no database" * 1000)
    assert registry.get_sample_value("nmt_documents_waiting") is None
    assert registry.get_sample_value("nmt_documents_in_work") == 2


def test_service_tells_how_documents_ended(
    open_client: Callable[..., TestClient], tmp_path: Path
) -> None:
    client: Any = open_client(job_workers=1)
    first, second, third = (
        send(client, name, document(5_000, seed)).json()["id"]
        for seed, name in enumerate(("a.txt", "b.txt", "c.md"))
    )
    begun(client, first)
    assert sample(client, "nmt_documents_in_work") == 1
    assert sample(client, "nmt_documents_waiting") == 2
    (tmp_path / "data" / "documents" / second / "source").unlink()
    for id in (first, third):
        assert client.delete(f"/v1/documents/{id}").status_code == 204
    assert finished(client, second)["status"] == "failed"
    done = send(client, "d.csv", "커피\n".encode()).json()["id"]
    assert finished(client, done)["status"] == "done"
    client.delete(f"/v1/documents/{done}")
    text = client.get("/metrics").text
    for labels in (
        'format="txt",outcome="cancelled"', 'format="md",outcome="cancelled"',
        'format="txt",outcome="failed"', 'format="csv",outcome="done"',
    ):  # fmt: skip
        assert f"nmt_documents_total{{{labels}}} 1.0" in text
    assert sample(client, "nmt_documents_total") == 4
    assert sample(client, "nmt_document_chars_total") == 2
    assert sample(client, "nmt_documents_in_work") == sample(client, "nmt_documents_waiting") == 0
