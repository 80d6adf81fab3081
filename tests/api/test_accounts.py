"""Limits of callers: per minute and per month."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.accounts import Accounts, Limits, Usage
from api.database import Database
from api.errors import InvalidFieldError, OverloadedError, QuotaError, RateLimitError
from api.keys import ApiKey, KeyRing
from api.rates import RateLimit
from api.usage import UsageMeter, UsageStore

KEYS = KeyRing([ApiKey("alice", "a"), ApiKey("bob", "b", chars_per_month=7)])


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(Database(tmp_path / "service.sqlite3"))


def accounts(store: UsageStore, limits: Limits) -> Accounts:
    return Accounts(limits, KEYS, UsageMeter(store))


def test_rate_limit_lets_a_minute_of_work_through_then_its_share() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert [limit.take("a", 1) for _ in range(60)] == [0.0] * 60
    assert limit.take("a", 1) == pytest.approx(1.0)
    clock.s = 1.0
    assert limit.take("a", 1) == 0.0
    assert limit.take("a", 1) > 0


def test_rate_limit_counts_each_caller_alone() -> None:
    limit = RateLimit(1, Clock())
    assert limit.take("a", 1) == 0.0
    assert limit.take("a", 1) > 0
    assert limit.take("b", 1) == 0.0


def test_rate_limit_lets_large_work_through_a_full_bucket_and_makes_it_wait_after() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert limit.take("a", 180) == 0.0
    clock.s = 119.0
    assert limit.take("a", 1) > 0
    clock.s = 121.5
    assert limit.take("a", 1) == 0.0


def test_rate_limit_of_zero_is_none() -> None:
    limit = RateLimit(0, Clock())
    assert [limit.take("a", 10**9) for _ in range(5)] == [0.0] * 5


def test_rate_limit_forgets_idle_callers_and_no_busy_one() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    limit.take("busy", 60 * 10_000)
    for n in range(20_000):
        clock.s += 0.1
        limit.take(f"caller {n}", 1)
    assert len(limit) < 2100
    assert limit.take("busy", 1) > 0


def test_accounts_refuse_the_request_over_the_rate(store: UsageStore) -> None:
    some = accounts(store, Limits(requests_per_minute=2))
    some.count_request("1.2.3.4")
    some.count_request("1.2.3.4")
    with pytest.raises(RateLimitError, match="more than 2 requests in a minute") as caught:
        some.count_request("1.2.3.4")
    assert 0 < (caught.value.retry_after_s or 0) <= 30


def test_accounts_refuse_the_characters_over_the_rate(store: UsageStore) -> None:
    some = accounts(store, Limits(chars_per_minute=100))
    some.charge("alice", 100)
    with pytest.raises(RateLimitError, match="more than 100 characters in a minute"):
        some.charge("alice", 10)
    assert some.usage_of("alice").used == 100


def test_accounts_refuse_what_is_over_the_quota_of_a_key(store: UsageStore) -> None:
    some = accounts(store, Limits(chars_per_month=10))
    some.charge("alice", 8)
    with pytest.raises(QuotaError, match="3 characters are more than the 2 that are left"):
        some.charge("alice", 3)
    some.charge("alice", 2)
    assert some.usage_of("alice") == Usage(10, 10)
    some.charge("1.2.3.4", 1000)
    assert some.usage_of("1.2.3.4") == Usage(1000, None)


def test_accounts_take_a_keys_own_quota_first(store: UsageStore) -> None:
    some = accounts(store, Limits(chars_per_month=10))
    assert some.usage_of("bob") == Usage(0, 7)
    with pytest.raises(QuotaError, match="this month's 7"):
        some.charge("bob", 8)


def test_accounts_give_characters_back_when_the_service_refuses(store: UsageStore) -> None:
    some = accounts(store, Limits(chars_per_month=10))
    for error in (OverloadedError("busy"), InvalidFieldError("no")):
        with pytest.raises(type(error)), some.charged("alice", 10):
            raise error
    with some.charged("alice", 10):
        pass
    assert some.usage_of("alice").used == 10


def test_usage_meter_writes_behind_and_sees_other_replicas(store: UsageStore) -> None:
    one, other = UsageMeter(store), UsageMeter(store)
    one.add("alice", 5)
    other.add("alice", 7)
    asyncio.run(one.sync())
    asyncio.run(other.sync())
    assert (one.used("alice"), other.used("alice")) == (5, 12)
    asyncio.run(one.sync())
    assert one.used("alice") == 12


def test_usage_meter_begins_at_nothing_in_a_new_month(store: UsageStore) -> None:
    months = ["2026-11"]
    meter = UsageMeter(store, lambda: months[-1])
    meter.add("alice", 5)
    months.append("2026-12")
    assert meter.used("alice") == 0
    meter.add("alice", 2)
    asyncio.run(meter.sync())
    assert meter.used("alice") == 2
    assert store.exchange({}, "2026-11") == {"alice": 5}


def test_usage_meter_keeps_what_it_cannot_write(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    meter = UsageMeter(UsageStore(Database(blocked / "service.sqlite3")))
    meter.add("alice", 5)
    asyncio.run(meter.sync())
    assert meter.used("alice") == 5
    blocked.unlink()
    asyncio.run(meter.sync())
    assert meter.used("alice") == 5
