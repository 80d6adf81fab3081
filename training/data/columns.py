"""Columns of texts on disk: one blob of UTF-8 and the offsets into it, read by memory map."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError

_FLUSH = 1 << 16


class TextColumnWriter:
    """Appends texts to `NAME.bin` and their ends to `NAME.offsets` (int64, first one 0)."""

    def __init__(self, folder: Path, name: str) -> None:
        self._blob = (folder / f"{name}.bin").open("wb")
        self._offsets = (folder / f"{name}.offsets").open("wb")
        self._offsets.write(np.zeros(1, np.int64).tobytes())
        self._lengths: list[int] = []
        self._parts: list[bytes] = []
        self._end = 0

    def __enter__(self) -> TextColumnWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is left and closes the files."""
        self._flush()
        self._blob.close()
        self._offsets.close()

    def add(self, text: bytes) -> None:
        """Appends one text."""
        self._parts.append(text)
        self._lengths.append(len(text))
        if len(self._parts) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        ends = np.cumsum(np.asarray(self._lengths, np.int64)) + self._end
        self._blob.write(b"".join(self._parts))
        self._offsets.write(ends.tobytes())
        self._end = int(ends[-1]) if len(ends) else self._end
        self._parts, self._lengths = [], []


class TextColumn:
    """Random access to the texts of a column.

    Raises:
        DataError: the files are missing or do not fit each other.
    """

    def __init__(self, folder: Path, name: str) -> None:
        blob, offsets = folder / f"{name}.bin", folder / f"{name}.offsets"
        if not blob.is_file() or not offsets.is_file():
            raise DataError(f"{folder} has no column {name}; write it again with prepare")
        self.offsets: NDArray[np.int64] = np.memmap(offsets, np.int64, "r")
        size = blob.stat().st_size
        if int(self.offsets[-1]) != size:
            raise DataError(
                f"{blob} has {size} bytes, its offsets say {int(self.offsets[-1])}; "
                "the copy is incomplete, copy or prepare it again"
            )
        self.blob: NDArray[np.uint8] = (
            np.memmap(blob, np.uint8, "r") if size else np.empty(0, np.uint8)
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return self.raw(row).decode()

    def raw(self, row: int) -> bytes:
        """The text of a row in UTF-8."""
        return self.blob[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def lengths(self) -> NDArray[np.int64]:
        """Bytes of every text."""
        return np.diff(self.offsets)
