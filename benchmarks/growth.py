"""How cost grows with the length of a sentence and with the number of lines.

    python benchmarks/growth.py --output growth.json --plot growth.png

Lengths: every engine searches random pieces with random weights in the shape of its bundle, and
every translation has `--ratio` times the pieces of its source, so that growth alone is seen. Lines:
the command `nmt translate` as a process, with the real model up to `--most-real` lines and with an
engine that only copies up to the largest of `--lines`; sentences are recombined words, so hardly
two are equal. Pairs: the stages before training, in one process, over made-up pairs. CPU seconds of
one thread, median (least–most). A slope is that of the least-squares line between logarithms: 1 is
linear, 2 quadratic; a share says how much of the cost at the largest size a quadratic term carries.
Prints Markdown.
"""

import argparse
import math
from pathlib import Path

from flops import attention_share
from growth_lengths import BATCHES, LENGTHS, measure_lengths
from growth_lines import measure_preparation, measure_translate
from plots import Curve, Panel, draw_growth
from power_law import doubling_ratios, fit_power_law, polynomial_shares
from record import ROOT, Figures, add_output, environment, finish

from nmt.bundle import find_bundle, load_bundle
from nmt.config import TransformerConfig

BUNDLES = ("transformer", "luong", "lstm")
PARTS = ("lengths", "translate", "prepare")
LINES = (1_000, 3_000, 10_000, 30_000, 100_000)
SAMPLE = ROOT / "training" / "sample" / "pairs.tsv"


def analysed(curve: Figures) -> Figures:
    """A curve with its power law, what doublings cost, and the shares of its polynomial."""
    sizes, medians = curve["sizes"], [cost["median"] for cost in curve["cost"]]
    if len(sizes) < 2:
        return curve
    law = fit_power_law(sizes, medians)
    return {
        **curve, "slope": law.slope, "r2": law.r2, "doubling": doubling_ratios(sizes, medians),
        "shares": polynomial_shares(sizes, medians),
    }  # fmt: skip


def cost_shown(value: float) -> str:
    """Three digits that count."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def table(curves: list[Figures]) -> list[str]:
    """One group as Markdown: costs, and in brackets by how much a doubling multiplies them."""
    sizes = sorted({size for curve in curves for size in curve["sizes"]})
    heads = " | ".join(f"{size:,}" for size in sizes)
    unit = curves[0]["unit"]
    lines = [
        f"| {curves[0]['group']}; CPU {unit} (× a doubling) | {heads} | slope | R² | quadratic |",
        "|---" + "|--:" * (len(sizes) + 3) + "|",
    ]
    for curve in curves:
        cells = dict.fromkeys(sizes, "–")
        ratios = [None, *curve.get("doubling", [])]
        for size, cost, ratio in zip(curve["sizes"], curve["cost"], ratios, strict=False):
            text = cost_shown(cost["median"] * curve["scale"])
            cells[size] = text if ratio is None else f"{text} (×{ratio:.2f})"
        slope, r2 = (f"{curve[key]:.2f}" if key in curve else "–" for key in ("slope", "r2"))
        shares = curve.get("shares")
        share = f"{100 * shares['quadratic']:.0f} %" if shares else "–"
        lines.append(
            f"| {curve['name']} | {' | '.join(cells.values())} | {slope} | {r2} | {share} |"
        )
    return [*lines, ""]


def report(result: Figures) -> str:
    """All groups as Markdown."""
    lines: list[str] = []
    for group in dict.fromkeys(curve["group"] for curve in result["curves"]):
        lines += table([curve for curve in result["curves"] if curve["group"] == group])
    starts = [c for c in result["curves"] if "start_cpu_s" in c]
    if starts:
        told = ", ".join(f"{c['name']} {c['start_cpu_s']:.2f} s" for c in starts)
        lines.append(f"Taken off `nmt translate`, what a start costs: {told}.")
    shares = result.get("attention_shares", {})
    if shares:
        told = ", ".join(f"{100 * share:.1f} % at {length}" for length, share in shares.items())
        lines.append(f"Attention's share of the Transformer's multiplications by count: {told}.")
    return "\n".join(lines)


def panels(curves: list[Figures]) -> list[Panel]:
    """The curves as a plot's panels, one for each group."""
    found = []
    for group in dict.fromkeys(curve["group"] for curve in curves):
        members = [c for c in curves if c["group"] == group and "slope" in c]
        drawn = {
            c["name"]: Curve(
                c["sizes"], *([c["scale"] * cost[key] for cost in c["cost"]]
                              for key in ("median", "min", "max")), c["slope"],
            )
            for c in members
        }  # fmt: skip
        if drawn:
            axis = "source pieces" if group.startswith("length") else group.partition(",")[0]
            found.append(Panel(group, axis, f"CPU {members[0]['unit']}", drawn))
    return found


def shares_by_count(model: str, lengths: list[int], ratio: float) -> dict[str, float]:
    """Length → attention's share of a Transformer's multiplications."""
    config = load_bundle(find_bundle(model)).model_config
    if not isinstance(config, TransformerConfig):
        return {}
    return {str(n): attention_share(config, n, round(ratio * n)) for n in lengths}


def parser_of() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--bundles", nargs="+", default=list(BUNDLES), help="whose shapes")
    parser.add_argument("--model", default="transformer", help="bundle of `nmt translate`")
    parser.add_argument("--lengths", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--ratio", type=float, default=1.2, help="target to source pieces")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--lines", type=int, nargs="+", default=list(LINES), help="up to 1000000")
    parser.add_argument("--most-real", type=int, default=3_000, help="lines for the real model")
    parser.add_argument("--text", type=Path, default=SAMPLE, help="Korean; a TSV's first column")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--plot", type=Path, metavar="FILE", help=".png or .svg")
    add_output(parser)
    return parser


def main(argv: list[str] | None = None) -> None:
    """Runs the benchmark."""
    arguments = parser_of().parse_args(argv)
    around = environment(threads=1)
    lengths, lines = sorted(arguments.lengths), sorted(arguments.lines)
    curves, result = [], {"ratio": arguments.ratio, "batches": list(BATCHES)}
    if "lengths" in arguments.parts:
        curves += measure_lengths(
            arguments.bundles, lengths, arguments.beam, arguments.ratio, arguments.repeats
        )
        result["attention_shares"] = shares_by_count(arguments.model, lengths, arguments.ratio)
    if "translate" in arguments.parts:
        rows = arguments.text.read_text(encoding="utf-8").splitlines()
        text = [row.partition("\t")[0] for row in rows]
        curves += measure_translate(
            text, arguments.model, lines, arguments.most_real, arguments.repeats
        )
    if "prepare" in arguments.parts:
        curves += measure_preparation(arguments.model, lines, arguments.repeats)
    result |= {"repeats": arguments.repeats, "curves": [analysed(curve) for curve in curves]}
    finish(result, around, report(result), arguments.output)
    if arguments.plot:
        draw_growth(panels(result["curves"]), arguments.plot, "How cost grows (CPU, one thread)")


if __name__ == "__main__":
    main()
