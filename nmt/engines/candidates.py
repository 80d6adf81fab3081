"""What CTranslate2 finds, brought to our rules: lengths, reserved pieces, scores. No torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nmt.config import SearchConfig
from nmt.errors import EngineError
from nmt.hypothesis import LEAST_COVERAGE, Hypothesis, normalised_score
from nmt.tokenizers.base import (
    BOS_ID,
    EOS_ID,
    FIRST_PLACEHOLDER_ID,
    PAD_ID,
    PLACEHOLDERS,
    UNK_ID,
)

RESERVED = frozenset({PAD_ID, BOS_ID, UNK_ID})
"""Never put out."""
PLACEHOLDER_IDS = range(FIRST_PLACEHOLDER_ID, FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS))
"""Put out at most as often as the source holds them."""
_WATCHED = RESERVED.union(PLACEHOLDER_IDS)
BUCKET = 8
"""Rows whose source lengths agree when rounded up to a multiple of this share a call."""


@dataclass(frozen=True)
class Request:
    """One source and what its translation must be like."""

    source: tuple[int, ...]
    """Source pieces without EOS."""
    limit: int
    """Most pieces of the translation, EOS not counted."""
    roof: int
    """Pieces after which the call stops, at least `limit`: it depends on this row alone, so that
    what comes out does not depend on the others."""
    min_length: int
    """Pieces before EOS is allowed."""
    strict: bool = False
    """Whether the search itself keeps the rules; it renormalises then. Nearly every translation
    keeps them anyway."""
    prefix: tuple[int, ...] = ()
    """Pieces the translation begins with."""
    suppressed: frozenset[int] = frozenset()
    """Pieces that may not follow the prefix."""

    @property
    def shared(self) -> tuple[object, ...]:
        """What requests must have in common to share a call."""
        return (self.roof, self.strict, self.min_length, self.suppressed)

    @classmethod
    def of(cls, source: Sequence[int], options: SearchConfig, longest: int) -> Request:
        """Gives the request of a source; nothing is longer than `longest` pieces."""
        length = sum(piece != EOS_ID for piece in source)
        limit = options.length_limit(length)
        roof = min(longest, options.length_limit(-(-length // BUCKET) * BUCKET))
        return cls(tuple(source), limit, max(limit, roof), min(options.min_length, limit))

    def allows(self, candidate: Candidate) -> bool:
        """Tells whether a translation is long enough and holds nothing that is forbidden."""
        if candidate.finished and len(candidate.ids) < self.min_length:
            return False
        return first_forbidden(candidate.ids, self.source) is None

    def strictly(self) -> Request:
        """Gives the same for a search that keeps the rules, but for how often a piece may come."""
        absent = frozenset(PLACEHOLDER_IDS) - frozenset(self.source)
        return replace(self, strict=True, suppressed=RESERVED | absent)

    def going_on_after(self, candidate: Candidate) -> Request:
        """Gives the same for translations like `candidate` up to its first forbidden piece."""
        place = first_forbidden(candidate.ids, self.source) or 0
        forbidden = {candidate.ids[place]}
        return replace(self, prefix=candidate.ids[:place], suppressed=self.suppressed | forbidden)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A translation that came back."""

    ids: tuple[int, ...]
    """Without EOS, cut to the length limit."""
    finished: bool
    log_prob: float
    """Not a number where it has to be scored by itself."""
    attention: npt.NDArray[np.float32] | None
    """Rows of `ids` and of the piece after them; rows sum to 1."""

    def needs_scoring(self) -> bool:
        """Tells whether its log-probability is not known yet."""
        return math.isnan(self.log_prob)

    def hypothesis(self, options: SearchConfig, *, attention: bool) -> Hypothesis:
        """Gives it as the caller sees it, with our score."""
        length = len(self.ids) + self.finished
        score = normalised_score(self.log_prob, length, options.length_penalty)
        if options.coverage_penalty and self.attention is not None:
            score += coverage_penalty(self.attention, options.coverage_penalty)
        rows = self.attention[:length] if attention and self.attention is not None else None
        return Hypothesis(self.ids, self.log_prob, score, self.finished, rows)


def read_candidate(
    tokens: Sequence[str],
    log_prob: float,
    attention: Sequence[Sequence[float]] | None,
    request: Request,
) -> Candidate:
    """Gives what came back as a candidate.

    Args:
        tokens: numbers of the pieces, the end piece included.
        log_prob: of all of them.
        attention: a row for each of them; none where not asked for.
        request: what was asked.

    Raises:
        EngineError: the score is not a number.
    """
    if math.isnan(log_prob):
        raise EngineError(
            "the model gave a log-probability that is not a number; its weights are damaged; "
            "get the bundle again or use engine 'torch'"
        )
    ids = tuple(map(int, tokens))
    finished = bool(ids) and ids[-1] == EOS_ID
    pieces = ids[:-1] if finished else ids
    if len(pieces) > request.limit:
        pieces, finished, log_prob = pieces[: request.limit], False, math.nan
    rows = None
    if attention:
        rows = np.array(attention[: len(pieces) + 1], dtype=np.float32)
        rows /= np.maximum(rows.sum(axis=1, keepdims=True), 1e-30)
    return Candidate(pieces, finished, log_prob, rows)


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Gives those that finished; where none did, those cut off, each once."""
    finished = [candidate for candidate in candidates if candidate.finished]
    return finished or list({candidate.ids: candidate for candidate in candidates}.values())


def first_forbidden(ids: Sequence[int], source: Sequence[int]) -> int | None:
    """Gives the first place of a reserved piece or of a placeholder too many; none: all is well."""
    if _WATCHED.isdisjoint(ids):
        return None
    left = Counter(piece for piece in source if piece in PLACEHOLDER_IDS)
    for place, piece in enumerate(ids):
        if piece in PLACEHOLDER_IDS:
            left[piece] -= 1
        if piece in RESERVED or left[piece] < 0:
            return place
    return None


def coverage_penalty(attention: npt.NDArray[np.float32], beta: float) -> float:
    """Gives β · Σ_i log min(Σ_j p_ij, 1) of attention [T, S] (Wu 2016, equation 14)."""
    coverage = attention.sum(axis=0, dtype=np.float64)
    return beta * float(np.log(np.clip(coverage, LEAST_COVERAGE, 1.0)).sum())
