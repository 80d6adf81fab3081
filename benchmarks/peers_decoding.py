"""Search speed beside JoeyNMT's, Hugging Face's and Eole's, every translation equally long.

    python benchmarks/peers_decoding.py --peer-python peers/bin/python --output out.json

All networks have the shape of the released bundles and random weights; all sources have the same
number of pieces, and all translations too, so that all do the same work. Our Transformers end their
translations themselves, as they do with text, and MarianMTModel is told to; the others are cut off
or may not end sooner. What ends takes one step more: that of the end piece. Sentences per CPU
second of one thread, median (least–most) of the repeats; the children take turns. Eole,
OpenNMT-py's successor, may live in an environment of its own (`--eole-python`) and is left out
where it is missing. Prints Markdown.
"""

import argparse
import random
import sys
from dataclasses import asdict
from typing import Any

from peers.children import (
    PEER_PYTHON_HELP,
    Answer,
    Contender,
    has_package,
    in_turns,
    running,
    versions,
)
from record import Figures, add_output, environment, finish, shown, spread

from nmt.bundle import find_bundle, load_bundle

EOLE = "Transformer, Eole"
CASES = [(4, 1), (4, 32), (1, 1), (1, 32)]
"""Beam and batch."""
RATIOS = [
    ("Transformer, torch", "Transformer, JoeyNMT"),
    ("Transformer, torch", "Transformer, MarianMTModel"),
    ("Transformer, ctranslate2 int8", "Transformer, JoeyNMT"),
    ("Transformer, ctranslate2 int8", "Transformer, MarianMTModel"),
    ("Transformer, ctranslate2 float32", "Transformer, JoeyNMT"),
    ("Transformer, ctranslate2 float32", "Transformer, MarianMTModel"),
    ("Transformer, torch", EOLE),
    ("Transformer, ctranslate2 int8", EOLE),
    ("Transformer, ctranslate2 float32", EOLE),
    ("Luong, torch", "Luong, JoeyNMT"),
    ("Luong, torch-int8", "Luong, JoeyNMT"),
]


def contenders(job: dict[str, Any], peer_python: str, eole_python: str) -> dict[str, Contender]:
    """Our engines and the peers, by the names of the table; Eole only where it is installed."""
    transformer, luong = (
        job | {"model": asdict(load_bundle(find_bundle(name)).model_config)}
        for name in ("transformer", "luong")
    )
    ours, joey = "ours_decoding.py", "joeynmt_decoding.py"
    found = {
        "Transformer, torch": Contender(ours, transformer | {"engine": "torch"}),
        "Transformer, ctranslate2 int8": Contender(ours, transformer | {"engine": "int8"}),
        "Transformer, ctranslate2 float32": Contender(ours, transformer | {"engine": "float32"}),
        "Transformer, JoeyNMT": Contender(joey, transformer, peer_python),
        "Transformer, MarianMTModel": Contender("marian_decoding.py", transformer, peer_python),
        EOLE: Contender("eole_decoding.py", transformer, eole_python),
        "Luong, torch": Contender(ours, luong | {"engine": "torch"}),
        "Luong, torch-int8": Contender(ours, luong | {"engine": "torch-int8"}),
        "Luong, JoeyNMT": Contender(joey, luong, peer_python),
    }
    if not has_package(eole_python, "eole"):
        del found[EOLE]
        print(f"{eole_python} has no eole: left out (`pip install eole`)", file=sys.stderr)
    return found


def check_lengths(answers: dict[str, list[Answer]], length: int, sentences: int) -> None:
    """Stops where a contender did other work than the others."""
    for name, of_name in answers.items():
        for answer in of_name:
            if answer["lengths"] != [length] * sentences:
                raise SystemExit(f"{name} gave translations of {answer['lengths']} pieces")


def summarise(speeds: dict[str, list[float]]) -> dict[str, Figures]:
    """Ratios of ours to the peers; each is of answers of the same round."""
    return {
        f"{ours} : {peer}": spread([a / b for a, b in zip(speeds[ours], speeds[peer], strict=True)])
        for ours, peer in RATIOS
        if ours in speeds and peer in speeds
    }


def report(result: Figures) -> str:
    """The figures as Markdown: speeds, then ratios, a column for each case."""
    lines = []
    for part, digits in (("sentences_per_cpu_s", 1), ("ratios", 1)):
        cases = result["cases"]
        heads = " | ".join(f"beam {case['beam']}, batch {case['batch']}" for case in cases)
        lines += [f"| {part.replace('_', ' ')} | {heads} |", "|---" + "|--:" * len(cases) + "|"]
        for name in cases[0][part]:
            values = " | ".join(shown(case[part][name], digits) for case in cases)
            lines.append(f"| {name} | {values} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peer-python", required=True, help=PEER_PYTHON_HELP)
    parser.add_argument("--eole-python", help="Python with Eole; default: that of the peers")
    parser.add_argument("--source-pieces", type=int, default=20)
    parser.add_argument("--target-pieces", type=int, default=24)
    parser.add_argument("--singles", type=int, default=4, help="sentences with batch 1")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="contenders whose name contains this")
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)

    numbers = random.Random(1)
    sources = [
        [numbers.randrange(300, 5999) for _ in range(arguments.source_pieces)] for _ in range(32)
    ]
    job = {"sources": sources, "length": arguments.target_pieces}
    eole_python = arguments.eole_python or arguments.peer_python
    chosen = contenders(job, arguments.peer_python, eole_python)
    chosen = {name: one for name, one in chosen.items() if arguments.only in name}
    cases = []
    with running(chosen) as children:
        for beam, batch in CASES:
            count = arguments.singles if batch == 1 else batch
            order = {"beam": beam, "batch": batch, "sentences": count}
            answers = in_turns(children, arguments.repeats, **order)
            check_lengths(answers, arguments.target_pieces, count)
            speeds = {
                name: [count / answer["cpu_s"] for answer in of_name]
                for name, of_name in answers.items()
            }
            figures = {name: spread(values) for name, values in speeds.items()}
            ratios = summarise(speeds)
            cases.append({**order, "sentences_per_cpu_s": figures, "ratios": ratios})
    peers = versions(arguments.peer_python, ("joeynmt", "transformers", "torch"))
    if EOLE in chosen:
        peers |= versions(eole_python, ("eole",))
    result = {
        "source_pieces": arguments.source_pieces, "target_pieces": arguments.target_pieces,
        "repeats": arguments.repeats, "cases": cases,
        "peers": peers,
    }  # fmt: skip
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
