"""DeepL's glossaries: `/v2` with one dictionary, `/v3` with several (docs/compatibility.md)."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api.deepl_glossaries import (
    PAIR,
    GlossaryChange,
    check_pair,
    present_dictionary,
    present_v2,
    present_v3,
    read_dictionaries,
    read_dictionary,
    read_glossary,
    with_dictionary,
)
from api.deepl_spec import DICTIONARIES, DICTIONARY, GLOSSARY
from api.dependencies import CallerDep, SettingsDep
from api.errors import InvalidRequestError
from api.fields import read_fields
from api.glossaries import Draft, Glossary, GlossaryStore
from api.glossary_access import GlossariesDep
from api.glossary_entries import as_tsv, check_entries
from api.json_response import JsonResponse
from api.settings import Settings

TSV = "text/tab-separated-values"
router = APIRouter(tags=["DeepL"], default_response_class=JsonResponse)


@router.get("/v2/glossary-language-pairs")
async def list_pairs(caller: CallerDep) -> JsonResponse:
    """Lists the language pairs that glossaries may have."""
    return JsonResponse({"supported_languages": [PAIR]})


# ---------------------------------------------------------------- v2


@router.post("/v2/glossaries", status_code=HTTPStatus.CREATED, openapi_extra=GLOSSARY)
async def create_v2(
    request: Request, glossaries: GlossariesDep, settings: SettingsDep, caller: CallerDep
) -> JsonResponse:
    """Keeps a glossary."""
    change = read_glossary(await read_fields(request))
    glossary = await _create(change, glossaries, settings)
    return JsonResponse(present_v2(glossary), HTTPStatus.CREATED)


@router.get("/v2/glossaries")
async def list_v2(glossaries: GlossariesDep, caller: CallerDep) -> JsonResponse:
    """Lists the glossaries that have a dictionary."""
    found = await asyncio.to_thread(glossaries.list)
    return JsonResponse({"glossaries": [present_v2(info) for info in found if info.n_entries]})


@router.get("/v2/glossaries/{glossary_id}")
async def read_v2(glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep) -> JsonResponse:
    """Gives a glossary without its entries."""
    glossary = await asyncio.to_thread(glossaries.get, str(glossary_id))
    return JsonResponse(present_v2(with_dictionary(glossary)))


@router.get("/v2/glossaries/{glossary_id}/entries")
async def read_entries_v2(
    glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep
) -> Response:
    """Gives the entries as tab-separated values."""
    glossary = await asyncio.to_thread(glossaries.get, str(glossary_id))
    return PlainTextResponse(as_tsv(with_dictionary(glossary).entries), media_type=TSV)


@router.delete("/v2/glossaries/{glossary_id}", status_code=HTTPStatus.NO_CONTENT)
@router.delete("/v3/glossaries/{glossary_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep) -> Response:
    """Forgets a glossary."""
    await asyncio.to_thread(glossaries.delete, str(glossary_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


# ---------------------------------------------------------------- v3


@router.post("/v3/glossaries", status_code=HTTPStatus.CREATED, openapi_extra=DICTIONARIES)
async def create_v3(
    request: Request, glossaries: GlossariesDep, settings: SettingsDep, caller: CallerDep
) -> JsonResponse:
    """Keeps a glossary; it has one dictionary, from KO to EN."""
    change = read_dictionaries(await read_fields(request))
    glossary = await _create(change, glossaries, settings)
    return JsonResponse(present_v3(glossary), HTTPStatus.CREATED)


@router.get("/v3/glossaries")
async def list_v3(glossaries: GlossariesDep, caller: CallerDep) -> JsonResponse:
    """Lists the glossaries."""
    found = await asyncio.to_thread(glossaries.list)
    return JsonResponse({"glossaries": [present_v3(info) for info in found]})


@router.get("/v3/glossaries/{glossary_id}")
async def read_v3(glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep) -> JsonResponse:
    """Gives a glossary without its entries."""
    return JsonResponse(present_v3(await asyncio.to_thread(glossaries.get, str(glossary_id))))


@router.patch("/v3/glossaries/{glossary_id}", openapi_extra=DICTIONARIES)
async def change_v3(
    request: Request,
    glossary_id: UUID,
    glossaries: GlossariesDep,
    settings: SettingsDep,
    caller: CallerDep,
) -> JsonResponse:
    """Gives a glossary another name, or adds entries; of equal terms the new one counts."""
    change = read_dictionaries(await read_fields(request))

    def edit(old: Glossary) -> Draft:
        name, entries = change.name or old.name, dict(old.entries)
        if change.entries is not None:
            entries |= check_entries(change.entries, settings.max_glossary_terms)
            check_entries(entries.items(), settings.max_glossary_terms)
        return Draft(name, entries)

    glossary = await asyncio.to_thread(glossaries.change, str(glossary_id), edit)
    return JsonResponse(present_v3(glossary))


@router.get("/v3/glossaries/{glossary_id}/entries")
async def read_entries_v3(
    request: Request, glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep
) -> JsonResponse:
    """Gives the entries of a dictionary."""
    check_pair(await read_fields(request))
    glossary = with_dictionary(await asyncio.to_thread(glossaries.get, str(glossary_id)))
    dictionary = {**PAIR, "entries": as_tsv(glossary.entries), "entries_format": "tsv"}
    return JsonResponse({"dictionaries": [dictionary]})


@router.put("/v3/glossaries/{glossary_id}/dictionaries", openapi_extra=DICTIONARY)
async def replace_dictionary(
    request: Request,
    glossary_id: UUID,
    glossaries: GlossariesDep,
    settings: SettingsDep,
    caller: CallerDep,
) -> JsonResponse:
    """Puts a dictionary in the place of the one that is there, if there is one."""
    pairs = read_dictionary(await read_fields(request))
    entries = await asyncio.to_thread(check_entries, pairs, settings.max_glossary_terms)
    glossary = await asyncio.to_thread(
        glossaries.change, str(glossary_id), lambda old: Draft(old.name, entries)
    )
    return JsonResponse(present_dictionary(glossary))


@router.delete("/v3/glossaries/{glossary_id}/dictionaries", status_code=HTTPStatus.NO_CONTENT)
async def delete_dictionary(
    request: Request, glossary_id: UUID, glossaries: GlossariesDep, caller: CallerDep
) -> Response:
    """Takes a dictionary away; the glossary stays."""
    check_pair(await read_fields(request))
    await asyncio.to_thread(glossaries.change, str(glossary_id), _without_dictionary)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _without_dictionary(old: Glossary) -> Draft:
    return Draft(with_dictionary(old).name, {})


async def _create(
    change: GlossaryChange, glossaries: GlossaryStore, settings: Settings
) -> Glossary:
    if change.name is None or change.entries is None:
        field = "name" if change.name is None else "dictionaries"
        raise InvalidRequestError(f"Parameter '{field}' not specified.")
    entries = await asyncio.to_thread(check_entries, change.entries, settings.max_glossary_terms)
    return await asyncio.to_thread(glossaries.create, Draft(change.name, entries))
