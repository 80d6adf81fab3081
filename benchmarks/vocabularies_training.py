"""Scores a Transformer with larger vocabularies, each grown out of a released bundle.

    python benchmarks/vocabularies_training.py --prepared data/prepared --dev data/dev/written-dev \
        --bundle nmt/bundles/transformer --max-updates 400 --output runs/vocabularies

Trains tokenizers of each size, gives every new piece the mean of the embeddings of the old pieces
that its text consists of (Gee 2022, "Fast Vocabulary Transfer"), trains on by `nmt train fit` and
scores by `nmt evaluate`, with beam 4 and greedily. The size of the bundle itself is trained on in
the same way, by its own tokenizers. A run that was stopped goes on; scores are written after every
size. As in depths_training.py, whose options mean the same here.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from depths_training import CONFIG, nmt, score_all, scored, train_command
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceProcessor

from nmt.bundle import load_bundle
from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, PLACEHOLDERS

N_RESERVED = FIRST_PLACEHOLDER_ID + len(PLACEHOLDERS)
EMBEDDINGS = {"src_embedding.weight": "source", "tgt_embedding.weight": "target"}


def tokenizers_command(size: int, folder: Path, arguments: argparse.Namespace) -> list[str]:
    """The command that trains both tokenizers of a size."""
    settings = {
        "data.prepared": arguments.prepared,
        "tokenizer.source": folder / "source", "tokenizer.target": folder / "target",
        "tokenizer.training.source_vocab_size": size, "tokenizer.training.target_vocab_size": size,
    }  # fmt: skip
    command = ["train", "tokenizer", str(arguments.config)]
    return command + [
        word for item in settings.items() for word in ("--set", "=".join(map(str, item)))
    ]


def transferred(weights: torch.Tensor, old: Path, new: Path) -> torch.Tensor:
    """Gives embeddings [V', D] of the pieces of tokenizer `new` from those [V, D] of `old`.

    Pieces with the same text keep theirs, reserved ones stay in place; others get a mean.
    """
    before, after = (
        SentencePieceProcessor(model_file=str(folder / "spm.model")) for folder in (old, new)
    )
    mean = weights[N_RESERVED:].mean(0)
    rows = [weights[number] for number in range(N_RESERVED)]
    for number in range(N_RESERVED, after.vocab_size()):
        piece = after.id_to_piece(number)
        known = before.piece_to_id(piece)
        parts = [known] if known != before.unk_id() else before.encode(piece)
        parts = [part for part in parts if part >= N_RESERVED]
        rows.append(weights[parts].mean(0) if parts else mean)
    return torch.stack(rows)


def first_weights(bundle: Path, tokenizers: Path, folder: Path) -> Path:
    """Writes what a run with other tokenizers starts from; gives the folder."""
    weights = {name: w.float() for name, w in load_file(bundle / "model.safetensors").items()}
    for name, side in EMBEDDINGS.items():
        old = bundle / f"{side}_tokenizer"
        weights[name] = transferred(weights[name], old, tokenizers / side)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors")
    return folder


def fit_command(
    first: Path, sides: dict[str, Path], run: Path, arguments: argparse.Namespace
) -> list[str]:
    """The command that trains on from `first` with tokenizers `sides`."""
    own = {
        "train.init_from": first, "train.max_minutes": 0,
        "train.lexicon_pairs": 0, "train.guide_weight": 0,
    }  # fmt: skip
    return train_command(run, sides, own, arguments)


def score_size(size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Trains, exports and scores one size; 0 is the bundle's own."""
    folder = arguments.output / str(size)
    first, tokenizers = arguments.bundle, arguments.bundle
    sides = {side: tokenizers / f"{side}_tokenizer" for side in EMBEDDINGS.values()}
    if size:
        tokenizers = folder / "tokenizers"
        sides = {side: tokenizers / side for side in EMBEDDINGS.values()}
        if not (sides["target"] / "spm.model").exists():
            nmt(tokenizers_command(size, tokenizers, arguments))
        first = first_weights(arguments.bundle, tokenizers, folder / "first")
    nmt(fit_command(first, sides, folder / "run", arguments))
    result = scored(folder, f"vocabulary{size}", arguments)
    config = load_bundle(folder / "bundle").model_config
    result["pieces"] = [config.src_vocab_size, config.tgt_vocab_size]
    return result


def main(argv: list[str] | None = None) -> None:
    """Trains all sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--prepared", type=Path, required=True, help="of `nmt train prepare`")
    parser.add_argument("--dev", type=Path, required=True, help="DEV.ko and DEV.en are read")
    parser.add_argument("--bundle", type=Path, required=True, help="a Transformer's folder")
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 16_000, 32_000])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-updates", type=int, default=400)
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--output", type=Path, default=Path("runs/vocabularies"))
    arguments = parser.parse_args(argv)
    target = arguments.output / "scores.json"
    score_all(arguments.sizes, lambda size: score_size(size, arguments), target)


if __name__ == "__main__":
    main()
