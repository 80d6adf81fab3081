"""Jobs in the service's SQLite file; processes that share it never run the same job at once.

A process claims a job with a lease and renews it while it works. Where a process dies, its lease
runs out and another one, or the same one after its restart, goes on.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.database import Database
from api.errors import NotFoundError, OverloadedError, RateLimitError
from api.jobs.job import Api, Job, Order, Status

LEASE_S = 15.0
"""Seconds without a sign of life after which a job is taken from a process."""
MOST_ATTEMPTS = 3
"""Times that a job may be begun without a step forward: it may be what ends the process."""
_TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, n_bytes INTEGER NOT NULL, request TEXT NOT NULL,
    status TEXT NOT NULL, n_done INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, started REAL, changed REAL NOT NULL,
    error_type TEXT, error TEXT,
    worker TEXT, lease REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID"""
_FREE = "(status = 'queued' OR (status = 'translating' AND lease < :now))"
_NEXT = f"""SELECT id FROM jobs AS job WHERE {_FREE} ORDER BY (
    SELECT COUNT(*) FROM jobs WHERE owner = job.owner AND status = 'translating' AND lease >= :now
), created, id LIMIT 1"""
"""Of those whose jobs are least in work, the oldest."""
_CLAIM = f"""UPDATE jobs SET status = 'translating', worker = :worker, lease = :until,
    attempts = attempts + 1, started = COALESCE(started, :now), changed = :now
    WHERE id = :id AND {_FREE} RETURNING *"""
_UNFINISHED = "status IN ('queued', 'translating')"
_ENDED = "status IN ('done', 'failed')"


@dataclass(frozen=True)
class JobLimits:
    """How much is taken."""

    per_caller: int
    """Unfinished jobs of a caller."""
    waiting: int
    """Unfinished jobs of all."""
    stored_bytes: int
    """Of all files."""


class JobStore:
    """Keeps what is known of jobs; every call blocks.

    Args:
        database: the service's.
        limits: how much is taken.
        now: gives seconds since 1970.
    """

    def __init__(
        self, database: Database, limits: JobLimits, now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._limits = limits
        self._now = now
        self._worker = secrets.token_hex(8)

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
            self._check(connection, order)
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
            connection.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def claim(self) -> Job | None:
        """Gives a job to work on, for `LEASE_S` from now; none where none waits."""
        now = self._now()
        given = {"now": now, "until": now + LEASE_S, "worker": self._worker}
        with self._connect() as connection:
            found = connection.execute(_NEXT, given).fetchone()
            if found is None:
                return None
            rows = connection.execute(_CLAIM, {**given, "id": found["id"]}).fetchall()
            if not rows:
                return None  # another process was faster
            if rows[0]["attempts"] <= MOST_ATTEMPTS:
                return _job(rows[0])
        # The claim is committed, so that this process may end the job.
        self.fail(
            found["id"], "internal",
            f"the service ended {MOST_ATTEMPTS} times while it read this document; split it, and "
            "tell the operator",
        )  # fmt: skip
        return self.claim()

    def renew(self, ids: Iterable[str]) -> set[str]:
        """Prolongs the leases of jobs; gives those that are still this process's."""
        wanted = list(ids)
        with self._connect() as connection:
            connection.executemany(
                "UPDATE jobs SET lease = ? WHERE id = ? AND worker = ?",
                [(self._now() + LEASE_S, id, self._worker) for id in wanted],
            )
            rows = connection.execute("SELECT id FROM jobs WHERE worker = ?", (self._worker,))
            return {row["id"] for row in rows} & set(wanted)

    def advance(self, id: str, n_done: int) -> bool:
        """Notes how far a job is; tells whether it is still this process's."""
        return self._change(
            id, "n_done = ?, attempts = attempts * (n_done >= ?), lease = ?",
            n_done, n_done, self._now() + LEASE_S,
        )  # fmt: skip

    def finish(self, id: str, n_bytes: int) -> bool:
        """Ends a job whose result is in its place; tells whether it was this process's."""
        return self._change(id, "status = 'done', worker = NULL, n_bytes = ?", n_bytes)

    def fail(self, id: str, error_type: str, error: str) -> bool:
        """Ends a job that cannot be done; tells whether it was this process's."""
        return self._change(
            id, "status = 'failed', worker = NULL, n_bytes = 0, error_type = ?, error = ?",
            error_type, error,
        )  # fmt: skip

    def release(self, id: str) -> None:
        """Puts a job back, for this process ends."""
        self._change(
            id, "status = 'queued', worker = NULL, lease = 0, attempts = MAX(attempts - 1, 0)"
        )

    def delete_ended(self, keep_s: float) -> None:
        """Forgets the jobs that ended longer ago than this."""
        with self._connect() as connection:
            until = self._now() - keep_s
            connection.execute(f"DELETE FROM jobs WHERE {_ENDED} AND changed < ?", (until,))

    def ids(self) -> set[str]:
        """Gives the ids of all jobs."""
        with self._connect() as connection:
            return {row["id"] for row in connection.execute("SELECT id FROM jobs")}

    def _change(self, id: str, assignments: str, *values: float | str) -> bool:
        query = f"UPDATE jobs SET {assignments}, changed = ? WHERE id = ? AND worker = ?"
        with self._connect() as connection:
            done = connection.execute(query, (*values, self._now(), id, self._worker))
            return done.rowcount == 1

    def _check(self, connection: sqlite3.Connection, order: Order) -> None:
        (waiting, own, n_bytes) = connection.execute(
            f"SELECT TOTAL({_UNFINISHED}), TOTAL({_UNFINISHED} AND owner = ?), TOTAL(n_bytes) "
            "FROM jobs",
            (order.owner,),
        ).fetchone()
        limits = self._limits
        if own >= limits.per_caller:
            raise RateLimitError(
                f"{own:.0f} documents of yours are not done yet; allowed: {limits.per_caller}; "
                "wait until one is done, or delete one",
                limit=limits.per_caller,
                retry_after_s=10,
            )
        if waiting >= limits.waiting:
            raise OverloadedError(
                f"{waiting:.0f} documents wait to be translated; allowed: {limits.waiting}; "
                "try again later",
                limit=limits.waiting,
                retry_after_s=60,
            )
        if n_bytes + order.n_bytes > limits.stored_bytes:
            raise OverloadedError(
                f"{n_bytes:.0f} bytes of documents are stored; allowed: {limits.stored_bytes}; "
                "delete documents that are no longer needed, or try again later",
                limit=limits.stored_bytes,
                retry_after_s=600,
            )

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with self._database.connect() as connection:
            connection.execute(_TABLE)
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
        error_type=row["error_type"], error=row["error"],
    )  # fmt: skip
