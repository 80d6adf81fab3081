"""Callers take turns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import pytest

from api.batching.queue import FairQueue


@dataclass(frozen=True, eq=False)
class Work:
    name: str
    caller: str
    tokens: int = 1
    group: Hashable = "same"


def queue_of(*works: Work) -> FairQueue[Work]:
    queue: FairQueue[Work] = FairQueue()
    for work in works:
        queue.push(work)
    return queue


def names(works: list[Work]) -> str:
    return " ".join(work.name for work in works)


def test_queue_gives_one_piece_of_each_caller_a_round() -> None:
    bulk = [Work(f"a{n}", "a") for n in range(5)]
    queue = queue_of(*bulk, Work("b0", "b"), Work("b1", "b"), Work("c0", "c"))
    assert names(queue.take(100)) == "a0 b0 c0 a1 b1 a2 a3 a4"


def test_queue_goes_on_with_the_caller_whose_turn_is_next() -> None:
    queue = queue_of(*[Work(f"{c}{n}", c) for c in "abc" for n in range(2)])
    assert [names(queue.take(1)) for _ in range(6)] == ["a0", "b0", "c0", "a1", "b1", "c1"]


def test_queue_fills_a_batch_up_to_its_tokens() -> None:
    queue = queue_of(*[Work(str(n), "a", tokens=4) for n in range(5)])
    assert names(queue.take(10)) == "0 1 2"
    assert (len(queue), queue.tokens) == (2, 8)


def test_queue_gives_work_larger_than_a_batch_alone() -> None:
    queue = queue_of(Work("huge", "a", tokens=99), Work("small", "b"))
    assert names(queue.take(10)) == "huge"


def test_queue_keeps_groups_apart_and_their_order() -> None:
    queue = queue_of(
        Work("a0", "a", group=1), Work("b0", "b", group=2), Work("a1", "a", group=1),
        Work("b1", "b", group=1),
    )  # fmt: skip
    assert names(queue.take(10)) == "a0 a1"
    assert names(queue.take(10)) == "b0"
    assert names(queue.take(10)) == "b1"


def test_queue_drops_work_and_forgets_its_tokens() -> None:
    works = [Work(str(n), "a", tokens=3) for n in range(3)]
    queue = queue_of(*works)
    queue.drop(works[1])
    assert (len(queue), queue.tokens) == (2, 6)
    assert names(queue.take(10)) == "0 2"
    assert (len(queue), queue.tokens, queue.take(10)) == (0, 0, [])


@pytest.mark.parametrize(
    ("caller", "tokens", "expected"),
    [("new", 2, 2 + 2 + 2), ("new", 50, 50 + 30 + 5), ("small", 1, 6 + 6), ("bulk", 1, 31 + 5)],
)
def test_queue_tells_what_comes_before(caller: str, tokens: int, expected: int) -> None:
    queue = queue_of(Work("x", "bulk", tokens=30), Work("y", "small", tokens=5))
    assert queue.tokens_before(caller, tokens) == expected
