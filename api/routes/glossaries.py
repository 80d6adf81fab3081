"""Glossaries that are kept, for `glossary: ID` in translations."""

from __future__ import annotations

import asyncio
import dataclasses
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import CallerDep, SettingsDep
from api.errors import ConflictError
from api.glossaries import Draft, Glossary
from api.glossary_access import GlossariesDep
from api.glossary_entries import check_entries, check_name
from api.schemas import GlossariesOut, GlossaryBody, GlossaryInfoOut, GlossaryOut, Problem
from api.settings import Settings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 404, 409, 422)
}
router = APIRouter(prefix="/v1/glossaries", tags=["glossaries"], responses=PROBLEMS)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_glossary(
    body: GlossaryBody, glossaries: GlossariesDep, settings: SettingsDep, caller: CallerDep
) -> GlossaryOut:
    """Keeps a glossary: Korean terms and the English that stands for them."""
    draft = await asyncio.to_thread(_draft, body, settings)
    return _present(await asyncio.to_thread(glossaries.create, draft))


@router.get("")
async def list_glossaries(glossaries: GlossariesDep, caller: CallerDep) -> GlossariesOut:
    """Lists the glossaries without their entries, the oldest first."""
    found = await asyncio.to_thread(glossaries.list)
    return GlossariesOut(
        glossaries=[GlossaryInfoOut.model_validate(dataclasses.asdict(info)) for info in found]
    )


@router.get("/{id}")
async def read_glossary(id: str, glossaries: GlossariesDep, caller: CallerDep) -> GlossaryOut:
    """Gives a glossary with its entries."""
    return _present(await asyncio.to_thread(glossaries.get, id))


@router.put("/{id}")
async def change_glossary(
    id: str,
    body: GlossaryBody,
    glossaries: GlossariesDep,
    settings: SettingsDep,
    caller: CallerDep,
) -> GlossaryOut:
    """Puts another content in a glossary's place; translations from now on use it."""
    draft = await asyncio.to_thread(_draft, body, settings)

    def edit(old: Glossary) -> Draft:
        if body.version is not None and body.version != old.version:
            raise ConflictError(
                f"the change is for version {body.version}, the glossary is at {old.version}; "
                "read it again and change that",
                field="version",
            )
        return draft

    return _present(await asyncio.to_thread(glossaries.change, id, edit))


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_glossary(id: str, glossaries: GlossariesDep, caller: CallerDep) -> Response:
    """Forgets a glossary."""
    await asyncio.to_thread(glossaries.delete, id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _draft(body: GlossaryBody, settings: Settings) -> Draft:
    entries = check_entries(body.entries.items(), settings.max_glossary_terms)
    return Draft(check_name(body.name), entries)


def _present(glossary: Glossary) -> GlossaryOut:
    return GlossaryOut.model_validate(dataclasses.asdict(glossary))
