"""Makes the parts of the service from its settings; nothing is loaded or opened yet."""

from __future__ import annotations

from dataclasses import dataclass

from api.accounts import Accounts, Limits
from api.batching.batcher import BatchLimits
from api.batching.cache import LayeredCache, MemoryCache, SentenceCache
from api.batching.redis_cache import RedisCache, connect
from api.database import FILE_NAME, Database
from api.jobs.desk import JobDesk
from api.jobs.files import JobFiles
from api.jobs.limits import JobLimits
from api.jobs.metrics import JobMetrics
from api.jobs.runner import JobRunner
from api.jobs.store import JobStore
from api.keys import KeyRing, read_keys
from api.lifecycle import Lifecycle
from api.metrics import Metrics
from api.models import Model, ModelRegistry, ModelSpec
from api.priority import in_thread_of_low_priority
from api.service import TranslationService
from api.settings import Settings
from api.usage import UsageMeter, UsageStore
from nmt.cores import usable_cores
from nmt.engines.ctranslate2 import BATCH_ROWS, CTranslate2Engine
from nmt.translator import Translator

JOBS_FOLDER = "documents"
"""In the data folder."""
_TOKENS_A_THREAD = 256
"""Source pieces of a batch, some ten sentences, for each thread of CTranslate2."""
_TOKENS = 2048
"""Source pieces of a batch for other engines."""


@dataclass(frozen=True)
class Parts:
    """What the service consists of."""

    service: TranslationService
    accounts: Accounts
    keys: KeyRing
    metrics: Metrics
    database: Database
    lifecycle: Lifecycle
    jobs: JobDesk


def build_parts(settings: Settings) -> Parts:
    """Gives the parts that the settings describe.

    Raises:
        ConfigError: the file of API keys cannot be used.
    """
    metrics = Metrics()
    database = Database(settings.data_folder / FILE_NAME)
    keys = read_keys(settings.api_keys_file) if settings.api_keys_file else KeyRing()
    limits = Limits(
        settings.requests_per_minute, settings.chars_per_minute, settings.chars_per_month
    )
    accounts = Accounts(limits, keys, UsageMeter(UsageStore(database)))
    near = MemoryCache(settings.cache_bytes)
    registry = build_registry(settings, metrics)
    service = TranslationService(
        registry, build_cache(settings, near), metrics.count_cache, accounts.charged
    )
    metrics.watch(registry, near)
    lifecycle = Lifecycle(settings.drain_delay_s)
    jobs = build_jobs(settings, service, accounts, database, metrics)
    return Parts(service, accounts, keys, metrics, database, lifecycle, jobs)


def build_jobs(
    settings: Settings, service: TranslationService, accounts: Accounts, database: Database,
    metrics: Metrics,
) -> JobDesk:  # fmt: skip
    """Gives the desk for documents and what works behind it, not started yet."""
    limits = JobLimits(
        settings.max_jobs_per_caller, settings.max_waiting_jobs, settings.max_stored_bytes
    )
    job_metrics = JobMetrics(metrics.registry)
    store = JobStore(database, limits, [job_metrics])
    files = JobFiles(settings.data_folder / JOBS_FOLDER)
    runner = JobRunner(store, files, service, settings.job_workers, settings.job_keep_hours * 3600)
    job_metrics.watch(store, runner)
    return JobDesk(store, files, service, runner, accounts.charged, settings.max_document_chars)


def build_registry(settings: Settings, metrics: Metrics) -> ModelRegistry:
    """Gives the models that the settings name, not loaded yet."""
    threads = settings.threads or usable_cores()

    def load(spec: ModelSpec) -> Translator:
        return in_thread_of_low_priority(
            lambda: Translator.load(spec.location, settings.engine, settings.device, threads),
            settings.engine_niceness,
        )

    def build(spec: ModelSpec, translator: Translator) -> Model:
        limits = batch_limits(settings, translator.engine.name, threads)
        return Model(spec, translator, limits, [metrics.batches.of(spec.name)])

    return ModelRegistry(settings.model_specs, load, build)


def batch_limits(settings: Settings, engine: str, threads: int) -> BatchLimits:
    """Gives the sizes that are set, and where none is what suits the engine.

    CTranslate2 spreads a batch over its threads and gains nothing from more rows for each of them.
    A second batch waits there while the first is in work, so that no thread is ever idle; many
    small batches keep answers from coming all at once. To wait for a full one pays where one batch
    keeps all threads busy that the event loop leaves. Torch gains from every row, and two batches
    would take the processors from each other.
    """
    if engine == CTranslate2Engine.name:
        tokens, workers = threads * _TOKENS_A_THREAD, settings.workers or 2
        full_rows = BATCH_ROWS if threads <= workers else 1
    else:
        tokens, workers, full_rows = _TOKENS, settings.workers or 1, 1
    return BatchLimits(settings.batch_tokens or tokens, settings.queue_tokens, workers, full_rows)


def build_cache(settings: Settings, near: MemoryCache) -> SentenceCache:
    """Gives the cache in memory, before the one that replicas share if there is one."""
    if not settings.redis_url:
        return near
    client = connect(settings.redis_url, settings.redis_timeout_s)
    return LayeredCache(near, RedisCache(client, settings.redis_ttl_s))
