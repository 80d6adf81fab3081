"""Opening corpus files: compression, encoding, lines."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from training.errors import DataError

Pair = tuple[str, str]
COMPRESSION = (".xz", ".gz", ".bz2")


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Opens a file and undoes its compression.

    Raises:
        DataError: the file cannot be read or its compression is damaged.
    """
    try:
        with _open(path) as stream:
            yield stream
    except (lzma.LZMAError, gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path} is damaged ({error}); download it again") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _open(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".xz":
        return cast(BinaryIO, lzma.open(path))
    if suffix == ".gz":
        return cast(BinaryIO, gzip.open(path))
    return cast(BinaryIO, bz2.open(path)) if suffix == ".bz2" else path.open("rb")


@contextmanager
def decoded(stream: IO[bytes], newline: str | None) -> Iterator[IO[str]]:
    """UTF-8 text of an open file, which stays open; wrong bytes become U+FFFD."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=newline)
    try:
        yield text
    finally:
        if not stream.closed:
            text.detach()


def lines_of(stream: IO[bytes]) -> Iterator[str]:
    """Lines cut at LF only; bytes that are not UTF-8 become U+FFFD and fail a filter later."""
    with decoded(stream, "\n") as text:
        for line in text:
            yield line.rstrip("\r\n")
