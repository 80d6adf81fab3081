"""JoeyNMT's search with random weights, Transformer or LSTM with Luong's attention."""

from typing import Any

import torch
from joeynmt.batch import Batch
from joeynmt.search import search
from joeynmt_models import luong, transformer
from worker import Order, serve

CPU = torch.device("cpu")


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, each into as many words as the job says."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = {"transformer": transformer, "rnn": luong}[job["model"]["architecture"]](job["model"])
    model.eval()
    length = job["length"]

    def work(order: Order) -> Order:
        sources = job["sources"][: order["sentences"]]
        lengths = []
        for first in range(0, len(sources), order["batch"]):
            found, _, _ = search(
                model, _batch(model, sources[first : first + order["batch"]]), length,
                beam_size=order["beam"], beam_alpha=1.0, min_output_length=length,
            )  # fmt: skip
            lengths += [int((row != model.pad_index).sum()) for row in found]
        return {"lengths": lengths}

    return work


def _batch(model: Any, sources: list[list[int]]) -> Batch:
    # One special word more or fewer than ours changes nothing here: all lengths are equal.
    rows = torch.tensor([[*source, model.eos_index] for source in sources])
    return Batch(
        src=rows, src_length=torch.tensor([rows.size(1)] * len(sources)), src_prompt_mask=None,
        trg=None, trg_prompt_mask=None, indices=torch.arange(len(sources)), device=CPU,
        pad_index=model.pad_index, eos_index=model.eos_index, is_train=False,
    )  # fmt: skip


if __name__ == "__main__":
    serve(build)
