"""LibreTranslate's routes, described: as Swagger 2 for `/spec`, as OpenAPI bodies for `/docs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nmt import __version__

_STRING = {"type": "string"}
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"oneOf": [_TEXT, {"type": "array", "items": _STRING, "minItems": 1}]}
_SOURCE = {"type": "string", "enum": ["ko", "auto"]}
_TARGET = {"type": "string", "enum": ["en"]}
_FIELDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/translate": {
        "q": _TEXTS,
        "source": _SOURCE,
        "target": _TARGET,
        "format": {"type": "string", "enum": ["text", "html"], "default": "text"},
        "alternatives": {"type": "integer", "minimum": 0, "default": 0},
        "api_key": _STRING,
    },
    "/detect": {"q": _TEXTS, "api_key": _STRING},
    "/suggest": {
        "q": _TEXT, "s": _TEXT, "source": _SOURCE, "target": _TARGET, "api_key": _STRING,
    },
    "/translate_file": {
        "file": {"type": "file"}, "source": _SOURCE, "target": _TARGET, "api_key": _STRING,
    },
}  # fmt: skip
_OPTIONAL = frozenset({"format", "alternatives", "api_key"})
_ERROR = {"type": "object", "properties": {"error": _STRING}}
_FILE_FORM = {
    "type": "object",
    "properties": {**_FIELDS["/translate_file"], "file": {"type": "string", "format": "binary"}},
    "required": ["file", "source", "target"],
}
FILE_BODY = {
    "requestBody": {
        "required": True, "content": {"multipart/form-data": {"schema": _FILE_FORM}},
    }
}  # fmt: skip
"""The body of `/translate_file` for OpenAPI."""
_GETS = {
    "/languages": "Supported languages",
    "/frontend/settings": "What a user interface is to offer",
    "/health": "Whether the service can translate",
}


def body_of(path: str) -> dict[str, Any]:
    """Gives the body of a route for OpenAPI: JSON or a form of the same fields."""
    fields = _FIELDS[path]
    schema = {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in _OPTIONAL],
    }
    form = {**schema, "properties": {**fields, "q": _TEXT}}
    content = {
        "application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


def swagger() -> dict[str, Any]:
    """Gives the routes as Swagger 2."""
    paths: dict[str, Any] = {path: {"post": _post(path)} for path in _FIELDS}
    for path, summary in _GETS.items():
        paths[path] = {"get": {"summary": summary, "responses": {"200": {"description": "OK"}}}}
    return {
        "swagger": "2.0",
        "info": {"title": "LibreTranslate's API on korean-nmt", "version": __version__},
        "paths": paths,
    }


def _post(path: str) -> dict[str, Any]:
    failure = {"description": "Error", "schema": _ERROR}
    failures = dict.fromkeys(("400", "403", "429", "500", "503"), failure)
    return {
        "consumes": ["multipart/form-data", "application/x-www-form-urlencoded"],
        "parameters": [
            {"name": name, "in": "formData", "required": name not in _OPTIONAL, **_plain(schema)}
            for name, schema in _FIELDS[path].items()
        ],
        "responses": {"200": {"description": "OK"}, **failures},
    }


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Swagger 2 has no alternatives in forms: the first is the usual one."""
    return schema["oneOf"][0] if "oneOf" in schema else schema
