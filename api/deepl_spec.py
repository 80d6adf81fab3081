"""The bodies of DeepL's routes, for `/docs`."""

from __future__ import annotations

from typing import Any

from api.deepl import TARGETS

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_BOOL = {"type": "boolean"}
_FILE = {"type": "string", "format": "binary"}
_TRANSLATE = {
    "text": {**_STRINGS, "minItems": 1},
    "target_lang": {"type": "string", "enum": list(TARGETS)},
    "source_lang": {"type": "string", "enum": ["KO"]},
    "formality": {"type": "string", "enum": ["default", "prefer_more", "prefer_less"]},
    "split_sentences": {"type": "string", "enum": ["0", "1", "nonewlines"]},
    "preserve_formatting": _BOOL,
    "tag_handling": {"type": "string", "enum": ["xml", "html"]},
    "outline_detection": _BOOL,
    "splitting_tags": _STRINGS,
    "non_splitting_tags": _STRINGS,
    "ignore_tags": _STRINGS,
    "glossary_id": _STRING,
    "context": _STRING,
    "model_type": _STRING,
    "show_billed_characters": _BOOL,
}
_DICTIONARY = {
    "source_lang": _STRING,
    "target_lang": _STRING,
    "entries": {"type": "string", "example": "나리타워\tNari Tower"},
    "entries_format": {"type": "string", "enum": ["tsv", "csv"]},
}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    content = {
        "application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": schema},
    }
    return {"requestBody": {"required": True, "content": content}}


_DOCUMENT = {
    "file": _FILE,
    "filename": _STRING,
    "output_format": _STRING,
    **{name: _TRANSLATE[name] for name in ("target_lang", "source_lang", "formality")},
    "glossary_id": _STRING,
}
_FORM = {"multipart/form-data": {"schema": _object(_DOCUMENT, "file", "target_lang")}}
DOCUMENT = {"requestBody": {"required": True, "content": _FORM}}
DOCUMENT_KEY = _body(_object({"document_key": _STRING}, "document_key"))
_ENTRIES = _object(_DICTIONARY, *_DICTIONARY)
TRANSLATE = _body(_object(_TRANSLATE, "text", "target_lang"))
GLOSSARY = _body(_object({"name": _STRING, **_DICTIONARY}, "name", *_DICTIONARY))
DICTIONARY = _body(_ENTRIES)
DICTIONARIES = _body(
    _object({"name": _STRING, "dictionaries": {"type": "array", "items": _ENTRIES}})
)
