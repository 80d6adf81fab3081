"""A child process that answers JSON lines, restarted when it dies."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from nmt.errors import TokenizerError
from nmt.tokenizers.per_process import PerProcess


class WorkerDiedError(TokenizerError):
    """The child process ended before it answered."""


class WorkerTimeoutError(TokenizerError):
    """The child process took too long and was ended."""


class Connection:
    """One running child and its pipes."""

    def __init__(self, command: Sequence[str]) -> None:
        """Starts the child; it ends when this object goes or this process ends."""
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C in the terminal is for the parent to handle
        )
        self._rest = b""
        self._finalizer = weakref.finalize(self, _end, self.process, os.getpid())

    def write(self, message: dict[str, Any]) -> None:
        """Sends one line."""
        stream = self.process.stdin
        data = memoryview((json.dumps(message) + "\n").encode("ascii"))
        try:
            while stream is not None and data:
                data = data[stream.write(data) :]
        except BrokenPipeError as error:
            raise WorkerDiedError(self._end_of_child()) from error

    def read(self, timeout_s: float) -> dict[str, Any]:
        """Gives the next line; ends the child if it does not come in time."""
        deadline = time.monotonic() + timeout_s
        stream = self.process.stdout
        with selectors.DefaultSelector() as selector:
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    raise WorkerTimeoutError(f"gave no answer in {timeout_s:g} s")
                data = os.read(stream.fileno(), 1 << 16) if stream is not None else b""
                if not data:
                    raise WorkerDiedError(self._end_of_child())
                self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _end_of_child(self) -> str:
        self.close()
        return f"ended with exit status {self.process.returncode}"

    def close(self) -> None:
        """Ends the child."""
        self._finalizer()


def _end(process: subprocess.Popen[bytes], owner_pid: int) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if os.getpid() != owner_pid:
        process.returncode = 0  # the child of another process: only our ends of its pipes close
        return
    process.kill()
    process.wait()


class Worker:
    """Asks one child at a time; threads wait for each other, a forked process has its own."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """Takes the function that starts a child and waits until it is ready."""
        self._connection = PerProcess(connect)

    def ask(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Gives the answer to `message`. A child that dies is started again, once.

        Raises:
            WorkerDiedError: it died twice over this message.
            WorkerTimeoutError: it took longer than `timeout_s`; it is not asked again.
        """
        try:
            return self._ask_once(message, timeout_s)
        except WorkerDiedError:
            return self._ask_once(message, timeout_s)

    def _ask_once(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        with self._connection.held() as connection:
            try:
                connection.write(message)
                return connection.read(timeout_s)
            except BaseException:
                # The pipe may hold half a message (an interrupt, too, can leave one).
                connection.close()
                self._connection.drop()
                raise

    @property
    def pid(self) -> int:
        """Process id of the running child; starts one if there is none."""
        with self._connection.held() as connection:
            return connection.process.pid
