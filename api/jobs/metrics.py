"""What Prometheus reads of documents. No label holds a name, an owner or a text."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.jobs.job import Job, Outcome
from api.jobs.runner import JobRunner
from api.jobs.store import JobStore

logger = logging.getLogger(__name__)

_SECONDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)


class JobMetrics:
    """Counts the jobs that end; each is told to one of the processes that share them.

    Args:
        registry: of the service's metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._ended = Counter(
            "nmt_documents", "Documents that were done, failed or were cancelled.",
            ["outcome", "format"], registry=registry,
        )  # fmt: skip
        self._chars = Counter(
            "nmt_document_chars", "Characters of documents that are done.",
            ["format"], registry=registry,
        )  # fmt: skip
        self._waited = Histogram(
            "nmt_document_wait_seconds", "Time from the upload until work began.",
            ["format"], registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._worked = Histogram(
            "nmt_document_seconds", "Time from the beginning of the work until it was done.",
            ["format"], registry=registry, buckets=_SECONDS,
        )  # fmt: skip

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        """Counts a job."""
        format = job.order.extension.lstrip(".")
        self._ended.labels(outcome.value, format).inc()
        if outcome is Outcome.DONE and job.started_s is not None:
            self._chars.labels(format).inc(job.order.n_chars)
            self._waited.labels(format).observe(job.started_s - job.created_s)
            self._worked.labels(format).observe(job.changed_s - job.started_s)

    def watch(self, store: JobStore, runner: JobRunner) -> None:
        """Has the jobs that wait or are in work counted whenever Prometheus asks."""
        self._registry.register(_Snapshot(store, runner))


class _Snapshot(Collector):
    """Reads what there is at this moment."""

    def __init__(self, store: JobStore, runner: JobRunner) -> None:
        self._store = store
        self._runner = runner

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "nmt_documents_in_work", "Documents that this process translates.",
            value=self._runner.n_running,
        )  # fmt: skip
        waiting = GaugeMetricFamily(
            "nmt_documents_waiting",
            "Documents that nobody works on, of all processes that share the data folder.",
        )
        try:
            waiting.add_metric([], self._store.count_waiting() if self._store.exists else 0)
        except (OSError, sqlite3.Error) as error:
            # Without this one the others are told all the same.
            logger.warning("waiting documents: %s: %s", type(error).__name__, error)
        yield waiting
