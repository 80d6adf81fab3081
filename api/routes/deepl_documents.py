"""DeepL's `/v2/document`: send a document, ask after it, fetch it once (docs/compatibility.md)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.attachments import attachment_once
from api.deepl import SOURCE, TARGETS, check_formality, missing, one_of, read_glossaries
from api.deepl_glossaries import with_dictionary
from api.deepl_spec import DOCUMENT, DOCUMENT_KEY
from api.dependencies import CallerDep
from api.errors import DocumentNotReadyError, InvalidRequestError
from api.fields import Fields, read_fields
from api.glossaries import GlossaryStore
from api.glossary_access import GlossariesDep
from api.jobs.desk import JobDesk, JobsDep, Sent
from api.jobs.job import Api, Job, Status, clean_name
from api.json_response import JsonResponse
from api.uploads import read_upload
from nmt.documents.formats import extension_of

_STATUSES: Mapping[Status, str] = {
    Status.QUEUED: "queued",
    Status.TRANSLATING: "translating",
    Status.DONE: "done",
    Status.FAILED: "error",
}
router = APIRouter(prefix="/v2/document", tags=["DeepL"], default_response_class=JsonResponse)


@router.post("", openapi_extra=DOCUMENT)
async def send_document(
    request: Request, jobs: JobsDep, glossaries: GlossariesDep, caller: CallerDep
) -> JsonResponse:
    """Takes a document; gives its id, and a key without which nobody can fetch it."""
    fields = await read_fields(request)
    ids = _read_wishes(fields)
    upload = await read_upload(request)
    if upload is None:
        raise missing("file")
    name = fields.get("filename") or upload.name
    _check_output_format(fields, name)
    terms = await asyncio.to_thread(_terms, ids, glossaries)
    key = secrets.token_hex(32)
    sent = Sent(caller, upload.data, name, Api.DEEPL, glossary=terms, key=key)
    job = await jobs.submit(sent)
    return JsonResponse({"document_id": job.id, "document_key": key})


@router.post("/{id}", openapi_extra=DOCUMENT_KEY)
async def read_document(
    id: str, request: Request, jobs: JobsDep, caller: CallerDep
) -> JsonResponse:
    """Tells how far a document is."""
    return JsonResponse(_present(await _find(id, request, jobs), time.time()))


@router.post("/{id}/result", response_class=Response, openapi_extra=DOCUMENT_KEY)
async def fetch_document(id: str, request: Request, jobs: JobsDep, caller: CallerDep) -> Response:
    """Gives the translated document and forgets it; 503 before it is done."""
    job = await _find(id, request, jobs)
    if not job.status.is_ended:
        raise DocumentNotReadyError("the document is being translated; ask again", retry_after_s=1)
    path = jobs.result(job)
    forget = partial(jobs.remove, job.id)
    return attachment_once(path, job.order.result_name, job.order.media_type, forget)


def _read_wishes(fields: Fields) -> list[str]:
    """Checks what is wished; gives the ids of the glossaries."""
    target = one_of(fields, "target_lang", TARGETS)
    if target is None:
        raise missing("target_lang")
    source = one_of(fields, "source_lang", (SOURCE,))
    check_formality(fields, target)
    return read_glossaries(fields, source)


def _check_output_format(fields: Fields, name: str) -> None:
    """The format stays, so that no other can be asked for."""
    wanted, given = fields.get("output_format"), extension_of(clean_name(name)).lstrip(".")
    if wanted and str(wanted).lower().lstrip(".") != given:
        raise InvalidRequestError(
            f"Value for 'output_format' not supported. Allowed: {given or 'none'}, for documents "
            "keep their format."
        )


def _terms(ids: list[str], glossaries: GlossaryStore) -> dict[str, str]:
    """The terms of all glossaries; of equal ones the first counts."""
    terms: dict[str, str] = {}
    for glossary in map(glossaries.get, ids):
        terms = {**with_dictionary(glossary).entries, **terms}
    return terms


async def _find(id: str, request: Request, jobs: JobDesk) -> Job:
    key = (await read_fields(request)).get("document_key")
    if not key or not isinstance(key, str):
        raise missing("document_key")
    return await jobs.get_with_key(id, key)


def _present(job: Job, now_s: float) -> dict[str, Any]:
    answer: dict[str, Any] = {"document_id": job.id, "status": _STATUSES[job.status]}
    if job.status is Status.TRANSLATING:
        answer["seconds_remaining"] = _seconds_remaining(job, now_s)
    if job.status is Status.DONE:
        answer["billed_characters"] = job.order.n_chars
    if job.status is Status.FAILED:
        answer["error_message"] = job.error
    return answer


def _seconds_remaining(job: Job, now_s: float) -> int:
    """A guess from what is done since the job was begun; whole seconds, 1 or more."""
    if not job.n_done or job.started_s is None:
        return 1
    per_segment_s = (now_s - job.started_s) / job.n_done
    return max(1, round(per_segment_s * (job.order.n_segments - job.n_done)))
