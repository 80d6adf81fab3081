"""What a translation costs: money per million characters, from CPU seconds and a price.

    python benchmarks/cost.py dev/written-dev.ko --price-per-core-hour 0.04 --output cost.json

Every bundle translates the same lines by `Translator.translate`, in the batches of
`nmt translate`, with one thread, greedily and with a beam of four; the engines take turns. CPU
seconds, median (least–most). The price is an assumption: 0.04 a core-hour is what general-purpose
cores are rented for by the large providers; an idle core costs as much as a busy one, so money is
told for a core that is always busy. Characters are those of the source. Prints Markdown.
"""

import argparse
import itertools
import time
from pathlib import Path

from record import Figures, add_output, environment, finish, shown, spread

from nmt.streaming import iter_chunks
from nmt.translation import TranslateOptions
from nmt.translator import Translator

SYSTEMS = (
    ("transformer", "ctranslate2"), ("transformer", "torch"), ("luong", "torch-int8"),
    ("luong", "torch"), ("lstm", "torch-int8"), ("lstm", "torch"),
)  # fmt: skip
BEAMS = {"greedy": 1, "beam 4": 4}
PRICE = 0.04


def cpu_seconds(translator: Translator, lines: list[str], beam_size: int) -> float:
    """CPU seconds of translating all lines."""
    options = TranslateOptions(beam_size=beam_size)
    began = time.process_time()
    for chunk in iter_chunks(lines):
        translator.translate(chunk, options)
    return time.process_time() - began


def measure(
    systems: list[tuple[str, str]], lines: list[str], repeats: int
) -> dict[tuple[str, str], list[float]]:
    """(System, search) → CPU seconds of each round; a round before the first warms up."""
    translators = {
        f"{model}, {engine}": Translator.load(model, engine, "cpu", 1) for model, engine in systems
    }
    taken: dict[tuple[str, str], list[float]] = {}
    for turn in range(repeats + 1):
        for (name, translator), (search, beam) in itertools.product(
            translators.items(), BEAMS.items()
        ):
            found = cpu_seconds(translator, lines, beam)
            if turn:
                taken.setdefault((name, search), []).append(found)
    return taken


def costs(cpu_s: list[float], lines: list[str], price: float) -> Figures:
    """Seconds and money of one system."""
    chars = sum(map(len, lines))
    per_million = [seconds * 1e6 / chars for seconds in cpu_s]
    return {
        "cpu_s_per_1000_sentences": spread([seconds * 1000 / len(lines) for seconds in cpu_s]),
        "cpu_s_per_million_chars": spread(per_million),
        "chars_per_cpu_s": spread([chars / seconds for seconds in cpu_s]),
        "price_per_million_chars": spread([seconds / 3600 * price for seconds in per_million]),
    }


def report(result: Figures) -> str:
    """The figures as Markdown."""
    lines = [
        "| bundle, engine | search | CPU s per 1000 sentences | CPU s per million characters | "
        "price per million characters |", "|---|---|--:|--:|--:|",
    ]  # fmt: skip
    for row in result["rows"]:
        lines.append(
            f"| {row['system']} | {row['search']} | {shown(row['cpu_s_per_1000_sentences'])} | "
            f"{shown(row['cpu_s_per_million_chars'], 0)} | "
            f"{shown(row['price_per_million_chars'], 4)} |"
        )
    return "\n".join([
        *lines, "", f"Assumed: {result['price_per_core_hour']} a core-hour, the core always busy. "
        f"{result['sentences']} lines of {result['chars_a_line']:.1f} characters.",
    ])  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, help="Korean, one sentence a line")
    parser.add_argument("--price-per-core-hour", type=float, default=PRICE, help="an assumption")
    parser.add_argument(
        "--systems", nargs="+", metavar="BUNDLE:ENGINE",
        default=[":".join(system) for system in SYSTEMS],
    )  # fmt: skip
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args(argv)
    around = environment(threads=1)
    given = arguments.source.read_text(encoding="utf-8").splitlines()
    lines = [line for line in given if line.strip()][: arguments.sentences]
    # A path may hold a colon, an engine's name does not.
    systems = [(name, engine) for name, _, engine in (s.rpartition(":") for s in arguments.systems)]
    taken = measure(systems, lines, arguments.repeats)
    price = arguments.price_per_core_hour
    result = {
        "price_per_core_hour": price, "sentences": len(lines),
        "chars_a_line": sum(map(len, lines)) / len(lines), "repeats": arguments.repeats,
        "rows": [
            {"system": name, "search": search, **costs(cpu_s, lines, price)}
            for (name, search), cpu_s in taken.items()
        ],
    }  # fmt: skip
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
