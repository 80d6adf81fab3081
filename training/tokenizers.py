"""Segment prepared pairs and train both tokenizers on them: `nmt train tokenizer`."""

from __future__ import annotations

import functools
import itertools
import logging
from pathlib import Path

from nmt.tokenizers.base import Tokenizer
from nmt.tokenizers.morphemes import build_segmenter
from training.config import RunConfig
from training.data.order import epoch_indices
from training.data.segmenting import WholeText, segment_shards
from training.data.shards import PairStore
from training.fit import require_folders
from training.tokenizer import train_tokenizer

log = logging.getLogger(__name__)


def train_tokenizers(config: RunConfig, workers: int = 0) -> tuple[Tokenizer, Tokenizer]:
    """Cuts the prepared texts into segments, trains the Korean and the English tokenizer.

    The pairs are read by the sources' weights, so that the vocabularies fit what training sees.

    Args:
        config: names the prepared folder and the tokenizers' folders.
        workers: processes that segment; 0 takes one per free core.

    Raises:
        ConfigError: a folder is not named.
        DataError: there are no prepared pairs.
        AnalyzerMissingError: the analyzer is not installed.
        TokenizerError: the vocabulary asked for is too small.
    """
    require_folders(config)
    settings, folder = config.tokenizer.training, Path(config.data.prepared)
    plain = settings.source_kind == "sentencepiece"
    cut = WholeText if plain else functools.partial(build_segmenter, settings.source_kind)
    log.info("segmenting %s", folder)
    segment_shards(folder, cut, workers=workers)
    store = PairStore.open(folder)
    order = list(itertools.islice(epoch_indices(store, 0, 1).tolist(), settings.max_pairs))
    source = train_tokenizer(
        map(store.segmented_source, order), kind=settings.source_kind,
        vocab_size=settings.source_vocab_size, folder=Path(config.tokenizer.source),
        model_type=settings.model_type,
    )  # fmt: skip
    target = train_tokenizer(
        map(store.segmented_target, order), kind="sentencepiece",
        vocab_size=settings.target_vocab_size, folder=Path(config.tokenizer.target),
        model_type=settings.model_type,
    )  # fmt: skip
    return source, target
