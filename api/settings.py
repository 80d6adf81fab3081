"""Settings of the service: environment variables `NMT_…`, all with defaults (docs/service.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator
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

    models: str = DEFAULT_BUNDLE
    """What to serve: bundle names or NAME=PATH, separated by commas; the first is the default."""
    engine: str = "auto"
    """`auto`, `ctranslate2` or `torch`."""
    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""

    batch_tokens: PositiveInt = 2048
    """Source pieces of a batch; more is faster, and keeps others waiting longer."""
    queue_tokens: PositiveInt = 262_144
    """Source pieces that may wait; more is refused with 503."""
    workers: PositiveInt = 1
    """Batches of a model in work at the same time."""
    deadline_s: PositiveFloat = 30.0
    """Seconds until a request that is not done is answered with 503."""
    drain_s: PositiveInt = 60
    """Seconds that requests in work have to end after SIGTERM."""

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
