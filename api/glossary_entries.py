"""The terms of a glossary: checked, in one spelling, as TSV and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping

from api.errors import InvalidFieldError
from nmt.text.normalize import normalize

MAX_TERM_CHARS = 1024
MAX_NAME_CHARS = 1024
_NOT_ALLOWED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_FIELD = "entries"

Pair = tuple[str, str]
"""Korean, English."""


def check_name(name: str) -> str:
    """Gives the name of a glossary without spaces at its ends.

    Raises:
        InvalidFieldError: it is empty, too long, or has control characters.
    """
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or _NOT_ALLOWED.search(name):
        raise InvalidFieldError(
            f"the name of the glossary has {len(name)} characters or control characters; "
            f"give 1 to {MAX_NAME_CHARS} characters in one line",
            field="name",
            limit=MAX_NAME_CHARS,
        )
    return name


def check_entries(entries: Iterable[Pair], max_terms: int) -> dict[str, str]:
    """Gives the terms as they are looked for: normalised, without spaces at their ends.

    Args:
        entries: Korean, English.
        max_terms: most of a glossary.

    Raises:
        InvalidFieldError: a term is empty, too long, there twice, or has control characters; or
            there are none, or too many.
    """
    checked: dict[str, str] = {}
    for place, (source, target) in enumerate(entries):
        if place >= max_terms:
            raise InvalidFieldError(
                f"the glossary has more than {max_terms} terms; leave some out",
                field=_FIELD,
                limit=max_terms,
            )
        term, english = _checked(source, place), _checked(target, place)
        term = normalize(term)
        if not term:
            raise InvalidFieldError(f"{_place(place)} has an empty term; give one", field=_FIELD)
        if term in checked:
            raise InvalidFieldError(
                f"{_place(place)} has the same term as an earlier one; give each term once",
                field=_FIELD,
            )
        checked[term] = english
    if not checked:
        raise InvalidFieldError("the glossary has no terms; give at least one", field=_FIELD)
    return checked


def _checked(text: str, place: int) -> str:
    """One side of an entry without spaces at its ends."""
    text = text.strip()
    if not text:
        raise InvalidFieldError(
            f"{_place(place)} has an empty side; give each term its English", field=_FIELD
        )
    if len(text) > MAX_TERM_CHARS:
        raise InvalidFieldError(
            f"{_place(place)} has a side of {len(text)} characters; allowed: {MAX_TERM_CHARS}",
            field=_FIELD,
            limit=MAX_TERM_CHARS,
        )
    if _NOT_ALLOWED.search(text):
        raise InvalidFieldError(
            f"{_place(place)} has a tab, line break or control character inside; remove it",
            field=_FIELD,
        )
    return text


def _place(place: int) -> str:
    """An entry without its text."""
    return f"entry {place + 1} of the glossary"


def parse_tsv(text: str) -> Iterator[Pair]:
    """Gives the entries of lines `term TAB English`; empty lines are left out.

    Raises:
        InvalidFieldError: a line has not one tab.
    """
    for number, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        if line.strip():
            sides = line.split("\t")
            if len(sides) != 2:
                raise InvalidFieldError(
                    f"line {number} of the entries has {len(sides) - 1} tabs; "
                    "give `term TAB English` in each line",
                    field=_FIELD,
                )
            yield sides[0], sides[1]


def parse_csv(text: str) -> Iterator[Pair]:
    """Gives the entries of lines `term,English` or `term,English,KO,EN`.

    Raises:
        InvalidFieldError: a line has other columns, or is of other languages.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            if row:
                yield _csv_pair(row, reader.line_num)
    except csv.Error as error:
        raise InvalidFieldError(
            f"line {reader.line_num} of the entries is no CSV: {error}", field=_FIELD
        ) from error


def _csv_pair(row: list[str], line: int) -> Pair:
    languages = [language.strip().upper() for language in row[2:]]
    if len(row) not in (2, 4) or languages not in ([], ["KO", "EN"]):
        raise InvalidFieldError(
            f"line {line} of the entries has {len(row)} columns, or other languages than ko,en; "
            "give `term,English` or `term,English,ko,en` in each line",
            field=_FIELD,
        )
    return row[0], row[1]


def as_tsv(entries: Mapping[str, str]) -> str:
    """Gives entries as lines `term TAB English`."""
    return "\n".join(f"{term}\t{english}" for term, english in entries.items())
