"""What Prometheus reads."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from api.auth import MetricsDep

router = APIRouter(tags=["operation"])


@router.get("/metrics", dependencies=[MetricsDep], response_class=Response)
async def metrics(request: Request) -> Response:
    """Gives the counters in Prometheus' text format."""
    text = generate_latest(request.app.state.metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
