"""What Prometheus reads at `/metrics`. No label holds a key, an address or a text."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from api.batching.batcher import BatchReport
from api.batching.cache import MemoryCache
from api.middleware.context import Finished
from api.models import ModelRegistry
from api.record import current_record

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LAGS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_TOKENS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_SENTENCES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

        self._requests = Counter(
            "nmt_requests", "Requests that were answered, by route and status.",
            ["method", "route", "status"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "nmt_request_seconds", "Time until the answer was out.",
            ["route"], registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._in_work = Gauge("nmt_requests_in_work", "Requests not answered.", registry=registry)
        self._problems = Counter(
            "nmt_problems", "Requests that were refused or failed, by type of problem.",
            ["type"], registry=registry,
        )  # fmt: skip
        self._lag = Histogram(
            "nmt_event_loop_lag_seconds", "How late the event loop came to what was due.",
            registry=registry, buckets=_LAGS,
        )  # fmt: skip
        self._chars = Counter("nmt_chars", "Characters to translate.", registry=registry)
        self._hits = Counter("nmt_cache_hits", "Sentences remembered.", registry=registry)
        self._misses = Counter("nmt_cache_misses", "Sentences not remembered.", registry=registry)
        self._swaps = Counter(
            "nmt_model_swaps", "Models put in the place of others: done or failed.",
            ["model", "result"], registry=registry,
        )  # fmt: skip
        self.batches = BatchMetrics(registry)

    def request_began(self) -> None:
        """Counts a request that is in work."""
        self._in_work.inc()

    def request_done(self, finished: Finished) -> None:
        """Counts a request that is over."""
        self._in_work.dec()
        self._requests.labels(finished.method, finished.route, str(finished.status)).inc()
        self._seconds.labels(finished.route).observe(finished.seconds)
        self._chars.inc(finished.record.n_chars)
        if finished.record.error:
            self._problems.labels(finished.record.error).inc()

    def count_cache(self, hits: int, misses: int) -> None:
        """Counts sentences that were looked up, also for the log of the request."""
        current_record().n_sentences += hits + misses
        self._hits.inc(hits)
        self._misses.inc(misses)

    def count_lag(self, seconds: float) -> None:
        """Counts how late the event loop was once."""
        self._lag.observe(seconds)

    def count_swap(self, model: str, result: str) -> None:
        """Counts a swap that is `done` or `failed`."""
        self._swaps.labels(model, result).inc()

    def watch(self, models: ModelRegistry, cache: MemoryCache) -> None:
        """Has queues, speed, models and cache looked at whenever Prometheus asks."""
        self.registry.register(_Snapshot(models, cache))


class BatchMetrics:
    """What went through the models."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._queue_seconds = Histogram(
            "nmt_queue_seconds", "Time a sentence waited for its batch.",
            ["model"], registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._batch_seconds = Histogram(
            "nmt_batch_seconds", "Time a batch took.",
            ["model"], registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        self._batch_tokens = Histogram(
            "nmt_batch_tokens", "Source pieces of a batch.",
            ["model"], registry=registry, buckets=_TOKENS,
        )  # fmt: skip
        self._batch_sentences = Histogram(
            "nmt_batch_sentences", "Sentences of a batch.",
            ["model"], registry=registry, buckets=_SENTENCES,
        )  # fmt: skip
        self._padding = Counter(
            "nmt_padding_tokens", "Places left empty if each batch is one rectangle.",
            ["model"], registry=registry,
        )  # fmt: skip
        self._flags = Counter(
            "nmt_sentence_flags", "Flags of translated sentences.",
            ["model", "flag"], registry=registry,
        )  # fmt: skip
        self._failed = Counter(
            "nmt_sentences_failed", "Sentences that the model failed on.",
            ["model"], registry=registry,
        )  # fmt: skip

    def of(self, model: str) -> BatchesOf:
        """Gives the observer of one model's batches."""
        return BatchesOf(self, model)

    def count(self, model: str, report: BatchReport) -> None:
        """Counts a batch."""
        lengths = [job.tokens for job in report.jobs]
        waits = self._queue_seconds.labels(model)
        for job in report.jobs:
            waits.observe(report.started_s - job.queued_s)
        self._batch_seconds.labels(model).observe(report.seconds)
        self._batch_tokens.labels(model).observe(sum(lengths))
        self._batch_sentences.labels(model).observe(len(lengths))
        self._padding.labels(model).inc(max(lengths) * len(lengths) - sum(lengths))
        for outcome in report.outcomes:
            if isinstance(outcome, Exception):
                self._failed.labels(model).inc()
                continue
            for flag in outcome.flags:
                self._flags.labels(model, flag.value).inc()


class BatchesOf:
    """Counts the batches of one model."""

    def __init__(self, metrics: BatchMetrics, model: str) -> None:
        self._metrics = metrics
        self._model = model

    def batch_done(self, report: BatchReport) -> None:
        """Counts a batch."""
        self._metrics.count(self._model, report)


class _Snapshot(Collector):
    """Reads what the service is at this moment."""

    def __init__(self, registry: ModelRegistry, cache: MemoryCache) -> None:
        self._registry = registry
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        queue = GaugeMetricFamily("nmt_queue_tokens", "Source pieces that wait.", labels=["model"])
        speed = GaugeMetricFamily(
            "nmt_tokens_per_second", "Source pieces per second, newest batches most.",
            labels=["model"],
        )  # fmt: skip
        info = InfoMetricFamily(
            "nmt_model", "The models that are served.",
            labels=["model", "checksum", "engine", "device", "architecture"],
        )  # fmt: skip
        for model in self._registry.models:
            queue.add_metric([model.name], model.batcher.queued_tokens)
            speed.add_metric([model.name], model.batcher.tokens_per_s)
            engine = model.translator.engine
            architecture = model.bundle.model_config.architecture
            info.add_metric(
                [model.name, model.checksum, engine.name, engine.device, architecture], {}
            )
        yield from (queue, speed, info)
        yield GaugeMetricFamily(
            "nmt_cache_bytes", "Size of the cache in memory.", value=self._cache.n_bytes
        )
