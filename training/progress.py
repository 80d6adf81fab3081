"""What people see while training: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType, TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from training.reporter import Observer
from training.state import TrainState


class LineObserver(Observer):
    """Writes the lines to stderr, with the time."""

    def logged(self, line: str) -> None:
        """See `Observer.logged`."""
        print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


class BarObserver(Observer):
    """A bar with tokens/s and the remaining time; lines scroll above it."""

    def __init__(self, console: Console | None = None) -> None:
        """`console` is stderr by default."""
        self.console = console or Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>5.1f} %"),
            TextColumn("{task.fields[speed]:.0f} tok/s"), TimeElapsedColumn(),
            TimeRemainingColumn(), console=self.console,
        )  # fmt: skip
        self.task = self.bar.add_task("update 0", total=1.0, speed=0.0)

    def __enter__(self) -> BarObserver:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def advanced(self, state: TrainState, progress: float, tokens_per_s: float) -> None:
        """See `Observer.advanced`."""
        self.bar.update(self.task, completed=progress, speed=tokens_per_s,
                        description=f"update {state.update}")  # fmt: skip

    def logged(self, line: str) -> None:
        """See `Observer.logged`."""
        self.console.print(f"{time.strftime('%H:%M:%S')} {line}", markup=False, highlight=False)


class StopOnSignal:
    """Asks a trainer to save and stop at the first Ctrl-C or SIGTERM; the second ends at once."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.requested = False

    def install(self) -> None:
        """Takes over the two signals; only a main may."""
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self.observer.logged("stopping after this update; again to stop at once")
