"""Noise on training pairs, so that the model bears what people type.

All noise works on text before segmentation, and on a seeded generator: the same seed gives the
same text. What the English side must keep it keeps: typos and missing spaces touch the Korean
only, placeholders and joining both sides.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nmt.text.protect import MAX_PLACEHOLDERS
from training.data.files import Pair
from training.data.keyboard import slip
from training.data.pair_protect import PLACEHOLDER, renumber
from training.data.segmenting import Segmenter, WholeText
from training.data.settings import AugmentConfig
from training.data.shards import JOINED, NOISED, PairStore

_FINAL_PUNCTUATION = re.compile(r"\s*[.!?。…~]+$")
_HANGUL_SPACE = re.compile(r"(?<=[가-힣]) (?=[가-힣])")
_CANDIDATE = re.compile(
    r"(?<![\w.,/:⟦-])(?:\d+(?:[.,:]\d+)*|[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9])(?![A-Za-z0-9⟧])"
)
_SENTENCE_END = re.compile(r"[.!?。…][\"'”’)]*$")


def drop_spaces(src: str, share: float, rng: random.Random) -> str:
    """Leaves out spaces between Korean words, each with probability `share`."""
    return _HANGUL_SPACE.sub(lambda _: "" if rng.random() < share else " ", src)


def drop_punctuation(src: str, tgt: str, rng: random.Random) -> Pair:
    """Leaves out the final punctuation of the source, and half of the time of both sides.

    A question mark of the target stays: the Korean may say by its ending that it asks.
    """
    bare = _FINAL_PUNCTUATION.sub("", src)
    if not bare or bare == src:
        return src, tgt
    if rng.random() < 0.5 and tgt.endswith((".", "!")) and not tgt.endswith(".."):
        return bare, tgt[:-1]
    return bare, tgt


def add_typos(src: str, share: float, rng: random.Random) -> str:
    """Mistypes a share of the syllables on the two-set keyboard, at least one."""
    places = [i for i, char in enumerate(src) if "가" <= char <= "힣"]
    if not places:
        return src
    hit = set(rng.sample(places, max(1, round(share * len(places)))))
    return "".join(slip(char, rng) if i in hit else char for i, char in enumerate(src))


def substitute(src: str, tgt: str, rng: random.Random) -> Pair:
    """Replaces some numbers and Latin words that stand once on each side by ⟦k⟧ on both.

    Glossary terms and protected spans reach the model in this form; at most 16 in a pair.
    """
    taken = {int(k) for k in PLACEHOLDER.findall(src + tgt)}
    in_source, in_target = _CANDIDATE.findall(src), _CANDIDATE.findall(tgt)
    shared = [w for w in in_source if in_source.count(w) == in_target.count(w) == 1]
    free = [k for k in range(MAX_PLACEHOLDERS) if k not in taken]
    chosen = [w for w in shared if rng.random() < 0.5] or shared[:1]
    numbers = dict(zip(chosen, free, strict=False))
    if not numbers:
        return src, tgt

    def write(match: re.Match[str]) -> str:
        number = numbers.get(match.group())
        return match.group() if number is None else f"⟦{number}⟧"

    return renumber(_CANDIDATE.sub(write, src), _CANDIDATE.sub(write, tgt))


def concatenate(pairs: Sequence[Pair]) -> Pair | None:
    """Joins pairs with a space on both sides.

    None where that makes no text of sentences (a side without final punctuation) or needs more
    than 16 placeholders.
    """
    sources, targets, shift = [], [], 0
    for src, tgt in pairs:
        if not _SENTENCE_END.search(src) or not _SENTENCE_END.search(tgt):
            return None
        own = [int(k) for k in PLACEHOLDER.findall(src + tgt)]
        if shift + max(own, default=-1) >= MAX_PLACEHOLDERS:
            return None
        sources.append(_shifted(src, shift))
        targets.append(_shifted(tgt, shift))
        shift += max(own, default=-1) + 1
    return " ".join(sources), " ".join(targets)


def _shifted(text: str, shift: int) -> str:
    return PLACEHOLDER.sub(lambda m: f"⟦{int(m[1]) + shift}⟧", text) if shift else text


def add_noise(src: str, tgt: str, config: AugmentConfig, rng: random.Random) -> Pair:
    """Gives the pair with each kind of noise at its rate (none may hit)."""
    if rng.random() < config.placeholders:
        src, tgt = substitute(src, tgt, rng)
    if rng.random() < config.punctuation:
        src, tgt = drop_punctuation(src, tgt, rng)
    if rng.random() < config.typos:
        src = add_typos(src, config.typo_rate, rng)
    if rng.random() < config.spacing:
        src = drop_spaces(src, config.space_rate, rng)
    return src, tgt


class Augmented(NamedTuple):
    """A noised pair."""

    src: str
    tgt: str
    kind: int
    """NOISED, or JOINED when it holds more than one pair."""


def augment(neighbours: Sequence[Pair], config: AugmentConfig, rng: random.Random) -> Augmented:
    """Gives a noised form of the first pair, perhaps joined with those that follow it.

    Args:
        neighbours: the pair and up to two that follow it in the same corpus.
        config: rates of the noise.
        rng: where chance comes from.
    """
    (src, tgt), kind = neighbours[0], NOISED
    if len(neighbours) > 1 and rng.random() < config.concatenate:
        joined = concatenate(neighbours[: rng.choice((2, 2, 3))])
        if joined is not None and max(map(len, joined)) <= config.max_chars:
            (src, tgt), kind = joined, JOINED
    return Augmented(*add_noise(src, tgt, config, rng), kind)


def augmented_segments(
    store: PairStore,
    tokenizer: Segmenter,
    indices: Sequence[int],
    rng: random.Random,
    config: AugmentConfig | None = None,
    target_tokenizer: Segmenter | None = None,
) -> Iterator[Pair]:
    """Yields noised pairs of the store, segmented, for machines with the analyzer.

    Args:
        store: prepared pairs.
        tokenizer: cuts the Korean.
        indices: rows, each of which gives one pair.
        rng: where chance comes from.
        config: rates; the defaults where none.
        target_tokenizer: cuts the English; by default it stays whole.
    """
    config, target = config or AugmentConfig(), target_tokenizer or WholeText()
    for index in indices:
        row = int(index)
        end = row + 1
        while end < min(row + 3, len(store)) and store.source_ids[end] == store.source_ids[row]:
            end += 1
        pairs = [(store.source_text(r), store.target_text(r)) for r in range(row, end)]
        noised = augment(pairs, config, rng)
        yield tokenizer.segment(noised.src), target.segment(noised.tgt)
