"""Validation while training: loss of the development set, BLEU and chrF of greedy translations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import sacrebleu
import torch

from nmt.config import SearchConfig
from nmt.decoding import search
from nmt.models.base import Seq2Seq
from nmt.tokenizers.base import Tokenizer
from training.data.batch import DeviceChunk, EncodedPairs, flatten
from training.data.sampler import plan_batches
from training.loss import chunked_loss
from training.precision import Precision


@dataclass(frozen=True)
class DevSet:
    """A development set, tokenised."""

    sources: tuple[str, ...]
    """Korean as people read it."""
    references: tuple[str, ...]
    src_ids: tuple[tuple[int, ...], ...]
    """Without end pieces."""
    tgt_ids: tuple[tuple[int, ...], ...]
    """Without begin and end pieces."""


@dataclass(frozen=True)
class Validation:
    """What a validation found."""

    loss: float
    """Negative log-likelihood per target piece in nats, no smoothing."""
    bleu: float
    """sacreBLEU of the greedy translations; NaN where none was asked for."""
    chrf: float
    lines: int
    """Sentences translated."""
    samples: tuple[tuple[str, str, str], ...]
    """(source, translation, reference) of a few sentences."""

    @property
    def perplexity(self) -> float:
        """exp(loss), capped so that it stays finite."""
        return math.exp(min(self.loss, 50.0))

    def score(self, metric: Literal["chrf", "bleu", "loss"]) -> float:
        """Gives the figure that checkpoints are compared by; higher is better."""
        if metric == "loss" or not self.lines:
            return -self.loss
        return self.chrf if metric == "chrf" else self.bleu


def _spread(total: int, wanted: int) -> list[int]:
    """Gives `wanted` indices spread evenly over a set, since its parts may be ordered."""
    count = min(total, wanted)
    return [i * total // count for i in range(count)]


class Validator:
    """Holds the development set on the device; call it with a network."""

    def __init__(
        self,
        dev: DevSet,
        target: Tokenizer,
        search_config: SearchConfig,
        lines: int,
        batch_tokens: int,
        device: torch.device,
        precision: Precision,
    ) -> None:
        self.dev = dev
        self.target = target
        self.options = replace(search_config, beam_size=1, n_best=1, sampling=False)
        self.rows = _spread(len(dev.sources), lines)
        self.device = device
        self.precision = precision
        pairs = EncodedPairs(flatten(dev.src_ids), flatten(dev.tgt_ids))
        self._chunk = DeviceChunk(pairs, device)
        lengths = pairs.source.lengths + 1, pairs.target.lengths + 1
        self._plan = plan_batches(*lengths, batch_tokens, np.random.default_rng(0))
        self._batch_tokens = batch_tokens

    @torch.no_grad()
    def __call__(self, model: Seq2Seq) -> Validation:
        """Evaluates the network, in evaluation mode; leaves its mode and all seeds as they were."""
        was_training = model.training
        model.eval()
        try:
            loss = self._loss(model)
            translations = self._translate(model)
        finally:
            model.train(was_training)
        references = [self.dev.references[i] for i in self.rows]
        bleu = chrf = math.nan
        if translations:
            bleu = sacrebleu.corpus_bleu(translations, [references]).score
            chrf = sacrebleu.corpus_chrf(translations, [references]).score
        sources = [self.dev.sources[i] for i in self.rows]
        shown = _spread(len(translations), 5) if translations else []
        samples = tuple((sources[i], translations[i], references[i]) for i in shown)
        return Validation(loss, bleu, chrf, len(translations), samples)

    def _loss(self, model: Seq2Seq) -> float:
        total, tokens = 0.0, 0
        for rows in self._plan:
            batch = self._chunk.batch(rows)
            with self.precision.autocast():
                hidden, _ = model.decode_hidden(batch.src_ids, batch.src_mask, batch.tgt_in)
                real = hidden.flatten(0, 1)[batch.positions]
                _, nll = chunked_loss(real, batch.targets, model.project, 0.0, 1024)
            total += float(nll)
            tokens += batch.tokens
        return total / max(1, tokens)

    def _translate(self, model: Seq2Seq) -> list[str]:
        translations: dict[int, str] = {}
        order = sorted(self.rows, key=lambda i: len(self.dev.src_ids[i]))
        for rows in _packed(order, self.dev.src_ids, self._batch_tokens):
            batch = self._chunk.batch(np.array(rows, np.int64))
            with self.precision.autocast():
                found = search(model, batch.src_ids, batch.src_mask, self.options)
            for row, hypotheses in zip(rows, found, strict=True):
                translations[row] = self.target.decode(list(hypotheses[0].ids))
        return [translations[row] for row in self.rows]


def _packed(order: Sequence[int], src_ids: Sequence[Sequence[int]], budget: int) -> list[list[int]]:
    """Groups rows, sorted by length, so that rows × longest stays within the budget."""
    groups: list[list[int]] = []
    for row in order:
        size = len(src_ids[row]) + 1
        if groups and (len(groups[-1]) + 1) * size <= budget:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
