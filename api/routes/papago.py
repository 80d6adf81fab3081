"""Papago's text translation, at the paths of NAVER Cloud and of the old NAVER Developers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.dependencies import CallerDep, ServiceDep, SettingsDep, check_texts
from api.disconnect import unless_gone
from api.error_styles import PapagoError
from api.errors import TooLargeError
from api.fields import FORM, Fields, read_fields
from api.glossary_access import GlossariesDep, terms_of
from api.json_response import JsonResponse
from api.languages import KOREAN, detect
from api.service import Call
from nmt.plan import printable
from nmt.translation import TranslateOptions

TARGET = "en"
_AUTO = "auto"
_FIELDS = {
    "source": {"type": "string", "enum": [KOREAN, _AUTO]},
    "target": {"type": "string", "enum": [TARGET]},
    "text": {"type": "string", "minLength": 1},
    "honorific": {"type": "boolean"},
    "glossaryKey": {"type": "string"},
}
_SCHEMA = {"type": "object", "properties": _FIELDS, "required": ["source", "target", "text"]}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {FORM: {"schema": _SCHEMA}, "application/json": {"schema": _SCHEMA}},
    }
}
router = APIRouter(tags=["Papago"], default_response_class=JsonResponse)


@router.post("/nmt/v1/translation", openapi_extra=_BODY)
@router.post("/v1/papago/n2mt", openapi_extra=_BODY)
async def translate_text(
    request: Request,
    service: ServiceDep,
    settings: SettingsDep,
    glossaries: GlossariesDep,
    caller: CallerDep,
) -> JsonResponse:
    """Translates a text; with `source=auto`, what is not Korean comes back as it is."""
    fields = await read_fields(request)
    source, text = _source(fields), _text(fields)
    try:
        check_texts([text], settings)
    except TooLargeError as error:
        raise PapagoError("N2MT08", error.detail) from error
    language = detect(text)[0].language if source == _AUTO else KOREAN
    if language != KOREAN:
        return JsonResponse(_present(language, printable(text)))
    key = fields.get("glossaryKey")
    terms = await terms_of(key if isinstance(key, str) else None, glossaries, settings)
    work = service.translate(
        [text], TranslateOptions(glossary=terms), Call(caller, None, settings.deadline_s)
    )
    done = await unless_gone(request, work)
    return JsonResponse(_present(KOREAN, done.translations[0].text))


def _source(fields: Fields) -> str:
    """The source language, after both languages were checked."""
    source, target = fields.get("source"), fields.get("target")
    if not source:
        raise PapagoError("N2MT01", "source parameter is needed")
    if not target:
        raise PapagoError("N2MT03", "target parameter is needed")
    if source == target:
        raise PapagoError("N2MT05", "source and target must be different")
    if source not in (KOREAN, _AUTO):
        raise PapagoError("N2MT02", "Unsupported source language; allowed: ko, auto")
    if target != TARGET:
        raise PapagoError("N2MT04", "Unsupported target language; allowed: en")
    return str(source)


def _text(fields: Fields) -> str:
    text = fields.get("text")
    if not text or not isinstance(text, str):
        raise PapagoError("N2MT07", "text parameter is needed")
    return text


def _present(language: str, text: str) -> dict[str, Any]:
    return {
        "message": {
            "@type": "response",
            "@service": "naverservice.nmt.proxy",
            "@version": "1.0.0",
            "result": {"srcLangType": language, "tarLangType": TARGET, "translatedText": text},
        }
    }
