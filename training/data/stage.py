"""Files that hold the cleaned pairs between the two passes of `prepare`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from training.data.clean import N_KEYS, CleanBlock

BLOCK = 1 << 16


class Stage:
    """Appends cleaned blocks to files, and reads them back column by column or in order."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.n_pairs = 0
        names = ["text", "lengths", "sources", *(f"key{k}" for k in range(N_KEYS))]
        self._files: dict[str, BinaryIO] = {n: (folder / n).open("wb") for n in names}

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, block: CleanBlock) -> None:
        """Appends a block."""
        n = len(block.lengths)
        self._files["text"].write(block.text)
        self._files["lengths"].write(block.lengths.tobytes())
        self._files["sources"].write(np.full(n, block.source_id, np.uint16).tobytes())
        for k in range(N_KEYS):
            self._files[f"key{k}"].write(np.ascontiguousarray(block.keys[:, k]).tobytes())
        self.n_pairs += n

    def finish(self) -> None:
        """Closes the files for writing."""
        for stream in self._files.values():
            stream.close()

    def sources(self) -> NDArray[np.uint16]:
        """Source id of each pair, 2 bytes a pair."""
        return np.fromfile(self.folder / "sources", np.uint16)

    def iter_keys(self, column: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
        """Yields the first row and the keys of block after block of a column."""
        with (self.folder / f"key{column}").open("rb") as stream:
            first = 0
            while len(keys := np.fromfile(stream, np.uint64, BLOCK * 16)):
                yield first, keys
                first += len(keys)

    def keys(self, column: int, first: int, count: int) -> NDArray[np.uint64]:
        """Keys of `count` rows of a column."""
        return np.fromfile(self.folder / f"key{column}", np.uint64, count, offset=8 * first)

    def iter_texts(self) -> Iterator[tuple[int, list[tuple[bytes, bytes]]]]:
        """Yields the first row and the pairs, in UTF-8, of block after block."""
        with (
            (self.folder / "text").open("rb") as text,
            (self.folder / "lengths").open("rb") as lengths,
        ):
            first = 0
            while len(block := np.fromfile(lengths, np.uint32, 2 * BLOCK)):
                raw = text.read(int(block.sum(dtype=np.int64)))
                ends = np.cumsum(block, dtype=np.int64).tolist()
                starts = [0, *ends[:-1]]
                sides = [raw[a:b] for a, b in zip(starts, ends, strict=True)]
                yield first, list(zip(sides[::2], sides[1::2], strict=True))
                first += len(block) // 2
