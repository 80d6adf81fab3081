"""The models that are served."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import ServiceDep
from api.presenting import present_model
from api.schemas import ModelsOut

router = APIRouter(prefix="/v1", tags=["models"])


@router.get("/models")
async def list_models(service: ServiceDep) -> ModelsOut:
    """Lists the models, the default first, with their scores on development sets."""
    models = service.registry.models
    return ModelsOut(models=[present_model(m, is_default=m is models[0]) for m in models])
