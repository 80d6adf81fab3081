"""What a broken-off translation of a document leaves behind: the texts that were done.

`OUTPUT.partial` has a line that says of what and how, then one for each text, written as soon as it
is translated. `--resume` reads it; it goes when the document is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nmt.errors import InputError


class Journal:
    """The journal of one document.

    Args:
        output: where the translated document will be.
        settings: what the translations depend on.
    """

    def __init__(self, output: Path, settings: str) -> None:
        self.path = output.with_name(output.name + ".partial")
        self._settings = settings
        self._file: TextIO | None = None

    def read(self) -> dict[str, str]:
        """Gives the texts that are done: text → translation; a line cut short is left out.

        Raises:
            InputError: the journal is of other settings.
        """
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        records = list(_iter_records(lines))
        if not records or records[0].get("settings") != self._settings:
            raise InputError(
                f"{self.path} was made with another model or other options; give the same ones, "
                "or remove it and start without --resume"
            )
        return {r["source"]: r["translation"] for r in records[1:] if "translation" in r}

    @contextmanager
    def writing(self, done: Mapping[str, str]) -> Iterator[None]:
        """Keeps the journal open; it begins with what is done and goes if all goes well."""
        with self.path.open("w", encoding="utf-8") as self._file:
            self._write({"settings": self._settings})
            self.add(done)
            yield
        self.path.unlink()

    def add(self, new: Mapping[str, str]) -> None:
        """Writes down what has been translated."""
        for source, translation in new.items():
            self._write({"source": source, "translation": translation})
        if self._file:
            self._file.flush()

    def _write(self, record: Mapping[str, str]) -> None:
        if self._file:
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _iter_records(lines: list[str]) -> Iterator[dict[str, str]]:
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            return
        if isinstance(record, dict):
            yield record


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file that takes its name only when it is complete."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
