"""Jobs in SQLite: turns, leases, limits, expiry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.database import Database
from api.errors import NotFoundError, OverloadedError, RateLimitError
from api.jobs.job import Api, Job, Order, Outcome, Status
from api.jobs.limits import JobLimits
from api.jobs.store import LEASE_S, MOST_ATTEMPTS, JobStore

LIMITS = JobLimits(per_caller=3, waiting=5, stored_bytes=1000)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        self.s += 0.001
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "service.sqlite3")


class Ended:
    """Remembers which jobs ended, and how."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, Status, Outcome]] = []

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        self.jobs.append((job.id, job.status, outcome))


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def store(database: Database, clock: Clock, ended: Ended) -> JobStore:
    return JobStore(database, LIMITS, [ended], clock)


def order(owner: str = "alice", n_bytes: int = 10, name: str = "a.txt") -> Order:
    return Order(owner, Api.NATIVE, name, ".txt", "text/plain", n_bytes, 20, 4,
                 columns=("설명",), glossary={"물": "water"})  # fmt: skip


def add(store: JobStore, id: str, owner: str = "alice") -> Job:
    return store.create(id, order(owner))


def test_job_comes_back_as_it_was_created(store: JobStore) -> None:
    job = store.create("1", order())
    assert (job.order, job.status, job.n_done) == (order(), Status.QUEUED, 0)
    assert store.get("1") == job
    assert store.list("alice") == [job]
    assert store.list("bob") == []
    with pytest.raises(NotFoundError, match="there is no document '2'; it may have been deleted"):
        store.get("2")


def claim(store: JobStore) -> Job:
    job = store.claim()
    assert job is not None
    return job


def finish(store: JobStore, job: Job) -> bool:
    return store.finish(job, 10, lambda: None)


def test_jobs_are_claimed_once_and_callers_take_turns(store: JobStore) -> None:
    for id in ("1", "2"):
        add(store, id, "alice")
    add(store, "3", "bob")
    claimed = [store.claim() for _ in range(4)]
    assert [job and job.id for job in claimed] == ["1", "3", "2", None]
    assert claimed[0] is not None and claimed[0].status is Status.TRANSLATING


def test_many_processes_never_claim_the_same_job(database: Database) -> None:
    limits = JobLimits(100, 100, 10_000)
    stores = [JobStore(database, limits) for _ in range(4)]
    for number in range(40):
        add(stores[0], str(number))

    def claim_all(store: JobStore) -> list[str]:
        found: list[str] = []
        while any(job.status is Status.QUEUED for job in store.list("alice")):
            job = store.claim()
            found.extend([job.id] if job else [])
        return found

    with ThreadPoolExecutor(4) as threads:
        claimed = [id for ids in threads.map(claim_all, stores) for id in ids]
    assert sorted(claimed) == sorted(map(str, range(40)))


def test_job_of_a_dead_process_is_taken_over_when_its_lease_is_over(
    store: JobStore, database: Database, clock: Clock, ended: Ended
) -> None:
    other = JobStore(database, LIMITS, [ended], clock)
    add(store, "1")
    first = claim(store)
    clock.s += LEASE_S * 0.9
    assert store.renew([first.claim, "2"]) == {first.claim}
    clock.s += LEASE_S * 0.9
    assert other.claim() is None
    clock.s += LEASE_S
    assert other.count_waiting() == 1
    taken = claim(other)
    assert taken.id == "1" and other.count_waiting() == 0
    # Whatever the first does now counts no more.
    published: list[str] = []
    assert store.renew([first.claim]) == set()
    assert not store.begin(first, "v1")
    assert not store.advance(first, 3)
    assert not store.finish(first, 10, lambda: published.append("first"))
    assert not store.fail(first, "internal", "no")
    store.release(first)
    assert other.get("1").status is Status.TRANSLATING
    assert other.advance(taken, 2) and other.get("1").n_done == 2
    assert ended.jobs == []
    assert other.finish(taken, 10, lambda: published.append("taken"))
    assert other.get("1").status is Status.DONE
    assert published == ["taken"]
    assert ended.jobs == [("1", Status.DONE, Outcome.DONE)]


