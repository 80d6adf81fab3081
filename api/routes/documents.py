"""Documents as jobs: send one, watch it, fetch it (docs/documents.md)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from api.attachments import attachment
from api.dependencies import CallerDep, SettingsDep
from api.document_schemas import DocumentOut, DocumentsOut, FailureOut, FormatOut, FormatsOut
from api.errors import ApiError, ForbiddenError, InvalidFieldError
from api.glossary_access import GlossariesDep, terms_of
from api.jobs.desk import JobDesk, JobsDep, Sent
from api.jobs.job import Job
from api.problems import problem_body
from api.record import current_record
from api.schemas import Problem
from api.settings import Settings
from nmt.documents import FORMATS

Responses = dict[int | str, dict[str, Any]]
PROBLEMS: Responses = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 403, 404, 409, 413, 415, 422, 429, 503)
}
_BYTES: Responses = {
    200: {"content": {"application/octet-stream": {}}, "description": "The document"}
}
_EVENTS: Responses = {
    200: {"content": {"text/event-stream": {}}, "description": "Events `progress`"}
}
router = APIRouter(prefix="/v1/documents", tags=["documents"], responses=PROBLEMS)


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def send_document(
    file: UploadFile,
    request: Request,
    response: Response,
    jobs: JobsDep,
    settings: SettingsDep,
    glossaries: GlossariesDep,
    caller: CallerDep,
    model: Annotated[str | None, Form()] = None,
    glossary: Annotated[str | None, Form(description="Its id, or a JSON object.")] = None,
    column: Annotated[
        list[str] | None, Form(description="Of CSV and TSV: a heading, or a number from 1.")
    ] = None,
) -> DocumentOut:
    """Takes a document; it is translated in the background and keeps its format."""
    terms = await terms_of(_glossary(glossary), glossaries, settings)
    sent = Sent(
        owner=caller, data=await file.read(), name=file.filename, model=model or None,
        columns=tuple(column or ()), glossary=terms,
    )  # fmt: skip
    job = await jobs.submit(sent)
    response.headers["Location"] = str(request.url_for("read_document", id=job.id).path)
    return _present(job, settings)


@router.get("")
async def list_documents(
    request: Request, jobs: JobsDep, settings: SettingsDep, caller: CallerDep
) -> DocumentsOut:
    """Lists the documents sent with the caller's API key, the newest first."""
    if request.app.state.keys.named(caller) is None:
        raise ForbiddenError(
            "documents are listed for callers with an API key only, for an address may be that of "
            "many; keep the ids of your documents"
        )
    return DocumentsOut(documents=[_present(job, settings) for job in await jobs.list(caller)])


@router.get("/formats")
async def list_formats(settings: SettingsDep) -> FormatsOut:
    """Lists what can be translated."""
    formats = [
        FormatOut(name=f.name, extensions=list(f.extensions), media_type=f.media_type)
        for f in FORMATS
    ]
    return FormatsOut(
        formats=formats,
        max_bytes=settings.max_document_bytes,
        max_chars=settings.max_document_chars,
    )


@router.get("/{id}")
async def read_document(
    id: str, jobs: JobsDep, settings: SettingsDep, caller: CallerDep
) -> DocumentOut:
    """Tells how far a document is."""
    return _present(await jobs.get(id, caller), settings)


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_document(id: str, jobs: JobsDep, caller: CallerDep) -> Response:
    """Cancels a document and removes all that is stored of it."""
    await jobs.remove((await jobs.get(id, caller)).id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{id}/result", response_class=Response, responses=_BYTES)
async def fetch_document(id: str, jobs: JobsDep, caller: CallerDep) -> Response:
    """Gives the translated document; 409 before it is done."""
    job = await jobs.get(id, caller)
    return attachment(jobs.result(job), job.order.result_name, job.order.media_type)


@router.get("/{id}/events", response_class=StreamingResponse, responses=_EVENTS)
async def watch_document(
    id: str, jobs: JobsDep, settings: SettingsDep, request: Request, caller: CallerDep
) -> StreamingResponse:
    """Tells how far a document is whenever that changes: events `progress`, as GET gives it."""
    events = _events(await jobs.get(id, caller), jobs, settings, request)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(
    job: Job, jobs: JobDesk, settings: Settings, request: Request
) -> AsyncIterator[str]:
    async with aclosing(jobs.watch(job)) as states:
        try:
            async for state in states:
                yield _event("progress", _present(state, settings).model_dump(mode="json"))
                if request.app.state.lifecycle.is_draining:
                    return  # browsers connect again by themselves, to another process
        except ApiError as error:
            current_record().error = error.type
            yield _event("error", problem_body(error, getattr(request.state, "request_id", "")))


def _event(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _glossary(text: str | None) -> Mapping[str, str] | str | None:
    """An id, or terms as a JSON object."""
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        terms = json.loads(text)
    except (ValueError, RecursionError):
        terms = None
    if not isinstance(terms, dict) or not all(
        isinstance(english, str) for english in terms.values()
    ):
        raise InvalidFieldError(
            "glossary is no JSON object of Korean terms and English texts; send one, or the id of "
            "a stored glossary",
            field="glossary",
        )
    return terms


def _present(job: Job, settings: Settings) -> DocumentOut:
    order = job.order
    error = None
    if job.error_type is not None:
        error = FailureOut(type=job.error_type, detail=job.error or "")
    return DocumentOut(
        id=job.id, name=order.name, status=job.status, done=job.n_done, total=order.n_segments,
        chars=order.n_chars, model=order.model, checksum=job.checksum,
        result_name=order.result_name, created_s=job.created_s, error=error,
        expires_s=job.changed_s + settings.job_keep_hours * 3600 if job.status.is_ended else None,
    )  # fmt: skip
