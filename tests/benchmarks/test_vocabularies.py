"""The benchmark of vocabulary sizes: embeddings of new pieces, and the commands it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import load_file
from sentencepiece import SentencePieceProcessor

from training.config import load_config

Script = Callable[[str], ModuleType]


def test_transferred_embeddings_are_those_of_the_same_text(
    script: Script, tokenizer_folders: tuple[Path, Path]
) -> None:
    transferred = script("vocabularies_training").transferred
    _, english = tokenizer_folders
    pieces = SentencePieceProcessor(model_file=str(english / "spm.model"))
    weights = torch.randn(pieces.vocab_size(), 8)
    same = transferred(weights, english, english)
    assert torch.equal(same, weights)


def test_a_new_piece_starts_as_the_mean_of_its_parts(
    script: Script, tokenizer_folders: tuple[Path, Path]
) -> None:
    transferred = script("vocabularies_training").transferred
    korean, english = tokenizer_folders
    before, after = (
        SentencePieceProcessor(model_file=str(folder / "spm.model")) for folder in (korean, english)
    )
    weights = torch.randn(before.vocab_size(), 8)
    found = transferred(weights, korean, english)
    assert found.shape == (after.vocab_size(), 8)
    assert torch.equal(found[:20], weights[:20])
    unknown = [
        number for number in range(20, after.vocab_size())
        if before.piece_to_id(after.id_to_piece(number)) == before.unk_id()
    ]  # fmt: skip
    parts = [part for part in before.encode(after.id_to_piece(unknown[0])) if part >= 20]
    assert torch.allclose(found[unknown[0]], weights[parts].mean(0))


def test_first_weights_fit_the_new_tokenizers(
    script: Script, tiny_bundle: Path, tmp_path: Path
) -> None:
    tokenizers = tmp_path / "tokenizers"
    tokenizers.mkdir()
    for side in ("source", "target"):  # the sides change places
        other = {"source": "target", "target": "source"}[side]
        (tokenizers / side).symlink_to(tiny_bundle / f"{other}_tokenizer")
    folder = script("vocabularies_training").first_weights(tiny_bundle, tokenizers, tmp_path / "f")
    weights, before = (load_file(at / "model.safetensors") for at in (folder, tiny_bundle))
    assert weights.keys() == before.keys()
    src, tgt = "src_embedding.weight", "tgt_embedding.weight"
    assert len(weights[src]) == len(before[tgt])
    assert len(weights[tgt]) == len(before[src])


def test_commands_name_sizes_tokenizers_and_weights(script: Script, tmp_path: Path) -> None:
    training = script("vocabularies_training")
    arguments = argparse.Namespace(
        prepared=tmp_path / "p", dev=tmp_path / "dev", seed=7, max_updates=9,
        config=training.CONFIG, set=["train.learning_rate=5e-4"],
    )  # fmt: skip
    command = training.tokenizers_command(9000, tmp_path / "t", arguments)
    settings = [command[i + 1] for i, word in enumerate(command) if word == "--set"]
    wanted = load_config(training.CONFIG, settings).tokenizer
    assert (wanted.training.source_vocab_size, wanted.training.target_vocab_size) == (9000, 9000)
    assert wanted.target == str(tmp_path / "t" / "target")
    sides = {"source": tmp_path / "a", "target": tmp_path / "b"}
    command = training.fit_command(tmp_path / "first", sides, tmp_path / "run", arguments)
    settings = [command[i + 1] for i, word in enumerate(command) if word == "--set"]
    config = load_config(training.CONFIG, settings)
    assert config.train.init_from == str(tmp_path / "first")
    assert (config.train.max_updates, config.train.learning_rate) == (9, 5e-4)
    assert config.tokenizer.source == str(tmp_path / "a")
