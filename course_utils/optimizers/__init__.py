"""The optimizers: each turns one vector of parameters and its gradient into the next parameters.

An optimizer knows no layer, no loss and no data, so the same class fits a line or a network.
`classic` has those of notebook 05, `after_adam` those of notebook 14.
"""

from course_utils.optimizers.after_adam import Lion, Muon, ScheduleFreeAdamW, newton_schulz
from course_utils.optimizers.classic import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Lion",
    "Momentum",
    "Muon",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "ScheduleFreeAdamW",
    "newton_schulz",
]
