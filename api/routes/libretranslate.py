"""LibreTranslate's API at its own paths (docs/compatibility.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request

from api.dependencies import CallerDep, ServiceDep, SettingsDep, check_texts
from api.disconnect import unless_gone
from api.errors import ForbiddenError, NotReadyError
from api.fields import read_fields
from api.json_response import JsonResponse
from api.languages import KOREAN, Detection, detect
from api.libretranslate import AUTO, LANGUAGES, TARGET, Asked, needed, read_asked, read_query
from api.libretranslate_spec import body_of, swagger
from api.markup import html_rules, translate_markup
from api.service import Call, TranslationService
from api.suggestions import Suggestion, SuggestionsDep
from nmt.documents import FORMATS
from nmt.plan import printable
from nmt.translation import TranslateOptions

router = APIRouter(tags=["LibreTranslate"], default_response_class=JsonResponse)


@router.post("/translate", openapi_extra=body_of("/translate"))
async def translate_text(
    request: Request, service: ServiceDep, settings: SettingsDep, caller: CallerDep
) -> JsonResponse:
    """Translates a text or a list of them; what is not Korean comes back as it is."""
    asked = read_asked(await read_fields(request), settings)
    check_texts(asked.texts, settings, "q")
    detected = [_language(text, asked) for text in asked.texts]
    call = Call(caller, None, settings.deadline_s)
    answers = await unless_gone(request, _translate(service, asked, call, detected))
    return JsonResponse(_present(asked, answers, detected))


def _language(text: str, asked: Asked) -> Detection:
    return detect(text)[0] if asked.is_auto else Detection(KOREAN, 100)


@dataclass(frozen=True)
class Answer:
    """A translated text."""

    text: str
    alternatives: Sequence[str] = ()


async def _translate(
    service: TranslationService, asked: Asked, call: Call, detected: Sequence[Detection]
) -> list[Answer]:
    """Translates the texts that are Korean; the others come back as they are."""
    pairs = list(zip(asked.texts, detected, strict=True))
    korean = [text for text, found in pairs if found.language == KOREAN]
    translated = iter(await _translate_korean(service, asked, call, korean))
    return [
        next(translated) if found.language == KOREAN else Answer(printable(text))
        for text, found in pairs
    ]


async def _translate_korean(
    service: TranslationService, asked: Asked, call: Call, texts: Sequence[str]
) -> list[Answer]:
    if asked.format == "html":
        html = await translate_markup(service, texts, html_rules(), TranslateOptions(), call)
        return [Answer(found.text) for found in html.translations]
    n_best = asked.n_alternatives + 1 if asked.n_alternatives else None
    done = await service.translate(texts, TranslateOptions(n_best=n_best), call)
    return [
        Answer(found.text, [a for a in dict.fromkeys(found.alternatives) if a != found.text])
        for found in done.translations
    ]


def _present(
    asked: Asked, answers: Sequence[Answer], detected: Sequence[Detection]
) -> dict[str, Any]:
    """Gives the reply: lists for a list, single values for a single text."""
    fields: dict[str, list[Any]] = {"translatedText": [answer.text for answer in answers]}
    if asked.is_auto:
        fields["detectedLanguage"] = [_detection(found) for found in detected]
    if asked.n_alternatives:
        fields["alternatives"] = [list(answer.alternatives) for answer in answers]
    return {name: found if asked.is_batch else found[0] for name, found in fields.items()}


def _detection(found: Detection) -> dict[str, Any]:
    return {"confidence": found.confidence, "language": found.language}


@router.post("/detect", openapi_extra=body_of("/detect"))
async def detect_language(request: Request, caller: CallerDep) -> JsonResponse:
    """Tells the language of a text by its letters, the most likely first."""
    query = read_query(await read_fields(request))
    text = query if isinstance(query, str) else "\n".join(query)
    return JsonResponse([_detection(found) for found in detect(text)])


@router.get("/languages")
async def list_languages() -> JsonResponse:
    """Lists the languages: from Korean into English."""
    return JsonResponse(
        [
            {"code": code, "name": name, "targets": [TARGET] if code == KOREAN else []}
            for code, name in LANGUAGES.items()
        ]
    )


@router.post("/suggest", openapi_extra=body_of("/suggest"))
async def suggest(
    request: Request, settings: SettingsDep, suggestions: SuggestionsDep, caller: CallerDep
) -> JsonResponse:
    """Keeps a better translation that a user proposes, if the operator wants that."""
    if not settings.suggestions:
        raise ForbiddenError("Suggestions are disabled on this server")
    fields = await read_fields(request)
    names = ("q", "s", "source", "target")
    suggestion = Suggestion(*(printable(needed(fields, name)) for name in names))
    check_texts([suggestion.q, suggestion.s], settings, "q")
    await asyncio.to_thread(suggestions.keep, suggestion)
    return JsonResponse({"success": True})


@router.get("/frontend/settings")
async def frontend_settings(request: Request, settings: SettingsDep) -> JsonResponse:
    """Tells a client's user interface what to offer."""
    return JsonResponse(
        {
            "charLimit": settings.max_chars,
            "frontendTimeout": 500,
            "apiKeys": bool(len(request.app.state.keys)),
            "keyRequired": bool(len(request.app.state.keys)) and not settings.allow_anonymous,
            "suggestions": settings.suggestions,
            "filesTranslation": True,
            "supportedFilesFormat": [extension for f in FORMATS for extension in f.extensions],
            "language": {
                "source": {"code": AUTO, "name": "Auto Detect"},
                "target": {"code": TARGET, "name": LANGUAGES[TARGET]},
            },
        }
    )


@router.get("/health")
async def health(service: ServiceDep) -> JsonResponse:
    """Answers 200 when every model is loaded and has translated; 503 before."""
    if not service.registry.is_ready:
        raise NotReadyError("models are being loaded; try again", retry_after_s=2)
    return JsonResponse({"status": "ok"})


@router.get("/spec")
async def spec() -> JsonResponse:
    """Gives these routes as Swagger 2."""
    return JsonResponse(swagger())
