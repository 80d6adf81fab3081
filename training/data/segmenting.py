"""Adds segmented texts to prepared shards, so that training needs no morpheme analyzer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from nmt.cores import usable_cores
from nmt.tokenizers.base import load_tokenizer
from nmt.tokenizers.segmented import join_at
from training.data.columns import TextColumnWriter
from training.data.cores import map_in_order
from training.data.shards import PairStore, read_manifest, write_manifest

ROWS = 2000
Progress = Callable[[int, int], None]


class Segmenter(Protocol):
    """What cuts a text into segments: every tokenizer, or an analyzer before there is one."""

    def segment(self, text: str) -> str:
        """Gives the text in the form of nmt/tokenizers/segmented.py."""
        ...


class WholeText:
    """Leaves a text in one segment, as plain SentencePiece sees it."""

    def segment(self, text: str) -> str:
        """Gives the text with its spaces marked, uncut."""
        return join_at(text, ())


MakeSegmenter = Path | Callable[[], Segmenter]
"""A tokenizer's folder, or a function at module level (it goes to other processes)."""

_segmenters: list[Segmenter] = []
_store: list[PairStore] = []


def segment_shards(
    folder: Path,
    source_tokenizer: MakeSegmenter,
    target_tokenizer: MakeSegmenter = WholeText,
    workers: int = 0,
    progress: Progress | None = None,
) -> None:
    """Writes the columns `segmented_source` and `segmented_target` of a prepared folder.

    Args:
        folder: what `prepare` wrote; segmented columns already there are replaced.
        source_tokenizer: cuts the Korean.
        target_tokenizer: cuts the English; by default not at all.
        workers: processes; 0 takes one per free core, 1 runs in this process.
        progress: called with pairs done and pairs in all.

    Raises:
        DataError: the folder holds no prepared pairs.
        TokenizerError: a tokenizer cannot be loaded or its analyzer is missing.
    """
    folder = Path(folder)
    n_pairs = len(PairStore.open(folder))
    manifest = read_manifest(folder)
    makers = source_tokenizer, target_tokenizer
    partial = folder / "segmented.partial"
    partial.mkdir(exist_ok=True)
    names = "segmented_source", "segmented_target"
    with TextColumnWriter(partial, names[0]) as src, TextColumnWriter(partial, names[1]) as tgt:
        done = 0
        ranges = (range(r, min(n_pairs, r + ROWS)) for r in range(0, n_pairs, ROWS))
        for sources, targets in map_in_order(
            _segment_rows, ranges, workers or usable_cores(), _start_worker, (folder, makers)
        ):
            for text in sources:
                src.add(text)
            for text in targets:
                tgt.add(text)
            done += len(sources)
            if progress is not None:
                progress(done, n_pairs)
    for path in sorted(partial.iterdir()):
        path.replace(folder / path.name)
    partial.rmdir()
    manifest["segmented_by"] = [_describe(maker) for maker in makers]
    write_manifest(folder, manifest)


def _describe(maker: MakeSegmenter) -> str:
    if isinstance(maker, Path):
        settings = json.loads((maker / "tokenizer.json").read_text(encoding="utf-8"))
        return str(settings.get("kind", maker.name))
    return str(getattr(maker, "__name__", type(maker).__name__))


def _make(maker: MakeSegmenter) -> Segmenter:
    return load_tokenizer(maker) if isinstance(maker, Path) else maker()


def _start_worker(folder: Path, makers: tuple[MakeSegmenter, MakeSegmenter]) -> None:
    _segmenters[:] = [_make(maker) for maker in makers]
    _store[:] = [PairStore.open(folder)]


def _segment_rows(rows: range) -> tuple[list[bytes], list[bytes]]:
    (source, target), store = _segmenters, _store[0]
    return (
        [source.segment(store.source_text(row)).encode() for row in rows],
        [target.segment(store.target_text(row)).encode() for row in rows],
    )
