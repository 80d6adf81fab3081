"""DeepL's `/v2/translate`, languages and usage (docs/compatibility.md)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.accounts import Accounts
from api.deepl import SOURCE, Asked, missing, one_of, read_asked
from api.deepl_glossaries import with_dictionary
from api.deepl_spec import TRANSLATE
from api.dependencies import CallerDep, ServiceDep, SettingsDep, check_texts
from api.fields import read_fields
from api.glossaries import GlossaryStore
from api.glossary_access import GlossariesDep
from api.json_response import JsonResponse
from api.keepalive import answer_alive
from api.languages import KOREAN, detect
from api.markup import Outline, XmlTags, html_rules, translate_markup, xml_rules
from api.service import Call, TranslationService
from nmt.documents.markup import MarkupRules
from nmt.plan import printable
from nmt.translation import Segmentation, TranslateOptions

UNLIMITED = 1_000_000_000_000
"""What DeepL gives as the limit of those who have none."""
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_FINAL_MARK = re.compile(r"[.!?…。！？]\W*$")
_FULL_STOP = re.compile(r"(?<!\.)\.$")
router = APIRouter(tags=["DeepL"], default_response_class=JsonResponse)


@router.post("/v2/translate", openapi_extra=TRANSLATE)
async def translate_texts(
    request: Request,
    service: ServiceDep,
    settings: SettingsDep,
    glossaries: GlossariesDep,
    caller: CallerDep,
) -> Response:
    """Translates texts; without `source_lang`, what is not Korean comes back as it is."""
    asked = read_asked(await read_fields(request))
    check_texts(asked.texts, settings)
    terms = {}
    if asked.glossaries:
        terms = await asyncio.to_thread(_terms, asked.glossaries, glossaries)
    call = Call(caller, None, settings.deadline_s)
    return await answer_alive(request, _answer(service, asked, terms, call), settings.keepalive_s)


def _terms(ids: Sequence[str], glossaries: GlossaryStore) -> dict[str, str]:
    """The terms of all glossaries; of equal ones the first counts."""
    terms: dict[str, str] = {}
    for glossary in map(glossaries.get, ids):
        terms = {**with_dictionary(glossary).entries, **terms}
    return terms


async def _answer(
    service: TranslationService, asked: Asked, terms: Mapping[str, str], call: Call
) -> dict[str, Any]:
    languages = [asked.source or detect(text)[0].language.upper() for text in asked.texts]
    pairs = list(zip(asked.texts, languages, strict=True))
    korean = [text for text, language in pairs if language == SOURCE]
    translated = iter(await _translate(service, asked, korean, Settled(terms, call)))
    return {
        "translations": [
            _present(asked, text, language, next(translated) if language == SOURCE else None)
            for text, language in pairs
        ]
    }


@dataclass(frozen=True)
class Settled:
    """What holds for all texts."""

    terms: Mapping[str, str]
    call: Call


async def _translate(
    service: TranslationService, asked: Asked, texts: Sequence[str], settled: Settled
) -> list[str]:
    whole = asked.split_sentences == "0"
    options = TranslateOptions(
        glossary=settled.terms,
        segmentation=Segmentation.LINES if whole else Segmentation.SENTENCES,
    )
    if asked.tags.handling:
        rules = await asyncio.to_thread(_rules, asked, texts)
        markup = await translate_markup(service, texts, rules, options, settled.call)
        return [found.text for found in markup.translations]
    if asked.split_sentences != "1":
        texts = [_BREAKS.sub(" ", text) for text in texts]
    done = await service.translate(texts, options, settled.call)
    return [found.text for found in done.translations]


def _rules(asked: Asked, texts: Sequence[str]) -> MarkupRules:
    tags = asked.tags
    if tags.handling == "html":
        return html_rules(tags.ignored)
    outline = Outline(texts) if tags.outline else None
    return xml_rules(XmlTags(tags.splitting, tags.non_splitting, tags.ignored, outline))


def _present(asked: Asked, source: str, language: str, translated: str | None) -> dict[str, Any]:
    text = printable(source) if translated is None else translated
    if asked.preserve_formatting and not _FINAL_MARK.search(source):
        text = _FULL_STOP.sub("", text)
    answer: dict[str, Any] = {"detected_source_language": language, "text": text}
    if asked.show_billed_characters:
        answer["billed_characters"] = len(source)
    if asked.model_type:
        answer["model_type_used"] = asked.model_type.removeprefix("prefer_")
    if asked.tags.handling:
        answer["tag_handling_version"] = asked.tags.version
    return answer


@router.get("/v2/languages")
async def list_languages(request: Request, caller: CallerDep) -> JsonResponse:
    """Lists the languages to translate from, or with `type=target` those to translate into."""
    kind = one_of(await read_fields(request), "type", ("source", "target"))
    if kind == "target":
        return JsonResponse(
            [
                {"language": "EN-GB", "name": "English (British)", "supports_formality": False},
                {"language": "EN-US", "name": "English (American)", "supports_formality": False},
            ]
        )
    return JsonResponse([{"language": SOURCE, "name": "Korean"}])


_RESOURCES = (
    "translate_text", "translate_document", "glossary", "voice", "write", "style_rules",
    "translation_memory",
)  # fmt: skip
_STABLE = {"status": "stable"}


@router.get("/v3/languages")
async def list_languages_of(request: Request, caller: CallerDep) -> JsonResponse:
    """Lists the languages of a resource; those that are not served have none."""
    resource = one_of(await read_fields(request), "resource", _RESOURCES)
    if resource is None:
        raise missing("resource")
    if resource == "glossary":
        return JsonResponse([_language(KOREAN, "Korean", {}), _language("en", "English", {})])
    if resource not in _RESOURCES[:2]:
        return JsonResponse([])
    features = {"glossary": _STABLE}
    if resource == "translate_text":
        features["tag_handling"] = _STABLE
    return JsonResponse(
        [
            _language(KOREAN, "Korean", features),
            _language("en-GB", "English (British)", features),
            _language("en-US", "English (American)", features),
        ]
    )


def _language(code: str, name: str, features: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lang": code,
        "name": name,
        "usable_as_source": code == KOREAN,
        "usable_as_target": code != KOREAN,
        "status": "stable",
        "features": features,
    }


@router.get("/v2/usage")
async def usage(request: Request, caller: CallerDep) -> JsonResponse:
    """Tells the characters of this month and how many are allowed."""
    found = cast(Accounts, request.app.state.accounts).usage_of(caller)
    limit = UNLIMITED if found.limit is None else found.limit
    return JsonResponse({"character_count": found.used, "character_limit": limit})
