"""Bundles: what is written is read back; what is altered, newer or missing is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from nmt.bundle import Bundle, find_bundle, list_bundles, load_bundle, summarise, write_bundle
from nmt.config import SearchConfig, TransformerConfig
from nmt.engines.load import load_engine
from nmt.errors import (
    BundleCorruptError,
    BundleError,
    BundleNotFoundError,
    BundleVersionError,
    TokenizerMismatchError,
)
from nmt.tokenizers.base import Tokenizer

Tokenizers = tuple[Tokenizer, Tokenizer]


@pytest.fixture
def bundle_copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A bundle that a test may damage."""
    return shutil.copytree(tiny_bundle, tmp_path / "transformer")


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_bundle_says_what_it_is(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert bundle.name == "transformer"
    assert bundle.search == SearchConfig(beam_size=2, max_length=12)
    assert bundle.scores == {"flores-dev": {"bleu": 0.12, "chrf": 3.4}}
    assert bundle.metrics["flores-dev"]["bleu"] == {"score": 0.12}
    assert bundle.card.startswith("# A model")
    assert bundle.tokenizers["source"]["kind"] == "mecab"
    assert len(bundle.checksum) == 64


def test_every_file_has_its_hash_in_the_config(tiny_bundle: Path) -> None:
    files = json.loads((tiny_bundle / "config.json").read_text())["files"]
    there = {p.relative_to(tiny_bundle).as_posix() for p in tiny_bundle.rglob("*") if p.is_file()}
    assert set(files) == there - {"config.json"}


def test_every_user_may_read_a_bundle(tiny_bundle: Path) -> None:
    assert all(
        path.stat().st_mode & 0o044 == 0o044 for path in [tiny_bundle, *tiny_bundle.rglob("*")]
    )


def write_one(
    folder: Path, tokenizers: Tokenizers, weights: dict[str, torch.Tensor], **changes: Any
) -> Bundle:
    source, target = tokenizers
    write_bundle(
        folder,
        name=folder.name,
        model_config=TransformerConfig(source.vocab_size, target.vocab_size),
        weights=weights,
        source_tokenizer=source,
        target_tokenizer=target,
        search=SearchConfig(),
        card="",
        metrics={},
        **changes,
    )
    return load_bundle(folder)


@pytest.mark.parametrize(
    ("dtype", "precision"), [("float32", 0.0), ("float16", 1e-3), ("bfloat16", 1e-2)]
)
def test_weights_come_back_as_float32(
    tmp_path: Path, tiny_tokenizers: Tokenizers, dtype: str, precision: float
) -> None:
    weights = {"a": torch.linspace(-1, 1, 50).reshape(5, 10).t(), "n": torch.tensor([2**40])}
    bundle = write_one(tmp_path / "b", tiny_tokenizers, weights, weights_dtype=dtype)
    loaded = bundle.load_weights()
    assert loaded["a"].dtype == torch.float32
    torch.testing.assert_close(loaded["a"], weights["a"], atol=precision, rtol=0)
    assert loaded["n"].tolist() == [2**40]


def test_tied_weights_are_stored_once(tmp_path: Path, tiny_tokenizers: Tokenizers) -> None:
    shared = torch.randn(200, 100)
    weights = {"embed.weight": shared, "output.weight": shared, "row": shared[:1]}
    bundle = write_one(tmp_path / "b", tiny_tokenizers, weights)
    assert (bundle.path / "model.safetensors").stat().st_size < 1.2 * 2 * shared.numel()
    loaded = bundle.load_weights()
    assert torch.equal(loaded["embed.weight"], loaded["output.weight"])
    assert loaded["row"].shape == (1, 100)


def test_weights_that_do_not_fit_the_precision_are_refused(
    tmp_path: Path, tiny_tokenizers: Tokenizers
) -> None:
    with pytest.raises(BundleError, match=r"weight w has values that are not finite as .*float16"):
        write_one(tmp_path / "b", tiny_tokenizers, {"w": torch.tensor([1e9])})
    assert list(tmp_path.iterdir()) == []


def test_export_and_load_give_the_same_model(tiny_bundle: Path) -> None:
    first, second = (load_engine(load_bundle(tiny_bundle), device="cpu") for _ in range(2))
    assert first.score([[30, 31]], [[40]]) == second.score([[30, 31]], [[40]])


def test_writing_replaces_a_bundle_and_nothing_else(
    tmp_path: Path, tiny_tokenizers: Tokenizers
) -> None:
    first = write_one(tmp_path / "b", tiny_tokenizers, {"w": torch.zeros(1)})
    second = write_one(tmp_path / "b", tiny_tokenizers, {"w": torch.ones(1)})
    assert first.checksum != second.checksum
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("…")
    with pytest.raises(BundleError, match="exists and is no bundle; give a new folder"):
        write_one(tmp_path / "mine", tiny_tokenizers, {"w": torch.ones(1)})
    assert (tmp_path / "mine" / "thesis.txt").exists()


# ---------------------------------------------------------------- what is refused


def test_folder_without_config_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError, match=r"is no bundle: it has no config.json"):
        load_bundle(tmp_path)
    with pytest.raises(BundleNotFoundError, match="is no bundle: it is not a folder"):
        load_bundle(tmp_path / "nothing")


