"""Prepared pairs as an endless, resumable stream of batches on the device."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from nmt.tokenizers.base import Tokenizer
from training.data.batch import Batch, DeviceChunk, EncodedPairs, flatten, merge
from training.data.sampler import Indices, SamplerState, chunk_generator, plan_batches
from training.errors import DataError

PART_PAIRS = 10_000
"""Pairs that one worker encodes at a time; parts of a chunk are encoded side by side."""


class Pairs(Protocol):
    """Pairs in segmented form: segments of a text joined by U+001F."""

    def __len__(self) -> int: ...

    def segmented_source(self, index: int) -> str:
        """Korean of a pair."""
        ...

    def segmented_target(self, index: int) -> str:
        """English of a pair."""
        ...


@dataclass(frozen=True)
class EncodeLimits:
    """How pairs become ids."""

    source_alpha: float = 0.0
    target_alpha: float = 0.0
    max_source_pieces: int = 100
    max_target_pieces: int = 100

    def without_sampling(self) -> EncodeLimits:
        """Gives the same limits with the most probable pieces."""
        return replace(self, source_alpha=0.0, target_alpha=0.0)


@dataclass(frozen=True)
class PairEncoder:
    """Turns pairs into ids."""

    pairs: Pairs
    source: Tokenizer
    target: Tokenizer
    limits: EncodeLimits

    def encode(self, indices: Indices, seed: int, sampled: bool) -> EncodedPairs:
        """Encodes these pairs; the same seed gives the same pieces."""
        limits = self.limits if sampled else self.limits.without_sampling()
        rng = random.Random(seed)
        sources, targets, too_long, empty = [], [], 0, 0
        for index in indices.tolist():
            src_text = self.pairs.segmented_source(index)
            tgt_text = self.pairs.segmented_target(index)
            src = _ids(self.source, src_text, limits.source_alpha, rng)
            tgt = _ids(self.target, tgt_text, limits.target_alpha, rng)
            if len(src) > limits.max_source_pieces or len(tgt) > limits.max_target_pieces:
                too_long += 1
            elif not src or not tgt:
                empty += 1
            else:
                sources.append(src)
                targets.append(tgt)
        return EncodedPairs(flatten(sources), flatten(targets), too_long, empty)


def _ids(tokenizer: Tokenizer, segmented: str, alpha: float, rng: random.Random) -> list[int]:
    if alpha:
        return tokenizer.sample_ids(segmented, alpha, rng)
    return tokenizer.ids_of_segmented(segmented)


_worker_encoder: PairEncoder | None = None


def _start_worker(build: Callable[[], PairEncoder]) -> None:
    global _worker_encoder
    torch.set_num_threads(1)
    _worker_encoder = build()


def _encode_in_worker(indices: Indices, seed: int, sampled: bool) -> EncodedPairs:
    if _worker_encoder is None:
        raise RuntimeError("the worker was not started by _start_worker")
    return _worker_encoder.encode(indices, seed, sampled)


def default_workers() -> int:
    """Gives how many processes encode ahead: none below four cores, where they would disturb."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 0 if (cores or 1) < 4 else min(16, (cores or 1) - 2)


