"""The training loop: updates, validation, checkpoints, and what to do when something breaks."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from nmt.models.base import Seq2Seq
from training.checkpoint import BEST, LAST, read_last, write_checkpoint, write_recent
from training.config import TrainConfig
from training.data.dataset import BatchStream
from training.errors import CheckpointError, DivergedError
from training.journal import Journal
from training.schedule import build_schedule, progress_of
from training.state import TrainState, capture_random, restore_random
from training.step import Learner, UpdateResult
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
class _Window:
    """Updates since the last journal line."""

    started_s: float
    results: list[UpdateResult] = field(default_factory=list)
    tokens: int = 0

    def values(self, now_s: float) -> dict[str, Any]:
        """Gives means over the window; reads from the device."""
        last = self.results[-1]
        loss = float(torch.stack([r.loss for r in self.results]).mean())
        nll = float(torch.stack([r.nll for r in self.results]).mean())
        norms = {name: float(norm) for name, norm in last.norms.items()}
        speed = self.tokens / max(1e-9, now_s - self.started_s)
        return {"loss": loss, "nll": nll, "rate": last.rate, "tokens_per_s": speed,
                "grad_norm": norms.pop("all"), "grad_norms": norms}  # fmt: skip


class Trainer:
    """Runs updates until the budget is used up; owns the run's folder."""

    def __init__(
        self,
        model: Seq2Seq,
        learner: Learner,
        batches: BatchStream,
        validate: Callable[[Seq2Seq], Validation] | None,
        config: TrainConfig,
        folder: Path,
        journal: Journal,
        about: dict[str, Any],
        observer: Observer | None = None,
        sampling_until: float = 1.0,
    ) -> None:
        """`about` is written into every checkpoint: settings and tokenizers of the run."""
        self.model = model
        self.learner = learner
        self.batches = batches
        self.validate = validate
        self.config = config
        self.folder = folder
        self.journal = journal
        self.about = about
        self.observer = observer or Observer()
        self.sampling_until = sampling_until
        self.device = batches.device
        self.schedule = build_schedule(config)
        self.state = TrainState()
        self.stop_requested: Callable[[], bool] = lambda: False
        self._clock_s = 0.0
        self._saved_update = -1
        self._saved_s = 0.0

    # -- the loop -----------------------------------------------------------------------------

    def run(self, stop_after: int | None = None) -> TrainState:
        """Trains to the end of the budget, or until `stop_after` updates, and saves.

        Raises:
            DivergedError: the loss is not finite however often the run rolls back.
            TrainingError: memory is too small for single rows.
        """
        self.model.train()
        self._clock_s = time.monotonic() - self.state.elapsed_s
        if self._saved_update < 0:
            self.save()
        window = _Window(self.state.elapsed_s)
        while not self._is_over() and not self.stop_requested():
            if stop_after is not None and self.state.update >= stop_after:
                break
            window = self._one_update(window)
        if self._is_over():
            self._finish()
        if self._saved_update != self.state.update or self.state.finished:
            self.save()
        return self.state

    def _one_update(self, window: _Window) -> _Window:
        state = self.state
        progress = self._progress()
        result = self._learn(progress)
        window.results.append(result)
        window.tokens += result.tokens
        self._tick()
        due = state.update % self.config.log_every == 0
        if (due or self.device.type == "cpu") and not self._is_sound(result):
            self._roll_back(result)
            return _Window(self.state.elapsed_s)
        span_s = max(1e-9, state.elapsed_s - window.started_s)
        self.observer.advanced(state, self._progress(), window.tokens / span_s)
        if due:
            self._log(window)
        validated = self._validation_due() and self._validate()
        if self._checkpoint_due() and not self._save_if_sound(result):
            return _Window(self.state.elapsed_s)
        return _Window(self.state.elapsed_s) if due or validated else window

    def _learn(self, progress: float) -> UpdateResult:
        state, config = self.state, self.config
        sampled = progress < self.sampling_until
        taken = [self.batches.take(sampled) for _ in range(config.accumulate)]
        factor = self.schedule(state.update + 1, progress)
        rate = config.learning_rate * state.rate_scale * factor
        sampling = config.scheduled_sampling * progress
        result, splits = self.learner.update(taken, state.update + 1, rate, state.splits, sampling)
        if splits != state.splits:
            state.splits = splits
            line = f"out of memory: batches are cut into {splits} pieces from here on"
            self.tell("memory", {"splits": splits}, line)
        state.update += 1
        state.tokens += result.tokens
        return result

    # -- time ---------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.state.elapsed_s = time.monotonic() - self._clock_s

    def _progress(self) -> float:
        return progress_of(self.config, self.state.update, self.state.elapsed_s)

    def _is_over(self) -> bool:
        return self.state.finished or self._progress() >= 1.0

    def _validation_due(self) -> bool:
        state, config = self.state, self.config
        if self.validate is None:
            return False
        if config.validate_every:
            return state.update % config.validate_every == 0
        since_s = state.elapsed_s - state.validated_s
        return bool(config.validate_minutes) and since_s >= 60 * config.validate_minutes

    def _checkpoint_due(self) -> bool:
        config = self.config
        if config.checkpoint_every:
            return self.state.update % config.checkpoint_every == 0
        since_s = self.state.elapsed_s - self._saved_s
        return bool(config.checkpoint_minutes) and since_s >= 60 * config.checkpoint_minutes

    # -- telling ------------------------------------------------------------------------------

    def tell(self, event: str, values: dict[str, Any], line: str) -> None:
        """Writes an event into the journal and its line to the observer."""
        self.journal.write(event, self.state.update, values)
        self.observer.logged(line)

    def _log(self, window: _Window) -> None:
        state = self.state
        values = window.values(state.elapsed_s) | {
            "tokens": state.tokens, "elapsed_s": state.elapsed_s,
            "epoch": self.batches.state.epoch, "progress": self._progress(),
            "left_out": self.batches.left_out,
        }  # fmt: skip
        self.tell("train", values, (
            f"update {state.update}  {100 * values['progress']:.1f} %  epoch {values['epoch']}  "
            f"loss {values['loss']:.3f}  ppl {math.exp(min(50.0, values['nll'])):.1f}  "
            f"norm {values['grad_norm']:.2f}  lr {values['rate']:.2e}  "
            f"{values['tokens_per_s']:.0f} tok/s  {state.elapsed_s / 60:.1f} min"
        ))  # fmt: skip

    # -- validation ---------------------------------------------------------------------------

    def _validate(self) -> bool:
        state, config = self.state, self.config
        if self.validate is None:
            return False
        with self.learner.averaged():
            found = self.validate(self.model)
        self._tick()
        state.validated_update, state.validated_s = state.update, state.elapsed_s
        score = found.score(config.metric)
        better = state.best_score is None or score > state.best_score
        values = {"loss": found.loss, "ppl": found.perplexity, "bleu": found.bleu,
                  "chrf": found.chrf, "lines": found.lines, "best": better,
                  "elapsed_s": state.elapsed_s, "tokens": state.tokens,
                  "samples": [list(s) for s in found.samples]}  # fmt: skip
        self.tell("validation", values, (
            f"validation at {state.update}: chrF {found.chrf:.2f}  BLEU {found.bleu:.2f}  "
            f"loss {found.loss:.3f}  ppl {found.perplexity:.1f}{'  (best)' if better else ''}"
        ))  # fmt: skip
        for source, translation, reference in found.samples:
            self.observer.logged(f"  {source}\n    → {translation}\n    = {reference}")
        if better:
            state.best_score, state.best_update, state.bad_validations = score, state.update, 0
            write_checkpoint(self.folder / BEST, self._weights() | {"score": score})
        else:
            state.bad_validations += 1
            if config.patience and state.bad_validations >= config.patience:
                state.finished = True
                self.observer.logged(
                    f"no better {config.metric} in {state.bad_validations} validations: stopping"
                )
        return True

    def _finish(self) -> None:
        if self.validate is not None and self.state.validated_update != self.state.update:
            self._validate()
        self.state.finished = True
        self.tell("end", self.state.to_dict(), (
            f"finished after {self.state.update} updates, {self.state.tokens} tokens, "
            f"{self.state.elapsed_s / 60:.1f} min; best update {self.state.best_update}"
        ))  # fmt: skip

    # -- checkpoints --------------------------------------------------------------------------

    def _weights(self) -> dict[str, Any]:
        return {"about": self.about, "update": self.state.update,
                "tokens": self.state.tokens} | self.learner.weights()  # fmt: skip

    def save(self) -> None:
        """Writes the last checkpoint, and its weights for averaging."""
        state = self.state
        state.sampler = self.batches.state
        content = {
            "about": self.about, "state": state.to_dict(),
            "random": capture_random(self.device), **self.learner.state_dict(),
        }  # fmt: skip
        write_checkpoint(self.folder / LAST, content, keep_previous=True)
        if state.update:
            write_recent(self.folder, state.update, self._weights(), self.config.keep_recent)
        self._saved_update, self._saved_s = state.update, state.elapsed_s
        self.journal.write("checkpoint", state.update, {"elapsed_s": state.elapsed_s})

    def load(self) -> bool:
        """Goes back to the last checkpoint of the folder; False where there is none."""
        found = read_last(self.folder)
        if found is None:
            return False
        content, warnings = found
        for warning in warnings:
            self.observer.logged(f"warning: {warning}")
        self.state = TrainState.from_dict(content["state"])
        self.batches.state = self.state.sampler
        self.learner.load_state_dict(content)
        restore_random(content["random"], self.device)
        self._saved_update, self._saved_s = self.state.update, self.state.elapsed_s
        return True

    def reopen(self) -> None:
        """Lets a finished run go on where its budget has grown since."""
        if self.state.finished and self._progress() < 1.0:
            self.state.finished = False
            self.state.bad_validations = 0

    # -- divergence ---------------------------------------------------------------------------

    def _is_sound(self, result: UpdateResult) -> bool:
        # With fp16 an infinite norm only means that the loss scale was too large: the scaler
        # skipped that update.
        watched = [result.loss]
        if not self.learner.precision.scales_loss:
            watched.append(result.norms["all"])
        return bool(torch.isfinite(torch.stack(watched)).all())

    def _save_if_sound(self, result: UpdateResult) -> bool:
        if self._is_sound(result):
            self.save()
            return True
        self._roll_back(result)
        return False

    def _roll_back(self, result: UpdateResult) -> None:
        update, rollbacks = self.state.update, self.state.rollbacks + 1
        scale, elapsed_s = self.state.rate_scale / 2, self.state.elapsed_s
        bad = [name for name, norm in result.norms.items() if not math.isfinite(float(norm))]
        why = f"loss {float(result.loss)} at update {update}" + (
            f", gradient not finite in {', '.join(n for n in bad if n != 'all')}" if bad else ""
        )
        if rollbacks > self.config.max_rollbacks:
            raise DivergedError(
                f"{why}; {self.config.max_rollbacks} times the run went back to a checkpoint and "
                "halved the learning rate, in vain: lower train.learning_rate, set "
                "train.clip_norm, or look for broken pairs in the data"
            )
        if not self.load():
            raise CheckpointError(f"{why}, and there is no checkpoint to go back to")
        self.state.rollbacks, self.state.rate_scale = rollbacks, scale
        self.state.elapsed_s = elapsed_s
        self.tell("rollback", {"why": why, "rate_scale": scale, "rollbacks": rollbacks}, (
            f"{why}: back to update {self.state.update} with {scale:g} × the learning rate"
        ))  # fmt: skip
