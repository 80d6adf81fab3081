from __future__ import annotations

import random
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nmt.config import build
from training.data.augment import (
    add_noise,
    add_typos,
    augmented_segments,
    concatenate,
    drop_punctuation,
    drop_spaces,
    substitute,
)
from training.data.keyboard import neighbours, slip
from training.data.prepare import prepare
from training.data.segmenting import WholeText
from training.data.settings import AugmentConfig, PrepareConfig
from training.data.shards import PairStore

ALWAYS = AugmentConfig(spacing=1.0, punctuation=1.0, typos=1.0, placeholders=1.0, concatenate=1.0)


def test_spacing_noise_only_removes_spaces_between_korean_words() -> None:
    src = "나는 iPhone 3 대를 샀다 정말 좋다"
    assert drop_spaces(src, 1.0, random.Random(1)) == "나는 iPhone 3 대를샀다정말좋다"
    assert drop_spaces(src, 0.0, random.Random(1)) == src


def test_punctuation_goes_from_the_source_or_from_both() -> None:
    found = {drop_punctuation("집에 가요.", "I am going home.", random.Random(s)) for s in range(9)}
    assert found == {("집에 가요", "I am going home."), ("집에 가요", "I am going home")}


def test_punctuation_of_a_question_stays_in_the_target() -> None:
    for seed in range(9):
        pair = drop_punctuation("어디 가요?", "Where are you going?", random.Random(seed))
        assert pair == ("어디 가요", "Where are you going?")


def test_typos_change_one_jamo_of_a_syllable() -> None:
    src = "오늘 날씨가 좋다 ok"
    for seed in range(20):
        noised = add_typos(src, 0.0, random.Random(seed))
        changed = [(a, b) for a, b in zip(src, noised, strict=True) if a != b]
        assert len(changed) <= 1
        assert all("가" <= b <= "힣" for _, b in changed)


def test_neighbours_lie_beside_the_key_and_are_of_its_kind() -> None:
    assert set(neighbours("ㄱ")) == set("ㄷㅅㅇㄹ")
    assert set(neighbours("ㅗ")) == set("ㅛㅓㅠㅜ")


@given(st.characters(), st.integers(0, 99))
def test_slip_gives_one_character(char: str, seed: int) -> None:
    assert len(slip(char, random.Random(seed))) == 1


def test_substitute_replaces_what_both_sides_share_once() -> None:
    src, tgt = substitute("iPhone 15를 2024년에", "The iPhone 15 in 2024", random.Random(3))
    assert sorted(re.findall("⟦.⟧", src)) == sorted(re.findall("⟦.⟧", tgt))
    assert "⟦0⟧" in src
    assert substitute("같은 날", "The same day", random.Random(3)) == ("같은 날", "The same day")


def test_substitute_keeps_placeholders_apart() -> None:
    src, tgt = substitute("IBM의 ⟦0⟧ 파일", "The ⟦0⟧ file of IBM", random.Random(1))
    assert (src, tgt) == ("⟦0⟧의 ⟦1⟧ 파일", "The ⟦1⟧ file of ⟦0⟧")


def test_concatenation_shifts_placeholders() -> None:
    joined = concatenate([("⟦0⟧ 열기.", "Open ⟦0⟧."), ("⟦0⟧ 닫기.", "Close ⟦0⟧.")])
    assert joined == ("⟦0⟧ 열기. ⟦1⟧ 닫기.", "Open ⟦0⟧. Close ⟦1⟧.")


def test_concatenation_joins_sentences_only() -> None:
    assert concatenate([("메뉴", "Menu"), ("끝났다.", "It is over.")]) is None
    full = [(" ".join(f"⟦{k}⟧" for k in range(9)) + ".",) * 2] * 2
    assert concatenate(full) is None


def test_noise_is_the_same_for_the_same_seed() -> None:
    pair = "저는 2024년에 서울로 이사했어요.", "I moved to Seoul in 2024."
    noised = add_noise(*pair, ALWAYS, random.Random(4))
    assert noised == add_noise(*pair, ALWAYS, random.Random(4))
    assert noised != pair


def test_augmented_segments_join_neighbours_of_one_source(
    corpora: Path, write_corpus, pairs
) -> None:
    write_corpus("a", pairs[:3])
    write_corpus("b", pairs[3:])
    output = str(corpora.parent / "out")
    prepare(build(PrepareConfig, {"corpora": [str(corpora)], "output": output, "workers": 1}))
    store = PairStore.open(output)
    joining = AugmentConfig(
        spacing=0.0, punctuation=0.0, typos=0.0, placeholders=0.0, concatenate=1.0
    )
    rng = random.Random(0)
    found = list(augmented_segments(store, WholeText(), range(6), rng, joining))
    for row, (src, _) in enumerate(found):
        assert src.startswith(WholeText().segment(store.source_text(row)))
    assert found[0][1].count(".") >= 2
    assert found[2][1] == WholeText().segment(store.target_text(2))
    assert len(found) == 6
