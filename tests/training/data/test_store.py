"""Shards, their order in an epoch, segmented columns and packing."""

from __future__ import annotations

import json
import lzma
import pickle
from pathlib import Path

import numpy as np
import pytest

from nmt.config import build
from nmt.tokenizers.segmented import join_at
from training.data.order import copies_in_epoch, epoch_indices, flattened_weights
from training.data.pack import pack, unpack
from training.data.prepare import prepare
from training.data.segmenting import WholeText, segment_shards
from training.data.settings import PrepareConfig
from training.data.shards import PairStore
from training.errors import DataError


class Halves:
    """Cuts every text in the middle."""

    def segment(self, text: str) -> str:
        return join_at(text, [len(text) // 2])


@pytest.fixture
def folder(corpora: Path, write_corpus, pairs) -> Path:
    write_corpus("often", pairs[:4])
    write_corpus("rare", pairs[4:])
    output = corpora.parent / "out"
    values = {"corpora": [str(corpora)], "output": str(output), "workers": 1}
    prepare(build(PrepareConfig, {**values, "weights": {"often": 2.5, "rare": 0.5}}))
    return output


def test_store_travels_to_other_processes_by_its_path(folder: Path) -> None:
    store = PairStore.open(folder)
    sent = pickle.dumps(store)
    assert len(sent) < 300
    assert pickle.loads(sent).source_text(3) == store.source_text(3)


def test_store_gives_lengths_in_bytes(folder: Path, pairs) -> None:
    store = PairStore.open(folder)
    assert store.source_bytes.tolist() == [len(src.encode()) for src, _ in pairs]
    assert store.target_bytes.tolist() == [len(tgt.encode()) for _, tgt in pairs]


def test_store_refuses_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no prepared data .*run `nmt train prepare` first"):
        PairStore.open(tmp_path)


def test_store_refuses_another_version(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({"format_version": 99}))
    with pytest.raises(DataError, match="format version 99; this version reads 1"):
        PairStore.open(folder)


def test_store_refuses_a_cut_file(folder: Path) -> None:
    blob = folder / "target.bin"
    blob.write_bytes(blob.read_bytes()[:-3])
    with pytest.raises(DataError, match="the copy is incomplete"):
        PairStore.open(folder)


def test_verify_notices_a_changed_byte(folder: Path) -> None:
    blob = folder / "source.bin"
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    with pytest.raises(DataError, match=r"source\.bin differs from its manifest"):
        PairStore.open(folder).verify()


def test_segmented_text_must_be_there(folder: Path) -> None:
    with pytest.raises(DataError, match="no segmented texts"):
        PairStore.open(folder).segmented_source(0)


@pytest.mark.parametrize("workers", [1, 2])
def test_segmented_columns_give_the_texts_back(folder: Path, workers: int) -> None:
    segment_shards(folder, Halves, workers=workers)
    store = PairStore.open(folder)
    store.verify()
    for row in range(len(store)):
        segmented = store.segmented_source(row)
        assert segmented.count("\x1f") == 1
        plain = segmented.replace("\x1f", "").replace("▁", " ")
        assert plain == " " + store.source_text(row)
        assert store.segmented_target(row) == WholeText().segment(store.target_text(row))


@pytest.mark.parametrize("segmented", [False, True])
def test_pack_and_unpack_give_the_same_files(folder: Path, tmp_path: Path, segmented: bool) -> None:
    if segmented:
        segment_shards(folder, Halves, workers=1)
    size = pack(folder, tmp_path / "data.xz")
    assert size == (tmp_path / "data.xz").stat().st_size
    copy = unpack(tmp_path / "data.xz", tmp_path / "copy")
    copy.verify()
    assert copy.manifest == PairStore.open(folder).manifest


def test_pack_refuses_to_grow_over_its_limit(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"6 pairs pack into .* MiB; allowed: .*lower the caps"):
        pack(folder, tmp_path / "data.xz", max_bytes=10)
    assert list(tmp_path.glob("data.xz*")) == []


def test_unpack_refuses_a_cut_file(folder: Path, tmp_path: Path) -> None:
    pack(folder, tmp_path / "data.xz")
    whole = (tmp_path / "data.xz").read_bytes()
    (tmp_path / "data.xz").write_bytes(whole[:-40])
    with pytest.raises(DataError, match=r"data\.xz is damaged"):
        unpack(tmp_path / "data.xz", tmp_path / "copy")


def test_unpack_refuses_a_file_that_pack_did_not_write(tmp_path: Path) -> None:
    (tmp_path / "data.xz").write_bytes(lzma.compress(b"[]\n"))
    with pytest.raises(DataError, match="no packed data"):
        unpack(tmp_path / "data.xz", tmp_path / "copy")


def test_epoch_follows_the_weights(folder: Path) -> None:
    store = PairStore.open(folder)
    total = sum(copies_in_epoch(store, epoch, seed=1) for epoch in range(20))
    for row in range(4):
        assert abs(int(total[row]) - 50) <= 1
    for row in (4, 5):
        assert abs(int(total[row]) - 10) <= 1
    one = copies_in_epoch(store, 0, seed=1)
    assert set(one[:4].tolist()) <= {2, 3}
    assert set(one[4:].tolist()) <= {0, 1}


def test_epoch_order_is_the_same_for_the_same_seed(folder: Path) -> None:
    store = PairStore.open(folder)
    first = epoch_indices(store, 3, seed=5)
    assert np.array_equal(first, epoch_indices(store, 3, seed=5))
    assert not np.array_equal(first, epoch_indices(store, 4, seed=5))
    assert sorted(set(first.tolist())) == sorted(np.flatnonzero(copies_in_epoch(store, 3, 5)))


def test_temperature_flattens_sizes_and_keeps_the_total() -> None:
    weights = flattened_weights([1.0, 1.0], [900, 100], temperature=2.0)
    passes = np.array(weights) * [900, 100]
    assert passes.sum() == pytest.approx(1000)
    assert passes[0] / passes[1] == pytest.approx(3.0)
    assert flattened_weights([2.0, 0.0], [10, 10], 1.0) == pytest.approx([2.0, 0.0])
