from __future__ import annotations

import itertools
import random

import numpy as np

from training.data.similarity import BANDS, ShingleIndex, minhash_bands, shingle, text_hash

WORDS = ("날씨", "바다", "하늘", "구름", "나무", "의자", "책상", "연필", "가방", "모자", "신발")


def sentence(rng: random.Random, n: int) -> str:
    return " ".join(rng.choice(WORDS) + rng.choice("은는이가을를도만") for _ in range(n))


def naive_shingles(text: str, k: int) -> list[str]:
    key = "".join("0" if c.isdigit() else c for c in text.lower() if c.isalnum())
    return [key[i : i + k] for i in range(max(1, len(key) - k + 1))] if key else []


def test_shingles_equal_the_naive_windows() -> None:
    rng = random.Random(1)
    texts = [sentence(rng, rng.randrange(1, 9)) for _ in range(20)]
    texts += ["", "!!", "A1b2", "a9B3", "가", "\U0001f600 x"]
    block = shingle(texts, 4)
    naive = [naive_shingles(text, 4) for text in texts]
    assert block.counts.tolist() == [len(n) for n in naive]
    flat = [window for windows in naive for window in windows]
    by_hash: dict[int, set[str]] = {}
    for value, window in zip(block.hashes.tolist(), flat, strict=True):
        by_hash.setdefault(value, set()).add(window)
    assert all(len(windows) == 1 for windows in by_hash.values())
    assert len(by_hash) == len(set(flat))


def test_shingles_ignore_case_spacing_punctuation_and_digits() -> None:
    block = shingle(["그는 3시에 OK라고 했다.", "그는9시에ok라고 했다"], 4)
    n = block.counts[0]
    assert np.array_equal(block.hashes[:n], block.hashes[n:])


def test_text_hash_never_changes() -> None:
    assert text_hash("안녕") == 1666638135771752750


def bands_meet(a: str, b: str) -> bool:
    keys = minhash_bands([a, b], np.arange(2, dtype=np.uint64))
    return bool((keys[0] == keys[1]).any())


def test_minhash_joins_near_duplicates_only() -> None:
    rng = random.Random(2)
    texts = [sentence(rng, 12) for _ in range(200)]
    near = sum(bands_meet(text, text[:-1] + "!") for text in texts)
    far = sum(bands_meet(a, b) for a, b in itertools.pairwise(texts))
    assert near > 150
    assert far == 0


def test_minhash_gives_texts_without_letters_their_fallback() -> None:
    keys = minhash_bands(["!!!", "..."], np.array([7, 9], np.uint64))
    assert keys.tolist() == [[7] * BANDS, [9] * BANDS]


def test_index_finds_equal_and_contained_lines() -> None:
    rng = random.Random(3)
    lines = [sentence(rng, 10) for _ in range(50)]
    index = ShingleIndex(lines, 4, overlap=0.8)
    texts = [
        lines[7] + "!",
        f"그리고 {lines[9]} 라고 말했다",
        lines[3][: len(lines[3]) // 4],
        "새 문장",
    ]
    block = shingle(texts, 4)
    assert index.equal(block).tolist() == [True, False, False, False]
    assert index.near(block).tolist() == [True, True, False, False]


def test_empty_index_finds_nothing() -> None:
    block = shingle(["아무 문장이나 하나"], 4)
    index = ShingleIndex([], 4, overlap=0.8)
    assert not index.equal(block).any()
    assert not index.near(block).any()
