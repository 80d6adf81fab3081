"""Turns whatever a route raises into an answer in the style of its path."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.error_styles import answer_error
from api.errors import ApiError, InternalError
from api.middleware.context import GONE
from api.problems import from_http, from_validation
from api.record import current_record

logger = logging.getLogger(__name__)


def handle_errors(app: FastAPI) -> None:
    """Has every expected error answered; the others come to `api.middleware.context`."""
    for kind in (ApiError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer_exception)
    app.add_exception_handler(ClientDisconnect, _gone)


async def answer_exception(request: Request, error: Exception) -> Response:
    """Gives the answer to an error; one that is not expected is logged and told without details."""
    known = _as_api_error(request, error)
    record = current_record()
    record.error = known.type
    return answer_error(known, request.scope["path"], record.request_id)


def _as_api_error(request: Request, error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestValidationError):
        return from_validation(error)
    if isinstance(error, HTTPException):
        return from_http(error, request.url.path)
    logger.error("unexpected %s", type(error).__name__, exc_info=error)
    return InternalError("the service failed; tell the operator the request's id")


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)
