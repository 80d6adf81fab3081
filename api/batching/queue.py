"""Whose sentence is next: callers take turns, whatever each of them has queued."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Queued(Protocol):
    """What the queue needs to know of a piece of work."""

    @property
    def caller(self) -> str:
        """Who waits for it."""
        ...

    @property
    def tokens(self) -> int:
        """Its size, 1 or more."""
        ...

    @property
    def group(self) -> Hashable:
        """Only work of one group goes into one batch."""
        ...


Q = TypeVar("Q", bound=Queued)


class FairQueue(Generic[Q]):
    """Work of many callers, served in rounds: one piece of each caller a round (Nagle 1987)."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, OrderedDict[int, Q]] = OrderedDict()
        """A line for each caller that waits; whose turn is next stands first."""
        self._tokens: dict[str, int] = {}
        """Size of each line."""
        self._n = 0
        self._size = 0

    def __len__(self) -> int:
        return self._n

    @property
    def tokens(self) -> int:
        """Size of all that is queued."""
        return self._size

    def push(self, work: Q) -> None:
        """Puts a piece of work at the end of its caller's line."""
        self._lines.setdefault(work.caller, OrderedDict())[id(work)] = work
        self._tokens[work.caller] = self._tokens.get(work.caller, 0) + work.tokens
        self._n += 1
        self._size += work.tokens

    def drop(self, work: Q) -> None:
        """Takes a piece of work out; it must be queued."""
        line = self._lines[work.caller]
        del line[id(work)]
        self._tokens[work.caller] -= work.tokens
        self._n -= 1
        self._size -= work.tokens
        if not line:
            del self._lines[work.caller], self._tokens[work.caller]

    def take(self, max_tokens: int) -> list[Q]:
        """Gives the next batch: in turn one piece of each caller, all of one group.

        The first piece is taken whatever its size; it says which group goes.
        """
        batch: list[Q] = []
        size = 0
        callers = list(self._lines)
        while callers:
            served = []
            for caller in callers:
                work = next(iter(self._lines[caller].values()))
                if batch and (size >= max_tokens or work.group != batch[0].group):
                    continue
                batch.append(work)
                size += work.tokens
                self.drop(work)
                if caller in self._lines:
                    self._lines.move_to_end(caller)
                    served.append(caller)
            callers = served
        return batch

    def tokens_before(self, caller: str, tokens: int) -> int:
        """Gives how much is worked off until the last of `tokens` more of `caller`'s is done.

        In fair rounds no other caller gets more than this one in that time.
        """
        own = self._tokens.get(caller, 0) + tokens
        return own + sum(min(n, own) for name, n in self._tokens.items() if name != caller)
