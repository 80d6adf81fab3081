"""The engine of a bundle without the service around it, for the benchmarks of the service."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from nmt.engines.ctranslate2 import CTranslate2Engine
from nmt.translator import Translator

BATCH_ROWS = 16
BATCHES = 20
"""Given to CTranslate2 in one call, which spreads them over its threads itself."""


@dataclass(frozen=True)
class BareRound:
    """What the engine did in some seconds."""

    n_done: int
    seconds: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Sentences per second."""
        return self.n_done / self.seconds


def bare_round(translator: Translator, texts: Iterator[str], seconds: float) -> BareRound:
    """Searches in batches of 16; cutting texts into pieces is not counted."""
    engine, search = translator.engine, translator.search
    rows = BATCH_ROWS * (BATCHES if engine.name == CTranslate2Engine.name else 1)
    n_done, elapsed, cpu_s = 0, 0.0, 0.0
    while elapsed < seconds:
        plans = [translator.plan(text) for text in islice(texts, rows)]
        sources = [sentence.ids for plan in plans for sentence in plan.sentences]
        began, cpu_began = time.perf_counter(), time.process_time()
        engine.search(sources, search)
        elapsed += time.perf_counter() - began
        cpu_s += time.process_time() - cpu_began
        n_done += len(sources)
    return BareRound(n_done, elapsed, cpu_s)
