"""The engine for Transformers on a CPU: CTranslate2, int8, no torch. It runs on a GPU too.

Its search differs from ours in three ways, and each is levelled here. It knows no reserved pieces:
a sentence whose translation has one is searched again without them. It renormalises what is left
when pieces are forbidden: then the model scores the translations once more. It ranks by another
length penalty: all hypotheses of the beam come back and are ranked by ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nmt.config import SearchConfig, TransformerConfig
from nmt.cores import usable_cores
from nmt.engines.candidates import (
    Candidate,
    Request,
    choose,
    read_candidate,
)
from nmt.engines.checks import check_ids, check_pairs
from nmt.errors import ConfigError, InputError
from nmt.hypothesis import Hypothesis
from nmt.tokenizers.base import EOS_ID

SMALL_MODEL = 384
"""Up to this width a second thread for the same batch costs more than it gives: at 256 one sentence
took 25 ms with two threads and 12 ms with one."""
THREADS_A_BATCH = 4
"""Most threads of a batch of a wider network."""
BATCH_ROWS = 16
"""Most sentences of a batch; they are spread over the workers, and more of them wait."""
GPU_BATCH_ROWS = 64
COMPUTE_TYPES = {"int8": "int8_float16", "float16": "float16", "float32": "float32"}
"""On a GPU, by how the export stores weights; a CPU computes as they are stored."""
LEAST_LENGTH_PENALTY = 1e-6
"""With none at all, CTranslate2 stops at the first finished hypothesis."""


class CTranslate2Engine:
    """Searches with a Transformer's CTranslate2 export.

    Threads may share it; other Python threads run while it works.

    Args:
        folder: the export, `ctranslate2/` of a bundle.
        config: the architecture that was exported.
        threads: CPU threads; none takes the cores that the process may use.
        device: `cpu` or `cuda`; in half precision what comes out there may depend on the batch.

    Raises:
        RuntimeError: CTranslate2 cannot read the export, or has no such device.
    """

    name = "ctranslate2"

    def __init__(
        self,
        folder: Path,
        config: TransformerConfig,
        threads: int | None = None,
        device: str = "cpu",
    ) -> None:
        import ctranslate2

        threads = threads or usable_cores()
        a_batch = 1 if config.d_model <= SMALL_MODEL else min(threads, THREADS_A_BATCH)
        settings = json.loads((folder / "config.json").read_bytes())
        on_gpu = device == "cuda"
        self.device = device
        self.config = config
        self._workers = 1 if on_gpu else threads // a_batch
        self._batch_rows = GPU_BATCH_ROWS if on_gpu else BATCH_ROWS
        self.model = ctranslate2.Translator(
            str(folder), device=device, inter_threads=self._workers, intra_threads=a_batch,
            compute_type=COMPUTE_TYPES[settings["quantization"]] if on_gpu else "default",
        )  # fmt: skip
        self.max_positions: int = settings["max_positions"]
        self._source_tokens: list[str] = json.loads(
            (folder / "source_vocabulary.json").read_bytes()
        )

    def search(
        self, batch: Sequence[Sequence[int]], options: SearchConfig, attention: bool = False
    ) -> list[list[Hypothesis]]:
        """Gives the best hypotheses of each source; see `Engine.search`.

        Raises:
            ConfigError: an option that only the torch engine has, or a translation longer than
                the export has positions for.
            InputError: a source is too long, or a piece of it is not in the vocabulary.
        """
        self._check_options(options)
        self._check_sources(batch)
        longest = self.max_positions - 1
        requests = [Request.of(source, options, longest) for source in batch]
        self._check_limits(requests)
        with_attention = attention or options.coverage_penalty > 0
        found = self._find(requests, options, with_attention)
        return [_best(candidates, options, attention) for candidates in found]

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[list[float]]:
        """Gives the log-probability of each target piece and of EOS; see `Engine.score`.

        Raises:
            InputError: there are not as many targets as sources, one is too long, or a piece is
                unknown.
        """
        check_pairs(sources, targets)
        self._check_sources(sources)
        check_ids(targets, "target", self.config.tgt_vocab_size)
        self._check_lengths(targets, "target")
        if not sources:
            return []
        results = self.model.score_batch(
            [self._tokens_of(source) for source in sources],
            [list(map(str, target)) for target in targets],
            max_batch_size=self._batch_rows,
            max_input_length=0,
        )
        return [list(result.log_probs) for result in results]

    def _find(
        self, requests: Sequence[Request], options: SearchConfig, attention: bool
    ) -> list[list[Candidate]]:
        """Gives the candidates of each request that keep the rules, with their log-probabilities.

        Rows that break a rule, and only those, are searched again by the rules. A placeholder that
        even then comes more often than the source has it is suppressed from there on; so each
        round settles one of the sixteen at least.
        """
        found = self._translate(requests, options, attention)
        allowed = [
            [c for c in candidates if request.allows(c)]
            for request, candidates in zip(requests, found, strict=True)
        ]
        again = {
            row: requests[row].strictly()
            for row, kept in enumerate(allowed)
            if len(kept) < min(options.n_best, len(found[row]))
        }
        while again:
            results = self._translate(list(again.values()), options, attention)
            rows, asked, again = list(again), list(again.values()), {}
            for row, request, candidates in zip(rows, asked, results, strict=True):
                allowed[row] = [c for c in candidates if request.allows(c)]
                if not allowed[row]:
                    again[row] = request.going_on_after(candidates[0])
        return self._scored(requests, allowed)

    def _translate(
        self, requests: Sequence[Request], options: SearchConfig, attention: bool
    ) -> list[list[Candidate]]:
        """Gives the candidates of each request, one call for all that can share it."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for row, request in enumerate(requests):
            groups.setdefault(request.shared, []).append(row)
        most = min(self._batch_rows, -(-len(requests) // self._workers))
        pending = [
            (row, result)
            for rows in groups.values()
            for row, result in zip(
                rows,
                self._start([requests[row] for row in rows], most, options, attention),
                strict=True,
            )
        ]
        found = {row: result.result() for row, result in pending}
        return [
            self._candidates(found[row], request, options) for row, request in enumerate(requests)
        ]

    def _start(
        self, requests: Sequence[Request], most: int, options: SearchConfig, attention: bool
    ) -> list[Any]:
        """Begins to translate requests that are alike but for source and prefix, `most` a batch."""
        first = requests[0]
        prefixes = [list(map(str, request.prefix)) for request in requests]
        started: list[Any] = self.model.translate_batch(
            [self._tokens_of(request.source) for request in requests],
            prefixes if any(prefixes) else None,
            asynchronous=True,
            max_batch_size=most,
            beam_size=options.beam_size,
            num_hypotheses=options.beam_size,
            length_penalty=_length_penalty(options),
            no_repeat_ngram_size=options.no_repeat_ngram,
            suppress_sequences=[[str(piece)] for piece in sorted(first.suppressed)] or None,
            max_input_length=0,
            max_decoding_length=first.roof + 1,
            min_decoding_length=first.min_length if first.strict else 0,
            return_end_token=True,
            return_scores=True,
            return_attention=attention,
        )
        return started

    def _candidates(self, result: Any, request: Request, options: SearchConfig) -> list[Candidate]:
        """Reads a result; log-probabilities that CTranslate2 renormalised become unknown."""
        alpha = _length_penalty(options)
        renormalised = request.strict or options.no_repeat_ngram
        rows = result.attention or [None] * len(result.hypotheses)
        candidates = [
            read_candidate(tokens, score * len(tokens) ** alpha, attention, request)
            for tokens, score, attention in zip(result.hypotheses, result.scores, rows, strict=True)
        ]
        if renormalised:
            candidates = [replace(candidate, log_prob=math.nan) for candidate in candidates]
        return choose(candidates)

    def _scored(
        self, requests: Sequence[Request], found: Sequence[Sequence[Candidate]]
    ) -> list[list[Candidate]]:
        """Gives the candidates with their log-probabilities, asking the model where unknown."""
        unknown = [
            (request.source, candidate)
            for request, candidates in zip(requests, found, strict=True)
            for candidate in candidates
            if candidate.needs_scoring()
        ]
        scores = iter(self.score([s for s, _ in unknown], [c.ids for _, c in unknown]))
        return [
            [_with_score(c, next(scores)) if c.needs_scoring() else c for c in candidates]
            for candidates in found
        ]

    def _tokens_of(self, source: Sequence[int]) -> list[str]:
        return [self._source_tokens[piece] for piece in (*source, EOS_ID)]

    def _check_sources(self, sources: Sequence[Sequence[int]]) -> None:
        check_ids(sources, "source", self.config.src_vocab_size)
        self._check_lengths(sources, "source")

    def _check_lengths(self, rows: Sequence[Sequence[int]], side: str) -> None:
        longest = max(map(len, rows), default=0)
        if longest >= self.max_positions:
            raise InputError(
                f"a {side} has {longest} pieces; engine 'ctranslate2' takes up to "
                f"{self.max_positions - 1}; cut it, or use engine 'torch'"
            )

    def _check_limits(self, requests: Sequence[Request]) -> None:
        limit = max((request.limit for request in requests), default=0)
        if limit >= self.max_positions:
            raise ConfigError(
                f"translations of up to {limit} pieces are asked for; engine 'ctranslate2' allows "
                f"{self.max_positions - 1}; lower max_length, or use engine 'torch'"
            )

    def _check_options(self, options: SearchConfig) -> None:
        if options.sampling:
            raise ConfigError(
                "sampling is true, which engine 'ctranslate2' cannot repeat from a seed; "
                "allowed: false; use engine 'torch' for samples"
            )
        if options.repetition_penalty != 1.0:
            raise ConfigError(
                f"repetition_penalty is {options.repetition_penalty}, which engine 'ctranslate2' "
                "understands otherwise; allowed: 1; use no_repeat_ngram, or engine 'torch'"
            )


def _length_penalty(options: SearchConfig) -> float:
    return max(options.length_penalty, LEAST_LENGTH_PENALTY)


def _with_score(candidate: Candidate, log_probs: Sequence[float]) -> Candidate:
    scored = log_probs if candidate.finished else log_probs[:-1]
    return replace(candidate, log_prob=math.fsum(scored))


def _best(
    candidates: Sequence[Candidate], options: SearchConfig, attention: bool
) -> list[Hypothesis]:
    """Gives the n best by our score."""
    hypotheses = [c.hypothesis(options, attention=attention) for c in candidates]
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)[: options.n_best]
