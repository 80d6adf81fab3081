"""The engines side by side: sentences per second, cold start, memory, equal translations.

    python benchmarks/engines.py dev/written-dev.ko --output engines.json

Each figure is the median of the repeats with the least and the most; the engines take turns, so
that other work on the machine meets both alike. Speed is of the search alone, on one thread. Beside
wall-clock stand CPU seconds, on which other work counts less. A cold start is a process
`nmt translate --text …` from beginning to end. Prints Markdown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from record import Figures, add_output, environment, finish, shown, spread

from nmt.bundle import add_ctranslate2, find_bundle
from nmt.config import SearchConfig
from nmt.translator import Translator

ENGINES = ("torch", "ctranslate2")
TEXT = "오늘 날씨가 정말 좋네요."


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of `work`."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - began_cpu


def search_in_batches(
    translator: Translator, sources: list[list[int]], size: int, options: SearchConfig
) -> None:
    """Searches `sources`, `size` at a time, as they come."""
    for first in range(0, len(sources), size):
        translator.engine.search(sources[first : first + size], options)


def measure_speed(
    translators: dict[str, Translator], sources: list[list[int]], repeats: int
) -> list[Figures]:
    """Sentences per second for each engine, beam and batch size."""
    rows = []
    for beam_size in (1, 4):
        options = replace(translators["torch"].search, beam_size=beam_size, n_best=1)
        for size in (1, 32):
            times: dict[str, list[tuple[float, float]]] = {name: [] for name in translators}
            for turn in range(repeats + 1):  # the first warms up
                for name, translator in translators.items():
                    taken = seconds(
                        lambda t=translator, s=size, o=options: search_in_batches(t, sources, s, o)
                    )
                    times[name] += [taken] if turn else []
            for name, taken_times in times.items():
                rows.append({
                    "engine": name, "beam": beam_size, "batch": size,
                    "sentences_per_s": spread([len(sources) / wall for wall, _ in taken_times]),
                    "sentences_per_cpu_s": spread([len(sources) / cpu for _, cpu in taken_times]),
                })  # fmt: skip
    return rows


def measure_start(model: str, repeats: int) -> list[Figures]:
    """Wall-clock and CPU seconds and peak memory of a process that translates one line."""
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ENGINES}
    for turn in range(repeats + 1):
        for name in ENGINES:
            command = [sys.executable, "-m", "nmt.cli", "translate", "--model", model]
            command += ["--engine", name, "--device", "cpu", "--threads", "1", "--text", TEXT]
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{' '.join(command)} failed")
            one = (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
            taken[name] += [one] if turn else []
    return [
        {"engine": name} | {
            key: spread([one[place] for one in taken[name]])
            for place, key in enumerate(("start_s", "start_cpu_s", "peak_mib"))
        }
        for name in ENGINES
    ]  # fmt: skip


def measure_agreement(model: str, sources: list[list[int]]) -> Figures:
    """Share of greedy translations that are torch's, for the shipped export and a float32 one."""
    options = SearchConfig(beam_size=1)

    def greedy(path: str, engine: str) -> list[tuple[int, ...]]:
        found = Translator.load(path, engine, "cpu", 1).engine.search(sources, options)
        return [hypotheses[0].ids for hypotheses in found]

    with tempfile.TemporaryDirectory() as folder:
        exact = shutil.copytree(find_bundle(model), Path(folder) / "exact")
        add_ctranslate2(exact, "float32")
        reference = greedy(model, "torch")
        others = {
            "shipped": greedy(model, "ctranslate2"),
            "float32": greedy(str(exact), "ctranslate2"),
        }
    return {
        name: sum(a == b for a, b in zip(ids, reference, strict=True)) / len(reference)
        for name, ids in others.items()
    }


def report(result: Figures) -> str:
    """The figures as Markdown."""
    lines = [
        "| engine | beam | batch | sentences/s | per CPU second |", "|---|--:|--:|--:|--:|",
        *(
            f"| {row['engine']} | {row['beam']} | {row['batch']} | "
            f"{shown(row['sentences_per_s'])} | {shown(row['sentences_per_cpu_s'])} |"
            for row in result["speed"]
        ),
        "", "| engine | cold start, s | CPU s | peak memory, MiB |", "|---|--:|--:|--:|",
        *(
            f"| {row['engine']} | {shown(row['start_s'], 2)} | {shown(row['start_cpu_s'], 2)} | "
            f"{shown(row['peak_mib'], 0)} |"
            for row in result["start"]
        ),
        "", "greedy translations equal to torch's: " + ", ".join(
            f"{name} {100 * share:.1f} %" for name, share in result["agreement"].items()
        ),
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path, help="Korean, one sentence a line")
    parser.add_argument("--model", default="transformer")
    parser.add_argument("--sentences", type=int, default=64, help="for the speed")
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args()
    around = environment(threads=1)

    # First: a process begins with the memory of the one that starts it, so this one must be small.
    start = measure_start(arguments.model, arguments.repeats)
    translators = {name: Translator.load(arguments.model, name, "cpu", 1) for name in ENGINES}
    lines = arguments.source.read_text(encoding="utf-8").splitlines()
    plans = [translators["torch"].plan(line) for line in lines]
    sources = [list(sentence.ids) for plan in plans for sentence in plan.sentences if sentence.ids]
    result = {
        "model": arguments.model,
        "sentences": min(len(sources), arguments.sentences),
        "repeats": arguments.repeats,
        "speed": measure_speed(translators, sources[: arguments.sentences], arguments.repeats),
        "start": start,
        "agreement": measure_agreement(arguments.model, sources),
    }
    finish(result, around, report(result), arguments.output)


if __name__ == "__main__":
    main()
