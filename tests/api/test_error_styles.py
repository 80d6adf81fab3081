"""Every error in the form that the clients of its path expect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import Response

from api.error_styles import PapagoError, answer_error
from api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InternalError,
    InvalidFieldError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
)

LIBRETRANSLATE = (
    "/translate", "/detect", "/languages", "/suggest", "/frontend/settings", "/health", "/spec",
    "/translate_file", "/download_file/a.txt",
)  # fmt: skip


def body_of(answer: Response) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(answer.body))
    return body


@pytest.mark.parametrize("path", LIBRETRANSLATE)
def test_libretranslate_errors_are_one_string(path: str) -> None:
    answer = answer_error(InvalidFieldError("q is 5"), path, "id")
    assert (answer.status_code, body_of(answer)) == (400, {"error": "q is 5"})


@pytest.mark.parametrize(
    ("error", "libretranslate", "deepl"),
    [
        (InvalidRequestError, 400, 400),
        (InvalidFieldError, 400, 400),
        (UnauthorizedError, 400, 403),
        (ForbiddenError, 403, 403),
        (NotFoundError, 400, 404),
        (MethodNotAllowedError, 400, 400),
        (ConflictError, 400, 400),
        (TooLargeError, 400, 413),
        (UnsupportedMediaError, 400, 400),
        (RateLimitError, 429, 429),
        (QuotaError, 429, 456),
        (InternalError, 500, 500),
        (OverloadedError, 503, 503),
    ],
)
def test_statuses_are_those_that_the_clients_know(
    error: type[ApiError], libretranslate: int, deepl: int
) -> None:
    assert answer_error(error("no"), "/translate", "id").status_code == libretranslate
    assert answer_error(error("no"), "/v2/translate", "id").status_code == deepl
    assert answer_error(error("no"), "/v3/glossaries", "id").status_code == deepl
    assert answer_error(error("no"), "/v1/translate", "id").status_code == error.status


@pytest.mark.parametrize("error", [RateLimitError, QuotaError])
def test_libretranslate_is_told_to_slow_down(error: type[ApiError]) -> None:
    answer = answer_error(error("try later", retry_after_s=2.2), "/translate", "id")
    assert body_of(answer) == {"error": "Slowdown: try later"}
    assert answer.headers["retry-after"] == "3"


def test_deepl_is_told_message_and_detail_as_strings() -> None:
    answer = answer_error(InvalidFieldError("text is 5", field="text"), "/v2/translate", "id")
    assert body_of(answer) == {"message": "A field is not valid", "detail": "text is 5"}


@pytest.mark.parametrize("path", ["/nmt/v1/translation", "/v1/papago/n2mt"])
def test_papago_is_told_its_codes(path: str) -> None:
    answer = answer_error(PapagoError("N2MT02", "Unsupported"), path, "id")
    assert answer.status_code == 400
    assert body_of(answer) == {
        "errorCode": "N2MT02",
        "errorMessage": "Unsupported",
        "error": {"errorCode": "N2MT02", "message": "Unsupported"},
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnauthorizedError, 401, "200"),
        (ForbiddenError, 401, "210"),
        (NotFoundError, 404, "300"),
        (QuotaError, 429, "400"),
        (RateLimitError, 429, "420"),
        (TooLargeError, 413, "430"),
        (OverloadedError, 503, "500"),
        (InvalidRequestError, 400, "100"),
        (InternalError, 500, "N2MT99"),
    ],
)
def test_papago_has_a_code_for_every_error(error: type[ApiError], status: int, code: str) -> None:
    answer = answer_error(error("no"), "/nmt/v1/translation", "id")
    assert (answer.status_code, body_of(answer)["errorCode"]) == (status, code)


def test_native_paths_answer_problems() -> None:
    answer = answer_error(NotFoundError("no"), "/v1/glossaries/x", "id")
    assert answer.media_type == "application/problem+json"
    assert body_of(answer)["request_id"] == "id"


def test_what_utf8_cannot_hold_is_answered_all_the_same() -> None:
    answer = answer_error(InvalidRequestError("no \ud800"), "/translate", "id")
    assert body_of(answer) == {"error": "no ?"}
