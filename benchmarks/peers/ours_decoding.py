"""Our engines with random weights: torch in float32 or int8, or CTranslate2 in either.

Translations are to have a given number of pieces. Where the job says how many, a Transformer ends
them itself, as it does with text. Otherwise, and with a recurrent network, they are cut off at the
limit; what CTranslate2 is cut off at, we have to score again, a third of the time for a sentence.
"""

import tempfile
from pathlib import Path
from typing import Any

import torch
from worker import Order, serve

from nmt.allocator import FOR_SEARCH, keep_freed_memory
from nmt.config import SearchConfig, TransformerConfig, build_model_config
from nmt.engines.base import Engine
from nmt.engines.torch import TorchEngine
from nmt.models.base import Seq2Seq
from nmt.models.build import build_model
from nmt.models.int8 import Int8Rnn
from nmt.models.positions import sinusoidal_positions
from nmt.models.rnn import RnnSeq2Seq
from nmt.models.transformer import Transformer
from nmt.tokenizers.base import EOS_ID, FIRST_PLACEHOLDER_ID, PLACEHOLDERS

STEEPNESS = 200.0
"""Of the logit of the end piece, by position."""


def build(job: Order) -> Any:
    """Gives the work: to translate the sources, each into as many pieces as the job says.

    An order may bring `sources` and `length` of its own.
    """
    keep_freed_memory(FOR_SEARCH)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = build_model(build_model_config(job["model"])).eval()
    _avoid_reserved(model)
    ends_itself = isinstance(model, Transformer) and "length" in job
    if isinstance(model, Transformer) and ends_itself:
        _end_after(model, job["length"])
    engine = _engine(model, job["engine"])

    def work(order: Order) -> Order:
        size, length = order["batch"], order.get("length") or job["length"]
        most = 2 * length if ends_itself else length
        options = SearchConfig(
            beam_size=order["beam"], max_length=most, max_length_extra=most,
            min_length=0 if ends_itself else length,
        )  # fmt: skip
        sources = (order.get("sources") or job["sources"])[: order["sentences"]]
        lengths = []
        for first in range(0, len(sources), size):
            found = engine.search(sources[first : first + size], options)
            lengths += [len(hypotheses[0].ids) for hypotheses in found]
        return {"lengths": lengths}

    return work


@torch.no_grad()
def _avoid_reserved(model: Seq2Seq) -> None:
    """Gives reserved pieces, EOS among them, the logit 0, which is never near the best."""
    for name, weight in model.named_parameters():
        if name in ("tgt_embedding.weight", "embedding.weight"):
            weight[: FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)] = 0.0


@torch.no_grad()
def _end_after(model: Transformer, length: int) -> None:
    """Makes the end piece the best one after `length` pieces, and the worst before.

    Its row of the output table is a direction along which positions grow; nothing else that is
    added up for the output has a part in this direction.
    """
    at = sinusoidal_positions(length + 1, model.config.d_model)
    at -= at.mean(1, keepdim=True)  # as the last layer norm does
    past_end = torch.arange(length + 1.0) - (length - 0.5)
    clock = torch.linalg.lstsq(at, past_end[:, None], rcond=1e-4, driver="gelsd").solution[:, 0]
    unit = clock / clock.norm()
    for layer in model.decoder_layers:
        parts = (layer.attention.output, layer.cross.output, layer.feed_forward.outer)
        for part in parts:
            part.weight -= torch.outer(unit, unit @ part.weight)
            part.bias -= unit * (unit @ part.bias)
    table = model.tgt_embedding.weight
    table -= torch.outer(table @ unit, unit)
    table[EOS_ID] = STEEPNESS * clock


def _engine(model: Seq2Seq, kind: str) -> Engine:
    if kind == "torch":
        return TorchEngine(model)
    if kind == "torch-int8" and isinstance(model, RnnSeq2Seq):
        return TorchEngine(Int8Rnn(model), name=kind)
    from nmt.bundle.conversion import write_ctranslate2
    from nmt.engines.ctranslate2 import CTranslate2Engine

    config = model.config
    if not isinstance(config, TransformerConfig):
        raise SystemExit("CTranslate2 runs Transformers only")
    weights = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        write_ctranslate2(export, config, weights, "int8" if kind == "int8" else "float32")
        return CTranslate2Engine(export, config, threads=1)


if __name__ == "__main__":
    serve(build)
