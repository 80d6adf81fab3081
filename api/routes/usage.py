"""What a caller has used."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.dependencies import CallerDep
from api.schemas import UsageOut
from api.usage import this_month

router = APIRouter(prefix="/v1", tags=["operation"])


@router.get("/usage")
async def usage(request: Request, caller: CallerDep) -> UsageOut:
    """Tells the characters of this month; all callers without a key are one."""
    found = request.app.state.accounts.usage_of(caller)
    return UsageOut(month=this_month(), used=found.used, limit=found.limit)
