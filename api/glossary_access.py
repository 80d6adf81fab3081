"""From what a request says of a glossary to its terms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, cast

from fastapi import Depends, Request

from api.glossaries import GlossaryStore
from api.glossary_entries import check_entries
from api.settings import Settings


async def get_glossaries(request: Request) -> GlossaryStore:
    """Gives the glossaries that are kept."""
    return cast(GlossaryStore, request.app.state.glossaries)


GlossariesDep = Annotated[GlossaryStore, Depends(get_glossaries)]


async def terms_of(
    glossary: Mapping[str, str] | str | None, glossaries: GlossaryStore, settings: Settings
) -> Mapping[str, str]:
    """Gives the terms of a glossary: of its id, or in the request itself.

    Raises:
        InvalidFieldError: terms in the request are not allowed.
        NotFoundError: no glossary of that id is kept.
    """
    if not glossary:
        return {}
    if isinstance(glossary, str):
        return (await asyncio.to_thread(glossaries.get, glossary)).entries
    return await asyncio.to_thread(check_entries, glossary.items(), settings.max_glossary_terms)
