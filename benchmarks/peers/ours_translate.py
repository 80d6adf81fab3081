"""What `nmt translate` does with the lines of a file, and how much of it is search."""

import time
from typing import Any

from worker import Order, serve

from nmt.allocator import FOR_SEARCH, keep_freed_memory
from nmt.engines.ctranslate2 import CTranslate2Engine
from nmt.streaming import iter_chunks
from nmt.translator import Translator

Call = tuple[int, float]
"""Rows of a call, and its CPU seconds."""


class TimedEngine(CTranslate2Engine):
    """The engine; notes each search and, within it, each call of CTranslate2."""

    searches: list[Call]
    calls: list[Call]

    def search(self, batch: Any, options: Any, attention: bool = False) -> Any:
        """As the engine's."""
        began = time.process_time()
        found = super().search(batch, options, attention)
        self.searches.append((len(batch), time.process_time() - began))
        return found

    def _translate(self, requests: Any, options: Any, attention: bool) -> Any:
        began = time.process_time()
        found = super()._translate(requests, options, attention)
        self.calls.append((len(requests), time.process_time() - began))
        return found


def build(job: Order) -> Any:
    """Gives the work: to translate all lines."""
    keep_freed_memory(FOR_SEARCH)
    translator = Translator.load(job["model"], "ctranslate2", "cpu", 1)
    engine = translator.engine
    engine.__class__ = TimedEngine

    def work(order: Order) -> Order:
        engine.searches, engine.calls, of_chunks = [], [], []
        for chunk in iter_chunks(job["lines"]):
            before = len(engine.searches)
            translator.translate(chunk)
            of_chunks.append(engine.searches[before:])
        first = [searches[0] for searches in of_chunks if searches]
        again = [search for searches in of_chunks for search in searches[1:]]
        return {
            "sentences": sum(rows for rows, _ in first),
            "search_cpu_s": sum(cpu_s for _, cpu_s in first),
            "again": sum(rows for rows, _ in again),
            "again_cpu_s": sum(cpu_s for _, cpu_s in again),
            "calls_rows": sum(rows for rows, _ in engine.calls),
        }

    return work


if __name__ == "__main__":
    serve(build)
