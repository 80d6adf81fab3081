"""The report of an evaluation: JSON for programs, Markdown and PNG for people."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmt import __version__
from training.evaluation.fonts import find_hangul_font
from training.evaluation.heatmap import draw_attention
from training.evaluation.plots import draw_scores_by_length, draw_systems
from training.evaluation.results import Evaluation, SetResult
from training.evaluation.run import SystemOutput
from training.evaluation.tables import markdown

FORMAT_VERSION = 1


def file_name(name: str) -> str:
    """Gives a system's or test set's name as it may stand in a path."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("._") or "_"


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Gives the evaluation as plain values; see docs/evaluation.md for the fields."""
    return {
        "format_version": FORMAT_VERSION,
        "nmt_version": __version__,
        "sets": [_set_as_json(found) for found in evaluation.sets],
        "challenge": {
            system: [{**dataclasses.asdict(suite), "passed": suite.passed} for suite in suites]
            for system, suites in evaluation.challenge.items()
        },
    }


def _set_as_json(found: SetResult) -> dict[str, Any]:
    values = dataclasses.asdict(found)
    for row, comparison in zip(values["forgetting"], found.forgetting, strict=True):
        row["verdict"] = comparison.verdict
    return values


def write_report(
    evaluation: Evaluation, outputs: Mapping[str, Sequence[SystemOutput]], folder: Path
) -> list[Path]:
    """Writes report.json, report.md, the translations and the plots.

    Args:
        evaluation: what was found.
        outputs: test set → the systems' outputs, which are written one sentence a line, so that
            `sacrebleu` can be run on them.
        folder: where; it is made, files of the same name are replaced.

    Returns:
        What was written.

    Raises:
        FontMissingError: there is attention to draw and no font with Hangul.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for system, metrics in metrics_by_system(evaluation).items():
        _write_json(folder / f"{file_name(system)}.metrics.json", metrics)
    written = [_write_lines(folder / file_name(name) / f"{file_name(output.name)}.en", output)
               for name, of_set in outputs.items() for output in of_set]  # fmt: skip
    pictures: dict[str, list[Path]] = {}
    for found in evaluation.sets:
        pictures[found.name] = _draw_set(found, folder / file_name(found.name))
    for name, paths in _draw_attention(evaluation, folder).items():
        pictures[name] += paths
    links = {name: [path.relative_to(folder).as_posix() for path in paths]
             for name, paths in pictures.items()}  # fmt: skip
    (folder / "report.md").write_text(markdown(evaluation, links), encoding="utf-8")
    _write_json(folder / "report.json", as_json(evaluation))
    drawn = [path for paths in pictures.values() for path in paths]
    return [folder / "report.md", folder / "report.json", *written, *drawn]


def metrics_by_system(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Gives for each system what `nmt train export --metrics` takes."""
    found: dict[str, dict[str, Any]] = {}
    for of_set in evaluation.sets:
        for system in of_set.systems:
            metrics = found.setdefault(system.name, {"scores": {}, "details": {}})
            metrics["scores"][of_set.name] = {
                metric: round(result.score, 2) for metric, result in system.metrics.items()
            }
            metrics["details"][of_set.name] = {
                "lines": of_set.lines, "sentences_per_s": system.sentences_per_s,
                "description": system.description,
                "metrics": {m: dataclasses.asdict(r) for m, r in system.metrics.items()},
            }  # fmt: skip
    for name, suites in evaluation.challenge.items():
        metrics = found.setdefault(name, {"scores": {}, "details": {}})
        metrics["challenge"] = {s.suite: {"passed": s.passed, "total": s.total} for s in suites}
    return found


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_lines(path: Path, output: SystemOutput) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in output.lines), encoding="utf-8")
    return path


def _draw_set(found: SetResult, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    metrics = found.systems[0].metrics
    scores = {
        metric: {s.name: (s.metrics[metric].score, s.metrics[metric].certainty.half_width)
                 for s in found.systems}
        for metric in metrics
    }  # fmt: skip
    paths = [folder / "scores.png"]
    draw_systems(scores, paths[0], f"{found.name}, {found.lines} lines, 95 % intervals")
    if len(found.by_length) > 1:
        paths.append(folder / "length.png")
        draw_scores_by_length(found.by_length, paths[1], f"{found.name}: scores by source length")
    return paths


def _draw_attention(evaluation: Evaluation, folder: Path) -> dict[str, list[Path]]:
    paths: dict[str, list[Path]] = {}
    if not evaluation.attention:
        return paths
    font = find_hangul_font()
    for example in evaluation.attention:
        name = f"{file_name(example.system)}-{example.line}.png"
        path = folder / file_name(example.test_set) / "attention" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_attention(example.attention, path, font, f"{example.system}, line {example.line}")
        paths.setdefault(example.test_set, []).append(path)
    return paths