def test_newer_format_is_refused(bundle_copy: Path) -> None:
    edit_config(bundle_copy, format_version=99)
    with pytest.raises(BundleVersionError, match=r"has format 99; this version reads .* update"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", ["model.safetensors", "source_tokenizer/spm.model"])
def test_altered_file_is_refused(bundle_copy: Path, name: str) -> None:
    content = bytearray((bundle_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle_copy / name).write_bytes(content)
    with pytest.raises(BundleCorruptError, match=rf"{name} was altered: its SHA-256 is"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", ["model.safetensors", "MODEL_CARD.md"])
def test_missing_file_is_named(bundle_copy: Path, name: str) -> None:
    (bundle_copy / name).unlink()
    with pytest.raises(BundleCorruptError, match=f"has no file {name}; get the bundle again"):
        load_bundle(bundle_copy)


def test_weights_must_be_listed(bundle_copy: Path) -> None:
    edit_config(bundle_copy, files={})
    with pytest.raises(BundleCorruptError, match=r"has no file model\.safetensors"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname"])
def test_files_outside_the_bundle_are_refused(bundle_copy: Path, name: str) -> None:
    (bundle_copy.parent / "secret").write_text("x")
    files = json.loads((bundle_copy / "config.json").read_text())["files"]
    edit_config(bundle_copy, files=files | {name: "0"})
    with pytest.raises(BundleCorruptError, match=f"has no file {name}"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "has no format_version"),
        ('{"format_version": "one"}', "has no format_version"),
        ('{"format_version": 1}', "lists no files"),
    ],
)
def test_config_that_cannot_be_read_is_refused(
    bundle_copy: Path, content: str, message: str
) -> None:
    (bundle_copy / "config.json").write_text(content)
    with pytest.raises(BundleCorruptError, match=message):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": {"architecture": "lstm2"}}, "model.architecture is 'lstm2'"),
        ({"search": {"beam": 4}}, "unknown setting search.beam; did you mean beam_size"),
        ({"search": None}, "makes no sense"),
    ],
)
def test_config_that_makes_no_sense_is_refused(
    bundle_copy: Path, changes: dict[str, Any], message: str
) -> None:
    edit_config(bundle_copy, **changes)
    with pytest.raises(BundleCorruptError, match=message):
        load_bundle(bundle_copy)


def test_missing_setting_is_named(bundle_copy: Path) -> None:
    content = json.loads((bundle_copy / "config.json").read_text())
    del content["created"]
    (bundle_copy / "config.json").write_text(json.dumps(content))
    with pytest.raises(BundleCorruptError, match="'created' is missing"):
        load_bundle(bundle_copy)


def test_weights_that_are_no_safetensors_are_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    bundle = dataclasses.replace(load_bundle(tiny_bundle), path=tmp_path)
    with pytest.raises(BundleCorruptError, match="cannot be read"):
        bundle.load_weights()


def test_tokenizers_of_another_size_are_refused(tiny_bundle: Path) -> None:
    bundle = dataclasses.replace(
        load_bundle(tiny_bundle), model_config=TransformerConfig(8000, 8000)
    )
    with pytest.raises(BundleCorruptError, match=r"the tokenizers have \d+ and \d+ pieces, the"):
        bundle.load_tokenizers()


def test_analyzer_of_another_version_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bundle, tmp_path / "b")
    path = folder / "source_tokenizer" / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"analyzer_version": "mecab-ko 0.1"}))
    bundle = dataclasses.replace(load_bundle(tiny_bundle), path=folder)
    with pytest.raises(TokenizerMismatchError, match=r"trained with mecab-ko 0\.1"):
        bundle.load_tokenizers()


# ---------------------------------------------------------------- finding


def test_bundle_is_found_by_path_and_by_name(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NMT_MODELS", f"{tmp_path}:{tiny_bundle.parent}")
    assert find_bundle(tiny_bundle) == tiny_bundle
    assert find_bundle("transformer") == tiny_bundle
    shutil.copytree(tiny_bundle, tmp_path / "transformer")
    assert find_bundle("transformer") == tmp_path / "transformer"


@pytest.mark.parametrize("name", ["nosuch", "../transformer", "", "."])
def test_unknown_name_lists_those_at_hand(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("NMT_MODELS", str(tiny_bundle.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleNotFoundError, match=r"no bundle '.*'; names at hand: .*transformer"):
        find_bundle(name)


def test_list_shows_scores_and_problems(
    tiny_bundle: Path, bundle_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_config(bundle_copy.rename(bundle_copy.with_name("broken")), format_version=99)
    monkeypatch.setenv("NMT_MODELS", f"{tiny_bundle.parent}:{bundle_copy.parent}:/nonexistent")
    found = {summary.name: summary for summary in list_bundles()}
    assert found["transformer"].scores["flores-dev"]["chrf"] == 3.4
    assert found["transformer"].size_bytes > 1000
    assert found["transformer"].problem == ""
    assert "has format 99" in found["broken"].problem


def test_summary_names_the_architecture(bundle_copy: Path) -> None:
    assert summarise(bundle_copy).architecture == "transformer"
    edit_config(bundle_copy, architecture={"architecture": "rnn", "cell": "lstm"})
    assert summarise(bundle_copy).architecture == "rnn (lstm, no attention)"
    edit_config(bundle_copy, architecture=[])
    assert summarise(bundle_copy).architecture == "unknown"
