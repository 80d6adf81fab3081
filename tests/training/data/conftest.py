"""A small corpora folder in the formats that `prepare` reads."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Pair = tuple[str, str]
WriteCorpus = Callable[[str, Sequence[Pair]], Path]

PAIRS = [
    ("오늘 날씨가 정말 좋네요.", "The weather is really nice today."),
    ("저는 서울에 살아요.", "I live in Seoul."),
    ("내일 부산에 갈 거예요.", "I am going to Busan tomorrow."),
    ("이 책은 아주 재미있어요.", "This book is very interesting."),
    ("커피 한 잔 주세요.", "A cup of coffee, please."),
    ("버스는 몇 시에 출발해요?", "What time does the bus leave?"),
]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    folder.mkdir()
    return folder


@pytest.fixture
def write_corpus(corpora: Path) -> WriteCorpus:
    """Writes `NAME.tsv.xz` into the corpora folder."""

    def write(name: str, pairs: Sequence[Pair]) -> Path:
        path = corpora / f"{name}.tsv.xz"
        with lzma.open(path, "wt", encoding="utf-8") as stream:
            stream.writelines(f"{src}\t{tgt}\n" for src, tgt in pairs)
        return path

    return write


@pytest.fixture
def pairs() -> list[Pair]:
    return list(PAIRS)
