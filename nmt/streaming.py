"""Chunks of a stream: small at first so that output begins early, then large enough to batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

FIRST_CHARS = 1024
MOST_CHARS = 32768
MOST_TEXTS = 1024


class ChunkBuilder:
    """Gathers texts; a chunk is full at a number of characters that doubles up to a limit.

    Args:
        most_chars: the limit.
    """

    def __init__(self, most_chars: int = MOST_CHARS) -> None:
        self._most_chars = most_chars
        self._max_chars = min(FIRST_CHARS, most_chars)
        self._n_chars = 0
        self._texts: list[str] = []

    def add(self, text: str) -> bool:
        """Takes a text; tells whether the chunk is full."""
        self._texts.append(text)
        self._n_chars += len(text)
        return self._n_chars >= self._max_chars or len(self._texts) >= MOST_TEXTS

    def take(self) -> list[str]:
        """Gives the texts gathered and begins the next chunk, larger if this one was full."""
        if self._n_chars >= self._max_chars:
            self._max_chars = min(2 * self._max_chars, self._most_chars)
        texts, self._texts, self._n_chars = self._texts, [], 0
        return texts


def iter_chunks(texts: Iterable[str], most_chars: int = MOST_CHARS) -> Iterator[list[str]]:
    """Gives the texts in lists, in order. A text longer than a chunk ends its list; none is cut."""
    builder = ChunkBuilder(most_chars)
    for text in texts:
        if builder.add(text):
            yield builder.take()
    rest = builder.take()
    if rest:
        yield rest
