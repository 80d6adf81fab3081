"""Translations as bodies of the native API."""

from __future__ import annotations

import re

from api.alignment import align
from api.markup import MarkupTranslation
from api.models import Model
from api.schemas import (
    AlignmentOut,
    AlternativeOut,
    AttentionOut,
    ModelOut,
    SentenceOut,
    TokenOut,
    TranslateBody,
    TranslationOut,
)
from nmt.config import RnnConfig
from nmt.translation import Flag, SentenceTranslation, Token, Translation

_DIGITS = 6
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def present(translation: Translation, asked: TranslateBody) -> TranslationOut:
    """Gives a translation with what was asked for."""
    return TranslationOut(
        text=translation.text,
        score=translation.score,
        flags=list(translation.flags),
        sentences=[present_sentence(sentence, asked) for sentence in translation.sentences],
        alternatives=list(translation.alternatives),
    )


def present_markup(translation: MarkupTranslation) -> TranslationOut:
    """Gives a translation of markup. Its sentences have no place in the source and are left out."""
    segments = [segment for segment in translation.segments if segment.sentences]
    scored = [(s.score, len(s.source)) for s in segments if s.score is not None]
    total = sum(length for _, length in scored)
    return TranslationOut(
        text=translation.text,
        score=sum(score * length for score, length in scored) / total if total else None,
        flags=list(dict.fromkeys(flag for segment in segments for flag in segment.flags))
        or ([] if segments else [Flag.EMPTY]),
        sentences=[],
        alternatives=list(translation.alternatives),
    )


def present_sentence(sentence: SentenceTranslation, asked: TranslateBody) -> SentenceOut:
    """Gives a sentence with what was asked for."""
    has_tokens = bool(sentence.source_tokens)
    return SentenceOut(
        source=_sendable(sentence.source),
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
        score=sentence.score,
        flags=list(sentence.flags),
        alternatives=[AlternativeOut(text=a.text, score=a.score) for a in sentence.alternatives],
        attention=_attention(sentence) if asked.attention and has_tokens else None,
        alignment=_alignment(sentence) if asked.alignment and sentence.attention else None,
    )


def _attention(sentence: SentenceTranslation) -> AttentionOut:
    rows = sentence.attention
    return AttentionOut(
        source_tokens=list(map(_token, sentence.source_tokens)),
        target_tokens=list(map(_token, sentence.target_tokens)),
        weights=None if rows is None else [[round(w, _DIGITS) for w in row] for row in rows],
    )


def _alignment(sentence: SentenceTranslation) -> list[AlignmentOut]:
    return [AlignmentOut(source=pair.source, target=pair.target) for pair in align(sentence)]


def _token(token: Token) -> TokenOut:
    return TokenOut(text=_sendable(token.text), start=token.start, end=token.end)


def _sendable(text: str) -> str:
    """A part of the request's text, of the same length, without what UTF-8 cannot hold."""
    return _HALF_PAIR.sub("\ufffd", text)


def present_model(model: Model, is_default: bool) -> ModelOut:
    """Gives what there is to know of a model that is served."""
    bundle, engine = model.bundle, model.translator.engine
    config = bundle.model_config
    search = bundle.search
    return ModelOut(
        name=model.name,
        checksum=bundle.checksum,
        architecture=config.architecture,
        default=is_default,
        engine=engine.name,
        device=engine.device,
        attention=not (isinstance(config, RnnConfig) and config.attention == "none"),
        scores={name: dict(values) for name, values in bundle.scores.items()},
        created=bundle.created,
        search={
            "beam_size": search.beam_size,
            "length_penalty": search.length_penalty,
            "max_length": search.max_length,
        },
    )
