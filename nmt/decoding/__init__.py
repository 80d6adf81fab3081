"""Search over any model that offers start, step and reorder."""

from nmt.decoding.forced import score_targets
from nmt.decoding.strategy import search

__all__ = ["score_targets", "search"]
