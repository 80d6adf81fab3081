"""What comes before training, stage by stage: CPU seconds of cleaning, segmenting and so on."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from worker import Order, serve

import training.data.prepare as prepare_module
from training.data.dataset import EncodeLimits
from training.data.segmenting import segment_shards
from training.data.settings import PrepareConfig
from training.data.shards import PairStore
from training.fit import open_encoder

CHUNK_PAIRS = 50_000
STAGES = {"_clean_all": "cleaning", "_mark": "marking repeats", "_write": "writing"}
"""Parts of `prepare` and what the tables call them."""


class Stages:
    """CPU seconds of each stage."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the time of the block to a stage."""
        began = time.process_time()
        try:
            yield
        finally:
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + time.process_time() - began

    def watching(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Gives `work` with its time taken; of a generator, the time until each item."""

        def watched(*arguments: Any) -> Any:
            with self.timed(name):
                found = work(*arguments)
            return self._items(name, found) if isinstance(found, Iterator) else found

        return watched

    def _items(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            with self.timed(name):
                item = next(items, None)
            if item is None:
                return
            yield item


@contextmanager
def watched_prepare(stages: Stages) -> Iterator[None]:
    """Has `prepare` note its stages."""
    kept = {name: getattr(prepare_module, name) for name in STAGES}
    for name, work in kept.items():
        setattr(prepare_module, name, stages.watching(STAGES[name], work))
    try:
        yield
    finally:
        for name, work in kept.items():
            setattr(prepare_module, name, work)


def build(job: Order) -> Any:
    """Gives the work: to prepare, segment and encode the pairs of a file, in this process."""

    def work(order: Order) -> Order:
        stages = Stages()
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "prepared"
            config = PrepareConfig(corpora=(order["corpus"],), output=str(folder), workers=1)
            with watched_prepare(stages):
                report = prepare_module.prepare(config)
            with stages.timed("segmenting"):
                segment_shards(folder, Path(job["source"]), workers=1)
            with stages.timed("encoding"):
                encode_all(str(folder), job)
        return {"kept": report.kept, "stages": stages.cpu_s}

    return work


def encode_all(folder: str, job: Order) -> None:
    """Makes pieces of all pairs, as training does in chunks."""
    encoder = open_encoder(folder, job["source"], job["target"], EncodeLimits())
    rows = np.arange(len(PairStore.open(folder)))
    for first in range(0, len(rows), CHUNK_PAIRS):
        encoder.encode(rows[first : first + CHUNK_PAIRS], seed=0, sampled=False)


if __name__ == "__main__":
    serve(build)
