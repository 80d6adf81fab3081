"""What a run says: lines for people, journal records for programs."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Any

import torch

from training.journal import Journal
from training.state import TrainState
from training.step import UpdateResult
from training.validate import Validation

log = logging.getLogger(__name__)


class Observer:
    """Is told how far the run is; the progress bar is one."""

    def advanced(self, state: TrainState, progress: float, tokens_per_s: float) -> None:
        """Called after every update."""

    def logged(self, line: str) -> None:
        """Called with each line for people."""
        log.info("%s", line)


@dataclass
class Window:
    """Updates since the last journal line."""

    started_s: float
    """elapsed_s when it began."""
    results: list[UpdateResult] = field(default_factory=list)

    def speed(self, now_s: float) -> float:
        """Gives target tokens a second."""
        return sum(r.tokens for r in self.results) / max(1e-9, now_s - self.started_s)

    def values(self, now_s: float) -> dict[str, Any]:
        """Gives means over the window; waits for the device."""
        last = self.results[-1]
        norms = {name: float(norm) for name, norm in last.norms.items()}
        return {
            "loss": float(torch.stack([r.loss for r in self.results]).mean()),
            "nll": float(torch.stack([r.nll for r in self.results]).mean()),
            "rate": last.rate,
            "tokens_per_s": self.speed(now_s),
            "grad_norm": norms.pop("all"),
            "grad_norms": norms,
        }


class Reporter:
    """Writes each event into the journal and its line to the observer."""

    def __init__(self, journal: Journal, observer: Observer) -> None:
        self.journal = journal
        self.observer = observer

    def tell(self, event: str, update: int, values: dict[str, Any], line: str) -> None:
        """Notes an event."""
        self.journal.write(event, update, values)
        self.observer.logged(line)

    def train(self, window: Window, state: TrainState, progress: float, left_out: int) -> None:
        """Notes the updates of a window."""
        found = window.values(state.elapsed_s)
        epoch = state.sampler.epoch
        values = found | {
            "tokens": state.tokens,
            "elapsed_s": state.elapsed_s,
            "epoch": epoch,
            "progress": progress,
            "left_out": left_out,
        }
        line = (
            f"update {state.update}  {100 * progress:.1f} %  epoch {epoch}  "
            f"loss {found['loss']:.3f}  ppl {math.exp(min(50.0, found['nll'])):.1f}  "
            f"norm {found['grad_norm']:.2f}  lr {found['rate']:.2e}  "
            f"{found['tokens_per_s']:.0f} tok/s  {state.elapsed_s / 60:.1f} min"
        )
        self.tell("train", state.update, values, line)

    def validation(self, found: Validation, state: TrainState, better: bool) -> None:
        """Notes a validation and shows its samples."""
        values = {
            "loss": found.loss,
            "ppl": found.perplexity,
            "bleu": found.bleu,
            "chrf": found.chrf,
            "lines": found.lines,
            "best": better,
            "elapsed_s": state.elapsed_s,
            "tokens": state.tokens,
            "samples": [list(sample) for sample in found.samples],
        }
        line = (
            f"validation at {state.update}: chrF {found.chrf:.2f}  BLEU {found.bleu:.2f}  "
            f"loss {found.loss:.3f}  ppl {found.perplexity:.1f}{'  (best)' if better else ''}"
        )
        self.tell("validation", state.update, values, line)
        for source, translation, reference in found.samples:
            self.observer.logged(f"  {source}\n    → {translation}\n    = {reference}")

    def end(self, state: TrainState) -> None:
        """Notes that the run is over."""
        line = (
            f"finished after {state.update} updates, {state.tokens} tokens, "
            f"{state.elapsed_s / 60:.1f} min; best update {state.best_update}"
        )
        self.tell("end", state.update, state.to_dict(), line)
