"""The journal of a run: one JSON object a line, readable while the run goes on."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any, Protocol


class Scalars(Protocol):
    """What TensorBoard's SummaryWriter offers that is used here."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None: ...

    def close(self) -> None: ...


def tensorboard_writer(folder: Path) -> Scalars:
    """Gives TensorBoard's writer.

    Raises:
        ConfigError: the package is not installed.
    """
    from nmt.errors import ConfigError

    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError(
            "train.tensorboard is true, but the package tensorboard is not installed; "
            "run `pip install tensorboard` or set it to false"
        ) from None
    writer: Scalars = SummaryWriter(str(folder))
    return writer


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no NaN
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value


class Journal:
    """Appends events to `journal.jsonl`, and their numbers to TensorBoard where asked for."""

    def __init__(self, path: Path, scalars: Scalars | None = None) -> None:
        self.path = path
        self._scalars = scalars
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def write(self, event: str, update: int, values: dict[str, Any]) -> None:
        """Appends one line: event, update, seconds since 1970, and the values."""
        record = {"event": event, "update": update, "time_s": round(time.time(), 2)}
        self._file.write(json.dumps(record | _plain(values), ensure_ascii=False) + "\n")
        self._file.flush()
        if self._scalars is not None:
            for key, value in values.items():
                if isinstance(value, int | float):
                    self._scalars.add_scalar(f"{event}/{key}", value, update)

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        if self._scalars is not None:
            self._scalars.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Reads a journal without what a later resume or rollback made void.

    A line cut off by a crash is left out.
    """
    records: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            if record["event"] in ("resume", "rollback"):
                records = [r for r in records if r["update"] <= record["update"]]
            records.append(record)
    return records
