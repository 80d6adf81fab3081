"""What LibreTranslate's clients ask for: fields, checked and refused in its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import InvalidRequestError
from api.fields import Fields
from api.languages import KOREAN
from api.settings import Settings

AUTO = "auto"
TARGET = "en"
LANGUAGES: Mapping[str, str] = {KOREAN: "Korean", TARGET: "English"}
"""Code → name."""
FORMATS = ("text", "html")


@dataclass(frozen=True)
class Asked:
    """A request to translate."""

    texts: Sequence[str]
    is_batch: bool
    """Whether a list was sent, so that lists come back."""
    is_auto: bool
    """Whether the language is to be detected."""
    format: str
    n_alternatives: int


def read_asked(fields: Fields, settings: Settings) -> Asked:
    """Reads what is to be translated.

    Raises:
        InvalidRequestError: something is missing or not supported.
    """
    query = read_query(fields)
    source = check_languages(fields)
    format = fields.get("format") or FORMATS[0]
    if format not in FORMATS:
        raise InvalidRequestError(f"{format} format is not supported; allowed: text, html")
    return Asked(
        [query] if isinstance(query, str) else query,
        not isinstance(query, str),
        source == AUTO,
        format,
        _alternatives(fields, settings.max_beam_size - 1),
    )


def check_languages(fields: Fields) -> str:
    """Gives the source language, `ko` or `auto`.

    Raises:
        InvalidRequestError: a language is missing or not supported.
    """
    source, target = needed(fields, "source"), needed(fields, "target")
    for code, allowed in ((source, (KOREAN, AUTO, TARGET)), (target, (TARGET, KOREAN))):
        if code not in allowed:
            raise InvalidRequestError(f"{code} is not supported; allowed: ko or auto to en")
    if source == TARGET or target == KOREAN:
        source_name, target_name = LANGUAGES.get(source, "Auto Detect"), LANGUAGES[target]
        raise InvalidRequestError(
            f"{target_name} ({target}) is not available as a target language from "
            f"{source_name} ({source}); allowed: ko or auto to en"
        )
    return source


def read_query(fields: Fields) -> str | list[str]:
    """Gives the text or texts. Forms have their line ends made LF, as LibreTranslate does.

    Raises:
        InvalidRequestError: there is none, or it is something else.
    """
    query = fields.get("q")
    if not query:
        raise missing("q")
    if isinstance(query, list) and all(isinstance(text, str) for text in query):
        return query
    if not isinstance(query, str):
        raise InvalidRequestError("Invalid request: q parameter is not a string or list of strings")
    return query if fields.is_json else "\n".join(query.splitlines())


def needed(fields: Fields, name: str) -> str:
    """Gives a field that must be there.

    Raises:
        InvalidRequestError: it is not, or it is no string.
    """
    value = fields.get(name)
    if not value:
        raise missing(name)
    if not isinstance(value, str):
        raise InvalidRequestError(f"Invalid request: {name} parameter is not a string")
    return value


def missing(name: str) -> InvalidRequestError:
    """Gives the error for a field that is not there."""
    return InvalidRequestError(f"Invalid request: missing {name} parameter")


def _alternatives(fields: Fields, most: int) -> int:
    value: Any = fields.get("alternatives")
    try:
        number = max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidRequestError(
            "Invalid request: alternatives parameter is not a number"
        ) from error
    if number > most:
        raise InvalidRequestError(f"Invalid request: alternatives parameter must be <= {most}")
    return number
