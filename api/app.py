"""Puts the service together: settings in, an ASGI application out."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.batching.batcher import BatchLimits
from api.batching.cache import LayeredCache, MemoryCache, NoCache, RedisCache, SentenceCache
from api.errors import ApiError, InternalError
from api.models import Model, ModelRegistry, ModelSpec
from api.problems import from_http, from_validation, problem_response
from api.routes import health, models, translate
from api.service import TranslationService
from api.settings import Settings
from nmt import __version__
from nmt.errors import NmtError
from nmt.translator import Translator

logger = logging.getLogger(__name__)

DESCRIPTION = "Korean→English neural machine translation on your own machine."


def create_app(settings: Settings) -> FastAPI:
    """Gives the application; models are loaded in the background once it is started."""
    service = build_service(settings)
    app = FastAPI(
        title="korean-nmt",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan,
        strict_content_type=False,
    )
    app.state.settings = settings
    app.state.service = service
    for module in (translate, models, health):
        app.include_router(module.router)
    _handle_errors(app)
    return app


def build_service(settings: Settings) -> TranslationService:
    """Gives the service that the settings describe, its models not loaded yet."""
    limits = BatchLimits(settings.batch_tokens, settings.queue_tokens, settings.workers)

    def load(spec: ModelSpec) -> Translator:
        return Translator.load(spec.location, settings.engine, settings.device)

    def build(spec: ModelSpec, translator: Translator) -> Model:
        return Model(spec, translator, limits)

    registry = ModelRegistry(settings.model_specs, load, build)
    return TranslationService(registry, build_cache(settings), lambda hits, misses: None)


def build_cache(settings: Settings) -> SentenceCache:
    """Gives the cache that the settings describe."""
    near: SentenceCache = MemoryCache(settings.cache_bytes) if settings.cache_bytes else NoCache()
    if not settings.redis_url:
        return near
    from redis.asyncio import Redis

    timeout = settings.redis_timeout_s
    client = Redis.from_url(
        settings.redis_url, socket_timeout=timeout, socket_connect_timeout=timeout
    )
    return LayeredCache(near, RedisCache(client, settings.redis_ttl_s))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: ModelRegistry = app.state.service.registry
    app.state.failure = None
    app.state.loading = loading = asyncio.create_task(_load(app, registry))
    yield
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await registry.close()


async def _load(app: FastAPI, registry: ModelRegistry) -> None:
    """Loads the models; where that fails the process ends, for it could do nothing."""
    try:
        await registry.load()
    except NmtError as error:
        app.state.failure = error
        logger.error("a model cannot be served: %s", error)
        signal.raise_signal(signal.SIGTERM)


def _handle_errors(app: FastAPI) -> None:
    """Answers every error in the form that the path's clients expect."""

    def answer(request: Request, error: ApiError) -> Response:
        return problem_response(error, getattr(request.state, "request_id", ""))

    async def api_error(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):
            return answer(request, from_validation(error))
        if isinstance(error, HTTPException):
            return answer(request, from_http(error, request.url.path))
        if isinstance(error, ApiError):
            return answer(request, error)
        logger.error("unexpected %s", type(error).__name__, exc_info=error)
        return answer(request, InternalError("the service failed; tell the operator the id"))

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=499)

    for kind in (ApiError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, api_error)
    app.add_exception_handler(ClientDisconnect, gone)
