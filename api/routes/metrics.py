"""What Prometheus reads."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from api.auth import MetricsDep

router = APIRouter(tags=["operation"])


@router.get("/metrics", dependencies=[MetricsDep], response_class=Response)
async def metrics(request: Request) -> Response:
    """Gives the counters in Prometheus' text format."""
    # In a thread, for jobs are counted in the database.
    text = await asyncio.to_thread(generate_latest, request.app.state.metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
