"""Training speed beside JoeyNMT's, and beside what the core could do at most.

    python benchmarks/peers_training.py dev.ko dev.en --peer-python peers/bin/python --output FILE

Both train a Transformer of the same shape on the same pieces: float32, one thread, label smoothing,
Adam, clipping. Target tokens per CPU second, median (least–most) of the repeats; the children take
turns. JoeyNMT runs twice: with batches of its own loader, which does not sort by length, and with
the rows of ours. Ours runs twice too: as released, and with dropout on the attention as JoeyNMT has
it. The last column is the share of the measured rate of matrix products that the multiplications
of the real tokens need: padding and all other work counts as lost. Prints Markdown.
"""

import argparse
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from flops import flops_per_token
from peers.children import PEER_PYTHON_HELP, Answer, Contender, running, versions
from record import Figures, add_output, environment, finish, shown, spread

from nmt.bundle import find_bundle, load_bundle
from nmt.config import TransformerConfig
from training.data.sampler import plan_batches

GEMM_SHAPE = (1024, 1024, 1024)
RELEASED, EQUAL = "ours", "ours, dropout on attention"
OWN, GIVEN = "JoeyNMT, its batches", "JoeyNMT, our batches"

Pairs = list[tuple[list[int], list[int]]]


def read_pairs(source: Path, target: Path, model: str, longest: int) -> Pairs:
    """Pieces of both sides by the tokenizers of a bundle, neither side empty or too long."""
    tokenizers = load_bundle(find_bundle(model)).load_tokenizers()
    sides = [
        [tokenizer.encode_ids(line) for line in path.read_text("utf-8").splitlines()]
        for tokenizer, path in zip(tokenizers, (source, target), strict=True)
    ]
    pairs = zip(*sides, strict=True)
    return [pair for pair in pairs if all(0 < len(side) <= longest for side in pair)]


def contenders(
    shape: dict[str, Any], pairs: Pairs, batch_tokens: int, peer_python: str
) -> dict[str, Contender]:
    """Ours and JoeyNMT, each in two ways."""
    lengths = [np.array([len(side) + 1 for side in sides]) for sides in zip(*pairs, strict=True)]
    planned = plan_batches(lengths[0], lengths[1], batch_tokens, np.random.default_rng(1))
    job = {
        "model": shape, "pairs": pairs, "batch_tokens": batch_tokens, "label_smoothing": 0.1,
        "batches": [rows.tolist() for rows in planned],
    }  # fmt: skip
    equal = shape | {"attention_dropout": shape["dropout"]}
    return {
        RELEASED: Contender("ours_training.py", job),
        EQUAL: Contender("ours_training.py", job | {"model": equal}),
        OWN: Contender("joeynmt_training.py", job | {"batches": None}, peer_python),
        GIVEN: Contender("joeynmt_training.py", job, peer_python),
    }


def measure(
    started: dict[str, Contender], repeats: int, updates: int
) -> tuple[dict[str, list[Answer]], list[float]]:
    """Answers of every contender, and the rates of matrix products measured between them."""
    answers: dict[str, list[Answer]] = {name: [] for name in started}
    rates = []
    with running(started) as children:
        for turn in range(repeats + 1):  # the first warms up
            rate = children[RELEASED].ask(gemm=GEMM_SHAPE)["flops_per_s"]
            rates += [rate] if turn else []
            for name, child in children.items():
                answer = child.ask(updates=updates)
                answers[name] += [answer] if turn else []
    return answers, rates


def summarise(answers: dict[str, list[Answer]], rates: list[float], flops: float) -> Figures:
    """Speeds, shares of the limit and ratios; a ratio is of answers of the same round."""
    speeds = {
        name: [answer["tokens"] / answer["cpu_s"] for answer in of_name]
        for name, of_name in answers.items()
    }
    limit = statistics.median(rates)
    ratios = {
        f"{ours} : {peer}": spread([a / b for a, b in zip(speeds[ours], speeds[peer], strict=True)])
        for ours in (RELEASED, EQUAL)
        for peer in (OWN, GIVEN)
    }
    return {
        "tokens_per_cpu_s": {name: spread(values) for name, values in speeds.items()},
        "losses": {name: of_name[-1]["loss"] for name, of_name in answers.items()},
        "flops_per_target_token": flops,
        "gemm_gflops": spread([rate / 1e9 for rate in rates]),
        "share_of_gemm": {
            name: statistics.median(values) * flops / limit for name, values in speeds.items()
        },
        "ratios": ratios,
    }


def report(result: Figures) -> str:
    """The figures as Markdown."""
    rows = [
        f"| {name} | {shown(figures, 0)} | {100 * result['share_of_gemm'][name]:.0f} % |"
        for name, figures in result["tokens_per_cpu_s"].items()
    ]
    return "\n".join([
        "| | target tokens per CPU second | of the matrix rate |", "|---|--:|--:|", *rows, "",
        f"Matrix products: {shown(result['gemm_gflops'])} GFLOP/s; "
        f"{result['flops_per_target_token'] / 1e6:.1f} MFLOP a target token.", "",
        "| ratio | |", "|---|--:|",
        *(f"| {name} | {shown(figures, 2)} |" for name, figures in result["ratios"].items()),
    ])  # fmt: skip


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, help="Korean, one sentence a line")
    parser.add_argument("target", type=Path, help="its English")
    parser.add_argument("--peer-python", required=True, help=PEER_PYTHON_HELP)
    parser.add_argument("--model", default="transformer", help="bundle whose shape is trained")
    parser.add_argument("--batch-tokens", type=int, default=1600)
    parser.add_argument("--updates", type=int, default=6, help="in each round")
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)

    config = load_bundle(find_bundle(arguments.model)).model_config
    if not isinstance(config, TransformerConfig):
        raise SystemExit(f"{arguments.model} is no Transformer")
    pairs = read_pairs(arguments.source, arguments.target, arguments.model, longest=60)
    started = contenders(asdict(config), pairs, arguments.batch_tokens, arguments.peer_python)
    answers, rates = measure(started, arguments.repeats, arguments.updates)
    lengths = [(len(src), len(tgt)) for src, tgt in pairs]
    result = {
        "model": asdict(config), "pairs": len(pairs), "batch_tokens": arguments.batch_tokens,
        "updates": arguments.updates, "repeats": arguments.repeats,
        "peers": versions(arguments.peer_python, ("joeynmt", "torch")),
        **summarise(answers, rates, flops_per_token(config, lengths)),
    }  # fmt: skip
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
