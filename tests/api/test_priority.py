"""An engine's threads stand back behind those that answer."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.priority import LOWEST, in_thread_of_low_priority

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness here")


def niceness_of_threads() -> dict[int, int]:
    """Niceness of every thread of this process, by its native id."""
    found = {}
    for folder in Path("/proc/self/task").iterdir():
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        found[int(folder.name)] = int(fields[16])
    return found


def own_niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@linux_only
def test_work_runs_at_low_priority_and_the_caller_stays_as_it_was() -> None:
    before = own_niceness()
    assert in_thread_of_low_priority(own_niceness, 3) == before + 3
    assert in_thread_of_low_priority(own_niceness, 100) == LOWEST
    assert in_thread_of_low_priority(own_niceness, 0) == before
    assert own_niceness() == before


def test_errors_of_the_work_come_through() -> None:
    def fail() -> None:
        raise ValueError("no such bundle")

    with pytest.raises(ValueError, match="no such bundle"):
        in_thread_of_low_priority(fail, 3)


@linux_only
@pytest.mark.parametrize("niceness", [0, 4])
def test_service_lowers_the_engines_threads_and_no_thread_of_python(
    open_client: Callable[..., TestClient], tiny_ctranslate2_bundle: Path, niceness: int
) -> None:
    before = niceness_of_threads()
    usual = own_niceness()
    client = open_client(
        models=f"tiny={tiny_ctranslate2_bundle}", engine="ctranslate2", threads=3,
        engine_niceness=niceness,
    )  # fmt: skip
    assert client.post("/v1/translate", json={"text": "안녕하세요."}).status_code == 200
    now = niceness_of_threads()
    python = {thread.native_id for thread in threading.enumerate()}
    new = {thread: now[thread] for thread in now.keys() - before.keys() - python}
    assert sorted(new.values()) == [usual + niceness] * 3
    assert {now[thread] for thread in python if thread in now} == {usual}
