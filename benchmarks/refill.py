"""What refilling a running batch gives: sentences a second of the torch engine, and its steps.

    python benchmarks/refill.py dev/written-dev.ko --output refill.json
    python benchmarks/refill.py dev/written-dev.ko --device cuda --tokens 131072 \\
        --models luong:torch transformer:torch transformer:torch-graphs

A batch that runs empty leaves the processor little to do in its last steps; one that is refilled
takes in further sentences once a share of its places is free (docs/adr/0010-refill.md). A share of
1 is the batch that runs empty. The shares take turns; all find the same translations, up to ties.
One thread, CPU seconds; on a GPU seconds. Speed is that of the best repeat. Steps and rows are also
counted: a GPU that waits for its host needs time by the step. Prints Markdown.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from record import Figures, add_output, environment, finish

from nmt.engines.torch import TorchEngine
from nmt.translator import Translator

MODELS = ("luong:torch-int8", "transformer:torch")
SHARES = (1.0, 0.5, 0.25, 0.1)
TOKENS = (2048, 8192)
"""Of a batch, places of the beam counted; 8192 is the engine's own choice on a CPU."""


class Counted:
    """A network that counts its steps and their rows."""

    def __init__(self, model):
        self._model = model
        self.join, self.reorder = model.join, model.reorder
        self.starts = self.steps = self.rows = 0

    def start(self, src_ids, src_mask):
        """See `StepModel.start`."""
        self.starts += 1
        return self._model.start(src_ids, src_mask)

    def step(self, state, prev_ids):
        """See `StepModel.step`."""
        self.steps += 1
        self.rows += len(prev_ids)
        return self._model.step(state, prev_ids)


def measure_shares(
    translator: Translator,
    sources: list[list[int]],
    *,
    beam_size: int,
    tokens: int,
    shares: Sequence[float],
    repeats: int,
) -> list[Figures]:
    """Figures of each share, for one model, beam and budget."""
    engine = translator.engine
    if not isinstance(engine, TorchEngine):
        raise SystemExit(f"engine is {engine.name!r}; allowed: those of torch")
    clock = time.process_time if engine.device == "cpu" else time.perf_counter
    network = engine.step_model
    options = replace(translator.search, beam_size=beam_size, n_best=1)
    engine.max_tokens = tokens
    taken: dict[float, list[float]] = {share: [] for share in shares}
    figures, ids = {}, {}
    for turn in range(repeats):
        for share in shares[:: 1 if turn % 2 else -1]:
            engine.least_free, engine.step_model = share, Counted(network)
            began = clock()
            found = engine.search(sources, options)
            taken[share].append(clock() - began)
            counted = engine.step_model
            figures[share] = {
                "starts": counted.starts, "steps": counted.steps, "rows": counted.rows
            }  # fmt: skip
            ids[share] = [hypotheses[0].ids for hypotheses in found]
    engine.step_model = network
    return [
        {
            "beam": beam_size, "tokens": tokens, "least_free": share,
            "sentences_per_s": len(sources) / min(taken[share]), "seconds": taken[share],
            **figures[share],
            "equal": sum(a == b for a, b in zip(ids[share], ids[shares[0]], strict=True)),
        }
        for share in shares
    ]  # fmt: skip


def report(result: Figures) -> str:
    """The figures as Markdown."""
    lines = [
        "| model | beam | tokens | places free | sentences per s | ratio | batches | steps "
        "| rows a step | equal |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, rows in result["models"].items():
        base: dict[tuple[int, int], float] = {}
        for row in rows:
            speed = row["sentences_per_s"]
            ratio = speed / base.setdefault((row["beam"], row["tokens"]), speed)
            lines.append(
                f"| {name} | {row['beam']} | {row['tokens']} | {row['least_free']:g} | {speed:.1f} "
                f"| {ratio:.2f} | {row['starts']} | {row['steps']} "
                f"| {row['rows'] / row['steps']:.0f} | {row['equal']} of {result['sentences']} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, help="Korean, one sentence a line")
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME:ENGINE")
    parser.add_argument("--beams", nargs="+", type=int, default=(4, 1))
    parser.add_argument("--tokens", nargs="+", type=int, default=TOKENS)
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)
    lines = arguments.source.read_text(encoding="utf-8").splitlines()
    models = {}
    for chosen in arguments.models:
        name, _, engine = chosen.partition(":")
        translator = Translator.load(name, engine, arguments.device, 1)
        plans = [translator.plan(line) for line in lines[: arguments.sentences]]
        sources = [list(one.ids) for plan in plans for one in plan.sentences if one.ids]
        translator.engine.search(sources[:8], translator.search)  # warms up
        models[f"{name}, {engine}"] = [
            row
            for beam_size in arguments.beams
            for tokens in arguments.tokens
            for row in measure_shares(
                translator, sources, beam_size=beam_size, tokens=tokens,
                shares=arguments.shares, repeats=arguments.repeats,
            )
        ]  # fmt: skip
    result = {"sentences": len(sources), "repeats": arguments.repeats, "models": models}
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
