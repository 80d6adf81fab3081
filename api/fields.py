"""The fields of a request, whichever way a client sends them: JSON, a form, or the query."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request

from api.errors import InvalidRequestError

MAX_FIELDS = 20_000
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Fields:
    """What a request says; the body comes before the query."""

    json: Mapping[str, Any] | None = None
    """The body, if it is JSON."""
    forms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of the form and the query; a field may be there several times."""

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        return self.json is not None

    def get(self, name: str) -> Any:
        """Gives a field: what JSON has, or the first text of a form; none where it is absent."""
        if self.json is not None and name in self.json:
            return self.json[name]
        return next(iter(self.forms.get(name, ())), None)

    def all(self, name: str) -> Any:
        """Gives a field: what JSON has, or every text of a form; none where it is absent."""
        if self.json is not None and name in self.json:
            return self.json[name]
        return list(self.forms[name]) if name in self.forms else None

    def names(self) -> set[str]:
        """Gives the names of all fields."""
        return {*(self.json or {}), *self.forms}


async def read_fields(request: Request) -> Fields:
    """Reads the fields of a request.

    Files of a multipart form are left out.

    Raises:
        InvalidRequestError: the body is not what its `Content-Type` says.
    """
    query = _parse_form(request.scope.get("query_string", b""))
    kind = media_type_of(request)
    if kind == "application/json" or kind.endswith("+json"):
        return Fields(_parse_json(await request.body()), query)
    if kind == MULTIPART:
        form = await request.form()
        texts: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                texts.setdefault(name, []).append(value)
        return Fields(forms=query | texts)
    if kind in (FORM, ""):
        return Fields(forms=query | await _body_form(request))
    return Fields(forms=query)


def media_type_of(request: Request) -> str:
    """Gives the kind of the body, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _parse_json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(
            f"the body is not JSON: {_reason(error)}; send one JSON object in UTF-8"
        ) from error
    if not isinstance(value, dict):
        raise InvalidRequestError("Invalid JSON format: the body is not a JSON object; send one")
    return value


def _reason(error: Exception) -> str:
    """What is wrong, without the text that was sent."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else type(error).__name__


async def _body_form(request: Request) -> dict[str, list[str]]:
    """The form in the body; with GET, where a body means nothing, one that is no form is let be."""
    try:
        return _parse_form(await request.body())
    except InvalidRequestError:
        if request.method == "GET":
            return {}
        raise


def _parse_form(body: bytes) -> dict[str, list[str]]:
    """Reads a form in UTF-8, percent-encoded or, as `curl -d` sends it, raw."""
    try:
        return parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except UnicodeDecodeError as error:
        raise InvalidRequestError("the form is not UTF-8; send it in UTF-8") from error
    except ValueError as error:
        raise InvalidRequestError(
            f"the form has more than {MAX_FIELDS} fields; send it in parts"
        ) from error
