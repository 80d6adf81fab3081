"""The Argos package that LibreTranslate serves in benchmarks/service_libretranslate.py."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import ctranslate2
import pytest
import sentencepiece

from nmt.bundle import Bundle, load_bundle
from nmt.errors import BundleError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
LINES = ["저는 서울에 살아요.", "오늘 날씨가 정말 좋네요.", "책 3권을 읽었습니다.", "네", "ㅋㅋ 🙂"]
SEARCH = {"beam_size": 4, "max_decoding_length": 12, "length_penalty": 0.2, "return_scores": True}


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the parts of the benchmarks be imported as their scripts import them."""
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture
def argos_package(benchmarks: None) -> ModuleType:
    return importlib.import_module("peers.argos_package")


@pytest.fixture
def bundle(tiny_ctranslate2_bundle: Path) -> Bundle:
    return load_bundle(tiny_ctranslate2_bundle)


@pytest.fixture
def package(argos_package: ModuleType, bundle: Bundle, tmp_path: Path) -> Path:
    folder: Path = argos_package.write_package(bundle, tmp_path, b"a splitter")
    return folder


def tokenizer_of(package: Path) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(str(package / "sentencepiece.model"))


def test_argos_package_translates_as_our_export_does(package: Path, bundle: Bundle) -> None:
    assert bundle.ctranslate2 is not None
    source_names, target_names = (
        json.loads((package / "model" / f"{side}_vocabulary.json").read_bytes())
        for side in ("source", "target")
    )
    pieces = tokenizer_of(package).encode(LINES, out_type=str)
    numbers = [[*(str(source_names.index(name)) for name in row), "end"] for row in pieces]
    theirs = ctranslate2.Translator(str(package / "model")).translate_batch(pieces, **SEARCH)
    ours = ctranslate2.Translator(str(bundle.ctranslate2)).translate_batch(numbers, **SEARCH)
    assert any(result.hypotheses[0] for result in theirs)
    for their, our in zip(theirs, ours, strict=True):
        assert their.hypotheses[0] == [target_names[int(n)] for n in our.hypotheses[0]]
        assert their.scores == our.scores


def test_argos_package_has_the_very_weights(package: Path, bundle: Bundle) -> None:
    assert bundle.ctranslate2 is not None
    weights = (bundle.ctranslate2 / "model.bin").read_bytes()
    assert (package / "model" / "model.bin").read_bytes() == weights


def test_argos_package_marks_the_first_word_as_our_tokenizer_does(
    package: Path, bundle: Bundle
) -> None:
    source, _ = bundle.load_tokenizers()
    ours = source.encode("네").pieces
    assert ours[0].startswith("▁")
    assert tokenizer_of(package).encode("네", out_type=str) == ours


def test_argos_package_tells_languages_and_brings_its_splitter(package: Path) -> None:
    metadata = json.loads((package / "metadata.json").read_bytes())
    assert (metadata["from_code"], metadata["to_code"]) == ("ko", "en")
    assert (package / "minisbd" / "splitter.onnx").read_bytes() == b"a splitter"


def test_argos_package_needs_a_ctranslate2_export(
    argos_package: ModuleType, tiny_bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="has no CTranslate2 export, which an Argos package"):
        argos_package.write_package(load_bundle(tiny_bundle), tmp_path, b"")


def test_one_sentence_splitter_goes_on_at_every_character(benchmarks: None) -> None:
    runtime = pytest.importorskip("onnxruntime")
    import numpy as np

    model = importlib.import_module("peers.one_sentence").splitter_model()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    config = json.loads(session.get_modelmeta().custom_metadata_map["config"])
    assert config["feat_funcs"] == []
    characters = np.arange(6, dtype=np.int64).reshape(2, 3)
    features = np.zeros((2, 3, 0), dtype=np.float32)
    (output,) = session.run(None, {"units": characters, "features": features})
    assert output.argmax(axis=2).tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_process_tree_counts_children(benchmarks: None) -> None:
    process_tree = importlib.import_module("process_tree")
    child = "import time\nx = b'1' * 60_000_000\nwhile time.process_time() < 0.3: pass\n"
    child += "print('ready', flush=True)\ninput()"
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen(
        [sys.executable, "-c", parent, child],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "ready\n"
        assert process_tree.cpu_s(process.pid) >= 0.3
        assert process_tree.peak_bytes(process.pid) > 60_000_000
        process.stdin.write("\n")


def test_service_comparison_counts_more_speed_and_shorter_waits_as_better(benchmarks: None) -> None:
    comparison = importlib.import_module("service_libretranslate")
    ours = [{"per_s": 60.0, "p95_ms": 100.0}, {"per_s": 40.0, "p95_ms": 200.0}]
    theirs = [{"per_s": 20.0, "p95_ms": 500.0}, {"per_s": 10.0, "p95_ms": 400.0}]
    better = comparison.times_better(ours, theirs)
    assert (better["per_s"]["min"], better["per_s"]["max"]) == (3.0, 4.0)
    assert (better["p95_ms"]["min"], better["p95_ms"]["max"]) == (2.0, 5.0)
