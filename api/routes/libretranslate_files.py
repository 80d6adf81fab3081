"""LibreTranslate's files: sent and translated while the client waits, fetched by an address."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.attachments import attachment
from api.dependencies import CallerDep
from api.disconnect import unless_gone
from api.errors import ApiError, InternalError, InvalidRequestError
from api.fields import read_fields
from api.jobs.desk import JobDesk, JobsDep, Sent
from api.jobs.job import Api, Job, Status
from api.json_response import JsonResponse
from api.libretranslate import check_languages, missing
from api.libretranslate_spec import FILE_BODY
from api.uploads import read_upload

router = APIRouter(tags=["LibreTranslate"], default_response_class=JsonResponse)


@router.post("/translate_file", openapi_extra=FILE_BODY)
async def translate_file(request: Request, jobs: JobsDep, caller: CallerDep) -> JsonResponse:
    """Translates a document; gives the address where it can be fetched, for some hours."""
    check_languages(await read_fields(request))
    upload = await read_upload(request)
    if upload is None:
        raise missing("file")
    if not upload.name:
        raise InvalidRequestError("Invalid request: empty file")
    job = await jobs.submit(Sent(caller, upload.data, upload.name, Api.LIBRETRANSLATE))
    done = await _done(request, jobs, job)
    if done.status is not Status.DONE:
        raise InternalError(f"the document could not be translated: {done.error}")
    name = f"{job.id}.{job.order.result_name}"
    return JsonResponse({"translatedFileUrl": str(request.url_for("download_file", name=name))})


async def _done(request: Request, jobs: JobDesk, job: Job) -> Job:
    """Waits for the job, which is given up when the client goes: it has no address yet."""
    try:
        return await unless_gone(request, jobs.ended(job))
    except ApiError:
        raise
    except BaseException:
        await jobs.remove(job.id)
        raise


@router.get("/download_file/{name}", response_class=Response)
async def download_file(name: str, jobs: JobsDep) -> Response:
    """Gives a translated document; whoever has the address may have it."""
    job = await jobs.get_public(name.partition(".")[0])
    return attachment(jobs.result(job), job.order.result_name, job.order.media_type)
