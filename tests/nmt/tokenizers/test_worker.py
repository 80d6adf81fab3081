"""The child process and its restarts, with small Python children instead of a JVM."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nmt.tokenizers.per_process import PerProcess
from nmt.tokenizers.worker import Connection, Worker, WorkerDiedError, WorkerTimeoutError

ECHO = """
import json, os, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("die"):
        os._exit(7)
    if message.get("hang"):
        sys.stdin.read()
    print(json.dumps({"echo": message["text"], "pid": os.getpid()}), flush=True)
"""


@pytest.fixture
def worker() -> Iterator[Worker]:
    made: list[Connection] = []

    def connect() -> Connection:
        made.append(Connection([sys.executable, "-S", "-c", ECHO]))
        return made[-1]

    yield Worker(connect)
    for connection in made:
        connection.close()


def test_worker_answers_and_is_started_once(worker: Worker) -> None:
    replies = [worker.ask({"text": "가😀\n\ud800" * 5000}, 60) for _ in range(2)]
    assert replies[0]["echo"] == "가😀\n\ud800" * 5000
    assert replies[0]["pid"] == replies[1]["pid"] == worker.pid


def test_worker_that_was_killed_is_started_again(worker: Worker) -> None:
    before = worker.pid
    os.kill(before, signal.SIGKILL)
    assert worker.ask({"text": "가"}, 60)["echo"] == "가"
    assert worker.pid != before


def test_worker_that_dies_over_a_text_twice_is_an_error_and_serves_on(worker: Worker) -> None:
    with pytest.raises(WorkerDiedError, match="ended with exit status 7"):
        worker.ask({"text": "가", "die": True}, 60)
    assert worker.ask({"text": "나"}, 60)["echo"] == "나"


def test_worker_that_hangs_is_ended_and_serves_on(worker: Worker) -> None:
    before = worker.pid
    with pytest.raises(WorkerTimeoutError, match=r"gave no answer in 0.05 s"):
        worker.ask({"text": "가", "hang": True}, 0.05)
    assert worker.ask({"text": "나"}, 60)["pid"] != before


def test_worker_gives_every_thread_its_own_answer(worker: Worker) -> None:
    texts = [f"글 {k}" for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda text: worker.ask({"text": text}, 60), texts))
    assert [reply["echo"] for reply in replies] == texts
    assert len({reply["pid"] for reply in replies}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_process_gets_a_child_of_its_own(worker: Worker) -> None:
    before = worker.pid
    child = os.fork()
    if child == 0:
        status = 1
        try:
            reply = worker.ask({"text": "나"}, 60)
            status = 0 if reply["echo"] == "나" and reply["pid"] != before else 2
            os.kill(reply["pid"], signal.SIGKILL)
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert worker.ask({"text": "가"}, 60)["pid"] == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_value_is_free_in_a_fork_while_a_thread_of_the_parent_holds_it() -> None:
    value = PerProcess(os.getpid)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with value.held():
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    child = os.fork()
    if child == 0:
        with value.held() as pid:
            os._exit(0 if pid == os.getpid() else 2)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
