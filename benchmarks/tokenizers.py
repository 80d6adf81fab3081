"""Compares Korean tokenizers at equal training: the same pairs, network, updates and English side.

    python benchmarks/tokenizers.py --prepared data/prepared --dev data/dev \
        --kinds sentencepiece mecab kiwi okt --updates 1500 --output runs/tokenizers

Each kind gets its own SentencePiece model of the same size over its own segments, a small Luong
network and the same number of updates. Printed as a Markdown table: BLEU and chrF on the
development set, loss per English piece (comparable, for the English side is shared), pieces per
sentence, sentences per second from text to ids on one core. Every figure also lies in results.json.
"""

from __future__ import annotations

import argparse
import functools
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from nmt.tokenizers.base import Tokenizer
from nmt.tokenizers.morphemes import build_segmenter
from training.config import RunConfig, config_from_dict
from training.data.order import epoch_indices
from training.data.segmenting import WholeText, segment_shards
from training.data.shards import PairStore
from training.fit import fit
from training.tokenizer import train_tokenizer

TIMED_SENTENCES = 2000


def segment(folder: Path, kind: str) -> None:
    """Adds the segments of one kind to a prepared folder."""
    cut = WholeText if kind == "sentencepiece" else functools.partial(build_segmenter, kind)
    segment_shards(folder, cut, workers=1)


def run_config(folder: Path, target: Path, dev: Path, updates: int) -> RunConfig:
    """Gives the settings of one run: small, so that the comparison takes minutes."""
    return config_from_dict(
        {
            "data": {
                "prepared": str(folder / "pairs"), "dev_source": f"{dev}.ko",
                "dev_target": f"{dev}.en", "max_source_pieces": 40, "max_target_pieces": 30,
            },
            "tokenizer": {"source": str(folder / "tokenizer"), "target": str(target)},
            "model": {
                "architecture": "rnn", "attention": "luong", "residual": True, "d_embed": 192,
                "d_model": 192, "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.1,
            },
            "train": {
                "max_updates": updates, "batch_tokens": 1600, "learning_rate": 2e-3,
                "decay_share": 0.4, "lexicon_pairs": 60000, "guide_weight": 0.3, "threads": 1,
                "validate_every": updates, "checkpoint_every": updates,
                "validation_lines": 100_000, "device": "cpu",
            },
        }
    )  # fmt: skip


def last_validation(run: Path) -> dict[str, Any]:
    """Gives the figures of the last validation in a run's journal."""
    events = [json.loads(line) for line in (run / "journal.jsonl").read_text("utf-8").splitlines()]
    last: dict[str, Any] = [event for event in events if event["event"] == "validation"][-1]
    return last


def encoding_figures(tokenizer: Tokenizer, texts: list[str]) -> dict[str, float]:
    """Gives pieces per sentence and sentences per second, the median of five passes.

    A tokenizer that is loaded anew has empty caches; the first pass fills them and is not timed.
    """
    lengths = [len(tokenizer.encode_ids(text)) for text in texts]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        for text in texts:
            tokenizer.encode_ids(text)
        seconds.append(time.perf_counter() - start)
    return {
        "pieces_per_sentence": float(np.mean(lengths)),
        "sentences_per_s": len(texts) / float(np.median(seconds)),
    }


def compare(
    kind: str, options: argparse.Namespace, target: Path, rows: list[int]
) -> dict[str, Any]:
    """Prepares, trains and scores one kind."""
    folder = options.output / kind
    if not (folder / "pairs" / "segmented_source.bin").exists():
        shutil.copytree(options.prepared, folder / "pairs", dirs_exist_ok=True)
        segment(folder / "pairs", kind)
    store = PairStore.open(folder / "pairs")
    tokenizer = train_tokenizer(
        (store.segmented_source(row) for row in rows),
        kind=kind, vocab_size=options.vocab_size, folder=folder / "tokenizer",
    )  # fmt: skip
    fit(run_config(folder, target, options.dev, options.updates), folder / "run", resume=True)
    scores = last_validation(folder / "run")
    texts = options.dev.with_name(options.dev.name + ".ko").read_text("utf-8").splitlines()
    wanted = {name: scores[name] for name in ("bleu", "chrf", "loss")}
    return {"kind": kind, **wanted, **encoding_figures(tokenizer, texts[:TIMED_SENTENCES])}


def table(results: list[dict[str, Any]]) -> str:
    """Gives the results as a Markdown table."""
    lines = [
        "| Korean tokenizer | BLEU | chrF | loss | pieces per sentence | sentences/s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        lines.append(
            f"| {r['kind']} | {r['bleu']:.2f} | {r['chrf']:.2f} | {r['loss']:.3f} | "
            f"{r['pieces_per_sentence']:.1f} | {r['sentences_per_s']:,.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--prepared", type=Path, required=True, help="folder of `nmt train prepare`"
    )
    parser.add_argument("--dev", type=Path, required=True, help="DEV.ko and DEV.en are read")
    parser.add_argument("--kinds", nargs="+", default=["sentencepiece", "mecab", "kiwi", "okt"])
    parser.add_argument("--updates", type=int, default=1500)
    parser.add_argument("--vocab-size", type=int, default=8000)
    parser.add_argument("--output", type=Path, default=Path("runs/tokenizers"))
    options = parser.parse_args()
    store = PairStore.open(options.prepared)
    rows = epoch_indices(store, 0, 1).tolist()
    target = options.output / "english"
    english = WholeText()
    train_tokenizer(
        (english.segment(store.target_text(row)) for row in rows),
        kind="sentencepiece", vocab_size=6000, folder=target,
    )  # fmt: skip
    results = []
    for kind in options.kinds:
        results.append(compare(kind, options, target, rows))
        (options.output / "results.json").write_text(json.dumps(results, indent=1), "utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
