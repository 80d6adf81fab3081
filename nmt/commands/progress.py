"""Progress on stderr, where that is a terminal and the input is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressLine(Protocol):
    """Shows how far the work is."""

    def advance(self, n_lines: int, n_bytes: int) -> None:
        """Notes `n_lines` more lines done, and `n_bytes` read since the beginning."""
        ...


class Silent:
    """Shows nothing."""

    def advance(self, n_lines: int, n_bytes: int) -> None:
        """See `ProgressLine`."""


class Bar:
    """A line with what is done, the same a second and, where the size is known, the time left."""

    def __init__(self, progress: Progress, task: TaskID, unit: str) -> None:
        self._progress = progress
        self._task = task
        self._unit = unit
        self._n_lines = 0

    def advance(self, n_lines: int, n_bytes: int) -> None:
        """See `ProgressLine`."""
        self._n_lines += n_lines
        elapsed_s = self._progress.tasks[0].elapsed or 0.0
        rate = self._n_lines / elapsed_s if elapsed_s else 0.0
        status = f"{self._n_lines:,} {self._unit}, {rate:,.1f}/s"
        self._progress.update(self._task, completed=n_bytes, status=status)


@contextmanager
def open_progress(n_bytes: int | None, unit: str = "lines") -> Iterator[ProgressLine]:
    """Gives a bar on stderr; silence where nobody would see it or it would disturb typing.

    Args:
        n_bytes: size of the input, if known, in whatever `advance` counts.
        unit: what is counted as done.
    """
    if not sys.stderr.isatty() or (n_bytes is None and sys.stdin.isatty()):
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(), BarColumn(), TextColumn("{task.fields[status]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("translate", total=n_bytes, status=f"0 {unit}")
        yield Bar(progress, task, unit)
