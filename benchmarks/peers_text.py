"""Search speed on text beside Hugging Face's MarianMTModel.

    python benchmarks/peers_text.py dev.ko --peer-python peers/bin/python --output out.json

Our bundle translates the pieces of the lines and ends each translation itself. MarianMTModel has
the same shape and random weights, gets the same pieces in the same batches, and is told to end each
translation where ours ended. So both do the same work, but for what each does with sentences that
end before others of their batch. 32 sentences at once come in the order of the file, as a loop over
lines gives them, or sorted by length, which is the best that can be done for whoever waits for the
longest. Sentences per CPU second of one thread, median (least–most) of the repeats; the children
take turns. Prints Markdown.
"""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from peers.children import PEER_PYTHON_HELP, Contender, in_turns, running, versions
from record import Figures, add_output, environment, finish, shown, spread

from nmt.bundle import find_bundle, load_bundle
from nmt.translator import Translator

OURS, PEER = "ours", "MarianMTModel"
BATCH = 32


@dataclass(frozen=True)
class Case:
    """Sentences in batches."""

    name: str
    batch: int
    sources: list[list[int]]


def cases_of(sources: list[list[int]], singles: int) -> list[Case]:
    """Some sentences alone, spread over the text, and all of them in batches."""
    apart = max(1, len(sources) // singles)
    return [
        Case("alone", 1, sources[::apart][:singles]),
        Case(f"{BATCH}, as in the file", BATCH, sources),
        Case(f"{BATCH}, sorted by length", BATCH, sorted(sources, key=len)),
    ]


def measure(children: Any, case: Case, beam: int, repeats: int) -> Figures:
    """Speeds of both, their ratio, and how long the translations are."""
    order = {
        "beam": beam, "batch": case.batch, "sources": case.sources,
        "sentences": len(case.sources),
    }  # fmt: skip
    lengths = children[OURS].ask(**order)["lengths"]
    answers = in_turns(children, repeats, **order, lengths=lengths)
    for name, of_name in answers.items():
        if any(answer["lengths"] != lengths for answer in of_name):
            raise SystemExit(f"{name} gave translations of other lengths than the first time")
    speeds = {
        name: [len(lengths) / answer["cpu_s"] for answer in of_name]
        for name, of_name in answers.items()
    }
    longest = [max(lengths[at : at + case.batch]) for at in range(0, len(lengths), case.batch)]
    return {
        "case": case.name, "beam": beam, "sentences": len(lengths),
        "pieces": fmean(lengths), "longest_of_a_batch": fmean(longest),
        "sentences_per_cpu_s": {name: spread(values) for name, values in speeds.items()},
        "ratio": spread([a / b for a, b in zip(speeds[OURS], speeds[PEER], strict=True)]),
    }  # fmt: skip


def report(result: Figures) -> str:
    """The figures as Markdown."""
    return "\n".join([
        f"| beam, sentences at once | pieces, mean | longest of a batch, mean | {OURS} | {PEER} "
        "| ratio |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {row['beam']}, {row['case']} | {row['pieces']:.1f} "
            f"| {row['longest_of_a_batch']:.1f} "
            + "".join(f"| {shown(row['sentences_per_cpu_s'][name])} " for name in (OURS, PEER))
            + f"| {shown(row['ratio'])} |"
            for row in result["rows"]
        ),
    ])  # fmt: skip


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, help="Korean, one sentence a line")
    parser.add_argument("--peer-python", required=True, help=PEER_PYTHON_HELP)
    parser.add_argument("--model", default="transformer")
    parser.add_argument("--engine", default="ctranslate2")
    parser.add_argument("--sentences", type=int, default=256)
    parser.add_argument("--singles", type=int, default=16, help="sentences that come alone")
    parser.add_argument("--beams", type=int, nargs="+", default=[4, 1])
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)

    translator = Translator.load(arguments.model, arguments.engine, "cpu", 1)
    lines = arguments.source.read_text("utf-8").splitlines()
    plans = (translator.plan(line) for line in lines)
    sources = [list(s.ids) for plan in plans for s in plan.sentences if s.ids]
    shape = asdict(load_bundle(find_bundle(arguments.model)).model_config)
    ours = {"bundle": arguments.model, "engine": arguments.engine}
    contenders = {
        OURS: Contender("ours_text.py", ours),
        PEER: Contender("marian_decoding.py", {"model": shape}, arguments.peer_python),
    }
    cases = cases_of(sources[: arguments.sentences], arguments.singles)
    with running(contenders) as children:
        rows = [
            measure(children, case, beam, arguments.repeats)
            for beam in arguments.beams
            for case in cases
        ]
    result = {
        "engine": arguments.engine, "repeats": arguments.repeats, "rows": rows,
        "peers": versions(arguments.peer_python, ("transformers", "torch")),
    }  # fmt: skip
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
