"""Glossaries in DeepL's form: dictionaries of language pairs, of which there is one here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.deepl import missing, one_of
from api.errors import InvalidRequestError, NotFoundError
from api.fields import Fields
from api.glossaries import Glossary, GlossaryInfo
from api.glossary_entries import Pair, check_name, parse_csv, parse_tsv

PAIR = {"source_lang": "ko", "target_lang": "en"}
_FORMATS = {"tsv": parse_tsv, "csv": parse_csv}


@dataclass(frozen=True)
class GlossaryChange:
    """What a request says of a glossary."""

    name: str | None
    entries: Sequence[Pair] | None
    """None where it has no dictionary."""


def read_glossary(fields: Fields) -> GlossaryChange:
    """Reads a glossary of one dictionary, as `/v2/glossaries` takes it.

    Raises:
        ApiError: something is missing or not supported.
    """
    return GlossaryChange(_name(fields), read_dictionary(fields))


def read_dictionaries(fields: Fields) -> GlossaryChange:
    """Reads a glossary of a list of dictionaries, as `/v3/glossaries` takes it.

    Raises:
        ApiError: something is missing or not supported, or there is more than one dictionary.
    """
    listed = fields.get("dictionaries")
    name = _name(fields) if fields.get("name") is not None else None
    if listed is None:
        return GlossaryChange(name, None)
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise InvalidRequestError("Value for 'dictionaries' not supported. Give a list of objects.")
    if len(listed) != 1:
        raise InvalidRequestError(
            f"dictionaries has {len(listed)} dictionaries; allowed: one, from KO to EN."
        )
    return GlossaryChange(name, read_dictionary(Fields(listed[0])))


def read_dictionary(fields: Fields) -> list[Pair]:
    """Reads the entries of a dictionary.

    Raises:
        ApiError: something is missing or not supported.
    """
    check_pair(fields)
    entries = fields.get("entries")
    if entries is None or entries == "":
        raise missing("entries")
    if not isinstance(entries, str):
        raise InvalidRequestError("Value for 'entries' not supported. Give a string.")
    format = one_of(fields, "entries_format", tuple(_FORMATS))
    if format is None:
        raise missing("entries_format")
    return list(_FORMATS[format](entries))


def check_pair(fields: Fields) -> None:
    """Checks that the languages are Korean and English.

    Raises:
        InvalidRequestError: they are not.
    """
    for name, language in PAIR.items():
        value = fields.get(name)
        if value is None:
            raise missing(name)
        if str(value).lower().partition("-")[0] != language:
            raise InvalidRequestError(
                "Unsupported glossary source and target language pair. Allowed: KO to EN."
            )


def _name(fields: Fields) -> str:
    name = fields.get("name")
    if name is None:
        raise missing("name")
    if not isinstance(name, str):
        raise InvalidRequestError("Value for 'name' not supported. Give a string.")
    return check_name(name)


def with_dictionary(glossary: Glossary) -> Glossary:
    """Gives the glossary if it has a dictionary.

    Raises:
        NotFoundError: it has none.
    """
    if not glossary.entries:
        raise NotFoundError(f"glossary {glossary.id!r} has no dictionary from KO to EN")
    return glossary


def present_v2(glossary: GlossaryInfo) -> dict[str, Any]:
    """Gives a glossary as `/v2` does."""
    return {
        "glossary_id": glossary.id,
        "name": glossary.name,
        "ready": True,
        **PAIR,
        "creation_time": glossary.created,
        "entry_count": glossary.n_entries,
    }


def present_v3(glossary: GlossaryInfo) -> dict[str, Any]:
    """Gives a glossary as `/v3` does."""
    return {
        "glossary_id": glossary.id,
        "name": glossary.name,
        "dictionaries": [present_dictionary(glossary)] if glossary.n_entries else [],
        "creation_time": glossary.created,
    }


def present_dictionary(glossary: GlossaryInfo) -> dict[str, Any]:
    """Gives what `/v3` says of a dictionary."""
    return {**PAIR, "entry_count": glossary.n_entries}
