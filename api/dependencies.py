"""What routes ask for: the service, the settings, who calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from api.auth import CallerDep as CallerDep
from api.auth import get_caller
from api.errors import InvalidFieldError, TooLargeError
from api.glossaries import GlossaryStore
from api.glossary_access import get_glossaries
from api.service import TranslationService
from api.settings import Settings


async def get_service(request: Request) -> TranslationService:
    """Gives the service of the app."""
    return cast(TranslationService, request.app.state.service)


async def get_settings(request: Request) -> Settings:
    """Gives the settings of the app."""
    return cast(Settings, request.app.state.settings)


ServiceDep = Annotated[TranslationService, Depends(get_service)]
SettingsDep = Annotated[Settings, Depends(get_settings)]


@dataclass(frozen=True)
class Asking:
    """What a route for JSON needs: all of it together, for each dependency costs time."""

    service: TranslationService
    settings: Settings
    glossaries: GlossaryStore
    caller: str


async def get_asking(request: Request) -> Asking:
    """Gives who asks and whom; counts the request.

    Raises:
        ApiError: as `api.auth.get_caller`.
    """
    return Asking(
        await get_service(request),
        await get_settings(request),
        await get_glossaries(request),
        await get_caller(request),
    )


AskingDep = Annotated[Asking, Depends(get_asking)]


def check_texts(texts: Sequence[str], settings: Settings, field: str = "text") -> None:
    """Checks that the texts of a request are not too many and not too long.

    Raises:
        TooLargeError: they are.
    """
    if len(texts) > settings.max_texts:
        raise TooLargeError(
            f"{field} has {len(texts)} texts; allowed: {settings.max_texts}; send them in parts",
            field=field,
            limit=settings.max_texts,
        )
    n_chars = sum(map(len, texts))
    if n_chars > settings.max_chars:
        raise TooLargeError(
            f"{field} has {n_chars} characters; allowed: {settings.max_chars}; send it in parts, "
            "or as a document",
            field=field,
            limit=settings.max_chars,
        )


def check_beam(beam_size: int | None, n_best: int | None, settings: Settings) -> None:
    """Checks that the search asked for is not too wide.

    Raises:
        InvalidFieldError: it is.
    """
    for field, value in (("beam_size", beam_size), ("n_best", n_best)):
        if value is not None and value > settings.max_beam_size:
            raise InvalidFieldError(
                f"{field} is {value}; allowed: 1 to {settings.max_beam_size}",
                field=field,
                limit=settings.max_beam_size,
            )
