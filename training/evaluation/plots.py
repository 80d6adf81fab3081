"""Plots of the report: scores by source length, and the systems side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.evaluation.length import Bucket
from training.evaluation.metrics import TITLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#444444")
"""Okabe and Ito 2008: told apart by readers who see colours differently."""
MARKERS = "osD^vPX"


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.7)
    axes.set_axisbelow(True)


def draw_scores_by_length(buckets: Sequence[Bucket], path: Path, title: str) -> None:
    """Draws one panel a metric: score over source length, one line a system; counts below.

    Args:
        buckets: at least one, all with the same metrics and systems.
        path: of the PNG; its folder exists.
        title: above the plot, e.g. the test set's name.
    """
    metrics = list(buckets[0].scores)
    systems = list(buckets[0].scores[metrics[0]])
    figure = _figure(5.2 * len(metrics), 3.8)
    places = range(len(buckets))
    labels = [f"{bucket.label}\nn={bucket.lines}" for bucket in buckets]
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        for i, system in enumerate(systems):
            values = [bucket.scores[metric][system] for bucket in buckets]
            axes.plot(places, values, label=system, color=COLOURS[i % len(COLOURS)],
                      marker=MARKERS[i % len(MARKERS)], linewidth=1.8, markersize=5)  # fmt: skip
        axes.set_xticks(places, labels, fontsize=8)
        axes.set_xlabel("source length in eojeol")
        axes.set_ylabel(TITLES[metric])
        axes.set_ylim(bottom=0.0)
        _bare(axes)
    panels[-1].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path)


def draw_systems(
    scores: Mapping[str, Mapping[str, tuple[float, float]]], path: Path, title: str
) -> None:
    """Draws one panel a metric with a bar for each system and its 95 % interval.

    Args:
        scores: metric → system → (score, half-width of the interval).
        path: of the PNG; its folder exists.
        title: above the plot.
    """
    systems = list(next(iter(scores.values())))
    panel = max(2.2, 0.6 * len(systems) + 1.2)
    figure = _figure(panel * len(scores), 3.4)
    panels = figure.subplots(1, len(scores), squeeze=False)[0]
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(systems))]
    for axes, (metric, found) in zip(panels, scores.items(), strict=True):
        values = [found[system][0] for system in systems]
        errors = [found[system][1] for system in systems]
        bars = axes.bar(systems, values, yerr=errors, color=colours, width=0.65, capsize=3,
                        ecolor="#333333")  # fmt: skip
        axes.bar_label(bars, [f"{value:.1f}" for value in values], fontsize=8, padding=2)
        axes.set_title(TITLES[metric], fontsize=10)
        axes.tick_params(axis="x", labelrotation=30 if len(systems) > 2 else 0, labelsize=8)
        axes.margins(y=0.12)
        _bare(axes)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path)
