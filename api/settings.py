"""Settings of the service: environment variables `NMT_…`, all with defaults (docs/service.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.models import ModelSpec
from nmt.bundle import DEFAULT_BUNDLE


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="NMT_", extra="ignore")

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on; 0 picks a free one."""

    forwarded_allow_ips: str = "127.0.0.1"
    """Proxies, separated by commas, whose `X-Forwarded-For` says who the client is; `*` for all."""
    cors_origins: str = "*"
    """Origins, separated by commas, whose pages may call; `*` for all, empty for none."""

    models: str = DEFAULT_BUNDLE
    """What to serve: bundle names or NAME=PATH, separated by commas; the first is the default."""
    engine: str = "auto"
    """`auto`, `ctranslate2` or `torch`."""
    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""

    threads: NonNegativeInt = 0
    """CPU threads of a model; 0 is one for each core that the process may use."""
    engine_niceness: Annotated[int, Field(ge=0, le=19)] = 5
    """How far the engine's threads stand back behind those that answer (Linux, CTranslate2); 0 is
    not at all."""

    batch_tokens: NonNegativeInt = 0
    """Source pieces of a batch; more may be faster, and keeps others waiting longer; 0 is what
    suits the engine."""
    queue_tokens: PositiveInt = 262_144
    """Source pieces that may wait; more is refused with 503."""
    workers: NonNegativeInt = 0
    """Batches of a model in work at the same time; 0 is what suits the engine."""
    deadline_s: PositiveFloat = 30.0
    """Seconds until a request that is not done is answered with 503."""
    drain_s: PositiveInt = 60
    """Seconds that requests in work have to end after SIGTERM."""
    drain_delay_s: NonNegativeFloat = 0.0
    """Seconds after SIGTERM in which new connections are still served while /readyz says 503, so
    that a load balancer notices."""

    cache_bytes: NonNegativeInt = 64 * 2**20
    """Bytes of translated sentences to remember; 0 for none."""
    redis_url: str = ""
    """A cache that replicas share, e.g. redis://redis:6379/0; empty for none."""
    redis_ttl_s: PositiveInt = 7 * 24 * 3600
    """Seconds after which the shared cache forgets a sentence."""
    redis_timeout_s: PositiveFloat = 0.2
    """Seconds to wait for the shared cache before going on without it."""

    max_body_bytes: PositiveInt = 2 * 2**20
    """Largest request body, documents apart."""
    max_texts: PositiveInt = 10_000
    """Most texts of a request."""
    max_chars: PositiveInt = 100_000
    """Most characters of a request, all texts together."""
    max_beam_size: Annotated[int, Field(ge=1, le=64)] = 16
    """Largest beam and most alternatives that a request may ask for."""

    max_document_bytes: PositiveInt = 50 * 2**20
    """Largest request body that holds a document."""
    max_document_chars: PositiveInt = 2_000_000
    """Most characters of a document."""
    max_jobs_per_caller: PositiveInt = 20
    """Documents of a key or address that may be unfinished; more are refused with 429."""
    max_waiting_jobs: PositiveInt = 200
    """Documents of all callers that may be unfinished; more are refused with 503."""
    max_stored_bytes: PositiveInt = 10 * 2**30
    """Bytes of all documents that are stored, sent and translated; more are refused with 503."""
    job_workers: PositiveInt = 2
    """Documents that are translated at the same time."""
    job_keep_hours: PositiveFloat = 24.0
    """Hours after which a translated document is removed."""

    api_keys_file: Path | None = None
    """File of API keys, made with `nmt serve keys new`; without one everyone may translate."""
    allow_anonymous: bool = False
    """Whether one may translate without a key although there are keys."""
    requests_per_minute: NonNegativeInt = 0
    """Requests of a key or address in a minute; 0 is no limit."""
    chars_per_minute: NonNegativeInt = 0
    """Characters of a key or address in a minute; 0 is no limit."""
    chars_per_month: NonNegativeInt = 0
    """Characters of a key in a calendar month (UTC); 0 is no limit."""
    metrics_need_key: bool = False
    """Whether /metrics is only for keys with the scope `metrics`."""

    log_format: Literal["text", "json"] = "text"
    """`text` for people, `json` for machines: one object a line."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important lines that are written."""
    log_addresses: bool = False
    """Whether clients' addresses stand in the log."""

    max_glossaries: PositiveInt = 1000
    """Most glossaries that are kept."""
    max_glossary_terms: PositiveInt = 10_000
    """Most terms of a glossary, kept or in a request."""
    suggestions: bool = False
    """Whether LibreTranslate's /suggest keeps what users send; their texts are then stored."""
    keepalive_s: PositiveFloat = 4.0
    """Seconds without an answer after which a DeepL request is sent white space: its clients
    give up after 10 s of silence."""

    data_folder: Path = Path("nmt-data")
    """Where jobs, glossaries and usage are kept."""

    @field_validator("models")
    @classmethod
    def _has_models(cls, value: str) -> str:
        parse_models(value)
        return value

    @property
    def model_specs(self) -> list[ModelSpec]:
        """The models to serve, the default first."""
        return parse_models(self.models)


def parse_models(text: str) -> list[ModelSpec]:
    """Reads `transformer,luong,small=/models/small`.

    Raises:
        ValueError: nothing is named, or a name occurs twice.
    """
    specs = []
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, location = part.partition("=")
        specs.append(ModelSpec(name.strip(), (location or name).strip()))
    names = [spec.name for spec in specs]
    if not specs or not all(names):
        raise ValueError(f"models is {text!r}; give names or NAME=PATH, separated by commas")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"models names {min(twice)!r} twice; give each model a name of its own")
    return specs
