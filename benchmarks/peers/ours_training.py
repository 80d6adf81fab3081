"""Our training, as `nmt train fit` does an update: batches by length, AdamW, moving average."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from worker import Order, serve

from nmt.allocator import FOR_TRAINING, keep_freed_memory
from nmt.config import TransformerConfig
from nmt.models.build import build_model
from training.config import TrainConfig
from training.data.batch import Batch, DeviceChunk, EncodedPairs, flatten
from training.dropout import use_byte_dropout
from training.precision import Precision
from training.step import Learner

RATE = 1e-3


def build(job: Order) -> Any:
    """Gives the work: some updates, or the rate of matrix products."""
    keep_freed_memory(FOR_TRAINING)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = build_model(TransformerConfig(**job["model"])).train()
    use_byte_dropout(model)
    config = TrainConfig(
        device="cpu", precision="fp32", threads=1, batch_tokens=job["batch_tokens"],
        max_updates=1000, learning_rate=RATE, label_smoothing=job["label_smoothing"],
    )  # fmt: skip
    learner = Learner(model, config, Precision("fp32", "cpu"))
    batches = _batches(job)
    numbers = itertools.count(1)

    def work(order: Order) -> Order:
        if order.get("gemm"):
            return {"flops_per_s": _gemm_rate(order["gemm"])}
        tokens = 0
        for _ in range(order["updates"]):
            result, _ = learner.update([next(batches)], next(numbers), RATE, 1, 0.0)
            tokens += result.tokens
        return {"tokens": tokens, "loss": float(result.loss)}

    return work


def _batches(job: Order) -> Iterator[Batch]:
    sources, targets = zip(*job["pairs"], strict=True)
    chunk = DeviceChunk(EncodedPairs(flatten(sources), flatten(targets)), torch.device("cpu"))
    for rows in itertools.cycle(job["batches"]):
        yield chunk.batch(np.array(rows, np.int64))


def _gemm_rate(shape: list[int]) -> float:
    """Floating-point operations a CPU second of [m, k] @ [k, n] in float32, best of several."""
    m, k, n = shape
    left, right = torch.rand(m, k), torch.rand(k, n)
    left @ right
    rates = []
    for _ in range(8):
        began = time.process_time()
        left @ right
        rates.append(2 * m * k * n / max(time.process_time() - began, 1e-9))
    return max(rates)


if __name__ == "__main__":
    serve(build)
