"""A bare CTranslate2 loop over pieces that are already there: the floor of `nmt translate`."""

import json
from pathlib import Path
from typing import Any

import ctranslate2
from worker import Order, serve


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, those with the same length limit in one call."""
    model = ctranslate2.Translator(job["export"], device="cpu", intra_threads=1)
    tokens = json.loads((Path(job["export"]) / "source_vocabulary.json").read_bytes())
    groups = {
        int(longest): [[tokens[piece] for piece in source] for source in sources]
        for longest, sources in job["groups"].items()
    }

    def work(order: Order) -> Order:
        pending = [
            result
            for longest, sources in groups.items()
            for result in model.translate_batch(
                sources, asynchronous=True, max_batch_size=job["batch"], beam_size=job["beam"],
                num_hypotheses=job["hypotheses"], length_penalty=job["length_penalty"],
                max_decoding_length=longest, return_scores=True,
            )
        ]  # fmt: skip
        return {"tokens": sum(len(result.result().hypotheses[0]) for result in pending)}

    return work


if __name__ == "__main__":
    serve(build)
