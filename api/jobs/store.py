"""Jobs in the service's SQLite file; processes that share it never run the same job at once.

Who works on a job has claimed it, with a lease that is renewed. Where a process dies, the lease
runs out and another one, or the same one after its restart, goes on. Each claim has a token of its
own: whoever lost a job, because the process was stopped for a while, can change it no more.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from api.database import Database
from api.errors import NotFoundError
from api.jobs.job import Api, Job, JobObserver, Order, Outcome, Status
from api.jobs.limits import JobLimits, check_limits

LEASE_S = 15.0
"""Seconds without a sign of life after which a job is taken from a process."""
MOST_ATTEMPTS = 3
"""Times that a job may be begun without a step forward: it may be what ends the process."""
_TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, n_bytes INTEGER NOT NULL, request TEXT NOT NULL,
    status TEXT NOT NULL, n_done INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, started REAL, changed REAL NOT NULL,
    error_type TEXT, error TEXT,
    worker TEXT, lease REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    checksum TEXT
) WITHOUT ROWID"""
_HAS_CHECKSUM = "SELECT 1 FROM pragma_table_info('jobs') WHERE name = 'checksum'"
"""The first version of the table had no such column."""
_FREE = "(status = 'queued' OR (status = 'translating' AND lease < :now))"
_NEXT = f"""SELECT id FROM jobs AS job WHERE {_FREE} ORDER BY (
    SELECT COUNT(*) FROM jobs WHERE owner = job.owner AND status = 'translating' AND lease >= :now
), created, id LIMIT 1"""
"""Of those whose jobs are least in work, the oldest."""
_CLAIM = f"""UPDATE jobs SET status = 'translating', worker = :worker, lease = :until,
    attempts = attempts + 1, started = COALESCE(started, :now), changed = :now
    WHERE id = :id AND {_FREE} RETURNING *"""
_ENDED = "status IN ('done', 'failed')"


