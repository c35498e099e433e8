"""The training loop: one `fit` for every network of the course, and the parts it is made of."""

from course_utils.training.loop import (
    LAST_BATCH,
    LAST_BATCH_RULES,
    clip_gradient_norm,
    evaluate,
    fit,
    minibatches,
    steps_per_epoch,
)
from course_utils.training.watching import (
    Callback,
    Data,
    EarlyStopping,
    History,
    KeepBest,
    Run,
    TrainingDiverged,
    TrainingInterrupted,
)

__all__ = [
    "LAST_BATCH",
    "LAST_BATCH_RULES",
    "Callback",
    "Data",
    "EarlyStopping",
    "History",
    "KeepBest",
    "Run",
    "TrainingDiverged",
    "TrainingInterrupted",
    "clip_gradient_norm",
    "evaluate",
    "fit",
    "minibatches",
    "steps_per_epoch",
]