def test_job_that_its_own_process_took_again_counts_once(store: JobStore, clock: Clock) -> None:
    add(store, "1")
    first = claim(store)
    clock.s += LEASE_S + 1
    second = claim(store)
    assert not store.advance(first, 4) and not finish(store, first)
    assert store.advance(second, 1) and finish(store, second)


def test_result_that_cannot_be_put_in_its_place_leaves_the_job_as_it_was(store: JobStore) -> None:
    add(store, "1")
    job = claim(store)

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.finish(job, 10, fail)
    assert store.get("1").status is Status.TRANSLATING
    assert finish(store, job)


def test_another_version_of_the_model_begins_again(store: JobStore, clock: Clock) -> None:
    add(store, "1")
    job = claim(store)
    assert job.checksum is None
    for checksum, n_done in (("v1", 0), ("v1", 3), ("v2", 0)):
        assert store.begin(job, checksum)
        now = store.get("1")
        assert (now.checksum, now.n_done) == (checksum, n_done)
        assert store.advance(job, 3)


def test_ends_are_told_once(store: JobStore, ended: Ended) -> None:
    for id in ("1", "2", "3"):
        add(store, id)
    done, failed = claim(store), claim(store)
    assert finish(store, done) and store.fail(failed, "internal", "no")
    for id in ("1", "2", "3", "3"):
        store.delete(id)
    assert ended.jobs == [
        ("1", Status.DONE, Outcome.DONE),
        ("2", Status.FAILED, Outcome.FAILED),
        ("3", Status.QUEUED, Outcome.CANCELLED),
    ]


def test_jobs_of_the_first_table_are_still_there(database: Database, clock: Clock) -> None:
    store = JobStore(database, LIMITS, (), clock)
    add(store, "1")
    with database.connect() as connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN checksum")
    assert store.begin(claim(store), "v1")
    assert store.get("1").checksum == "v1"


def test_released_job_is_free_at_once(store: JobStore, database: Database, clock: Clock) -> None:
    add(store, "1")
    job = claim(store)
    assert store.advance(job, 3)
    store.release(job)
    assert claim(JobStore(database, LIMITS, (), clock)).n_done == 3


def test_job_that_ends_every_process_is_given_up(store: JobStore, clock: Clock) -> None:
    add(store, "1")
    for _ in range(MOST_ATTEMPTS):
        assert store.claim()
        clock.s += LEASE_S + 1
    add(store, "2")
    claimed = store.claim()
    assert claimed is not None and claimed.id == "2"
    failed = store.get("1")
    assert failed.status is Status.FAILED
    assert "ended 3 times while it read this document" in str(failed.error)


def test_job_that_gets_on_is_tried_for_ever(store: JobStore, clock: Clock) -> None:
    add(store, "1")
    for n_done in range(1, 3 * MOST_ATTEMPTS):
        assert store.advance(claim(store), n_done)
        clock.s += LEASE_S + 1
    assert store.get("1").status is Status.TRANSLATING


def test_limits_refuse_new_jobs(store: JobStore) -> None:
    for id in ("1", "2", "3"):
        add(store, id)
    with pytest.raises(RateLimitError, match="3 documents of yours are not done yet; allowed: 3"):
        add(store, "4")
    add(store, "4", "bob")
    with pytest.raises(OverloadedError, match="bytes of documents are stored; allowed: 1000"):
        store.create("5", order("bob", n_bytes=961))
    add(store, "5", "bob")
    with pytest.raises(OverloadedError, match="5 documents wait to be translated; allowed: 5"):
        add(store, "6", "carol")
    assert finish(store, claim(store))
    add(store, "6", "alice")


def test_ended_jobs_expire_and_others_do_not(store: JobStore, clock: Clock) -> None:
    for id, owner in (("1", "a"), ("2", "b"), ("3", "c")):
        add(store, id, owner)
    assert finish(store, claim(store))
    assert store.fail(claim(store), "invalid-field", "broken")
    store.delete_ended(100)
    assert store.ids() == {"1", "2", "3"}
    clock.s += 101
    store.delete_ended(100)
    assert store.ids() == {"3"}
