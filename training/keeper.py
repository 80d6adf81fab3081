"""What a run leaves in its folder: the last checkpoint, the best and a few recent weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.checkpoint import BEST, LAST, read_last, write_checkpoint, write_recent
from training.data.dataset import BatchStream
from training.state import TrainState, capture_random, restore_random
from training.step import Learner


class Keeper:
    """Saves and restores a run: weights, optimiser, average, counters, sampler, random numbers."""

    def __init__(
        self,
        folder: Path,
        learner: Learner,
        batches: BatchStream,
        about: dict[str, Any],
        keep_recent: int,
    ) -> None:
        """`about` goes into every checkpoint: settings of the run and of the network."""
        self.folder = folder
        self.about = about
        self.saved_update = -1
        """Update of the last checkpoint; -1 before the first."""
        self.saved_s = 0.0
        """elapsed_s of the last checkpoint."""
        self._learner = learner
        self._batches = batches
        self._keep_recent = keep_recent

    def _weights(self, state: TrainState) -> dict[str, Any]:
        counters = {"about": self.about, "update": state.update, "tokens": state.tokens}
        return counters | self._learner.weights()

    def save(self, state: TrainState) -> None:
        """Writes the last checkpoint, and its weights for averaging."""
        state.sampler = self._batches.state
        content = {
            "about": self.about,
            "state": state.to_dict(),
            "random": capture_random(self._batches.device),
            **self._learner.state_dict(),
        }
        write_checkpoint(self.folder / LAST, content, keep_previous=True)
        if state.update:
            write_recent(self.folder, state.update, self._weights(state), self._keep_recent)
        self._note(state)

    def save_best(self, state: TrainState) -> None:
        """Writes the weights that did best in validation."""
        write_checkpoint(self.folder / BEST, self._weights(state) | {"score": state.best_score})

    def load(self) -> tuple[TrainState, list[str]] | None:
        """Goes back to the last whole checkpoint; None where there is none.

        Gives its counters and warnings, e.g. that the newest file was damaged.
        """
        found = read_last(self.folder)
        if found is None:
            return None
        content, warnings = found
        state = TrainState.from_dict(content["state"])
        self._learner.load_state_dict(content)
        self._batches.state = state.sampler
        restore_random(content["random"], self._batches.device)
        self._note(state)
        return state, warnings

    def _note(self, state: TrainState) -> None:
        self.saved_update, self.saved_s = state.update, state.elapsed_s