class JobStore:
    """Keeps what is known of jobs; every call blocks.

    Args:
        database: the service's.
        limits: how much is taken.
        observers: told of each job that ends, once among all processes.
        now: gives seconds since 1970.
    """

    def __init__(
        self, database: Database, limits: JobLimits, observers: Iterable[JobObserver] = (),
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._database = database
        self._limits = limits
        self._observers = tuple(observers)
        self._now = now

    @property
    def exists(self) -> bool:
        """Whether there may be any job."""
        return self._database.path.exists()

    def create(self, id: str, order: Order) -> Job:
        """Queues a job whose file is in its place.

        Raises:
            OverloadedError: too many jobs wait, or too much is stored.
            RateLimitError: too many of this caller are unfinished.
        """
        now = self._now()
        request = json.dumps(dataclasses.asdict(order), ensure_ascii=True)
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            check_limits(connection, order, self._limits)
            connection.execute(
                "INSERT INTO jobs (id, owner, n_bytes, request, status, created, changed) "
                "VALUES (?, ?, ?, ?, 'queued', ?, ?)",
                (id, order.owner, order.n_bytes, request, now, now),
            )
            return _read(connection, id)

    def get(self, id: str) -> Job:
        """Gives a job.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._connect() as connection:
            return _read(connection, id)

    def list(self, owner: str) -> list[Job]:
        """Gives the jobs of a caller, the newest first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE owner = ? ORDER BY created DESC, id", (owner,)
            )
            return [_job(row) for row in rows]

    def delete(self, id: str) -> None:
        """Forgets a job, whatever its state; nothing happens where there is none."""
        with self._connect() as connection:
            rows = connection.execute("DELETE FROM jobs WHERE id = ? RETURNING *", (id,)).fetchall()
        for job in map(_job, rows):
            if not job.status.is_ended:
                self._tell(job, Outcome.CANCELLED)

    def claim(self) -> Job | None:
        """Gives a job to work on, for `LEASE_S` from now; none where none waits."""
        now = self._now()
        given = {"now": now, "until": now + LEASE_S, "worker": secrets.token_hex(8)}
        with self._connect() as connection:
            found = connection.execute(_NEXT, given).fetchone()
            if found is None:
                return None
            rows = connection.execute(_CLAIM, {**given, "id": found["id"]}).fetchall()
            if not rows:
                return None  # another process was faster
            job = _job(rows[0])
            if rows[0]["attempts"] <= MOST_ATTEMPTS:
                return job
        # The claim is committed, so that this process may end the job.
        self.fail(
            job, "internal",
            f"the service ended {MOST_ATTEMPTS} times while it read this document; split it, and "
            "tell the operator",
        )  # fmt: skip
        return self.claim()

    def renew(self, claims: Iterable[str]) -> set[str]:
        """Prolongs the leases of claims; gives those that still hold their job."""
        until = self._now() + LEASE_S
        held: set[str] = set()
        with self._connect() as connection:
            for claim in claims:
                query = "UPDATE jobs SET lease = ? WHERE worker = ?"
                if connection.execute(query, (until, claim)).rowcount:
                    held.add(claim)
        return held

    def begin(self, job: Job, checksum: str) -> bool:
        """Notes which version of a model translates a job; tells whether the claim still holds.

        What another version has done of it counts no more.
        """
        return self._change(
            job, "n_done = n_done * (checksum IS ?), checksum = ?", checksum, checksum
        )

    def advance(self, job: Job, n_done: int) -> bool:
        """Notes how far a job is; tells whether the claim still holds."""
        return self._change(
            job, "n_done = ?, attempts = attempts * (n_done >= ?), lease = ?",
            n_done, n_done, self._now() + LEASE_S,
        )  # fmt: skip

    def finish(self, job: Job, n_bytes: int, publish: Callable[[], None]) -> bool:
        """Ends a job with its result; tells whether the claim still held.

        Args:
            job: as it was claimed.
            n_bytes: size of the result.
            publish: puts the result in its place; called only where the claim holds, and no
                other process can take the job meanwhile.
        """
        return self._end(
            job, Outcome.DONE, "status = 'done', worker = NULL, n_bytes = ?", n_bytes,
            then=publish,
        )  # fmt: skip

    def fail(self, job: Job, error_type: str, error: str) -> bool:
        """Ends a job that cannot be done; tells whether the claim still held."""
        return self._end(
            job, Outcome.FAILED,
            "status = 'failed', worker = NULL, n_bytes = 0, error_type = ?, error = ?",
            error_type, error,
        )  # fmt: skip

    def release(self, job: Job) -> None:
        """Puts a job back, for this process ends."""
        self._change(
            job, "status = 'queued', worker = NULL, lease = 0, attempts = MAX(attempts - 1, 0)"
        )

    def count_waiting(self) -> int:
        """Gives the number of jobs that nobody works on."""
        with self._connect() as connection:
            query = f"SELECT COUNT(*) AS n FROM jobs WHERE {_FREE}"
            n: int = connection.execute(query, {"now": self._now()}).fetchone()["n"]
            return n

    def delete_ended(self, keep_s: float) -> None:
        """Forgets the jobs that ended longer ago than this."""
        with self._connect() as connection:
            until = self._now() - keep_s
            connection.execute(f"DELETE FROM jobs WHERE {_ENDED} AND changed < ?", (until,))

    def ids(self) -> set[str]:
        """Gives the ids of all jobs."""
        with self._connect() as connection:
            return {row["id"] for row in connection.execute("SELECT id FROM jobs")}

    def _change(self, job: Job, assignments: str, *values: float | str) -> bool:
        with self._connect() as connection:
            return bool(self._update(connection, job, assignments, *values))

    def _end(
        self, job: Job, outcome: Outcome, assignments: str, *values: float | str,
        then: Callable[[], None] | None = None,
    ) -> bool:  # fmt: skip
        with self._connect() as connection:
            rows = self._update(connection, job, assignments, *values)
            if rows and then is not None:
                then()
        for ended in map(_job, rows):
            self._tell(ended, outcome)
        return bool(rows)

    def _update(
        self, connection: sqlite3.Connection, job: Job, assignments: str, *values: float | str
    ) -> Sequence[sqlite3.Row]:
        return connection.execute(
            f"UPDATE jobs SET {assignments}, changed = ? WHERE id = ? AND worker = ? RETURNING *",
            (*values, self._now(), job.id, job.claim),
        ).fetchall()

    def _tell(self, job: Job, outcome: Outcome) -> None:
        for observer in self._observers:
            observer.job_ended(job, outcome)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with self._database.connect() as connection:
            connection.execute(_TABLE)
            if not connection.execute(_HAS_CHECKSUM).fetchone():
                connection.execute("ALTER TABLE jobs ADD COLUMN checksum TEXT")
            yield connection


def no_such_job(id: str) -> NotFoundError:
    """Gives the error for a job that is not there, or not the caller's."""
    return NotFoundError(
        f"there is no document {id[:64]!r}; it may have been deleted, or have expired, or belong "
        "to another key"
    )


def _read(connection: sqlite3.Connection, id: str) -> Job:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise no_such_job(id)
    return _job(row)


def _job(row: sqlite3.Row) -> Job:
    request = json.loads(row["request"])
    order = Order(**{**request, "api": Api(request["api"]), "columns": tuple(request["columns"])})
    return Job(
        id=row["id"], order=order, status=Status(row["status"]), n_done=row["n_done"],
        created_s=row["created"], started_s=row["started"], changed_s=row["changed"],
        error_type=row["error_type"], error=row["error"], checksum=row["checksum"],
        claim=row["worker"] or "",
    )  # fmt: skip
