"""Trains small Transformers of several depths alike and scores them: the quality for depths.py.

    python benchmarks/depths_training.py --prepared data/prepared --tokenizer data/tokenizer \
        --dev data/dev/written-dev --max-minutes 12 --output runs/depths --scores depths.json

One after the other, by `nmt train fit` with the settings of configs/transformer-cpu.toml: same
seed, data, tokenizers and budget, one thread; only the depths differ. Each is exported and scored
by `nmt evaluate`, with beam 4 and greedily. A run that was stopped goes on; scores are written
after every shape. Note that equal minutes are fewer updates of a deeper network: `updates` and
`tokens` stand beside the scores. With `--init-from` each shape grows out of a trained Transformer
(training/growth.py) instead of starting anew; `--set` changes settings of all of them.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

SHAPES = ("6-6", "6-2", "10-2", "12-1", "3-2")
"""Encoder and decoder layers; 6-2 is the released one."""
CONFIG = Path(__file__).resolve().parents[1] / "configs" / "transformer-cpu.toml"
BEAMS = {"beam 4": 4, "greedy": 1}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def layers(shape: str) -> tuple[int, int]:
    """Gives the encoder and decoder layers of `6-2`."""
    encoder, dash, decoder = shape.partition("-")
    if not (dash and encoder.isdigit() and decoder.isdigit()):
        raise SystemExit(f"shape is {shape!r}; give encoder-decoder layers, e.g. 6-2")
    return int(encoder), int(decoder)


def train_command(
    run: Path, sides: Mapping[str, Path], own: Mapping[str, object], arguments: argparse.Namespace
) -> list[str]:
    """The command that trains a run with tokenizers `sides`; it goes on with one that is there.

    `own` are the settings in which this run differs from the others; `--set` comes last.
    """
    settings: dict[str, object] = {
        "data.prepared": arguments.prepared, "data.workers": 0,
        "data.dev_source": f"{arguments.dev}.ko", "data.dev_target": f"{arguments.dev}.en",
        "tokenizer.source": sides["source"], "tokenizer.target": sides["target"],
        "train.device": "cpu", "train.seed": arguments.seed,
        "train.max_updates": arguments.max_updates, **own,
    }  # fmt: skip
    changes = [*(f"{name}={value}" for name, value in settings.items()), *arguments.set]
    command = ["train", "fit", str(arguments.config), "--output", str(run), "--resume"]
    command += ["--threads", "1"]
    return command + [word for change in changes for word in ("--set", change)]


def fit_command(shape: str, run: Path, arguments: argparse.Namespace) -> list[str]:
    """The command that trains a shape."""
    encoder, decoder = layers(shape)
    own: dict[str, object] = {
        "model.n_encoder_layers": encoder, "model.n_decoder_layers": decoder,
        "train.max_minutes": arguments.max_minutes,
    }  # fmt: skip
    if arguments.init_from:
        own["train.init_from"] = arguments.init_from
    sides = {side: arguments.tokenizer / side for side in ("source", "target")}
    return train_command(run, sides, own, arguments)


def evaluate_command(bundle: Path, dev: Path, beam_size: int, output: Path) -> list[str]:
    """The command that scores a bundle; no significance, for there is one system."""
    return [
        "evaluate", str(bundle), "--data", str(dev), "--beam-size", str(beam_size),
        "--metric", "bleu", "--metric", "chrf", "--attention-examples", "0", "--device", "cpu",
        "--resamples", "1", "--trials", "1", "--output", str(output),
    ]  # fmt: skip


def nmt(command: list[str]) -> None:
    """Runs an `nmt` command on one thread; what it says goes to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "nmt.cli", *command], env={**os.environ, **ONE_THREAD},
        stdout=sys.stderr,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"nmt {' '.join(command)} failed; its messages stand above")


def scores_of(report: Path) -> dict[str, float]:
    """Metric → score of the only system of the only test set of `nmt evaluate`."""
    content = json.loads(report.read_text(encoding="utf-8"))
    metrics = content["sets"][0]["systems"][0]["metrics"]
    return {name: metric["score"] for name, metric in metrics.items()}


def effort_of(journal: Path) -> dict[str, float]:
    """Updates, target tokens and seconds of a run, as its journal has them."""
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    effort: dict[str, float] = {}
    for event in events:
        effort |= {key: event[key] for key in ("update", "tokens", "elapsed_s") if key in event}
    return effort


def scored(folder: Path, name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Exports the run of a folder as a bundle `name` and gives its effort and scores."""
    bundle = folder / "bundle"
    nmt(["train", "export", str(folder / "run"), "--output", str(bundle), "--name", name])
    result: dict[str, Any] = effort_of(folder / "run" / "journal.jsonl")
    for beam, beam_size in BEAMS.items():
        nmt(evaluate_command(bundle, arguments.dev, beam_size, folder / beam))
        result[beam] = scores_of(folder / beam / "report.json")
    return result


def score_shape(shape: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Trains, exports and scores one shape."""
    folder = arguments.output / shape
    nmt(fit_command(shape, folder / "run", arguments))
    return scored(folder, f"depth{shape}", arguments)


def score_all(names: Sequence[Any], score: Callable[[Any], dict[str, Any]], target: Path) -> None:
    """Scores one after the other; writes what is known after each."""
    scores = {}
    for name in names:
        scores[name] = score(name)
        target.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        print(f"{name}\t{json.dumps(scores[name])}", flush=True)


def main(argv: list[str] | None = None) -> None:
    """Trains all shapes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--prepared", type=Path, required=True, help="of `nmt train prepare`")
    parser.add_argument("--tokenizer", type=Path, required=True, help="holds source/ and target/")
    parser.add_argument("--dev", type=Path, required=True, help="DEV.ko and DEV.en are read")
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES))
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--max-minutes", type=float, default=12.0, help="of each shape; 0: no limit"
    )
    parser.add_argument("--max-updates", type=int, default=0, help="of each shape; 0: no limit")
    parser.add_argument("--init-from", type=Path, help="checkpoint, run or bundle to grow from")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--output", type=Path, default=Path("runs/depths"))
    parser.add_argument("--scores", type=Path, help="file; default: OUTPUT/scores.json")
    arguments = parser.parse_args(argv)
    target = arguments.scores or arguments.output / "scores.json"
    score_all(arguments.shapes, lambda shape: score_shape(shape, arguments), target)


if __name__ == "__main__":
    main()
