"""Search over any model that offers start, step and reorder."""

from nmt.decoding.forced import score_targets
from nmt.decoding.sources import Sources
from nmt.decoding.strategy import iter_search, search

__all__ = ["Sources", "iter_search", "score_targets", "search"]
