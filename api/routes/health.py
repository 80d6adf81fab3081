"""Whether the service lives, and whether it can translate."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.dependencies import ServiceDep
from api.errors import DrainingError, NotReadyError
from api.schemas import HealthOut

router = APIRouter(tags=["operation"])


@router.get("/livez")
async def livez() -> HealthOut:
    """Answers while the process lives, also while models are loading."""
    return HealthOut(status="ok")


@router.get("/readyz")
async def readyz(request: Request, service: ServiceDep) -> HealthOut:
    """Answers 200 when every model is loaded and has translated; 503 before, and while it ends."""
    if request.app.state.lifecycle.is_draining:
        raise DrainingError("the service is shutting down; ask another one", retry_after_s=5)
    if not service.registry.is_ready:
        raise NotReadyError("models are being loaded; try again", retry_after_s=2)
    return HealthOut(status="ok")
