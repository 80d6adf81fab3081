"""From the sample that ships with the project to a translating model, in minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nmt.errors import AnalyzerMissingError
from nmt.tokenizers.analyzers import analyzer_named
from training.config import (
    DataConfig,
    RunConfig,
    TokenizerConfig,
    TokenizerTraining,
    TrainConfig,
)
from training.data.prepare import prepare
from training.data.settings import FilterConfig, PrepareConfig
from training.dev import read_lines
from training.export import export
from training.fit import fit
from training.plot import plot_journal
from training.reporter import Observer
from training.tokenizers import train_tokenizers

log = logging.getLogger(__name__)

SAMPLE = Path(__file__).parent / "sample"
MODEL = {
    "architecture": "transformer", "d_model": 96, "d_ff": 256, "n_heads": 4,
    "n_encoder_layers": 2, "n_decoder_layers": 2, "dropout": 0.2,
}  # fmt: skip


@dataclass(frozen=True)
class QuickstartResult:
    """What the quickstart leaves behind."""

    bundle: Path
    plot: Path
    translations: tuple[tuple[str, str, str], ...]
    """(source, translation, reference) of sentences that were held out."""


def _analyzer() -> str:
    try:
        analyzer_named("mecab")
    except AnalyzerMissingError:
        log.warning("MeCab is not installed; Korean is cut by SentencePiece alone")
        return "sentencepiece"
    return "mecab"


def _translate(bundle: Path, sources: list[str]) -> list[str]:
    from nmt.translator import Translator

    return [found.text for found in Translator.load(str(bundle)).translate(sources)]


def quickstart_config(folder: Path, minutes: float) -> RunConfig:
    """Gives the settings of the tiny run in `folder`."""
    return RunConfig(
        data=DataConfig(
            prepared=str(folder / "prepared"), dev_source=str(SAMPLE / "dev.ko"),
            dev_target=str(SAMPLE / "dev.en"), workers=0,
        ),
        tokenizer=TokenizerConfig(
            source=str(folder / "tokenizer" / "source"),
            target=str(folder / "tokenizer" / "target"),
            training=TokenizerTraining(_analyzer(), 600, 600),
        ),
        model=MODEL,
        train=TrainConfig(
            max_minutes=minutes, batch_tokens=600, learning_rate=2e-3, device="cpu",
            precision="fp32", ema_decay=0.99, validate_minutes=minutes / 6,
            validation_lines=50, checkpoint_minutes=minutes / 3, keep_recent=1,
        ),
    )  # fmt: skip


def quickstart(
    folder: Path,
    minutes: float,
    observer: Observer,
    stop_requested: Callable[[], bool] = lambda: False,
) -> QuickstartResult:
    """Prepares the sample, trains tokenizers and a tiny Transformer, exports and translates.

    Args:
        folder: receives everything; a run in it goes on.
        minutes: training time; preparation and evaluation add less than a minute.
        observer: is told about the progress.
        stop_requested: asked before every update; True ends the training early.
    """
    config = quickstart_config(folder, minutes)
    observer.logged("1/5 preparing the sample")
    prepare(PrepareConfig(
        corpora=(str(SAMPLE / "pairs.tsv"),), output=config.data.prepared,
        exclude=(str(SAMPLE / "dev.ko"), str(SAMPLE / "dev.en")), exclude_overlap=1.0, workers=1,
        filters=FilterConfig(max_same_target=10, near_duplicates=False),
    ))  # fmt: skip
    observer.logged("2/5 training the tokenizers")
    train_tokenizers(config, workers=1)
    observer.logged(f"3/5 training a tiny Transformer for {minutes:g} minutes")
    run = folder / "run"
    fit(config, run, resume=True, observer=observer, stop_requested=stop_requested)
    observer.logged("4/5 exporting and translating")
    bundle = folder / "bundle"
    export(run, bundle, name="quickstart")
    sources, references = (read_lines(SAMPLE / f"dev.{side}") for side in ("ko", "en"))
    shown = slice(0, 8)
    translations = _translate(bundle, sources[shown])
    observer.logged("5/5 drawing the curves")
    plot = folder / "training.png"
    plot_journal(run / "journal.jsonl", plot)
    rows = zip(sources[shown], translations, references[shown], strict=True)
    return QuickstartResult(bundle, plot, tuple(rows))
