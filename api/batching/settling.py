"""Tells those who wait what became of their sentences, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from api.batching.isolation import Outcome
from api.errors import TranslationFailedError
from nmt.translation import SentenceTranslation

_AT_ONCE = 4
"""Callers that are woken in one round of the event loop. A batch may have a hundred, and while all
of them write their answers nobody new would be heard, not even to be refused."""

Waiting = tuple["asyncio.Future[SentenceTranslation]", Outcome]
"""One who waits, and what there is for them."""


class Settling:
    """Those who are to be told; the first of them are told at once."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def settle(self, waiting: Sequence[Waiting]) -> None:
        """Gives each their translation, or the error."""
        _settle(waiting[:_AT_ONCE])
        if len(waiting) > _AT_ONCE:
            task = asyncio.create_task(_settle_in_rounds(waiting[_AT_ONCE:]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Waits until all are told."""
        await asyncio.gather(*self._tasks)


async def _settle_in_rounds(waiting: Sequence[Waiting]) -> None:
    for first in range(0, len(waiting), _AT_ONCE):
        await asyncio.sleep(0)
        _settle(waiting[first : first + _AT_ONCE])


def _settle(waiting: Sequence[Waiting]) -> None:
    for future, outcome in waiting:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            error = TranslationFailedError(
                "the model failed on a sentence of the text; send it without this sentence, "
                "and tell the operator the request's id"
            )
            error.__cause__ = outcome
            future.set_exception(error)
        else:
            future.set_result(outcome)
