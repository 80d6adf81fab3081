"""Prepared pairs on disk: what `prepare` writes and everything later reads.

manifest.json            counts, sources with licence and weight, SHA-256 of the files
source.bin, .offsets     Korean texts (normalised, shared spans as ⟦k⟧)
target.bin, .offsets     English texts
sources.u2               source id of each pair (uint16)
kinds.u1                 0 clean, 1 noised copy, 2 joined neighbours (uint8)
segmented_source.bin …   added by `segment_shards`: the texts cut into segments by U+001F
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.columns import TextColumn
from training.errors import DataError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
CLEAN, NOISED, JOINED = 0, 1, 2


@dataclass(frozen=True)
class StoredSource:
    """A source as the manifest of a prepared folder names it."""

    name: str
    group: str
    licence: str
    origin: str
    pairs: int
    """Pairs kept, noised copies included."""
    weight: float
    """Passes over its pairs per epoch, temperature included."""


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Writes the manifest with the hashes of all files beside it."""
    files = {
        path.name: file_hash(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in (".bin", ".offsets", ".u2", ".u1")
    }
    full = {**manifest, "format_version": FORMAT_VERSION, "files": files}
    partial = folder / f"{MANIFEST}.partial"
    partial.write_text(json.dumps(full, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a prepared folder.

    Raises:
        DataError: there is none, or a later version wrote it.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{folder} holds no prepared data (no {MANIFEST}); run `nmt train prepare` first"
        ) from None
    except ValueError as error:
        raise DataError(f"{folder / MANIFEST} is damaged ({error}); prepare again") from error
    if manifest.get("format_version") != FORMAT_VERSION:
        raise DataError(
            f"{folder} has format version {manifest.get('format_version')}; this version reads "
            f"{FORMAT_VERSION}; prepare again"
        )
    return manifest


class PairStore:
    """Random access to prepared pairs; rows are pairs, texts come from memory maps."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self.sources = tuple(StoredSource(**row) for row in self.manifest["sources"])
        self._source = TextColumn(self.folder, "source")
        self._target = TextColumn(self.folder, "target")
        self._segmented_source = self._optional("segmented_source")
        self._segmented_target = self._optional("segmented_target")
        self.source_ids: NDArray[np.uint16] = np.fromfile(self.folder / "sources.u2", np.uint16)
        self.kinds: NDArray[np.uint8] = np.fromfile(self.folder / "kinds.u1", np.uint8)
        sizes = {len(self._source), len(self._target), len(self.source_ids), len(self.kinds)}
        if len(sizes) > 1:
            raise DataError(f"the columns of {folder} have {sorted(sizes)} rows; prepare again")

    @classmethod
    def open(cls, folder: Path | str) -> PairStore:
        """Opens a prepared folder.

        Raises:
            DataError: it is missing, incomplete or of another version.
        """
        return cls(Path(folder))

    def __reduce__(self) -> tuple[type[PairStore], tuple[Path]]:
        """Another process opens the folder again instead of receiving its contents."""
        return PairStore, (self.folder,)

    def _optional(self, name: str) -> TextColumn | None:
        present = (self.folder / f"{name}.bin").is_file()
        return TextColumn(self.folder, name) if present else None

    def __len__(self) -> int:
        return len(self._source)

    def source_text(self, row: int) -> str:
        """Korean text of a pair."""
        return self._source[row]

    def target_text(self, row: int) -> str:
        """English text of a pair."""
        return self._target[row]

    def segmented_source(self, row: int) -> str:
        """Korean text cut into segments by U+001F.

        Raises:
            DataError: the store was not segmented.
        """
        return _need(self._segmented_source, self.folder)[row]

    def segmented_target(self, row: int) -> str:
        """English text cut into segments by U+001F.

        Raises:
            DataError: the store was not segmented.
        """
        return _need(self._segmented_target, self.folder)[row]

    @property
    def is_segmented(self) -> bool:
        """Whether `segment_shards` has run on this folder."""
        return self._segmented_source is not None and self._segmented_target is not None

    def source_of(self, row: int) -> StoredSource:
        """The corpus that a pair comes from."""
        return self.sources[int(self.source_ids[row])]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Passes per epoch of each source, by source id."""
        return np.array([source.weight for source in self.sources], np.float64)

    @property
    def source_bytes(self) -> NDArray[np.int64]:
        """UTF-8 length of every Korean text (a syllable is 3 bytes)."""
        return self._source.lengths()

    @property
    def target_bytes(self) -> NDArray[np.int64]:
        """UTF-8 length of every English text."""
        return self._target.lengths()

    def verify(self) -> None:
        """Compares every file with its SHA-256.

        Raises:
            DataError: a file is missing or differs.
        """
        for name, expected in self.manifest["files"].items():
            path = self.folder / name
            if not path.is_file() or file_hash(path) != expected:
                raise DataError(f"{path} differs from its manifest; copy or prepare it again")


def _need(column: TextColumn | None, folder: Path) -> TextColumn:
    if column is None:
        raise DataError(
            f"{folder} has no segmented texts; run `nmt train prepare` with a tokenizer, or "
            "segment_shards, on a machine with the analyzer"
        )
    return column
