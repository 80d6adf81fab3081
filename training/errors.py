"""Every error the training pipeline raises.

    NmtError
    └── TrainingError
        ├── DataError         a corpus, a prepared folder or a development set cannot be used
        ├── CheckpointError   a checkpoint is missing, damaged or belongs to another run
        └── DivergedError     the loss became NaN or infinite and rolling back did not help

A message says what was given, what is allowed and what to do.
"""

from nmt.errors import NmtError


class TrainingError(NmtError):
    """Base of every error of the training pipeline."""


class DataError(TrainingError):
    """A corpus, a prepared folder or a development set cannot be used."""


class CheckpointError(TrainingError):
    """A checkpoint is missing, damaged or belongs to another run."""


class DivergedError(TrainingError):
    """The loss became NaN or infinite and rolling back did not help."""
