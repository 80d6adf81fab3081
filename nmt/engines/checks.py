"""What every engine refuses."""

from __future__ import annotations

from collections.abc import Sequence

from nmt.errors import InputError


def check_ids(rows: Sequence[Sequence[int]], side: str, vocab_size: int) -> None:
    """Raises InputError for a piece outside the vocabulary; `side` is `source` or `target`."""
    for row in rows:
        wrong = [piece for piece in row if not 0 <= piece < vocab_size]
        if wrong:
            raise InputError(
                f"{side} piece {wrong[0]} is not in the vocabulary; allowed: 0 to "
                f"{vocab_size - 1}; use the tokenizer of the model's bundle"
            )


def check_pairs(sources: Sequence[object], targets: Sequence[object]) -> None:
    """Raises InputError unless there is one target for each source."""
    if len(sources) != len(targets):
        raise InputError(
            f"{len(sources)} sources and {len(targets)} targets; give one target per source"
        )
