"""The service's SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "data" / "service.sqlite3")
    with made.connect() as connection:
        connection.execute("CREATE TABLE counts (name TEXT PRIMARY KEY, n INTEGER NOT NULL)")
        connection.execute("INSERT INTO counts VALUES ('a', 0)")
    return made


def count(database: Database) -> int:
    with database.connect() as connection:
        n: int = connection.execute("SELECT n FROM counts").fetchone()["n"]
    return n


def test_database_creates_nothing_before_it_is_used(tmp_path: Path) -> None:
    Database(tmp_path / "data" / "service.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_database_undoes_a_failed_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.connect() as connection:
        connection.execute("UPDATE counts SET n = 5")
        1 / 0  # noqa: B018
    assert count(database) == 0


def test_database_reads_while_another_writes(database: Database) -> None:
    with database.connect() as writer:
        writer.execute("UPDATE counts SET n = 1")
        assert count(database) == 0
    assert count(database) == 1


def test_database_loses_no_write_of_several_threads(database: Database) -> None:
    def add(_: int) -> None:
        with database.connect() as connection:
            connection.execute("UPDATE counts SET n = n + 1")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(80)))
    assert count(database) == 80


def test_database_is_made_by_many_at_once(tmp_path: Path) -> None:
    # Each round is a chance to deadlock; without waiting for it some of them fail.
    for number in range(30):
        made = Database(tmp_path / f"{number}.sqlite3")
        start = threading.Barrier(6)

        def add(_: int, made: Database = made, start: threading.Barrier = start) -> None:
            start.wait()
            with made.connect() as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS counts (n INTEGER)")
                connection.execute("INSERT INTO counts VALUES (1)")

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(add, range(6)))
        with made.connect() as connection:
            (n,) = connection.execute("SELECT COUNT(*) FROM counts").fetchone()
        assert n == 6


def test_database_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    (tmp_path / "service.sqlite3").mkdir()
    with (
        pytest.raises(sqlite3.OperationalError, match="unable to open"),
        Database(tmp_path / "service.sqlite3").connect(),
    ):
        pass


def test_database_enforces_foreign_keys(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE parts (name TEXT REFERENCES counts (name))")
    with pytest.raises(sqlite3.IntegrityError), database.connect() as connection:
        connection.execute("INSERT INTO parts VALUES ('nobody')")
