"""How late the event loop comes to what is due: the wait that every request meets at each step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

EVERY_S = 0.1


async def watch_lag(observe: Callable[[float], None], every_s: float = EVERY_S) -> None:
    """Tells `observe` again and again how many seconds too late a sleep ended, for ever."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + every_s
        await asyncio.sleep(every_s)
        observe(max(0.0, loop.time() - due_s))
