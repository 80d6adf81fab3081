"""Before the first update: how fast is a step, how much memory does it take, when is the end."""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass

import torch

from training.config import TrainConfig
from training.data.batch import Batch
from training.state import TrainState
from training.step import Learner, is_out_of_memory


@dataclass(frozen=True)
class Probe:
    """What the probe found."""

    threads: int
    """CPU threads chosen."""
    tokens_per_s: dict[int, float]
    """Target tokens a second, forward and backward on the largest batch, by threads."""
    memory_bytes: int
    """Peak memory: of the device on CUDA, of the process on a CPU."""
    parameters: int

    def line(self, config: TrainConfig, tokens_per_update: float, state: TrainState) -> str:
        """Gives the sentence for people, with the expected end."""
        speeds = ", ".join(
            f"{count} thread{'s' * (count > 1)} {speed:.0f}"
            for count, speed in self.tokens_per_s.items()
        )
        end = expected_end(config, self.tokens_per_s[self.threads] / tokens_per_update, state)
        return (
            f"{self.parameters / 1e6:.1f} M parameters; target tokens/s: {speeds}; "
            f"memory {self.memory_bytes / 2**30:.2f} GiB; {end}"
        )


def expected_end(config: TrainConfig, updates_per_s: float, state: TrainState) -> str:
    """Says when a run will end that makes so many updates a second."""
    if updates_per_s <= 0:
        return "the largest batch does not fit into memory and will be cut"
    limits = []
    if config.max_updates:
        limits.append((config.max_updates - state.update) / updates_per_s)
    if config.max_minutes:
        limits.append(60 * config.max_minutes - state.elapsed_s)
    if not limits:
        return "no end set: stop it with Ctrl-C"
    left_s = max(0.0, min(limits))
    clock = time.strftime("%H:%M", time.localtime(time.time() + left_s))
    updates = state.update + left_s * updates_per_s
    return f"ends in {left_s / 60:.0f} min ({clock}), at about update {updates:.0f}"


def _time_step(learner: Learner, batch: Batch, device: torch.device) -> float:
    began = time.perf_counter()
    learner.optimizer.zero_grad(set_to_none=True)
    learner.forward_backward(batch, 1.0 / batch.tokens)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def free_cores() -> int:
    """Gives the cores that this process may use and no other process is using now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, round((cores or 1) - busy))


def probe(learner: Learner, batch: Batch, device: torch.device, threads: int) -> Probe:
    """Runs the largest batch forward and backward; weights, gradients and seeds stay untouched.

    Args:
        learner: network and optimiser.
        batch: the batch with the largest arrays.
        device: where it runs.
        threads: CPU threads; 0 tries one against all free ones and takes the faster. Two threads
            on a busy machine can be far slower than one, because each waits for the other.
    """
    candidates = [threads] if threads else sorted({1, free_cores()})
    if device.type == "cuda":
        candidates = [torch.get_num_threads()]
    speeds: dict[int, float] = {}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for count in candidates:
            torch.set_num_threads(count)
            try:
                _time_step(learner, batch, device)
                best_s = min(_time_step(learner, batch, device) for _ in range(2))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                best_s = float("inf")  # the first update will cut the batches
            speeds[count] = batch.tokens / best_s
    learner.optimizer.zero_grad(set_to_none=True)
    # More threads must pay: 15 % more speed for twice the cores is a bad bargain.
    chosen = candidates[0]
    for count in candidates[1:]:
        if speeds[count] > 1.15 * speeds[chosen]:
            chosen = count
    torch.set_num_threads(chosen)
    parameters = sum(p.numel() for p in learner.model.parameters())
    return Probe(chosen, speeds, _peak_memory(device), parameters)
