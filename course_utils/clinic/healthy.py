"""The healthy half of what `diagnose` is tried on: plain networks, and some that look ill.

Most of these had once raised a false alarm, here or elsewhere.
"""

import numpy as np

import course_utils.clinic.changes as changes
from course_utils.clinic.drawn import BINARY, IMAGES, Case, draft
from course_utils.clinic.grid import CLASSES, LARGE, RELUS, use
from course_utils.layers import BatchNorm, Dropout
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp


def healthy(name, change, seed, **choices) -> Case:
    """A drawn setting that nothing is wrong with."""
    d = draft(seed, **choices)
    change(d)
    return d.finish(name, "healthy", ())


HEALTHY = [
    ("plain", lambda d: None, {}, 30),
    ("plain, large data", lambda d: None, {"data": LARGE}, 20),
    ("after training", changes.trained, {}, 14),
    ("five layers", lambda d: None, {"depth": (5, 6), "activations": RELUS}, 4),
    ("deep tanh", lambda d: None, {"depth": (4, 5), "activations": ("tanh",)}, 3),
    ("batch norm", use(changes.with_norm, BatchNorm), {}, 6),
    (
        "deep sigmoid with batch norm",
        lambda d: changes.setting(d, norm=BatchNorm, hidden=[40] * 5),
        {"activations": ("sigmoid",), "data": IMAGES},
        2,
    ),
    ("dropout", use(changes.with_dropout, Dropout), {}, 5),
    (
        "dropout and batch norm",
        lambda d: (changes.with_dropout(d, Dropout), changes.with_norm(d, BatchNorm)),
        {},
        3,
    ),
    ("last layer 0", use(changes.last_times, 0.0), {}, 4),
    ("last layer times 0.01", use(changes.last_times, 0.01), {}, 4),
    ("batch norm on pixels of 0 to 255", changes.raw_pixels_normed, {"data": IMAGES}, 4),
    ("a raw column of 0 to 24", changes.column_of_hours, {}, 3),
    ("warm-up from 0", use(changes.times_rate, 0.0), {}, 3),
    ("warm-up from a tenth", use(changes.times_rate, 0.1), {}, 3),
    (
        "noisy table, 60 columns",
        use(changes.noisy_table, 60, 0.15, 1200),
        {"activations": RELUS},
        3,
    ),
    (
        "noisy table, 40 columns",
        use(changes.noisy_table, 40, 0.3, 500),
        {"activations": RELUS},
        3,
    ),
    (
        "150 rows",
        use(changes.few_rows, 150),
        {"data": ("CIFAR-10", "MNIST", "housing", "table")},
        4,
    ),
    ("batches of 8", use(changes.setting, batch_size=8), {"methods": [Adam, SGD, AdamW]}, 3),
    ("one full batch", lambda d: changes.setting(d, batch_size=len(d.x)), {}, 3),
    ("float64", lambda d: d.settings.update(dtype=np.float64), {}, 3),
    ("one-hot columns", changes.one_hot_columns, {}, 3),
    ("a fifth of the labels wrong", changes.noisy_labels, {"data": CLASSES}, 3),
    ("one class in seven", changes.rare_class, {"data": BINARY}, 2),
    ("weight decay of 0.001", use(changes.decay, 0.001), {}, 3),
    ("AdamW's decay of 0.1", use(changes.decay, 0.1), {"methods": [AdamW]}, 2),
    ("no hidden layer", lambda d: changes.setting(d, hidden=[]), {}, 3),
    (
        "a narrow layer",
        lambda d: changes.setting(d, hidden=[64, 4, 64]),
        {"activations": ("tanh",)},
        2,
    ),
    (
        "pixels of 0 to 1",
        lambda d: changes.setting(d, x=np.clip(0.5 + 0.3 * d.x, 0, 1)),
        {"data": IMAGES, "activations": RELUS},
        3,
    ),
    (
        "AdaGrad at 0.05",
        use(changes.setting, method=AdaGrad, lr=0.05),
        {"data": LARGE, "activations": RELUS},
        3,
    ),
    (
        "RMSProp at 0.003",
        use(changes.setting, method=RMSProp, lr=0.003),
        {"data": LARGE, "activations": RELUS},
        3,
    ),
]
