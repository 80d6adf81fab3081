"""Jobs in SQLite: turns, leases, limits, expiry; and their files."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.database import Database
from api.errors import NotFoundError, OverloadedError, RateLimitError
from api.jobs.files import JobFiles, add_done
from api.jobs.job import Api, Job, Order, Status, clean_name
from api.jobs.store import LEASE_S, MOST_ATTEMPTS, JobLimits, JobStore

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


@pytest.fixture
def store(database: Database, clock: Clock) -> JobStore:
    return JobStore(database, LIMITS, clock)


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
    store: JobStore, database: Database, clock: Clock
) -> None:
    other = JobStore(database, LIMITS, clock)
    add(store, "1")
    assert store.claim()
    clock.s += LEASE_S * 0.9
    assert store.renew(["1", "2"]) == {"1"}
    clock.s += LEASE_S * 0.9
    assert other.claim() is None
    clock.s += LEASE_S
    taken = other.claim()
    assert taken is not None and taken.id == "1"
    # Whatever the first does now counts no more.
    assert store.renew(["1"]) == set()
    assert not store.advance("1", 3)
    assert not store.finish("1", 10)
    assert not store.fail("1", "internal", "no")
    store.release("1")
    assert other.get("1").status is Status.TRANSLATING
    assert other.advance("1", 2) and other.get("1").n_done == 2
    assert other.finish("1", 10) and other.get("1").status is Status.DONE


def test_released_job_is_free_at_once(store: JobStore, database: Database, clock: Clock) -> None:
    add(store, "1")
    assert store.claim() and store.advance("1", 3)
    store.release("1")
    taken = JobStore(database, LIMITS, clock).claim()
    assert taken is not None and taken.n_done == 3


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
        assert store.claim() and store.advance("1", n_done)
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
    assert store.claim() and store.finish("1", 10)
    add(store, "6", "alice")


def test_ended_jobs_expire_and_others_do_not(store: JobStore, clock: Clock) -> None:
    for id, owner in (("1", "a"), ("2", "b"), ("3", "c")):
        add(store, id, owner)
    assert store.claim() and store.finish("1", 10)
    assert store.claim() and store.fail("2", "invalid-field", "broken")
    store.delete_ended(100)
    assert store.ids() == {"1", "2", "3"}
    clock.s += 101
    store.delete_ended(100)
    assert store.ids() == {"3"}


# ---------------------------------------------------------------- files

ID = "0123456789abcdef" * 2


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    return JobFiles(tmp_path / "documents")


def test_translations_outlive_a_line_that_was_cut_short(files: JobFiles, tmp_path: Path) -> None:
    files.keep_source(ID, b"source")
    with files.writing_done(ID) as file:
        add_done(file, {"가": "a", "나\n": "b\ud800"})
    with (tmp_path / "documents" / ID / "done.jsonl").open("ab") as torn:
        torn.write('["다", "c'.encode())
    with files.writing_done(ID) as file:
        add_done(file, {"라": "d"})
    assert files.read_done(ID) == {"가": "a", "나\n": "b\ud800", "라": "d"}
    files.keep_result(ID, b"result")
    files.drop_work(ID)
    assert [path.name for path in (tmp_path / "documents" / ID).iterdir()] == ["result"]
    assert files.result(ID).read_bytes() == b"result"


def test_files_are_only_for_their_user(files: JobFiles, tmp_path: Path) -> None:
    files.keep_source(ID, b"source")
    assert (tmp_path / "documents" / ID).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("id", ["..", "../" + ID, ID + "/..", "", ID.upper()])
def test_files_have_no_other_paths(files: JobFiles, id: str) -> None:
    with pytest.raises(ValueError, match="is no id of a job"):
        files.source(id)


def test_stray_folders_are_removed_when_they_are_old(files: JobFiles, tmp_path: Path) -> None:
    old, new, known = "a" * 32, "b" * 32, "c" * 32
    for id in (old, new, known):
        files.keep_source(id, b"")
    (tmp_path / "documents" / "not-ours").mkdir()
    for name in (old, known, "not-ours"):
        os.utime(tmp_path / "documents" / name, (0, time.time() - 7200))
    files.remove_strays({known})
    left = {path.name for path in (tmp_path / "documents").iterdir()}
    assert left == {new, known, "not-ours"}


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("보고서.docx", "보고서.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\나\\글.txt", "글.txt"),
        ("a\r\nX-Evil: 1.txt", "aX-Evil: 1.txt"),
        ("cod\u202etxt.exe", "codtxt.exe"),
        ("..", "document"),
        ("", "document"),
        (None, "document"),
        ("가" * 300 + ".docx", "가" * 145 + ".docx"),
        ("\ud800.txt", "?.txt"),
    ],
)
def test_names_lose_what_is_dangerous(given: str | None, clean: str) -> None:
    assert clean_name(given) == clean


@pytest.mark.parametrize(
    ("name", "extension", "result"),
    [
        ("report.docx", ".docx", "report.en.docx"),
        ("Report.v2.DOCX", ".docx", "Report.v2.en.DOCX"),
        ("file", ".txt", "file.en.txt"),
        ("file.bin", ".html", "file.bin.en.html"),
    ],
)
def test_results_are_named_after_their_sources(name: str, extension: str, result: str) -> None:
    named = Order("a", Api.NATIVE, name, extension, "text/plain", 1, 1, 1)
    assert named.result_name == result
