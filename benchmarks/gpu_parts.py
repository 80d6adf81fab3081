"""One part of gpu.py in a process of its own: results leave as lines of JSON, one for each case.

    python benchmarks/gpu_parts.py '{"part": "device", "device": "cpu", …}'

All parts build the same network: same shape, same seed, reserved pieces never near the best.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Job = dict[str, Any]
Case = dict[str, Any]

RATE = 1e-3
WARM_UPS = 2
MATRIX = {"cuda": 8192, "cpu": 512}
"""Rows and columns of the matrices whose product is timed."""


def network(job: Job) -> Any:
    """The network of every part, on the CPU, in float32."""
    import torch

    from nmt.config import TransformerConfig
    from nmt.models.build import build_model
    from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, PLACEHOLDERS

    torch.manual_seed(1)
    model = build_model(TransformerConfig(**job["model"])).eval()
    with torch.no_grad():  # logit 0 for reserved pieces, EOS among them: nothing ends by itself
        for name, weight in model.named_parameters():
            if name == "tgt_embedding.weight":
                weight[: FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)] = 0.0
    return model


def sources_of(job: Job, count: int) -> list[list[int]]:
    """The sentences of every engine: random pieces, all equally long."""
    numbers, vocabulary = random.Random(1), job["model"]["src_vocab_size"]
    return [
        [numbers.randrange(300, vocabulary) for _ in range(job["source_pieces"])]
        for _ in range(count)
    ]


def timed(work: Callable[[], object], job: Job) -> list[float]:
    """Wall-clock seconds of each call: `repeats` at least, more until `seconds` are over."""
    for _ in range(WARM_UPS):
        work()
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < job["repeats"] or time.perf_counter() - began < job["seconds"]:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def iter_searches(job: Job, search: Callable[[list[list[int]]], list[int]]) -> Iterator[Case]:
    """Times `search`, which gives the lengths it put out, for each batch size."""
    for batch in job["batches"]:
        sources, target = sources_of(job, batch), job["target_pieces"]
        if search(sources) != [target] * batch:
            raise RuntimeError(f"translations of a batch of {batch} have not {target} pieces each")
        seconds = timed(lambda given=sources: search(given), job)
        rates = [batch / taken for taken in seconds]
        yield {
            "batch": batch,
            "latency_s": {**spread(seconds), "p95": sorted(seconds)[int(0.95 * len(seconds))]},
            "sentences_per_s": spread(rates),
            "tokens_per_s": spread([rate * target for rate in rates]),
        }


def spread(values: list[float]) -> dict[str, float]:
    """As in record.py, which this script does without."""
    return {
        "median": statistics.median(values), "min": min(values), "max": max(values),
        "n": len(values),
    }  # fmt: skip


def torch_search(job: Job) -> Iterator[Case]:
    """The torch engine in the precision `dtype`."""
    import torch

    from nmt.engines.torch import TorchEngine

    engine = TorchEngine(network(job), job["device"], getattr(torch, job["dtype"]))
    yield from engine_search(job, engine)


def graphs_search(job: Job) -> Iterator[Case]:
    """The same with steps in fixed shapes, as CUDA graphs on a GPU."""
    import torch

    from nmt.engines.graphs import GraphEngine
    from nmt.engines.torch import TorchEngine
    from nmt.models.fixed_shapes import FixedShapes

    dtype = getattr(torch, job["dtype"])
    if job["device"] == "cuda":
        yield from engine_search(job, GraphEngine(network(job), dtype))
        return
    engine = TorchEngine(network(job), job["device"], dtype)
    engine.step_model = FixedShapes(network(job).to(dtype), lambda step: step)
    yield from engine_search(job, engine)


def engine_search(job: Job, engine: Any) -> Iterator[Case]:
    """Times one of our engines."""
    from nmt.config import SearchConfig

    length = job["target_pieces"]
    options = SearchConfig(
        beam_size=job["beam"], min_length=length, max_length=length, max_length_extra=length
    )

    def search(sources: list[list[int]]) -> list[int]:
        return [len(found[0].ids) for found in engine.search(sources, options)]

    for case in iter_searches(job, search):
        yield case | {"peak_mib": peak_mib(job)}


def ctranslate2_search(job: Job) -> Iterator[Case]:
    """Bare CTranslate2 with the same weights, exported in float16."""
    try:
        import ctranslate2
    except ImportError as error:
        raise RuntimeError("ctranslate2 is not installed; pip install ctranslate2") from error
    if job["device"] == "cuda" and not ctranslate2.get_cuda_device_count():
        raise RuntimeError(f"ctranslate2 {ctranslate2.__version__} finds no CUDA device")
    from nmt.bundle.conversion import SOURCE_END, write_ctranslate2
    from nmt.config import TransformerConfig

    weights = {name: w.detach().numpy() for name, w in network(job).named_parameters()}
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        write_ctranslate2(export, TransformerConfig(**job["model"]), weights, "float16")
        compute = job["compute_type"] if job["device"] == "cuda" else "default"
        model = ctranslate2.Translator(str(export), device=job["device"], compute_type=compute)
    length = job["target_pieces"]

    def search(sources: list[list[int]]) -> list[int]:
        found = model.translate_batch(
            [[*map(str, source), SOURCE_END] for source in sources], beam_size=job["beam"],
            max_batch_size=len(sources), min_decoding_length=length, max_decoding_length=length,
        )  # fmt: skip
        return [len(one.hypotheses[0]) for one in found]

    for case in iter_searches(job, search):
        yield case | {"compute_type": model.compute_type}


def training(job: Job) -> Iterator[Case]:
    """Updates of `nmt train`: its step on batches that it would plan, after a warm-up."""
    import numpy as np
    import torch
    from flops import flops_per_token

    from training.config import TrainConfig
    from training.data.batch import DeviceChunk, EncodedPairs, flatten
    from training.data.sampler import plan_batches
    from training.precision import Precision
    from training.step import Learner

    config = TrainConfig(**job["train"], device=job["device"], compile=job["compile"])
    device = torch.device(job["device"])
    model = network(job).train().to(device)
    learner = Learner(model, config, Precision(job["precision"], device.type))
    pairs, lengths = training_pairs(job)
    multiple = 8 if device.type == "cuda" else 1
    sides = [flatten(side) for side in zip(*pairs, strict=True)]
    chunk = DeviceChunk(EncodedPairs(*sides), device, multiple)
    measured = [side.lengths + 1 for side in sides]
    planned = plan_batches(*measured, config.batch_tokens, np.random.default_rng(1))
    number = 0

    def one_pass() -> int:
        nonlocal number
        tokens = 0
        for rows in planned:
            number += 1
            result, _ = learner.update([chunk.batch(rows)], number, RATE, 1, 0.0)
            tokens += result.tokens
        if not bool(torch.isfinite(result.loss)):  # also waits for the device
            raise RuntimeError(f"the loss is {float(result.loss)}")
        return tokens

    tokens = one_pass()
    seconds = timed(one_pass, job)
    yield {
        "updates_a_pass": len(planned), "tokens_a_pass": tokens,
        "tokens_per_s": spread([tokens / taken for taken in seconds]),
        "flops_per_token": flops_per_token(model.config, lengths),
        "parameters": sum(p.numel() for p in model.parameters()), "peak_mib": peak_mib(job),
    }  # fmt: skip


def training_pairs(job: Job) -> tuple[list[tuple[list[int], list[int]]], list[tuple[int, int]]]:
    """Random pairs, as long as sentences are: log-normal, 25 pieces on average."""
    import numpy as np

    numbers = np.random.default_rng(1)
    source = np.clip(numbers.lognormal(3.05, 0.55, job["pairs"]), 3, 100).astype(int)
    target = np.clip(source * numbers.normal(1.1, 0.15, job["pairs"]), 3, 100).astype(int)
    sizes = job["model"]["src_vocab_size"], job["model"]["tgt_vocab_size"]
    lengths = list(zip(source.tolist(), target.tolist(), strict=True))
    pairs = [
        tuple(numbers.integers(300, size, n).tolist() for size, n in zip(sizes, both, strict=True))
        for both in lengths
    ]
    return pairs, lengths


def device(job: Job) -> Iterator[Case]:
    """What the device is, and the rate of its matrix products."""
    import torch

    cuda, size = job["device"] == "cuda", MATRIX[job["device"]]
    dtype = torch.bfloat16 if cuda else torch.float32
    left, right = (torch.rand(size, size, device=job["device"], dtype=dtype) for _ in range(2))

    def multiply() -> None:
        for _ in range(10):
            left @ right
        if cuda:
            torch.cuda.synchronize()

    rates = [10 * 2 * size**3 / taken for taken in timed(multiply, job)]
    yield {
        "name": torch.cuda.get_device_name() if cuda else "CPU",
        "memory_mib": torch.cuda.get_device_properties(0).total_memory / 2**20 if cuda else None,
        "cuda": torch.version.cuda, "matrix_dtype": str(dtype).removeprefix("torch."),
        "matrix_flops_per_s": spread(rates),
    }  # fmt: skip


def peak_mib(job: Job) -> float | None:
    """Most memory that torch had on the device."""
    import torch

    return torch.cuda.max_memory_allocated() / 2**20 if job["device"] == "cuda" else None


PARTS = {
    "device": device, "torch": torch_search, "graphs": graphs_search,
    "ctranslate2": ctranslate2_search, "training": training,
}  # fmt: skip


def main() -> None:
    """Does the part; an error is the last line."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print goes to stderr
    job = json.loads(sys.argv[1])
    try:
        for case in PARTS[job["part"]](job):
            print(json.dumps(case), file=answers, flush=True)
    except Exception as error:
        traceback.print_exc()
        told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), file=answers, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
