"""The engine that runs every architecture, on CPU and CUDA."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from nmt import decoding
from nmt.batching import Waiting, pad, plan_batches, restore_order
from nmt.config import SearchConfig
from nmt.decoding.step_model import StepModel
from nmt.engines.checks import check_ids, check_pairs
from nmt.errors import EngineError
from nmt.hypothesis import Hypothesis
from nmt.models.base import Seq2Seq
from nmt.models.int8 import Int8Rnn
from nmt.tokenizers.base import EOS_ID, PAD_ID

T = TypeVar("T")

logger = logging.getLogger(__name__)


class TorchEngine:
    """Searches with a network in batches of similar length, which may be refilled as they run.

    Args:
        model: the network; moved to `device`, put into evaluation mode.
        device: `cpu` or `cuda`.
        dtype: precision of the weights; float32 keeps outputs independent of the batch.
        max_tokens: most source tokens of a batch, padding and the places of the beam counted;
            none takes what suits the device. A batch that does not fit into the memory is halved.
        least_free: share of a batch's places that must be free before further sentences join it
            (docs/adr/0010-refill.md); 1 never refills, none takes what suits the device.
        name: as users know it.
    """

    def __init__(
        self,
        model: Seq2Seq | Int8Rnn,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        max_tokens: int | None = None,
        least_free: float | None = None,
        name: str = "torch",
    ) -> None:
        self.name = name
        self.device = device
        self.model: Seq2Seq | Int8Rnn = model.to(device=device, dtype=dtype).eval()
        self.step_model: StepModel = self.model
        self.max_tokens = max_tokens or (8192 if device == "cpu" else 131072)
        if least_free is None:
            least_free = 1.0 if device == "cpu" else 0.5
        self.least_free = least_free

    def search(
        self, batch: Sequence[Sequence[int]], options: SearchConfig, attention: bool = False
    ) -> list[list[Hypothesis]]:
        """Gives the best hypotheses of each source; see `Engine.search`.

        Raises:
            ConfigError: a coverage penalty is asked of a model without attention.
            EngineError: one sentence alone does not fit into the memory.
            InputError: a source piece is not in the vocabulary.
        """
        places = options.n_best if options.sampling else options.beam_size
        max_tokens = max(1, self.max_tokens // places)
        lengths = [len(source) + 1 for source in batch]
        waiting = Waiting(lengths, max_tokens, self.least_free)

        def intake(running: Sequence[int]) -> decoding.Sources | None:
            taken = waiting.take(running)
            if not taken:
                return None
            return decoding.Sources(taken, *self._sources([batch[index] for index in taken]))

        found: dict[int, list[Hypothesis]] = {}
        while True:
            try:
                with torch.inference_mode():
                    results = decoding.iter_search(
                        self.step_model, intake, options, attention=attention
                    )
                    for number, hypotheses in results:
                        found[number] = hypotheses
                return [found[index] for index in range(len(batch))]
            except torch.OutOfMemoryError as error:
                _refuse_single(len(waiting.running), error)
                waiting.put_back(found)
            _empty_cache()

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[list[float]]:
        """Gives the log-probability of each target piece and of EOS; see `Engine.score`.

        Raises:
            EngineError: one sentence alone does not fit into the memory.
            InputError: there are not as many targets as sources, or a piece is unknown.
        """
        check_pairs(sources, targets)
        check_ids(targets, "target", self.model.config.tgt_vocab_size)

        def score_rows(indices: list[int]) -> list[list[float]]:
            src_ids, src_mask = self._sources([sources[index] for index in indices])
            chosen = [targets[index] for index in indices]
            return decoding.score_targets(self.model, src_ids, src_mask, chosen)

        lengths = [max(len(s), len(t)) + 1 for s, t in zip(sources, targets, strict=True)]
        return self._in_batches(lengths, 1, score_rows)

    def _sources(self, sources: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        check_ids(sources, "source", self.model.config.src_vocab_size)
        ids, mask = pad([[*source, EOS_ID] for source in sources], PAD_ID)
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def _in_batches(
        self, lengths: list[int], places: int, work: Callable[[list[int]], list[T]]
    ) -> list[T]:
        """Runs `work` on batches of indices; `places` rows of the network for each index."""
        max_tokens = max(1, self.max_tokens // places)
        batches = plan_batches(lengths, max_tokens, max_rows=max_tokens)
        with torch.inference_mode():
            results = [halve_until_it_fits(indices, work) for indices in batches]
        return restore_order(batches, results)


def halve_until_it_fits(indices: list[int], work: Callable[[list[int]], list[T]]) -> list[T]:
    """Gives `work(indices)`; where memory runs out, in two halves, and so on.

    Raises:
        EngineError: a single index does not fit.
    """
    try:
        return work(indices)
    except torch.OutOfMemoryError as error:
        _refuse_single(len(indices), error)
    _empty_cache()
    middle = len(indices) // 2
    return halve_until_it_fits(indices[:middle], work) + halve_until_it_fits(indices[middle:], work)


def _refuse_single(n_sentences: int, error: torch.OutOfMemoryError) -> None:
    """Raises an EngineError where the batch that did not fit cannot be halved."""
    if n_sentences == 1:
        raise EngineError(
            "out of memory with one sentence in the batch; lower max_length or beam_size, "
            "free the device or use device 'cpu'"
        ) from error
    logger.warning("out of memory with %d sentences; halving the batch", n_sentences)


def _empty_cache() -> None:
    """Gives free memory back; to be called once the error is gone, for it holds on to tensors."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
