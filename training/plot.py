"""Loss and scores of a run over its updates, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.journal import read_journal


def _column(records: list[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    found = [(r["update"], float(r[name])) for r in records if name in r]
    return [update for update, _ in found], [value for _, value in found]


def plot_journal(journal: Path, output: Path) -> None:
    """Draws training and validation loss, chrF and BLEU into a PNG.

    Raises:
        ImportError: matplotlib is not installed (extra `train`).
    """
    from matplotlib.figure import Figure

    records = read_journal(journal)
    train = [r for r in records if r["event"] == "train"]
    validation = [r for r in records if r["event"] == "validation"]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(*_column(train, "nll"), label="training")
    left.plot(*_column(validation, "loss"), marker="o", label="validation")
    left.set(xlabel="update", ylabel="loss (nats per piece)", title="Loss")
    for name, label in (("chrf", "chrF"), ("bleu", "BLEU")):
        right.plot(*_column(validation, name), marker="o", label=label)
    right.set(xlabel="update", ylim=(0, 100), title="Greedy translations of the development set")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(output, dpi=120)
