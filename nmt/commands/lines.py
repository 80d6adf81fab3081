"""Lines of a file, pipe or terminal, in chunks: what is there now, never waiting for more."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from nmt.errors import InputError
from nmt.streaming import ChunkBuilder

MAX_LINE_BYTES = 16 * 2**20
"""A longer line is an error: memory stays bounded on input without line breaks."""
_BLOCK_BYTES = 65536
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class LineChunk:
    """Some lines without their line breaks, and how much has been read in all."""

    lines: list[str]
    n_bytes: int


class LineReader:
    """Reads lines from a file descriptor.

    Args:
        fd: an open file, pipe or terminal.
        name: for messages.
        encoding: one in which the byte 0x0A is a line break and nothing else.
    """

    def __init__(self, fd: int, name: str, encoding: str = "utf-8") -> None:
        self._fd = fd
        self._name = name
        self._encoding = encoding
        self._n_lines = 0
        self._n_bytes = 0

    def iter_chunks(self) -> Iterator[LineChunk]:
        """Gives the lines in chunks, in order.

        A chunk ends when it is full (see nmt/streaming.py), or when a line is there and no more
        input is waiting: a slow source gets its translations line by line.

        Raises:
            InputError: bytes that are not text in this encoding, or a line without end.
        """
        builder = ChunkBuilder()
        for line in self._iter_lines():
            if line is None or builder.add(line):
                yield LineChunk(builder.take(), self._n_bytes)
        yield LineChunk(builder.take(), self._n_bytes)

    def _iter_lines(self) -> Iterator[str | None]:
        """Gives lines, and None each time the input makes us wait."""
        rest = b""
        while True:
            if not _is_ready(self._fd):
                yield None
            block = os.read(self._fd, _BLOCK_BYTES)
            if not block:
                break
            self._n_bytes += len(block)
            *lines, rest = self._joined(rest, block)
            yield from map(self._decode, lines)
        if rest:
            yield self._decode(rest)

    def _joined(self, rest: bytes, block: bytes) -> list[bytes]:
        """Gives the complete lines and what remains of the last."""
        first, *others = block.split(b"\n")
        if len(rest) + len(first) > MAX_LINE_BYTES:
            raise InputError(
                f"{self._name}: line {self._n_lines + 1} is longer than "
                f"{MAX_LINE_BYTES // 2**20} MiB; give one text a line"
            )
        return [rest + first, *others]

    def _decode(self, line: bytes) -> str:
        self._n_lines += 1
        if self._n_lines == 1:
            line = self._without_bom(line)
        try:
            return line.removesuffix(b"\r").decode(self._encoding)
        except UnicodeDecodeError as error:
            other = "cp949" if self._encoding == "utf-8" else "utf-8"
            raise InputError(
                f"{self._name}: line {self._n_lines} is not {self._encoding} (byte "
                f"0x{line[error.start]:02X} at position {error.start + 1}); if the file is in "
                f"another encoding give it, e.g. `--encoding {other}`"
            ) from error

    def _without_bom(self, line: bytes) -> bytes:
        other = _BOMS.get(line[:2])
        if other:
            raise InputError(
                f"{self._name} is {other}; convert it first, e.g. "
                f"`iconv -f {other} -t UTF-8 {self._name}`"
            )
        return line.removeprefix(b"\xef\xbb\xbf")


def _is_ready(fd: int) -> bool:
    """Whether a read would return at once; always true where that cannot be asked."""
    if sys.platform == "win32":
        return True
    return bool(select.select([fd], [], [], 0)[0])
