"""Which depths are fast: decoding speed of encoder–decoder depths and vocabulary sizes.

    python benchmarks/depths.py --output depths-speed.json
    python benchmarks/depths.py --scores depths.json --plot pareto.png

CTranslate2 int8, random weights, width 256, feed-forward 768; all sources have the same number of
pieces and no translation ends before its last piece. Sentences per CPU second of one thread, median
(least–most); the depths of one vocabulary take turns. `--scores` is what depths_training.py wrote:
with it the plot shows quality over speed, with the speed at the first of `--vocabularies`, and the
front, the shapes that no other beats in both. Without it, speed alone. Prints Markdown.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from depths_training import BEAMS, SHAPES, layers
from growth_lengths import random_sources
from peers.children import Contender, in_turns, running
from plots import Point, draw_pareto, pareto_front
from record import Figures, add_output, environment, finish, shown, spread

from nmt.config import TransformerConfig

VOCABULARIES = (8_000, 16_000, 32_000)
CASES = [(beam, batch) for beam in (1, 4) for batch in (1, 16)]
"""Beam and batch."""
NAMES = {beam: name for name, beam in BEAMS.items()}
METRICS = {"chrf": "chrF", "bleu": "BLEU"}


def config_of(shape: str, vocabulary: int) -> TransformerConfig:
    """The network of a depth."""
    encoder, decoder = layers(shape)
    return TransformerConfig(
        vocabulary, vocabulary, d_model=256, d_ff=768, n_heads=4,
        n_encoder_layers=encoder, n_decoder_layers=decoder,
    )  # fmt: skip


def measure(
    shapes: list[str], vocabulary: int, pieces: tuple[int, int], singles: int, repeats: int
) -> list[Figures]:
    """A row for each shape, beam and batch; `pieces` of source and target."""
    rows = []
    started = {
        shape: Contender(
            "ours_decoding.py", {"model": asdict(config_of(shape, vocabulary)), "engine": "int8"}
        )
        for shape in shapes
    }
    with running(started) as children:
        for beam, batch in CASES:
            count = singles if batch == 1 else 2 * batch
            order = {
                "beam": beam, "batch": batch, "sentences": count, "length": pieces[1],
                "sources": random_sources(pieces[0], count, vocabulary),
            }  # fmt: skip
            for shape, answers in in_turns(children, repeats, **order).items():
                if any(answer["lengths"] != [pieces[1]] * count for answer in answers):
                    raise SystemExit(f"{shape} did not put out {pieces[1]} pieces each")
                rows.append({
                    "shape": shape, "vocabulary": vocabulary, "beam": beam, "batch": batch,
                    "sentences_per_cpu_s": spread([count / a["cpu_s"] for a in answers]),
                    "cpu_ms": spread([1000 * a["cpu_s"] / count for a in answers]),
                })  # fmt: skip
    return rows


def with_scores(rows: list[Figures], scores: Figures) -> list[Figures]:
    """The rows, each with the scores of its shape and beam where there are any."""
    return [
        row | {name: found[name] for name in METRICS if name in found}
        for row in rows
        for found in [scores.get(row["shape"], {}).get(NAMES[row["beam"]], {})]
    ]


def points(rows: list[Figures], metric: str, batch: int) -> list[Point]:
    """The scored shapes of the first vocabulary as points, one batch size."""
    first = rows[0]["vocabulary"] if rows else 0
    return [
        Point(row["shape"], row["sentences_per_cpu_s"]["median"], row[metric], NAMES[row["beam"]])
        for row in rows
        if metric in row and row["batch"] == batch and row["vocabulary"] == first
    ]


def report(rows: list[Figures]) -> str:
    """The figures as Markdown: speeds, then the front where there are scores."""
    heads = " | ".join(f"{NAMES[beam]}, batch {batch}" for beam, batch in CASES)
    lines = [
        f"| vocabulary | layers | {heads} |  ", "|--:|---" + "|--:" * len(CASES) + "|",
    ]  # fmt: skip
    lines[0] = lines[0].rstrip()
    for vocabulary, shape in dict.fromkeys((row["vocabulary"], row["shape"]) for row in rows):
        found = {
            (row["beam"], row["batch"]): shown(row["sentences_per_cpu_s"])
            for row in rows
            if (row["vocabulary"], row["shape"]) == (vocabulary, shape)
        }
        cells = " | ".join(found[case] for case in CASES)
        lines.append(f"| {vocabulary:,} | {shape} | {cells} |")
    lines += ["", "Sentences per CPU second."]
    for metric, title in METRICS.items():
        for batch in dict.fromkeys(row["batch"] for row in rows):
            front = pareto_front(points(rows, metric, batch))
            if front:
                told = ", ".join(
                    f"{p.label} {p.group} ({p.quality:.1f}, {p.speed:.0f}/s)" for p in front
                )
                lines.append(f"Front of {title} and speed, batch {batch}: {told}.")
    return "\n".join(lines)


def draw(rows: list[Figures], path: Path) -> None:
    """The plot: a panel for each metric and batch size; without scores nothing can be drawn."""
    panels = {
        f"{title}, batch {batch}": points(rows, metric, batch)
        for metric, title in METRICS.items()
        for batch in dict.fromkeys(row["batch"] for row in rows)
    }
    drawn = {name: found for name, found in panels.items() if found}
    if not drawn:
        raise SystemExit("--plot shows quality over speed; give --scores, see depths_training.py")
    labels = ("sentences per CPU second", "score on the development set")
    draw_pareto(drawn, path, "Encoder–decoder layers: quality and speed (int8)", labels)


def main(argv: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES))
    parser.add_argument("--vocabularies", type=int, nargs="+", default=list(VOCABULARIES))
    parser.add_argument("--source-pieces", type=int, default=20)
    parser.add_argument("--target-pieces", type=int, default=24)
    parser.add_argument("--singles", type=int, default=8, help="sentences with batch 1")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scores", type=Path, help="JSON of depths_training.py")
    parser.add_argument("--plot", type=Path, metavar="FILE", help=".png or .svg; needs --scores")
    add_output(parser)
    arguments = parser.parse_args(argv)
    if arguments.plot and not arguments.scores:
        raise SystemExit("--plot shows quality over speed; give --scores, see depths_training.py")
    around = environment(threads=1)
    scores = json.loads(arguments.scores.read_text("utf-8")) if arguments.scores else {}
    pieces = arguments.source_pieces, arguments.target_pieces
    rows = [
        row
        for vocabulary in arguments.vocabularies
        for row in measure(
            arguments.shapes, vocabulary, pieces, arguments.singles, arguments.repeats
        )
    ]
    rows = with_scores(rows, scores)
    result = {"pieces": pieces, "repeats": arguments.repeats, "scores": scores, "rows": rows}
    finish(result, around, report(rows), arguments.output)
    if arguments.plot:
        draw(rows, arguments.plot)


if __name__ == "__main__":
    main()
