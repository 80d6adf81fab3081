"""Every error the service answers with.

    ApiError
    ├── InvalidRequestError     400 the body cannot be read, or its encoding is wrong
    ├── InvalidFieldError       422 a field is missing, unknown, of the wrong type or out of range
    ├── UnauthorizedError       401 no key where one is needed
    ├── ForbiddenError          403 a key that is wrong, or that may not do this
    ├── NotFoundError           404 no such path, model, glossary or job
    ├── MethodNotAllowedError   405
    ├── ConflictError           409 not in a state in which this can be done
    ├── TooLargeError           413 more bytes, texts or characters than allowed
    ├── UnsupportedMediaError   415 a body or file of a kind that is not read here
    ├── RateLimitError          429 too many requests of this caller; try later
    ├── QuotaError              429 the characters of this key are used up
    ├── TranslationFailedError  500 the model could not translate a sentence
    ├── InternalError           500 a fault of ours
    └── UnavailableError        503 try later
        ├── OverloadedError         the queue is full
        ├── DeadlineError           not done in the time given
        ├── NotReadyError           still loading
        ├── DocumentNotReadyError   still being translated, where a client waits for 503
        └── DrainingError           shutting down

A message says what was given, what is allowed and what to do. `api.problems` renders them as
RFC 9457; the compatible routes render the same errors the way their clients expect.
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """Base of every error that a client is told.

    Args:
        detail: what was given, what is allowed, what to do.
        field: the field of the request that it is about.
        limit: the limit that was passed.
        retry_after_s: seconds after which trying again makes sense.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    """Stable name that programs may compare."""
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        limit: int | float | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.limit = limit
        self.retry_after_s = retry_after_s


class InvalidRequestError(ApiError):
    """The body cannot be read."""

    status, type, title = 400, "invalid-request", "The request cannot be read"


class InvalidFieldError(ApiError):
    """A field is missing, unknown, of the wrong type or out of range."""

    status, type, title = 422, "invalid-field", "A field is not valid"


class UnauthorizedError(ApiError):
    """No key where one is needed."""

    status, type, title = 401, "key-required", "An API key is required"


class ForbiddenError(ApiError):
    """A key that is wrong, or that may not do this."""

    status, type, title = 403, "forbidden", "Not allowed with this key"


class NotFoundError(ApiError):
    """No such path, model, glossary or job."""

    status, type, title = 404, "not-found", "Not found"


class MethodNotAllowedError(ApiError):
    """The path is there, for another method."""

    status, type, title = 405, "method-not-allowed", "Method not allowed"


class ConflictError(ApiError):
    """Not in a state in which this can be done."""

    status, type, title = 409, "conflict", "Not possible in this state"


class TooLargeError(ApiError):
    """More bytes, texts or characters than allowed."""

    status, type, title = 413, "too-large", "The request is too large"


class UnsupportedMediaError(ApiError):
    """A body or file of a kind that is not read here."""

    status, type, title = 415, "unsupported-media", "This kind of content is not supported"


class RateLimitError(ApiError):
    """Too many requests of this caller."""

    status, type, title = 429, "rate-limit", "Too many requests"


class QuotaError(ApiError):
    """The characters of this key are used up."""

    status, type, title = 429, "quota", "The quota is used up"


class TranslationFailedError(ApiError):
    """The model could not translate a sentence."""

    status, type, title = 500, "translation-failed", "A sentence could not be translated"


class InternalError(ApiError):
    """A fault of ours."""


class UnavailableError(ApiError):
    """Try later."""

    status, type, title = 503, "unavailable", "The service is not available"


class OverloadedError(UnavailableError):
    """The queue is full."""

    type, title = "overloaded", "The service is busy"


class DeadlineError(UnavailableError):
    """Not done in the time given."""

    type, title = "deadline", "Not done in the time allowed"


class NotReadyError(UnavailableError):
    """Still loading."""

    type, title = "not-ready", "The service is loading its models"


class DocumentNotReadyError(UnavailableError):
    """Still being translated, where a client waits for 503."""

    type, title = "document-not-ready", "The document is not ready"


class DrainingError(UnavailableError):
    """Shutting down."""

    type, title = "draining", "The service is shutting down"
