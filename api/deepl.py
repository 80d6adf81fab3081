"""What DeepL's clients ask for: fields of `/v2/translate`, checked and refused in its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import InvalidRequestError
from api.fields import Fields

SOURCE = "KO"
TARGETS = ("EN", "EN-US", "EN-GB")
MAX_GLOSSARIES = 5
_FORMALITIES = ("default", "less", "more", "prefer_less", "prefer_more")
_STRICT_FORMALITIES = ("less", "more")
_SPLITS = ("1", "0", "nonewlines")
_MODEL_TYPES = (
    "quality_optimized", "prefer_quality_optimized", "latency_optimized",
)  # fmt: skip
_YES, _NO = ("1", "true"), ("0", "false", "")
_NOT_HERE = ("style_id", "translation_memory_id", "custom_instructions")


@dataclass(frozen=True)
class Tags:
    """How markup is to be taken; names in lower case."""

    handling: str | None
    """`xml` or `html`."""
    version: str
    outline: bool
    splitting: frozenset[str]
    non_splitting: frozenset[str]
    ignored: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """A request to translate."""

    texts: Sequence[str]
    source: str | None
    """None is to be detected."""
    split_sentences: str
    preserve_formatting: bool
    show_billed_characters: bool
    model_type: str | None
    glossaries: Sequence[str]
    tags: Tags


def read_asked(fields: Fields) -> Asked:
    """Reads what is to be translated. Fields that DeepL has not are left out of account.

    Raises:
        InvalidRequestError: something is missing or not supported.
    """
    texts = _texts(fields)
    target = one_of(fields, "target_lang", TARGETS)
    if target is None:
        raise missing("target_lang")
    source = one_of(fields, "source_lang", (SOURCE,))
    check_formality(fields, target)
    for name in _NOT_HERE:
        if fields.get(name):
            raise InvalidRequestError(f"{name} is not supported by this service; leave it out")
    tags = _tags(fields)
    split = one_of(fields, "split_sentences", _SPLITS)
    return Asked(
        texts=texts,
        source=source,
        split_sentences=split or ("nonewlines" if tags.handling == "html" else "1"),
        preserve_formatting=_flag(fields, "preserve_formatting", _NO[0]),
        show_billed_characters=_flag(fields, "show_billed_characters", _NO[0]),
        model_type=one_of(fields, "model_type", _MODEL_TYPES),
        glossaries=read_glossaries(fields, source),
        tags=tags,
    )


def missing(name: str) -> InvalidRequestError:
    """Gives the error for a field that is not there."""
    return InvalidRequestError(f"Parameter '{name}' not specified.")


def one_of(fields: Fields, name: str, allowed: Sequence[str]) -> str | None:
    """Gives a field that has one of some values in any case; none where it is not there.

    Raises:
        InvalidRequestError: it has another value.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    found = [choice for choice in allowed if str(value).upper() == choice.upper()]
    if not found:
        raise InvalidRequestError(
            f"Value for '{name}' not supported. Allowed: {', '.join(allowed)}."
        )
    return found[0]


def _texts(fields: Fields) -> list[str]:
    texts = fields.all("text")
    if isinstance(texts, str):
        texts = [texts]
    if not texts:
        raise missing("text")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidRequestError("Value for 'text' not supported. Give a list of strings.")
    return texts


def check_formality(fields: Fields, target: str) -> None:
    """Checks that no formality is demanded, for English has none.

    Raises:
        InvalidRequestError: one is.
    """
    formality = one_of(fields, "formality", _FORMALITIES)
    if formality in _STRICT_FORMALITIES:
        raise InvalidRequestError(
            f"Target language '{target}' does not support formality '{formality}'; "
            f"leave it out, or send 'prefer_{formality}'."
        )


def _flag(fields: Fields, name: str, default: str) -> bool:
    value = fields.get(name)
    text = default if value is None else str(value).lower()
    if text not in (*_YES, *_NO):
        raise InvalidRequestError(f"Value for '{name}' not supported. Allowed: 0, 1, true, false.")
    return text in _YES


def _listed(fields: Fields, name: str) -> list[str]:
    """A list, or texts with commas."""
    value: Any = fields.all(name)
    parts = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(part, str) for part in parts):
        raise InvalidRequestError(f"Value for '{name}' not supported. Give a list of strings.")
    return [name for part in parts for name in map(str.strip, part.split(",")) if name]


def _names(fields: Fields, name: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _listed(fields, name))


def _tags(fields: Fields) -> Tags:
    return Tags(
        handling=one_of(fields, "tag_handling", ("xml", "html")),
        version=one_of(fields, "tag_handling_version", ("v1", "v2")) or "v2",
        outline=_flag(fields, "outline_detection", _YES[0]),
        splitting=_names(fields, "splitting_tags"),
        non_splitting=_names(fields, "non_splitting_tags"),
        ignored=_names(fields, "ignore_tags"),
    )


def read_glossaries(fields: Fields, source: str | None) -> list[str]:
    """Gives the ids of the glossaries that are to be used.

    Raises:
        InvalidRequestError: they are not named as they must be.
    """
    one, several = fields.get("glossary_id"), _listed(fields, "glossary_ids")
    if one and several:
        raise InvalidRequestError("glossary_id cannot be used together with glossary_ids.")
    if one and not isinstance(one, str):
        raise InvalidRequestError("Value for 'glossary_id' not supported. Give a string.")
    ids = [one] if one else several
    if len(ids) > MAX_GLOSSARIES:
        raise InvalidRequestError(
            f"glossary_ids has {len(ids)} glossaries; allowed: {MAX_GLOSSARIES}."
        )
    if ids and source is None:
        raise InvalidRequestError(
            "Use of a glossary requires the source_lang parameter to be specified."
        )
    return ids
