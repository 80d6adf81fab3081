"""Errors as RFC 9457 problem details: `application/problem+json`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.errors import (
    ApiError,
    InternalError,
    InvalidFieldError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    UnauthorizedError,
)
from api.json_response import JsonResponse

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:korean-nmt:problem:"


def problem_body(error: ApiError, request_id: str) -> dict[str, Any]:
    """Gives the members of a problem: type, title, status, detail and what is known beside."""
    extra = {"field": error.field, "limit": error.limit, "retry_after_s": error.retry_after_s}
    return {
        "type": TYPE_PREFIX + error.type,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **{name: value for name, value in extra.items() if value is not None},
        "request_id": request_id,
    }


def problem_response(error: ApiError, request_id: str) -> JsonResponse:
    """Gives the answer of the native routes to an error."""
    return JsonResponse(
        problem_body(error, request_id),
        error.status,
        headers=retry_headers(error),
        media_type=MEDIA_TYPE,
    )


def retry_headers(error: ApiError) -> dict[str, str]:
    """Gives `Retry-After` in whole seconds where the error says when to come back.

    An error that asks for a key says which scheme (RFC 9110, section 11.6.1).
    """
    if isinstance(error, UnauthorizedError):
        return {"WWW-Authenticate": "Bearer"}
    if error.retry_after_s is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}


def from_validation(error: RequestValidationError) -> ApiError:
    """Gives the first fault that FastAPI found in a request, without the text that was sent."""
    first: dict[str, Any] = dict(error.errors()[0])
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", first["msg"])
        return InvalidRequestError(f"the body is not JSON: {reason}; send one JSON object")
    if first["type"] == "model_attributes_type" and len(first["loc"]) == 1:
        return InvalidRequestError(
            "the body is no JSON object; send one, with the header `Content-Type: application/json`"
        )
    field = _path(first["loc"])
    allowed = first.get("ctx", {}).get("expected")
    hint = f"; allowed: {allowed}" if allowed and str(allowed) not in first["msg"] else ""
    return InvalidFieldError(f"{field or 'the body'}: {first['msg']}{hint}", field=field or None)


def _path(location: Sequence[int | str]) -> str:
    """`("body", "text", 3)` as `text[3]`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location[1:]]
    return "".join(parts).lstrip(".")


def from_http(error: HTTPException, path: str) -> ApiError:
    """Gives what the framework raises, e.g. for an unknown path, as one of our errors."""
    if isinstance(error.__cause__, ApiError):  # FastAPI hides what a body raised while it was read
        return error.__cause__
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"there is nothing at {path}; /docs lists what there is")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowedError(f"{path} does not take this method; see /docs")
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return InvalidRequestError(str(error.detail))
    return InternalError("the service failed; tell the operator the request's id")
