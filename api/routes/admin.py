"""Changes what is served, without a failed request; for keys with the scope `admin`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from api.auth import AdminDep
from api.dependencies import ServiceDep
from api.errors import ConflictError
from api.presenting import present_model
from api.schemas import ModelOut, ModelPlaceBody
from nmt.errors import NmtError

router = APIRouter(prefix="/v1/admin", tags=["operation"], dependencies=[AdminDep])


@router.post("/models/{name}")
async def put_model(
    request: Request,
    name: str,
    service: ServiceDep,
    body: Annotated[ModelPlaceBody | None, Body()] = None,
) -> ModelOut:
    """Loads a model, tries it out and puts it in place; a name that is new is served beside others.

    Requests in work end with the old model. Where the new one cannot be loaded or does not
    translate, nothing changes and the answer says why.
    """
    registry = service.registry
    location = body.location if body else None
    try:
        model = await registry.put(name, location)
    except NmtError as error:
        request.app.state.metrics.count_swap(name, "failed")
        raise ConflictError(f"nothing was changed: {error}", field="location") from error
    request.app.state.metrics.count_swap(name, "done")
    return present_model(model, is_default=model is registry.models[0])


@router.delete("/models/{name}", status_code=204)
async def remove_model(name: str, service: ServiceDep) -> Response:
    """Stops serving a model, after the requests that use it; not the default one."""
    service.registry.remove(name)
    return Response(status_code=204)
