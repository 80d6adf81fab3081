"""The training loop: updates, validation, checkpoints, and what to do when something breaks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

from nmt.models.base import Seq2Seq
from training.config import TrainConfig
from training.data.dataset import BatchStream
from training.errors import CheckpointError, DivergedError
from training.keeper import Keeper
from training.reporter import Reporter, Window
from training.schedule import build_schedule, progress_of
from training.state import TrainState
from training.step import Learner, UpdateResult
from training.validate import Validation

Validate = Callable[[Seq2Seq], Validation]


class Trainer:
    """Runs updates until the budget is used up."""

    def __init__(
        self,
        learner: Learner,
        batches: BatchStream,
        validate: Validate | None,
        config: TrainConfig,
        keeper: Keeper,
        reporter: Reporter,
        sampling_until: float = 1.0,
    ) -> None:
        """`sampling_until` is the share of the budget with subword sampling."""
        self.learner = learner
        self.batches = batches
        self.validate = validate
        self.config = config
        self.keeper = keeper
        self.reporter = reporter
        self.sampling_until = sampling_until
        self.schedule = build_schedule(config)
        self.state = TrainState()
        self.stop_requested: Callable[[], bool] = lambda: False
        self._clock_s = 0.0

    # -- the loop -----------------------------------------------------------------------------

    def run(self, stop_after: int | None = None) -> TrainState:
        """Trains to the end of the budget, or until `stop_after` updates, and saves.

        Raises:
            DivergedError: the loss is not finite however often the run rolls back.
            TrainingError: memory is too small for single rows.
        """
        self.learner.model.train()
        self._clock_s = time.monotonic() - self.state.elapsed_s
        if self.keeper.saved_update < 0:
            self._save()
        window = Window(self.state.elapsed_s)
        while not self._is_over() and not self.stop_requested():
            if stop_after is not None and self.state.update >= stop_after:
                break
            window = self._advance(window)
        if self._is_over():
            self._finish()
        if self.keeper.saved_update != self.state.update or self.state.finished:
            self._save()
        return self.state

    def _advance(self, window: Window) -> Window:
        """Makes one update and whatever is due after it; gives the window to go on with."""
        result = self._learn()
        self._tick()
        due = self.state.update % self.config.log_every == 0
        saving = self._checkpoint_due()
        # Looking at the loss makes a GPU wait, so there it is looked at only where it is due.
        looking = due or saving or self.batches.device.type == "cpu"
        if looking and not self._is_sound(result):
            self._roll_back(result)
            return Window(self.state.elapsed_s)
        window.results.append(result)
        speed = window.speed(self.state.elapsed_s)
        self.reporter.observer.advanced(self.state, self.progress, speed)
        if due:
            self.reporter.train(window, self.state, self.progress, self.batches.left_out)
        validating = self._validation_due()
        if validating:
            self._validate()
        if saving:
            self._save()
        return Window(self.state.elapsed_s) if due or validating or saving else window

    def _learn(self) -> UpdateResult:
        state, config, progress = self.state, self.config, self.progress
        sampled = progress < self.sampling_until
        taken = [self.batches.take(sampled) for _ in range(config.accumulate)]
        state.sampler = self.batches.state
        factor = self.schedule(state.update + 1, progress)
        rate = config.learning_rate * state.rate_scale * factor
        mixing = config.scheduled_sampling * progress
        result, splits = self.learner.update(taken, state.update + 1, rate, state.splits, mixing)
        state.update += 1
        state.tokens += result.tokens
        if splits != state.splits:
            state.splits = splits
            line = f"out of memory: batches are cut into {splits} pieces from here on"
            self.reporter.tell("memory", state.update, {"splits": splits}, line)
        return result

    # -- time ---------------------------------------------------------------------------------

    @property
    def progress(self) -> float:
        """Share of the budget that is used."""
        return progress_of(self.config, self.state.update, self.state.elapsed_s)

    def _tick(self) -> None:
        self.state.elapsed_s = time.monotonic() - self._clock_s

    def _is_over(self) -> bool:
        return self.state.finished or self.progress >= 1.0

    def _is_due(self, every: int, minutes: float, last_s: float) -> bool:
        if every:
            return self.state.update % every == 0
        return bool(minutes) and self.state.elapsed_s - last_s >= 60 * minutes

    def _validation_due(self) -> bool:
        every, minutes = self.config.validate_every, self.config.validate_minutes
        due = self._is_due(every, minutes, self.state.validated_s)
        return due and self.validate is not None

    def _checkpoint_due(self) -> bool:
        every, minutes = self.config.checkpoint_every, self.config.checkpoint_minutes
        return self._is_due(every, minutes, self.keeper.saved_s)

    # -- validation ---------------------------------------------------------------------------

    def _validate(self) -> None:
        if self.validate is None:
            return
        state, config = self.state, self.config
        with self.learner.averaged():
            found = self.validate(self.learner.model)
        self._tick()
        state.validated_update, state.validated_s = state.update, state.elapsed_s
        score = found.score(config.metric)
        better = state.best_score is None or score > state.best_score
        self.reporter.validation(found, state, better)
        if better:
            state.best_score, state.best_update, state.bad_validations = score, state.update, 0
            self.keeper.save_best(state)
            return
        state.bad_validations += 1
        if config.patience and state.bad_validations >= config.patience:
            state.finished = True
            self.reporter.observer.logged(
                f"no better {config.metric} in {state.bad_validations} validations: stopping"
            )

    def _finish(self) -> None:
        if self.state.validated_update != self.state.update:
            self._validate()
        self.state.finished = True
        self.reporter.end(self.state)

    # -- checkpoints --------------------------------------------------------------------------

    def _save(self) -> None:
        self.keeper.save(self.state)
        values = {"elapsed_s": self.state.elapsed_s}
        self.reporter.journal.write("checkpoint", self.state.update, values)

    def load(self) -> bool:
        """Goes back to the last checkpoint of the folder; False where there is none.

        A finished run is opened again where its budget has grown since.
        """
        found = self.keeper.load()
        if found is None:
            return False
        self.state, warnings = found
        for warning in warnings:
            self.reporter.observer.logged(f"warning: {warning}")
        if self.state.finished and self.progress < 1.0:
            self.state.finished = False
            self.state.bad_validations = 0
        return True

    # -- divergence ---------------------------------------------------------------------------

    def _is_sound(self, result: UpdateResult) -> bool:
        watched = [result.loss]
        # With fp16 an infinite norm only means that the loss scale was too large: the scaler
        # skipped that update.
        if not self.learner.precision.scales_loss:
            watched.append(result.norms["all"])
        return bool(torch.isfinite(torch.stack(watched)).all())

    def _roll_back(self, result: UpdateResult) -> None:
        """Goes back to the last checkpoint with half the learning rate.

        Raises:
            DivergedError: that was done max_rollbacks times already.
        """
        update, elapsed_s = self.state.update, self.state.elapsed_s
        rollbacks, scale = self.state.rollbacks + 1, self.state.rate_scale / 2
        norms = result.norms.items()
        bad = [n for n, norm in norms if n != "all" and not math.isfinite(float(norm))]
        why = f"loss {float(result.loss):g} at update {update}"
        why += f", gradient not finite in {', '.join(bad)}" if bad else ""
        if rollbacks > self.config.max_rollbacks:
            raise DivergedError(
                f"{why}; {self.config.max_rollbacks} times the run went back to a checkpoint and "
                "halved the learning rate, in vain: lower train.learning_rate, set "
                "train.clip_norm, or look for broken pairs in the data"
            )
        if not self.load():
            raise CheckpointError(f"{why}, and there is no checkpoint to go back to")
        # Time does not roll back: a budget of minutes stays one.
        self.state.rollbacks, self.state.rate_scale = rollbacks, scale
        self.state.elapsed_s = elapsed_s
        self.reporter.tell(
            "rollback", self.state.update,
            {"why": why, "rate_scale": scale, "rollbacks": rollbacks},
            f"{why}: back to update {self.state.update} with {scale:g} × the learning rate",
        )  # fmt: skip
