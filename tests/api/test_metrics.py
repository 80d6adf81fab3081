"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.batching.batcher import BatchReport
from api.metrics import Metrics
from nmt.translation import Flag, SentenceTranslation

TEXT = "저는 서울에 살아요. 내일 부산에 가요."


class FakeJob:
    """A sentence of a batch."""

    def __init__(self, tokens: int, queued_s: float) -> None:
        self.tokens = tokens
        self.queued_s = queued_s


def values(client: TestClient) -> Callable[..., float]:
    """Gives a look-up of the samples that `/metrics` has now; 0 for one that is not there."""
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }
    return lambda name, **labels: samples.get((name, tuple(sorted(labels.items()))), 0.0)


def test_metrics_count_requests_by_route_and_status(client: TestClient) -> None:
    client.post("/v1/translate", json={"text": TEXT})
    client.post("/v1/translate", json={})
    client.get("/nowhere/at/all")
    now = values(client)
    route = {"method": "POST", "route": "/v1/translate"}
    assert now("nmt_requests_total", **route, status="200") == 1
    assert now("nmt_requests_total", **route, status="422") == 1
    assert now("nmt_requests_total", method="GET", route="other", status="404") == 1
    assert now("nmt_problems_total", type="invalid-field") == 1
    assert now("nmt_request_seconds_count", route="/v1/translate") == 2
    assert now("nmt_requests_in_work") == 1  # that for the metrics
    assert now("nmt_chars_total") == len(TEXT)


def test_metrics_count_batches_and_the_cache(client: TestClient) -> None:
    for _ in range(2):
        client.post("/v1/translate", json={"text": TEXT})
    now = values(client)
    assert now("nmt_batch_sentences_sum", model="tiny") == 2
    assert now("nmt_queue_seconds_count", model="tiny") == 2
    assert now("nmt_batch_tokens_sum", model="tiny") > 2
    assert (now("nmt_cache_hits_total"), now("nmt_cache_misses_total")) == (2, 2)
    assert now("nmt_cache_bytes") > 0
    assert now("nmt_tokens_per_second", model="tiny") > 0
    assert now("nmt_queue_tokens", model="tiny") == 0


def test_metrics_tell_models_and_the_process(client: TestClient) -> None:
    (model,) = client.get("/v1/models").json()["models"]
    labels = {key: model[key] for key in ("checksum", "engine", "device", "architecture")}
    now = values(client)
    assert now("nmt_model_info", model="tiny", **labels) == 1
    assert now("process_resident_memory_bytes") > 0


def test_metrics_of_a_batch_count_padding_flags_and_failures() -> None:
    metrics = Metrics()
    done = SentenceTranslation("가", 0, 1, "a", -1.0, (Flag.NUMBERS_DIFFER, Flag.EMPTY))
    jobs: Sequence[FakeJob] = [FakeJob(3, 9.0), FakeJob(5, 9.5), FakeJob(1, 9.9)]
    outcomes = [done, ValueError("no"), done]
    report = BatchReport(jobs, outcomes, started_s=10.0, seconds=0.5)  # type: ignore[arg-type]
    metrics.batches.of("tiny").batch_done(report)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, {"model": "tiny", **labels})

    assert value("nmt_padding_tokens_total") == 2 + 0 + 4
    assert value("nmt_sentence_flags_total", flag="numbers_differ") == 2
    assert value("nmt_sentences_failed_total") == 1
    assert value("nmt_queue_seconds_sum") == pytest.approx(1.6)


def test_metrics_of_two_services_do_not_mix(app: FastAPI) -> None:
    other = Metrics()
    other.count_cache(5, 5)
    assert app.state.metrics.registry.get_sample_value("nmt_cache_hits_total") == 0