class ChunkSource:
    """Encodes chunks of epochs, ahead of time where there are workers."""

    def __init__(
        self,
        build: Callable[[], PairEncoder],
        epoch_indices: Callable[[int], Indices],
        chunk_pairs: int,
        seed: int,
        workers: int,
    ) -> None:
        """`build` makes the encoder, in each worker anew; it must be picklable for workers."""
        self.encoder = build()
        self.chunk_pairs = chunk_pairs
        self.seed = seed
        self._epoch_indices = epoch_indices
        self._epoch: tuple[int, Indices] | None = None
        self._ahead: dict[tuple[int, int, bool], list[Future[EncodedPairs]]] = {}
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        if workers:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, context, _start_worker, (build,))

    def indices(self, epoch: int) -> Indices:
        """Gives the order of the pairs in an epoch."""
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, np.asarray(self._epoch_indices(epoch), np.int64))
            if not len(self._epoch[1]):
                raise DataError("the prepared data holds no pairs; run `nmt train prepare` again")
        return self._epoch[1]

    def chunks(self, epoch: int) -> int:
        """Gives the number of chunks of an epoch."""
        return -(-len(self.indices(epoch)) // self.chunk_pairs)

    def _tasks(self, epoch: int, chunk: int) -> list[tuple[Indices, int]]:
        """Gives the parts of a chunk and their seeds; the same with and without workers."""
        first = chunk * self.chunk_pairs
        rows = self.indices(epoch)[first : first + self.chunk_pairs]
        parts = [rows[at : at + PART_PAIRS] for at in range(0, len(rows), PART_PAIRS)]
        seeds = chunk_generator(self.seed, epoch, chunk).integers(2**62, size=len(parts))
        return list(zip(parts, seeds.tolist(), strict=True))

    def get(self, epoch: int, chunk: int, sampled: bool) -> EncodedPairs:
        """Gives an encoded chunk and lets the workers begin with the next one."""
        if self._pool is None:
            tasks = self._tasks(epoch, chunk)
            return merge([self.encoder.encode(*task, sampled) for task in tasks])
        self._submit(epoch, chunk, sampled)
        parts = self._ahead.pop((epoch, chunk, sampled))
        for key in [k for k in self._ahead if k[2] != sampled]:
            for part in self._ahead.pop(key):
                part.cancel()
        self._submit(*self.following(epoch, chunk), sampled)
        return merge([part.result() for part in parts])

    def _submit(self, epoch: int, chunk: int, sampled: bool) -> None:
        key = (epoch, chunk, sampled)
        if self._pool is not None and key not in self._ahead:
            self._ahead[key] = [
                self._pool.submit(_encode_in_worker, *task, sampled)
                for task in self._tasks(epoch, chunk)
            ]

    def following(self, epoch: int, chunk: int) -> tuple[int, int]:
        """Gives the chunk after this one, in the next epoch after the last."""
        return (epoch, chunk + 1) if chunk + 1 < self.chunks(epoch) else (epoch + 1, 0)

    def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


class BatchStream:
    """Batches without end; `state` says what comes next and may be set to go there."""

    def __init__(
        self, chunks: ChunkSource, batch_tokens: int, device: torch.device, multiple: int = 1
    ) -> None:
        self.chunks = chunks
        self.batch_tokens = batch_tokens
        self.device = device
        self.multiple = multiple
        self.state = SamplerState()
        self.left_out = 0
        self._loaded: tuple[int, int, bool] | None = None
        self._chunk: DeviceChunk | None = None
        self._plan: list[Indices] = []

    def _load(self, state: SamplerState) -> DeviceChunk:
        key = (state.epoch, state.chunk, state.sampled)
        if self._chunk is None or self._loaded != key:
            pairs = self.chunks.get(*key)
            self.left_out += pairs.too_long + pairs.empty
            rng = chunk_generator(self.chunks.seed + 1, state.epoch, state.chunk)
            lengths = pairs.source.lengths + 1, pairs.target.lengths + 1
            self._plan = plan_batches(*lengths, self.batch_tokens, rng)
            self._chunk = DeviceChunk(pairs, self.device, self.multiple)
            self._loaded = key
        return self._chunk

    def take(self, sampled: bool) -> Batch:
        """Gives the next batch; `sampled` counts where a new chunk begins."""
        unusable = 0
        while True:
            if self.state.batch == 0:
                self.state.sampled = sampled
            chunk = self._load(self.state)
            if self.state.batch < len(self._plan):
                rows = self._plan[self.state.batch]
                self.state.batch += 1
                return chunk.batch(rows)
            unusable = unusable + 1 if not self._plan else 0
            if unusable > self.chunks.chunks(self.state.epoch):
                raise DataError(
                    "every pair of an epoch is empty or longer than data.max_source_pieces or "
                    "data.max_target_pieces; raise these limits or check the tokenizers"
                )
            epoch, index = self.chunks.following(self.state.epoch, self.state.chunk)
            self.state = SamplerState(epoch, index, 0, sampled)

    def largest(self) -> Batch:
        """Gives the batch of the current chunk with the largest padded arrays; takes nothing."""
        chunk = self._load(self.state)
        if not self._plan:
            raise DataError(
                "the first chunk has no usable pair: all are empty or longer than "
                "data.max_source_pieces or data.max_target_pieces"
            )
        src, tgt = chunk.pairs.source.lengths, chunk.pairs.target.lengths
        return chunk.batch(max(self._plan, key=lambda r: len(r) * max(src[r].max(), tgt[r].max())))

    def mean_tokens(self) -> float:
        """Gives the mean number of target tokens in a batch of the current chunk."""
        chunk = self._load(self.state)
        return float((chunk.pairs.target.lengths + 1).sum()) / max(1, len(self._plan))
