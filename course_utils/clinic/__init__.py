"""The clinic of notebook 10: trainings that fail, with causes known and unknown.

`PATIENTS` have one cause each and one change that cures; the `ward` is for guessing.
"""

from course_utils.clinic.numbers import numbers
from course_utils.clinic.patients import (
    PATIENTS,
    TREATMENTS,
    WARD,
    Case,
    Patient,
    draw_case,
    open_file,
    ward,
)
from course_utils.clinic.planted import PLANTED, SOUND, examined, gradients_agree, memorizes
from course_utils.clinic.setups import (
    BATCH_SIZE,
    TRAIN_SIZE,
    VAL_SIZE,
    BatchLosses,
    InOrder,
    Outcome,
    Setup,
    build,
    examine,
    examples,
    load_data,
    loss_of,
    order_of,
    train,
)
from course_utils.training import minibatches

__all__ = [
    "BATCH_SIZE",
    "PATIENTS",
    "PLANTED",
    "SOUND",
    "TRAIN_SIZE",
    "TREATMENTS",
    "VAL_SIZE",
    "WARD",
    "BatchLosses",
    "Case",
    "InOrder",
    "Outcome",
    "Patient",
    "Setup",
    "build",
    "draw_case",
    "examine",
    "examined",
    "examples",
    "gradients_agree",
    "load_data",
    "loss_of",
    "memorizes",
    "minibatches",
    "numbers",
    "open_file",
    "order_of",
    "train",
    "ward",
]
