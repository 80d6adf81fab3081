"""The CTranslate2 export inside a bundle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nmt.bundle import add_ctranslate2, load_bundle, write_bundle
from nmt.bundle.conversion import Quantization, _positions
from nmt.config import RnnConfig, SearchConfig
from nmt.errors import BundleCorruptError, BundleError
from nmt.models.build import build_model
from nmt.models.positions import sinusoidal_positions
from nmt.tokenizers.base import Tokenizer
from nmt.translator import Translator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def converted(tiny_ctranslate2_bundle: Path, tmp_path: Path) -> Path:
    """A bundle with its export that a test may damage."""
    return shutil.copytree(tiny_ctranslate2_bundle, tmp_path / "transformer")


def files_of(folder: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((folder / "config.json").read_text())["files"]
    return files


def test_export_is_listed_with_its_hashes(tiny_bundle: Path, tiny_ctranslate2_bundle: Path) -> None:
    before, after = files_of(tiny_bundle), files_of(tiny_ctranslate2_bundle)
    assert {name: digest for name, digest in after.items() if name in before} == before
    names = ("model.bin", "config.json", "source_vocabulary.json", "target_vocabulary.json")
    assert set(after) - set(before) == {f"ctranslate2/{name}" for name in names}
    old, new = load_bundle(tiny_bundle), load_bundle(tiny_ctranslate2_bundle)
    assert (old.ctranslate2, new.ctranslate2) == (None, new.path / "ctranslate2")
    assert old.checksum != new.checksum
    assert old.created == new.created


def test_every_user_may_read_the_export(tiny_ctranslate2_bundle: Path) -> None:
    folders = [tiny_ctranslate2_bundle, *tiny_ctranslate2_bundle.rglob("*")]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folders)


@pytest.mark.parametrize("name", ["model.bin", "source_vocabulary.json"])
def test_damaged_export_is_refused(converted: Path, name: str) -> None:
    path = converted / "ctranslate2" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleCorruptError, match=rf"ctranslate2/{name} was altered"):
        load_bundle(converted)
    path.unlink()
    with pytest.raises(BundleCorruptError, match=f"has no file ctranslate2/{name}"):
        load_bundle(converted)


def test_export_that_is_not_listed_is_not_used(tiny_bundle: Path, converted: Path) -> None:
    shutil.copy(tiny_bundle / "config.json", converted / "config.json")
    assert load_bundle(converted).ctranslate2 is None


def test_float16_takes_half_the_room_and_computes_the_same(converted: Path) -> None:
    def size_and_score(quantization: Quantization) -> tuple[int, float]:
        add_ctranslate2(converted, quantization)
        engine = Translator.load(converted, "ctranslate2", "cpu", 1).engine
        size = (converted / "ctranslate2" / "model.bin").stat().st_size
        return size, sum(engine.score([[300, 310, 320]], [[290, 330]])[0])

    exact_size, exact = size_and_score("float32")
    half_size, half = size_and_score("float16")
    assert half_size == pytest.approx(exact_size / 2, rel=0.05)
    assert half != exact
    assert half == pytest.approx(exact, abs=0.02)


def test_converting_again_gives_the_same(converted: Path) -> None:
    before = files_of(converted)
    assert add_ctranslate2(converted) == converted
    assert files_of(converted) == before
    add_ctranslate2(converted, "float32")
    assert files_of(converted) != before
    assert [path.name for path in converted.parent.iterdir()] == ["transformer"]


def test_only_a_transformer_can_be_converted(
    tmp_path: Path, tiny_tokenizers: tuple[Tokenizer, Tokenizer]
) -> None:
    source, target = tiny_tokenizers
    config = RnnConfig(source.vocab_size, target.vocab_size, d_embed=8, d_model=8)
    write_bundle(
        tmp_path / "lstm", name="lstm", model_config=config,
        weights=build_model(config).state_dict(), source_tokenizer=source,
        target_tokenizer=target, search=SearchConfig(), card="", metrics={},
    )  # fmt: skip
    with pytest.raises(BundleError, match="bundle 'lstm' is an rnn; only a transformer can be"):
        add_ctranslate2(tmp_path / "lstm")


def test_positions_are_those_of_the_network() -> None:
    expected = sinusoidal_positions(512, 256).numpy()
    assert _positions(512, 256) == pytest.approx(expected, abs=1e-4)
    assert _positions(512, 256).dtype == np.float32


def test_translator_gives_what_torch_gives(converted: Path) -> None:
    add_ctranslate2(converted, "float32")
    texts = ["오늘 날씨가 정말 좋네요.", "커피 한 잔 주세요. ⟦0⟧", "", "12"]
    for name in ("torch", "ctranslate2"):
        assert Translator.load(converted, name, "cpu", 1).engine.name == name
    ours, theirs = (
        Translator.load(converted, name, "cpu").translate(texts)
        for name in ("torch", "ctranslate2")
    )
    assert [len(t.sentences) for t in ours] == [len(t.sentences) for t in theirs]
    assert theirs[2].text == "" and theirs[3].text == "12"


def test_translation_on_a_cpu_imports_no_torch(tiny_ctranslate2_bundle: Path) -> None:
    program = (
        "import sys\nfrom nmt.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'torch', 'scipy', 'pydantic', 'matplotlib', 'training', 'api'}\n"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    arguments = ["translate", "--model", str(tiny_ctranslate2_bundle), "--text", "안녕하세요."]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--engine", "ctranslate2", "--threads", "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0 []"


def test_conversion_leaves_the_weights_alone(tmp_path: Path, tiny_bundle: Path) -> None:
    from nmt.bundle.conversion import write_ctranslate2
    from nmt.config import TransformerConfig

    bundle = load_bundle(tiny_bundle)
    assert isinstance(bundle.model_config, TransformerConfig)
    weights = bundle.load_weights()
    arrays = {name: value.numpy() for name, value in weights.items()}
    write_ctranslate2(tmp_path / "ctranslate2", bundle.model_config, arrays)
    again = bundle.load_weights()
    assert all(torch.equal(value, again[name]) for name, value in weights.items())
