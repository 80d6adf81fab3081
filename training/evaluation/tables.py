"""The tables of a report, in Markdown that also reads well as plain text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from training.evaluation.metrics import TITLES
from training.evaluation.results import Evaluation, MetricResult, Sample, SetResult, SystemResult

NONE = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Gives an aligned Markdown table; columns after the first are aligned to the right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(_padded(row, widths)) for row in cells]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    return "\n".join(f"| {line} |" for line in (lines[0], " | ".join(rule), *lines[1:]))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    spaces = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
    first = row[0] + spaces[0]
    return [first, *(s + cell for s, cell in zip(spaces[1:], row[1:], strict=True))]


def _p(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}"


def _cell(found: MetricResult) -> str:
    sure = found.certainty
    cell = f"{found.score:.2f} ±{sure.half_width:.2f}"
    return cell if sure.p_bootstrap is None else f"{cell} (p={sure.p_bootstrap:.3f})"


def _speed(system: SystemResult) -> str:
    return NONE if system.sentences_per_s is None else f"{system.sentences_per_s:.1f}"


def _size(system: SystemResult) -> str:
    return NONE if system.size_bytes is None else f"{system.size_bytes / 1e6:.1f} MB"


def systems_table(found: SetResult) -> str:
    """Gives systems × scores with 95 % intervals, p-values against the first, speed and size."""
    metrics = list(found.systems[0].metrics)
    head = ["system", *(TITLES[metric] for metric in metrics), "sent./s", "size"]
    return table(head, [
        [s.name, *(_cell(s.metrics[metric]) for metric in metrics), _speed(s), _size(s)]
        for s in found.systems
    ])  # fmt: skip


def challenge_table(evaluation: Evaluation) -> str:
    """Gives suites × systems: items passed."""
    systems = list(evaluation.challenge)
    by_suite = list(zip(*evaluation.challenge.values(), strict=True))
    rows = [[results[0].suite, *(f"{r.passed}/{r.total} {100 * r.pass_rate:.0f} %"
                                 for r in results)] for results in by_suite]  # fmt: skip
    totals = [(sum(r.passed for r in of), sum(r.total for r in of))
              for of in evaluation.challenge.values()]  # fmt: skip
    rows.append(["all", *(f"{p}/{t} {100 * p / t:.0f} %" for p, t in totals)])
    return table(["suite", *systems], rows)


def markdown(evaluation: Evaluation, pictures: Mapping[str, Sequence[str]]) -> str:
    """Gives the whole report.

    Args:
        evaluation: what was found.
        pictures: test set → paths of its PNGs, relative to the report.
    """
    parts = ["# Evaluation"]
    for found in evaluation.sets:
        parts += _iter_set(found, pictures.get(found.name, ()))
    if evaluation.challenge:
        parts += ["## Challenge suites", "Items whose translation passes all checks.",
                  challenge_table(evaluation), *_iter_failures(evaluation)]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _iter_set(found: SetResult, pictures: Sequence[str]) -> Iterator[str]:
    first = found.systems[0]
    yield f"## {found.name}, {found.lines} lines"
    yield systems_table(found)
    yield f"± is half of the 95 % bootstrap interval; p is against {first.name}."
    yield "\n".join(f"- {TITLES[m]}: `{r.signature}`" for m, r in first.metrics.items())
    if len(found.systems) > 1:
        yield f"### p-values against {first.name}"
        yield from _iter_p_values(found)
    flagged = [s for s in found.systems if s.flags]
    if flagged:
        yield "### Flags\n\nLines that the translator itself has doubts about."
        yield "\n".join(
            f"- {s.name}: " + ", ".join(f"{flag} {n}" for flag, n in s.flags.items())
            for s in flagged
        )
    if found.by_length:
        yield "### Scores by source length"
        yield from _iter_lengths(found)
    if pictures:
        yield "\n".join(f"![{path}]({path})" for path in pictures)
    if found.samples:
        yield "### Samples"
        yield from map(_sample, found.samples)


def _iter_p_values(found: SetResult) -> Iterator[str]:
    for title, name in (("paired bootstrap", "p_bootstrap"),
                        ("approximate randomisation", "p_randomisation")):  # fmt: skip
        rows = [[s.name, *(_p(getattr(r.certainty, name)) for r in s.metrics.values())]
                for s in found.systems[1:]]  # fmt: skip
        yield table([title, *(TITLES[m] for m in found.systems[0].metrics)], rows)


def _iter_lengths(found: SetResult) -> Iterator[str]:
    for metric, by_system in found.by_length[0].scores.items():
        rows = [[bucket.label, str(bucket.lines),
                 *(f"{bucket.scores[metric][system]:.1f}" for system in by_system)]
                for bucket in found.by_length]  # fmt: skip
        yield table([f"eojeol, {TITLES[metric]}", "lines", *by_system], rows)
    if found.forgetting:
        rows = [[f.system, f"{f.short_score:.1f}", f"{f.long_score:.1f}",
                 f"{f.extra_loss:+.1f} [{f.low:+.1f}, {f.high:+.1f}]"]
                for f in found.forgetting]  # fmt: skip
        against = found.forgetting[0].against
        yield table(["chrF", "shortest third", "longest third", f"extra loss over {against}"], rows)
        yield "\n".join(f"- {f.verdict}" for f in found.forgetting)


def _sample(sample: Sample) -> str:
    lines = [f"Line {sample.line}: {sample.source}", f"- reference: {sample.reference}"]
    lines += [f"- {name}: {text}" for name, text in sample.translations.items()]
    return "\n".join(lines)


def _iter_failures(evaluation: Evaluation) -> Iterator[str]:
    for system, suites in evaluation.challenge.items():
        yield f"### What {system} fails"
        for suite in suites:
            if suite.failures:
                rows = [[f.source, f.translation, "; ".join(f.problems)] for f in suite.failures]
                yield f"{suite.suite}:\n\n" + table(["source", "translation", "problems"], [
                    [_short(cell) for cell in row] for row in rows
                ])  # fmt: skip


def _short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
