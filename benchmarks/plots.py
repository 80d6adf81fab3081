"""Plots of the benchmarks, in the colours of the evaluation's; .png or .svg by the file's name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.evaluation.plots import COLOURS, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Curve:
    """Costs at sizes; `low` and `high` are the spread."""

    sizes: Sequence[float]
    costs: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    slope: float


@dataclass(frozen=True)
class Panel:
    """Curves that share axes."""

    title: str
    x_label: str
    y_label: str
    curves: Mapping[str, Curve]


@dataclass(frozen=True)
class Point:
    """A system: how fast and how good."""

    label: str
    speed: float
    quality: float
    group: str
    """Points of a group share a colour."""


def figure_of(width: float, height: float) -> "Figure":
    """An empty figure, sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def grid(count: int) -> "tuple[Figure, list[Axes]]":
    """A figure and `count` panels in it, two beside each other."""
    rows, columns = -(-count // 2), min(2, count)
    figure = figure_of(5.6 * columns, 4.2 * rows)
    places = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for axes in places[count:]:
        axes.set_visible(False)
    return figure, places[:count]


def plain_log(axes: "Axes", side: str) -> None:
    """Makes an axis logarithmic, with ticks at 1, 2 and 5 of each decade, as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis = axes.xaxis if side == "x" else axes.yaxis
    (axes.set_xscale if side == "x" else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def clean(axes: "Axes") -> None:
    """Leaves out what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.7)
    axes.set_axisbelow(True)


def draw_growth(panels: Sequence[Panel], path: Path, title: str) -> None:
    """Draws panels of curves between logarithmic axes; a dotted line in each is linear growth."""
    figure, places = grid(len(panels))
    for axes, panel in zip(places, panels, strict=True):
        _draw_panel(axes, panel)
    figure.suptitle(title, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    for i, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        label = f"{name}: slope {curve.slope:.2f}"
        axes.plot(curve.sizes, curve.costs, color=colour, marker=MARKERS[i % len(MARKERS)],
                  linewidth=1.8, markersize=5, label=label)  # fmt: skip
        axes.fill_between(curve.sizes, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
    axes.set_xscale("log")
    plain_log(axes, "y")
    _draw_linear(axes, list(panel.curves.values()))
    ticks = sorted({size for curve in panel.curves.values() for size in curve.sizes})
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.tick_params(labelsize=8)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    axes.set_title(panel.title, fontsize=9)
    axes.legend(frameon=False, fontsize=7)
    clean(axes)


def _draw_linear(axes: "Axes", curves: Sequence[Curve]) -> None:
    """A line of slope 1 below all curves."""
    first = min(min(curve.sizes) for curve in curves)
    last = max(max(curve.sizes) for curve in curves)
    least = min(c / s for curve in curves for s, c in zip(curve.sizes, curve.costs, strict=True))
    axes.plot([first, last], [0.7 * least * first, 0.7 * least * last], color="#888888",
              linestyle=":", linewidth=1.2, label="linear")  # fmt: skip


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats in speed and quality at once, the fastest last."""
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (-p.speed, -p.quality)):
        if not front or point.quality > front[-1].quality:
            front.append(point)
    return front[::-1]


def draw_pareto(
    panels: Mapping[str, Sequence[Point]], path: Path, title: str, labels: tuple[str, str]
) -> None:
    """Draws quality over speed, one panel each, the front as a line through filled marks.

    Args:
        panels: title → points.
        path: of the file.
        title: above the plot.
        labels: of the axes, speed first.
    """
    figure, places = grid(len(panels))
    for axes, (name, points) in zip(places, panels.items(), strict=True):
        front = pareto_front(points)
        axes.plot([p.speed for p in front], [p.quality for p in front], color="#888888",
                  linewidth=1.2, linestyle="--", label="front", zorder=1)  # fmt: skip
        for i, group in enumerate(dict.fromkeys(point.group for point in points)):
            _draw_group(axes, [p for p in points if p.group == group], front, i)
        plain_log(axes, "x")
        axes.set(xlabel=labels[0], ylabel=labels[1])
        axes.set_title(name, fontsize=9)
        axes.margins(x=0.15, y=0.12)
        axes.tick_params(which="both", labelsize=8)
        axes.legend(frameon=False, fontsize=7)
        clean(axes)
    figure.suptitle(title, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _draw_group(axes: "Axes", points: Sequence[Point], front: Sequence[Point], place: int) -> None:
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    for number, point in enumerate(points):
        face = colour if point in front else "white"
        axes.scatter([point.speed], [point.quality], s=36, marker=marker, edgecolors=colour,
                     facecolors=face, linewidths=1.4, zorder=2,
                     label=point.group if number == 0 else None)  # fmt: skip
        axes.annotate(point.label, (point.speed, point.quality), xytext=(5, 4),
                      textcoords="offset points", fontsize=7, color="#333333")  # fmt: skip
