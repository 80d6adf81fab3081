"""A bundle of ours on text: its weights and its search, translations end by themselves."""

from dataclasses import replace
from typing import Any

from worker import Order, serve

from nmt.allocator import FOR_SEARCH, keep_freed_memory
from nmt.translator import Translator


def build(job: Order) -> Any:
    """Gives the work: to translate the sources of an order, and to tell how long each became."""
    keep_freed_memory(FOR_SEARCH)
    translator = Translator.load(job["bundle"], job["engine"], "cpu", 1)

    def work(order: Order) -> Order:
        options = replace(translator.search, beam_size=order["beam"])
        sources, lengths = order["sources"], []
        for first in range(0, len(sources), order["batch"]):
            found = translator.engine.search(sources[first : first + order["batch"]], options)
            lengths += [len(hypotheses[0].ids) for hypotheses in found]
        return {"lengths": lengths}

    return work


if __name__ == "__main__":
    serve(build)
