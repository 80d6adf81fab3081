"""What all tests share: tiny tokenizers, a bundle, fake engines; skips what cannot run here."""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from nmt.config import SearchConfig, TransformerConfig
from nmt.hypothesis import Hypothesis
from nmt.tokenizers.base import Tokenizer, load_tokenizer
from nmt.translator import Translator

KOREAN_LINES = (
    "오늘 날씨가 정말 좋네요.",
    "저는 서울에 살아요. 내일 부산에 가요.",
    "안녕하세요. 만나서 반갑습니다!",
    "이 책은 아주 재미있어요.",
    "커피 한 잔 주세요.",
    "버스는 몇 시에 출발해요?",
    "KBS 뉴스에서 iphone 17 가격을 보도했습니다.",
    "설정 파일은 ⟦0⟧ 에 있고 ⟦1⟧ 을 누르세요.",
)
ENGLISH_LINES = (
    "The weather is really nice today.",
    "I live in Seoul. I am going to Busan tomorrow.",
    "Hello. Nice to meet you!",
    "This book is very interesting.",
    "A cup of coffee, please.",
    "What time does the bus leave?",
    "KBS news reported the price of the iPhone 17.",
    "The settings file is in ⟦0⟧ and press ⟦1⟧.",
)
# A busy machine is no failure: tests have a time-out, examples have none.
hypothesis.settings.register_profile("nmt", deadline=None)
hypothesis.settings.load_profile("nmt")

SEARCH = SearchConfig(beam_size=2, max_length=12)


def _has_cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _has_jvm() -> bool:
    return shutil.which("java") is not None and importlib.util.find_spec("konlpy") is not None


def _has_browser() -> bool:
    names = ("chromium", "chromium-browser", "google-chrome")
    has_driver = shutil.which("chromedriver") and importlib.util.find_spec("selenium")
    return bool(has_driver) and any(map(shutil.which, names))


@functools.cache
def _has_docker() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "gpu": (_has_cuda, "no CUDA device"),
    "jvm": (_has_jvm, "no Java, or the extra `analyzers` is not installed"),
    "browser": (_has_browser, "no Chromium with its chromedriver, or no selenium"),
    "docker": (_has_docker, "no Docker engine"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (is_there, reason) in NEEDS.items():
        if item.get_closest_marker(marker) is not None and not is_there():
            pytest.skip(reason)


def _train_tokenizer(lines: Sequence[str], kind: str, folder: Path) -> Tokenizer:
    from nmt.tokenizers.analyzers import analyzer_named
    from nmt.tokenizers.morphemes import Segmenter
    from training.tokenizer import train_tokenizer

    segmenter = Segmenter(None if kind == "sentencepiece" else analyzer_named(kind))
    segmented = [segmenter.segment(line) for line in lines]
    return train_tokenizer(segmented, kind=kind, vocab_size=480, folder=folder, n_threads=1)


@pytest.fixture(scope="session")
def tokenizer_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of a Korean (MeCab) and an English tokenizer of some 480 pieces."""
    folder = tmp_path_factory.mktemp("tokenizers")
    _train_tokenizer(KOREAN_LINES, "mecab", folder / "ko")
    _train_tokenizer(ENGLISH_LINES, "sentencepiece", folder / "en")
    return folder / "ko", folder / "en"


@pytest.fixture(scope="session")
def tiny_tokenizers(tokenizer_folders: tuple[Path, Path]) -> tuple[Tokenizer, Tokenizer]:
    """A Korean and an English tokenizer."""
    korean, english = tokenizer_folders
    return load_tokenizer(korean), load_tokenizer(english)


@pytest.fixture(scope="session")
def tiny_bundle(
    tmp_path_factory: pytest.TempPathFactory, tiny_tokenizers: tuple[Tokenizer, Tokenizer]
) -> Path:
    """The folder of a bundle named `transformer` with random weights; do not write into it."""
    import torch

    from nmt.bundle import write_bundle
    from nmt.models.build import build_model

    source, target = tiny_tokenizers
    config = TransformerConfig(
        source.vocab_size, target.vocab_size, d_model=16, d_ff=24, n_heads=2,
        n_encoder_layers=1, n_decoder_layers=1,
    )  # fmt: skip
    torch.manual_seed(5)
    model = build_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return write_bundle(
        tmp_path_factory.mktemp("models") / "transformer",
        name="transformer",
        model_config=config,
        weights=model.state_dict(),
        source_tokenizer=source,
        target_tokenizer=target,
        search=SEARCH,
        card="# A model with random weights\n",
        metrics={"flores-dev": {"bleu": {"score": 0.12}}},
        scores={"flores-dev": {"bleu": 0.12, "chrf": 3.4}},
    )


@pytest.fixture(scope="session")
def tiny_ctranslate2_bundle(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_bundle` with its CTranslate2 export; do not write into it."""
    from nmt.bundle import add_ctranslate2

    folder = tmp_path_factory.mktemp("converted") / "transformer"
    return add_ctranslate2(shutil.copytree(tiny_bundle, folder))


@pytest.fixture(scope="session")
def tiny_translator(tiny_bundle: Path) -> Translator:
    """A translator with random weights."""
    return Translator.load(tiny_bundle, device="cpu")


@dataclass
class ScriptedEngine:
    """Answers with the texts that `script` gives for a Korean text, best first."""

    tokenizers: tuple[Tokenizer, Tokenizer]
    script: Callable[[str, SearchConfig], Sequence[str]]
    name: str = "scripted"
    device: str = "cpu"
    batches: list[list[str]] = field(default_factory=list)
    """The texts of every call."""

    def search(
        self, batch: Sequence[Sequence[int]], options: SearchConfig, attention: bool = False
    ) -> list[list[Hypothesis]]:
        source, _ = self.tokenizers
        texts = [source.decode(list(ids)) for ids in batch]
        self.batches.append(texts)
        return [
            [
                self._hypothesis(answer, rank, len(ids) + 1, attention)
                for rank, answer in enumerate(self.script(text, options)[: options.n_best])
            ]
            for text, ids in zip(texts, batch, strict=True)
        ]

    def _hypothesis(self, text: str, rank: int, width: int, attention: bool) -> Hypothesis:
        ids = tuple(self.tokenizers[1].encode_ids(text.removesuffix("~cut")))
        finished = not text.endswith("~cut")
        rows = np.full((len(ids) + finished, width), 1 / width, np.float32)
        return Hypothesis(ids, -1.0 - rank, -0.5 - rank, finished, rows if attention else None)

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[list[float]]:
        raise NotImplementedError


MakeTranslator = Callable[[Callable[[str, SearchConfig], Sequence[str]]], Translator]


@pytest.fixture
def scripted_translator(tiny_tokenizers: tuple[Tokenizer, Tokenizer]) -> MakeTranslator:
    """Gives a translator whose model is a function: (Korean, search settings) → texts, best first.

    A text that ends in `~cut` counts as not finished. Its engine is a `ScriptedEngine`.
    """

    def make(script: Callable[[str, SearchConfig], Sequence[str]]) -> Translator:
        engine = ScriptedEngine(tiny_tokenizers, script)
        return Translator(engine, *tiny_tokenizers, SEARCH, max_source_pieces=128)

    return make
