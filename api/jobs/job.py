"""What a job is: a document that was sent, and how far it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_MOST_NAME_CHARS = 150
_SEPARATORS = re.compile(r"[/\\]")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that turn the order of what is shown."""


class Status(StrEnum):
    """How far a job is. A job that is cancelled is forgotten."""

    QUEUED = "queued"
    TRANSLATING = "translating"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_ended(self) -> bool:
        """Whether it will not change any more."""
        return self in (Status.DONE, Status.FAILED)


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Api(StrEnum):
    """By which routes a job was made; their results are fetched in different ways."""

    NATIVE = "native"
    DEEPL = "deepl"
    LIBRETRANSLATE = "libretranslate"


@dataclass(frozen=True)
class Order:
    """What is to be translated, and for whom."""

    owner: str
    """Name of the API key, or address, that sent it."""
    api: Api
    name: str
    """File name as it was sent, without folders."""
    extension: str
    """Of the result, with its dot."""
    media_type: str
    n_bytes: int
    n_chars: int
    """Of all segments."""
    n_segments: int
    """Those that hold Korean."""
    model: str | None = None
    """None is the default at the time it is translated."""
    columns: tuple[str, ...] = ()
    """Of CSV and TSV."""
    glossary: Mapping[str, str] = field(default_factory=dict)
    key_digest: str = ""
    """SHA-256 of DeepL's document key."""

    @property
    def result_name(self) -> str:
        """`report.docx` → `report.en.docx`."""
        stem, dot, extension = self.name.rpartition(".")
        if not stem or f".{extension.lower()}" != self.extension:
            return f"{self.name}.en{self.extension}"
        return f"{stem}.en{dot}{extension}"


@dataclass(frozen=True)
class Job:
    """A job as it is at a moment. Times are seconds since 1970."""

    id: str
    """128 random bits in hexadecimal digits."""
    order: Order
    status: Status
    n_done: int
    """Segments that are translated."""
    created_s: float
    started_s: float | None
    changed_s: float
    """When it was last heard of."""
    error_type: str | None = None
    error: str | None = None
    """Why it failed."""
    checksum: str | None = None
    """Version of the model that translates it; none before it has begun."""
    claim: str = ""
    """Token of who works on it; empty where nobody does."""


class JobObserver(Protocol):
    """Is told of jobs that end, in whatever thread that happens."""

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        """Hears of a job, as it then is."""
        ...


def clean_name(name: str | None) -> str:
    """Gives the last part of a path that a client sent, fit to be shown; never empty."""
    last = _UNWANTED.sub("", _SEPARATORS.split(name or "")[-1])
    last = last.encode("utf-8", "replace").decode("utf-8").strip(" .")
    if len(last) <= _MOST_NAME_CHARS:
        return last or "document"
    stem, dot, extension = last.rpartition(".")
    ending = (dot + extension)[-16:] if stem else ""
    return last[: _MOST_NAME_CHARS - len(ending)] + ending
