"""Puts the service together: settings in, an ASGI application out."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.build import Parts, build_parts
from api.faults import answer_exception, handle_errors
from api.glossaries import GlossaryStore
from api.keys import read_keys
from api.lag import watch_lag
from api.logs import AccessLog
from api.middleware.admission import Admission
from api.middleware.body_limit import BodyLimit
from api.middleware.context import HEADER, RequestContext
from api.middleware.security import SecurityHeaders
from api.openapi import DocumentedApp
from api.routes import (
    admin,
    deepl,
    deepl_documents,
    deepl_glossaries,
    docs,
    documents,
    glossaries,
    health,
    libretranslate,
    libretranslate_files,
    metrics,
    models,
    page,
    papago,
    translate,
    usage,
)
from api.settings import Settings
from api.suggestions import SuggestionStore
from nmt import __version__
from nmt.errors import ConfigError, NmtError

logger = logging.getLogger(__name__)

DESCRIPTION = "Korean→English neural machine translation on your own machine."
ROUTES = (
    translate, documents, glossaries, models, health, usage, metrics, admin, page, docs,
    libretranslate, libretranslate_files, deepl, deepl_documents, deepl_glossaries, papago,
)  # fmt: skip
DOCUMENT_PATHS = ("/v1/documents", "/v2/document", "/translate_file")
"""Where bodies may be as large as a document."""
TRANSLATE_PATHS = (
    "/v1/translate", "/v1/translate/stream", "/translate", "/v2/translate",
    "/nmt/v1/translation", "/v1/papago/n2mt",
)  # fmt: skip
"""Where texts are translated while their sender waits."""


def create_app(settings: Settings) -> FastAPI:
    """Gives the application; models are loaded in the background once it is started.

    Raises:
        ConfigError: the file of API keys cannot be used.
    """
    parts = build_parts(settings)
    app = DocumentedApp(
        title="korean-nmt",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's own pages have other sites' scripts
        redoc_url=None,
        strict_content_type=False,
    )
    app.state.settings = settings
    app.state.parts = parts
    app.state.service = parts.service
    app.state.accounts = parts.accounts
    app.state.keys = parts.keys
    app.state.metrics = parts.metrics
    app.state.database = parts.database
    app.state.glossaries = GlossaryStore(parts.database, settings.max_glossaries)
    app.state.suggestions = SuggestionStore(parts.database)
    app.state.jobs = parts.jobs
    app.state.lifecycle = parts.lifecycle
    for module in ROUTES:
        app.include_router(module.router)
    handle_errors(app)
    _add_middleware(app, settings, parts)
    return app


def _add_middleware(app: FastAPI, settings: Settings, parts: Parts) -> None:
    """Wraps the application; what is added last is outermost."""
    app.add_middleware(
        Admission,
        paths=TRANSLATE_PATHS,
        service=parts.service,
        deadline_s=settings.deadline_s,
        respond=answer_exception,
    )
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_document_bytes=settings.max_document_bytes,
        document_paths=DOCUMENT_PATHS,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[o.strip() for o in settings.cors_origins.split(",") if o.strip()],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=[HEADER, "Retry-After"],
    )
    app.add_middleware(
        RequestContext,
        observers=(parts.metrics, AccessLog(settings.log_addresses)),
        respond=answer_exception,
        lifecycle=parts.lifecycle,
    )


async def reload(app: FastAPI) -> None:
    """Reads the API keys and loads every model again; what cannot be used stays as it was."""
    settings, parts = app.state.settings, app.state.parts
    if settings.api_keys_file:
        try:
            parts.keys.replace(read_keys(settings.api_keys_file))
        except ConfigError as error:
            logger.error("the API keys stay as they were: %s", error)
    await parts.service.registry.reload()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    meter = parts.accounts.meter
    app.state.failure = None
    app.state.loading = loading = asyncio.create_task(_load(app, parts))
    writing = asyncio.create_task(meter.run())
    watching = asyncio.create_task(watch_lag(parts.metrics.count_lag))
    parts.jobs.runner.start()
    yield
    await parts.jobs.close()
    for task in (loading, writing, watching):
        task.cancel()
    await asyncio.gather(loading, writing, watching, return_exceptions=True)
    await parts.service.close()
    await meter.close()


async def _load(app: FastAPI, parts: Parts) -> None:
    """Loads the models; where that fails the process ends, for it could do nothing."""
    try:
        await parts.service.registry.load()
        parts.jobs.runner.wake()
    except NmtError as error:
        app.state.failure = error
        logger.error("a model cannot be served: %s", error)
        signal.raise_signal(signal.SIGTERM)
