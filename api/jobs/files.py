"""The files of jobs: a folder each, named by the job's id and never by what a client sent.

ID/source       what was sent; goes when the job ends
ID/done-VERSION what a version of a model has translated so far, a line for each text; goes likewise
ID/result       the translated document
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_ID = re.compile(r"[0-9a-f]{32}")
_SOURCE, _DONE, _RESULT = "source", "done-", "result"
_STRAY_S = 3600.0
"""A folder without a job may be one whose job is just being made."""


class JobFiles:
    """The files of all jobs; every call blocks.

    Args:
        folder: where the jobs' folders are; it is created when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep_source(self, id: str, data: bytes) -> None:
        """Writes what was sent; only the service's user may read it."""
        folder = self._path(id)
        folder.mkdir(mode=0o700, parents=True)
        _write(folder / _SOURCE, data)

    def source(self, id: str) -> bytes:
        """Gives what was sent."""
        return (self._path(id) / _SOURCE).read_bytes()

    def write_result(self, id: str, claim: str, data: bytes) -> None:
        """Writes the translated document, beside its place: another process may do the same.

        Raises:
            FileNotFoundError: the job was deleted.
        """
        _write(self._unpublished(id, claim), data)

    def publish_result(self, id: str, claim: str) -> None:
        """Puts the document that was written into its place."""
        self._unpublished(id, claim).replace(self.result(id))

    def result(self, id: str) -> Path:
        """Gives the path of the translated document."""
        return self._path(id) / _RESULT

    def read_done(self, id: str, checksum: str) -> dict[str, str]:
        """Gives what a version of a model translated before: text → translation.

        Lines that were cut short are left out.
        """
        path = self._done(id, checksum)
        if not path.exists():
            return {}
        return dict(_iter_pairs(path.read_text(encoding="utf-8", errors="replace")))

    @contextmanager
    def writing_done(self, id: str, checksum: str) -> Iterator[TextIO]:
        """Keeps the file of what is translated open, to be added to with `add_done`."""
        with self._done(id, checksum).open("a", encoding="utf-8") as file:
            file.write("\n")  # ends a line that was cut short
            yield file

    def drop_work(self, id: str) -> None:
        """Removes all but the result."""
        for path in self._path(id).glob("*"):
            if path.name != _RESULT:
                path.unlink(missing_ok=True)

    def remove(self, id: str) -> None:
        """Removes all files of a job."""
        shutil.rmtree(self._path(id), ignore_errors=True)

    def remove_strays(self, known: set[str]) -> None:
        """Removes folders whose job is not known any more."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            is_old = path.stat().st_mtime < time.time() - _STRAY_S
            if _ID.fullmatch(path.name) and path.name not in known and is_old:
                shutil.rmtree(path, ignore_errors=True)

    def _unpublished(self, id: str, claim: str) -> Path:
        return self._path(id) / f"{_RESULT}-{claim}"

    def _done(self, id: str, checksum: str) -> Path:
        return self._path(id) / f"{_DONE}{checksum[:16]}.jsonl"

    def _path(self, id: str) -> Path:
        if not _ID.fullmatch(id):
            raise ValueError(f"{id[:64]!r} is no id of a job")
        return self._folder / id


def add_done(file: TextIO, new: Mapping[str, str]) -> None:
    """Adds translations; they outlive the process, though not a power failure."""
    for pair in new.items():
        file.write(json.dumps(pair) + "\n")
    file.flush()


def _iter_pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        try:
            source, translation = json.loads(line)
        except (ValueError, TypeError):
            continue
        yield source, translation


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
