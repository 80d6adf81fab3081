"""Who is waited for before a batch begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from api.batching import returning
from api.batching.returning import Returning


def always() -> bool:
    return True


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets how long nobody may come before nobody is waited for."""
    return lambda seconds: monkeypatch.setattr(returning, "PAUSE_S", seconds)


def test_who_was_answered_is_waited_for_until_all_are_back(pause: Callable[[float], None]) -> None:
    pause(60)

    async def scene() -> None:
        waiting = Returning()
        waiting.answered(3)
        wait = asyncio.create_task(waiting.wait_while(always))
        for _ in range(3):
            await asyncio.sleep(0.01)
            assert not wait.done()
            waiting.came()
        await asyncio.wait_for(wait, 20)

    asyncio.run(scene())


def test_nobody_is_waited_for_once_the_batch_is_full(pause: Callable[[float], None]) -> None:
    pause(60)
    queued: list[int] = []

    async def scene() -> None:
        waiting = Returning()
        waiting.answered(9)
        wait = asyncio.create_task(waiting.wait_while(lambda: len(queued) < 2))
        for number in range(2):
            await asyncio.sleep(0.01)
            queued.append(number)
            waiting.came()
        await asyncio.wait_for(wait, 20)

    asyncio.run(scene())


def test_nobody_is_waited_for_once_the_other_batch_is_done(pause: Callable[[float], None]) -> None:
    pause(60)
    in_work = [1]

    async def scene() -> None:
        waiting = Returning()
        waiting.answered(1)
        wait = asyncio.create_task(waiting.wait_while(lambda: bool(in_work)))
        await asyncio.sleep(0.01)
        assert not wait.done()
        in_work.clear()
        waiting.answered(1)
        await asyncio.wait_for(wait, 20)

    asyncio.run(scene())


def test_nobody_is_waited_for_where_none_was_answered_or_none_would_help() -> None:
    async def scene() -> None:
        waiting = Returning()
        await waiting.wait_while(always)
        waiting.answered(1)
        await waiting.wait_while(lambda: False)

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_after_waits_in_vain_ever_more_batches_begin_at_once(
    pause: Callable[[float], None],
) -> None:
    pause(0.01)

    async def scene() -> list[bool]:
        waiting, waited = Returning(), []
        for _ in range(11):
            asked: list[bool] = []
            waiting.answered(2)
            await waiting.wait_while(lambda asked=asked: asked.append(True) or True)  # type: ignore[misc]
            waited.append(len(asked) > 1)
        return waited

    # Waits, skips one, waits, skips three, waits, skips seven.
    assert asyncio.run(scene()) == [True, False, True, False, False, False, True, *[False] * 4]


def test_who_comes_back_is_waited_for_again(
    pause: Callable[[float], None],
) -> None:
    async def scene() -> None:
        waiting = Returning()
        for seconds in (0.01, 60):  # in vain, then skipped
            pause(seconds)
            waiting.answered(1)
            await asyncio.wait_for(waiting.wait_while(always), 20)
        for _ in range(2):
            waiting.answered(1)
            wait = asyncio.create_task(waiting.wait_while(always))
            await asyncio.sleep(0.01)
            assert not wait.done()
            waiting.came()
            await asyncio.wait_for(wait, 20)

    asyncio.run(scene())
