"""What `nmt translate` costs beyond CTranslate2's own search.

    python benchmarks/translate_overhead.py dev.ko --sentences 2000 --output out.json

Ours does all that the command does with the lines of a file, but for reading and writing them:
segments, protects, encodes, searches, decodes, restores, checks, and searches again where a
translation has a fault. The bare loop gets the pieces that ours made of the same lines, all at
once, the same int8 model, beam, length penalty, length limits and batch size. Both run one thread,
in processes of their own that take turns; the second searches are told apart from the rest. CPU
seconds, median (least–most) of the repeats. Prints Markdown.
"""

import argparse
import itertools
from pathlib import Path
from typing import Any

from peers.children import Answer, Contender, in_turns, running
from record import Figures, add_output, environment, finish, shown, spread

from nmt.bundle import find_bundle
from nmt.engines.candidates import Request
from nmt.engines.ctranslate2 import BATCH_ROWS
from nmt.tokenizers.base import EOS_ID
from nmt.translator import Translator

PLAIN, BARE, OURS = "bare CTranslate2", "bare CTranslate2, our limits", "nmt translate"
PLAIN_BATCH, PLAIN_LONGEST = 32, 256


def contenders(lines: list[str], model: str) -> dict[str, Contender]:
    """The bare loops, the second with as many hypotheses as ours needs to rank them, and ours."""
    translator = Translator.load(model, "ctranslate2", "cpu", 1)
    plans = [translator.plan(line) for line in lines]
    sources = [sentence.ids for plan in plans for sentence in plan.sentences if sentence.ids]
    search = translator.search
    groups: dict[int, list[list[int]]] = {}
    for source in sources:
        roof = Request.of(source, search, translator.engine.max_positions - 1).roof
        groups.setdefault(roof + 1, []).append([*source, EOS_ID])
    bare = {
        "export": str(find_bundle(model) / "ctranslate2"), "groups": groups,
        "batch": BATCH_ROWS, "beam": search.beam_size, "hypotheses": search.beam_size,
        "length_penalty": search.length_penalty,
    }  # fmt: skip
    at_once = {PLAIN_LONGEST: [row for rows in groups.values() for row in rows]}
    plain = {**bare, "groups": at_once, "batch": PLAIN_BATCH, "hypotheses": 1}
    return {
        PLAIN: Contender("bare_ctranslate2.py", plain),
        BARE: Contender("bare_ctranslate2.py", bare),
        OURS: Contender("ours_translate.py", {"lines": lines, "model": model}),
    }


def summarise(answers: dict[str, list[Answer]]) -> Figures:
    """CPU seconds, where ours go, and ratios; a ratio is of answers of the same round."""
    ours = answers[OURS]
    rest = [a["cpu_s"] - a["search_cpu_s"] - a["again_cpu_s"] for a in ours]
    once = [a["cpu_s"] - a["again_cpu_s"] for a in ours]

    def ratio(values: list[float], peer: str = BARE) -> Figures:
        return spread([a / b["cpu_s"] for a, b in zip(values, answers[peer], strict=True)])

    return {
        "sentences": ours[0]["sentences"],
        "searched_again": ours[0]["again"],
        "rows_of_calls": ours[0]["calls_rows"],
        "tokens": {name: answers[name][0]["tokens"] for name in (PLAIN, BARE)},
        "cpu_s": {
            **{name: spread([a["cpu_s"] for a in of_name]) for name, of_name in answers.items()},
            "first search": spread([a["search_cpu_s"] for a in ours]),
            "second searches": spread([a["again_cpu_s"] for a in ours]),
            "all but search": spread(rest),
        },
        "ratios": {
            f"all : {PLAIN}": ratio([a["cpu_s"] for a in ours], PLAIN),
            f"all : {BARE}": ratio([a["cpu_s"] for a in ours]),
            f"all but second searches : {BARE}": ratio(once),
            f"first search : {BARE}": ratio([a["search_cpu_s"] for a in ours]),
        },
    }


def report(result: Figures) -> str:
    """The figures as Markdown."""
    ratios = result["ratios"]
    return "\n".join([
        "| | CPU seconds |", "|---|--:|",
        *(f"| {name} | {shown(figures, 2)} |" for name, figures in result["cpu_s"].items()), "",
        "| ratio | |", "|---|--:|",
        *(f"| {name} | {shown(ratio, 3)} |" for name, ratio in ratios.items()), "",
        f"{result['sentences']} sentences, {result['searched_again']} searches of faulty ones; "
        f"{result['rows_of_calls']} rows given to CTranslate2",
    ])  # fmt: skip


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, nargs="+", help="Korean, one sentence a line")
    parser.add_argument("--model", default="transformer")
    parser.add_argument("--sentences", type=int, default=2000, help="lines; repeated if too few")
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)
    given = [line for path in arguments.source for line in path.read_text("utf-8").splitlines()]
    lines = list(itertools.islice(itertools.cycle(given), arguments.sentences))
    with running(contenders(lines, arguments.model)) as children:
        answers: Any = in_turns(children, arguments.repeats)
    result = {"repeats": arguments.repeats, **summarise(answers)}
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
