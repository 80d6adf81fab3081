"""The native way to translate: whole, or sentence by sentence as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from api.dependencies import AskingDep, check_beam, check_texts
from api.disconnect import unless_gone
from api.errors import ApiError, InvalidFieldError
from api.glossary_access import terms_of
from api.markup import translate_markup
from api.presenting import present, present_markup, present_sentence
from api.problems import problem_body
from api.record import current_record
from api.schemas import ModelRef, Problem, TranslateBody, TranslateOut
from api.service import Call, StreamedSentence, TranslationService
from api.settings import Settings
from nmt.documents.html import HTML
from nmt.translation import TranslateOptions

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 404, 413, 422, 429, 503)
}
router = APIRouter(prefix="/v1", tags=["translate"], responses=PROBLEMS)


@router.post("/translate")
async def translate(request: Request, body: TranslateBody, asking: AskingDep) -> TranslateOut:
    """Translates a text or a list of texts from Korean into English."""
    service, settings = asking.service, asking.settings
    texts = _texts(body, settings)
    options = _options(body, await terms_of(body.glossary, asking.glossaries, settings))
    call = Call(asking.caller, body.model, settings.deadline_s)
    if body.format == "html":
        return await _translate_html(request, service, Asked(texts, options, call))
    done = await unless_gone(request, service.translate(texts, options, call))
    return TranslateOut(
        model=ModelRef(name=done.model, checksum=done.checksum),
        translations=[present(translation, body) for translation in done.translations],
    )


@dataclass(frozen=True)
class Asked:
    """What is to be translated."""

    texts: Sequence[str]
    options: TranslateOptions
    call: Call


async def _translate_html(
    request: Request, service: TranslationService, asked: Asked
) -> TranslateOut:
    work = translate_markup(service, asked.texts, HTML, asked.options, asked.call)
    done = await unless_gone(request, work)
    return TranslateOut(
        model=ModelRef(name=done.model, checksum=done.checksum),
        translations=[present_markup(translation) for translation in done.translations],
    )


@router.post("/translate/stream", response_class=StreamingResponse)
async def stream(request: Request, body: TranslateBody, asking: AskingDep) -> StreamingResponse:
    """Translates sentence by sentence: events `sentence`, then `done` or `error`.

    What is not translated yet is given up when the client goes.
    """
    if body.format == "html":
        raise InvalidFieldError(
            "format is 'html', which is not streamed; use POST /v1/translate", field="format"
        )
    settings = asking.settings
    texts = _texts(body, settings)
    options = _options(body, await terms_of(body.glossary, asking.glossaries, settings))
    call = Call(asking.caller, body.model, settings.deadline_s)
    sentences = asking.service.stream(texts, options, call)
    # What can be refused is refused with its status, before anything is sent.
    first = await unless_gone(request, _first(sentences))
    events = _events(first, sentences, body, getattr(request.state, "request_id", ""))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _texts(body: TranslateBody, settings: Settings) -> list[str]:
    texts = [body.text] if isinstance(body.text, str) else body.text
    check_texts(texts, settings)
    check_beam(body.beam_size, body.n_best, settings)
    return texts


def _options(body: TranslateBody, terms: Mapping[str, str]) -> TranslateOptions:
    if body.format == "html" and (body.attention or body.alignment):
        raise InvalidFieldError(
            "attention and alignment are given for format 'text' only; leave them out or send text",
            field="format",
        )
    return TranslateOptions(
        beam_size=body.beam_size,
        n_best=body.n_best,
        length_penalty=body.length_penalty,
        attention=body.attention or body.alignment,
        glossary=terms,
    )


async def _first(sentences: AsyncIterator[StreamedSentence]) -> StreamedSentence | None:
    return await anext(sentences, None)


async def _events(
    first: StreamedSentence | None,
    sentences: AsyncGenerator[StreamedSentence, None],
    body: TranslateBody,
    request_id: str,
) -> AsyncIterator[str]:
    async with aclosing(sentences):
        try:
            if first is not None:
                yield _sentence_event(first, body)
            async for sentence in sentences:
                yield _sentence_event(sentence, body)
        except ApiError as error:
            current_record().error = error.type
            yield _event("error", problem_body(error, request_id))
        else:
            yield _event("done", {})


def _sentence_event(streamed: StreamedSentence, body: TranslateBody) -> str:
    sentence = present_sentence(streamed.sentence, body).model_dump(mode="json")
    return _event("sentence", {"index": streamed.text, "gap": streamed.gap, **sentence})


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
