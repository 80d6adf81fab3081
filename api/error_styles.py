"""How an error is answered: the one place that chooses it, by the path of the request.

native           application/problem+json (api/problems.py)
LibreTranslate   {"error": "..."}                     400 403 429 500 503
DeepL            {"message": "...", "detail": "..."}  400 403 404 413 429 456 500 503
Papago           {"errorCode": "...", "errorMessage": "..."}
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from api.errors import (
    ApiError,
    ForbiddenError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitError,
    TooLargeError,
    UnauthorizedError,
)
from api.json_response import JsonResponse
from api.problems import problem_response, retry_headers

Style = Callable[[ApiError, str], Response]
"""Gives the answer to an error of a request with this id."""

_LIBRETRANSLATE_STATUSES = frozenset({400, 403, 429, 500, 503})
_DEEPL_STATUSES = frozenset({400, 403, 404, 413, 429, 500, 503})
_DEEPL_QUOTA = 456


def answer_error(error: ApiError, path: str, request_id: str) -> Response:
    """Gives the answer that the clients of a path expect."""
    return style_of(path)(error, request_id)


def style_of(path: str) -> Style:
    """Gives the style of a path."""
    if path in _EXACT:
        return _EXACT[path]
    return next((style for prefix, style in _PREFIXES if path.startswith(prefix)), problem_response)


def answer_libretranslate(error: ApiError, request_id: str) -> Response:
    """Gives `{"error": "..."}`; a missing key is 400 there, a wrong one 403."""
    status = error.status if error.status in _LIBRETRANSLATE_STATUSES else _near(error)
    slow_down = "Slowdown: " if isinstance(error, RateLimitError | QuotaError) else ""
    return JsonResponse({"error": slow_down + error.detail}, status, retry_headers(error))


def answer_deepl(error: ApiError, request_id: str) -> Response:
    """Gives `{"message": "...", "detail": "..."}`, both strings: clients join them."""
    status = error.status if error.status in _DEEPL_STATUSES else _near(error)
    if isinstance(error, UnauthorizedError):
        status = ForbiddenError.status
    if isinstance(error, QuotaError):
        status = _DEEPL_QUOTA
    body = {"message": error.title, "detail": error.detail}
    return JsonResponse(body, status, retry_headers(error))


class PapagoError(ApiError):
    """A parameter that Papago has a code for, `N2MT01` to `N2MT08`."""

    status, type, title = 400, "invalid-field", "A field is not valid"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def answer_papago(error: ApiError, request_id: str) -> Response:
    """Gives the code and the message, at the top and under `error`: both are in use."""
    status = error.status if error.status in _PAPAGO_STATUSES else _near(error)
    if isinstance(error, ForbiddenError):
        status = UnauthorizedError.status
    code = error.code if isinstance(error, PapagoError) else _papago_code(error)
    body = {
        "errorCode": code,
        "errorMessage": error.detail,
        "error": {"errorCode": code, "message": error.detail},
    }
    return JsonResponse(body, status, retry_headers(error))


_PAPAGO_STATUSES = frozenset({400, 401, 404, 413, 429, 500, 503})
_PAPAGO_CODES: tuple[tuple[type[ApiError], str], ...] = (
    (UnauthorizedError, "200"),
    (ForbiddenError, "210"),
    (NotFoundError, "300"),
    (QuotaError, "400"),
    (RateLimitError, "420"),
    (TooLargeError, "430"),
    (OverloadedError, "500"),
)
"""Codes of the gateway before it; https://api.ncloud-docs.com/docs/en/ai-naver-papagonmt."""


def _papago_code(error: ApiError) -> str:
    for kind, code in _PAPAGO_CODES:
        if isinstance(error, kind):
            return code
    return "100" if error.status < ApiError.status else "N2MT99"


def _near(error: ApiError) -> int:
    """The status for one that a style does not have."""
    return 400 if error.status < ApiError.status else ApiError.status


_EXACT: dict[str, Style] = dict.fromkeys(
    (
        "/translate", "/detect", "/languages", "/suggest", "/frontend/settings", "/health",
        "/spec", "/translate_file",
    ),
    answer_libretranslate,
)  # fmt: skip
_PREFIXES: tuple[tuple[str, Style], ...] = (
    ("/download_file/", answer_libretranslate),
    ("/v2/", answer_deepl),
    ("/v3/", answer_deepl),
    ("/nmt/", answer_papago),
    ("/v1/papago/", answer_papago),
)
"""The first that fits."""
