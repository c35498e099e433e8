"""The sick half of what `diagnose` is tried on: which faults, on which data, how often.

Every draw of a fault has data, depth, activation, optimizer and first weights of its own.
"""

from functools import partial

import course_utils.clinic.bugs as bugs
import course_utils.clinic.changes as changes
from course_utils.clinic.drawn import BINARY, IMAGES, Case, draft
from course_utils.layers import Dropout, ReLU, Sigmoid, Tanh
from course_utils.optimizers import SGD, Momentum

CLASSES = ("MNIST", "CIFAR-10", "digits", "wine")
LARGE = ("MNIST", "CIFAR-10", "housing", "digits", "moons", "circles")
RELUS = ("relu", "leaky")


def sick(name, expected, change, seed, **choices) -> Case:
    """A drawn setting with one fault."""
    d = draft(seed, **choices)
    change(d)
    return d.finish(name, "sick", (expected,) if isinstance(expected, str) else expected)


def use(function, *args, **kwargs):
    """The change with these settings, as a function of the draft alone."""
    return partial(_call, function, args, kwargs)


def _call(function, args, kwargs, d):
    function(d, *args, **kwargs)


NUMBERS = {"data": ("housing",)}
REAL = {"data": LARGE}
DEEP = {"depth": (3, 6)}
ONE = {"depth": (1, 3)}
PLAIN_SGD = {"methods": [SGD, Momentum]}

# name, expected, change, choices of the draft, how many
SICK = [
    (
        "pixels of 0 to 255",
        "unscaled inputs",
        use(changes.unscaled, "pixels"),
        {"data": IMAGES},
        4,
    ),
    ("one column times 2000", "unscaled inputs", use(changes.unscaled, "column"), {}, 4),
    ("a sparse column of 20,000", "unscaled inputs", use(changes.unscaled, "sparse"), {}, 4),
    ("columns around 1000", "unscaled inputs", use(changes.unscaled, "offset"), {}, 2),
    ("inputs times 0.001", "unscaled inputs", use(changes.unscaled, "small"), {}, 4),
    ("labels shuffled", "misaligned labels", changes.misaligned, REAL, 6),
    (
        "labels shifted by one row",
        "misaligned labels",
        use(changes.misaligned, "shifted"),
        REAL,
        4,
    ),
    ("the second half shuffled", "misaligned labels", use(changes.misaligned, "half"), REAL, 4),
    ("sorted batches", "no shuffling", changes.unshuffled, REAL, 6),
    ("one batch for ever", "one batch", changes.one_batch, REAL, 4),
    ("1% of one class", "imbalanced classes", changes.imbalanced, {"data": ("MNIST", "digits")}, 4),
    ("target in dollars", "unscaled targets", use(changes.target_scale, "dollars"), NUMBERS, 4),
    ("target around 1000", "unscaled targets", use(changes.target_scale, "year"), NUMBERS, 2),
    (
        "the label as a column",
        "leaked target",
        changes.leak,
        {"data": ("MNIST", "housing", "digits")},
        4,
    ),
    (
        "weights of std 1.5",
        "weights too large",
        use(changes.weights, "std 1"),
        {"activations": RELUS, "depth": (2, 5), "data": IMAGES},
        6,
    ),
    (
        "eight times He",
        "weights too large",
        use(changes.weights, "five he"),
        {"activations": RELUS, "depth": (3, 5), "data": LARGE},
        4,
    ),
    ("all weights 0", "equal weights", use(changes.weights, "zero"), ONE, 4),
    ("constant weights", "equal weights", use(changes.weights, "constant"), ONE, 4),
    ("nearly equal weights", "equal weights", use(changes.weights, "nearly"), ONE, 4),
    ("biases of -8", "dead units", use(changes.biases, -8.0), {"activations": ("relu",)}, 6),
    (
        "saturated tanh",
        "saturated units",
        use(changes.weights, "saturating"),
        {"activations": ("tanh",), "data": IMAGES},
        5,
    ),
    (
        "saturated sigmoid",
        "saturated units",
        use(changes.weights, "saturating"),
        {"activations": ("sigmoid",), "data": IMAGES},
        3,
    ),
    (
        "weights of a fiftieth",
        "vanishing gradients",
        use(changes.weights, "tiny"),
        {"activations": ("relu", "tanh", "leaky"), "depth": (3, 5), **PLAIN_SGD},
        6,
    ),
    (
        "averaged twice in a layer",
        "averaged twice",
        use(changes.swap_layer, bugs.DividesAgain),
        {},
        3,
    ),
    (
        "averaged twice in all",
        "averaged twice",
        use(changes.setting, dense=bugs.DividesAgain),
        {},
        4,
    ),
    (
        "averaged twice in the loss",
        "averaged twice",
        use(changes.loss_times, lambda n: 1 / n),
        {},
        3,
    ),
    ("uphill", "wrong gradient", use(changes.loss_times, lambda n: -1), {}, 4),
    ("summed, not averaged", "wrong gradient", use(changes.loss_times, lambda n: n), {}, 3),
    (
        "tanh' of z",
        "wrong gradient",
        use(changes.setting, act=bugs.TanhOfZ),
        {"activations": ("tanh",)},
        4,
    ),
    (
        "sigmoid' without 1 - a",
        "wrong gradient",
        use(changes.setting, act=bugs.SigmoidOfA),
        {"activations": ("sigmoid",)},
        3,
    ),
    (
        "leaky' of 1",
        "wrong gradient",
        use(changes.setting, act=bugs.LeakyTwice),
        {"activations": ("leaky",)},
        2,
    ),
    (
        "dX not transposed",
        "wrong gradient",
        use(changes.setting, dense=bugs.Untransposed),
        {"depth": (2, 4)},
        4,
    ),
    ("db flipped", "wrong gradient", use(changes.swap_layer, bugs.FlippedBias), {}, 3),
    (
        "batch norm's backward",
        "wrong gradient",
        use(changes.with_norm, bugs.NormWithoutStatistics),
        {"data": LARGE},
        4,
    ),
    (
        "dropout's backward",
        "wrong gradient",
        use(changes.with_dropout, bugs.DropoutUnmasked),
        {"data": LARGE},
        4,
    ),
    (
        "gradients add up",
        "gradients add up",
        use(changes.setting, dense=bugs.Accumulates),
        {},
        3,
    ),
    (
        "db forgotten",
        "missing gradient",
        use(changes.setting, dense=bugs.NoBiasGradient),
        {},
        4,
    ),
    ("a frozen layer", "missing gradient", use(changes.swap_layer, bugs.NoGradient), {}, 4),
    (
        "half the units frozen",
        "missing gradient",
        use(changes.swap_layer, bugs.HalfFrozen),
        {},
        4,
    ),
    (
        "dropout at inference",
        "no inference switch",
        use(changes.with_dropout, bugs.DropsAlways),
        {},
        4,
    ),
    (
        "batch norm by the batch",
        "no inference switch",
        use(changes.with_norm, bugs.NormalizesByBatch),
        {},
        4,
    ),
    (
        "running averages stand",
        "stale running averages",
        use(changes.with_norm, bugs.NormNeverUpdates),
        {"data": LARGE},
        4,
    ),
    (
        "softmax as a layer",
        "softmax twice",
        lambda d: d.last.append(bugs.Softmax()),
        {"data": CLASSES},
        4,
    ),
    (
        "softmax in the loss",
        "softmax twice",
        use(changes.setting, loss=bugs.SoftmaxInTheLoss()),
        {"data": CLASSES},
        3,
    ),
    (
        "sigmoid before a loss from logits",
        "sigmoid twice",
        lambda d: d.last.append(Sigmoid()),
        {"data": BINARY},
        3,
    ),
    (
        "loss below 0",
        "impossible loss",
        use(changes.setting, loss=bugs.Moved()),
        {"data": CLASSES},
        2,
    ),
    (
        "no activation",
        "missing activation",
        use(changes.setting, linear=True),
        {"depth": (1, 3)},
        4,
    ),
    (
        "a ReLU on the output",
        "ReLU on the output",
        lambda d: d.last.append(ReLU()),
        {"data": CLASSES},
        4,
    ),
    ("tanh on the output, prices", "bounded output", lambda d: d.last.append(Tanh()), NUMBERS, 2),
    (
        "sigmoid on the output, prices",
        "bounded output",
        lambda d: d.last.append(Sigmoid()),
        NUMBERS,
        2,
    ),
    (
        "weight decay of 2",
        "too much weight decay",
        use(changes.decay, 2.0),
        {"methods": [SGD, Momentum], "data": IMAGES},
        4,
    ),
    ("dropout of 0.95", "too much dropout", use(changes.with_dropout, Dropout, 0.95), REAL, 3),
    (
        "rate 100 times too high",
        "rate too high",
        use(changes.times_rate, 100),
        {"data": LARGE, "activations": ("relu", "leaky")},
        8,
    ),
    (
        "rate 40 times too high",
        "rate too high",
        use(changes.times_rate, 40),
        {"data": IMAGES, "activations": ("relu",), "depth": (2, 4)},
        6,
    ),
    (
        "momentum and 0.4",
        "rate too high",
        use(changes.setting, method=Momentum, lr=0.4),
        {"data": IMAGES, "activations": ("relu",), "depth": (2, 4)},
        4,
    ),
    ("rate 1/100,000", "rate too low", use(changes.times_rate, 1e-5), REAL, 5),
    (
        "rate 1/1000",
        "rate too low",
        use(changes.times_rate, 1e-3),
        {**REAL, "activations": RELUS},
        5,
    ),
    (
        "rate 1/200",
        "rate too low",
        use(changes.times_rate, 5e-3),
        {"data": IMAGES, "activations": RELUS},
        4,
    ),
]


def both(name, expected, changes, seed, **choices) -> Case:
    """A drawn setting with two faults."""
    d = draft(seed, **choices)
    for change in changes:
        change(d)
    return d.finish(name, "double", tuple(expected))


DOUBLE = [
    (
        "shuffled labels and biases of -8",
        ("misaligned labels", "dead units"),
        [changes.misaligned, use(changes.biases, -8.0)],
        {"data": LARGE, "activations": ("relu",)},
        2,
    ),
    (
        "sorted batches and a frozen layer",
        ("no shuffling", "missing gradient"),
        [changes.unshuffled, use(changes.swap_layer, bugs.NoGradient)],
        REAL,
        2,
    ),
    (
        "sorted batches and a high rate",
        ("no shuffling", "rate too high"),
        [changes.unshuffled, use(changes.times_rate, 100)],
        {"data": IMAGES, "activations": ("relu",)},
        2,
    ),
    (
        "shuffled labels and uphill",
        ("misaligned labels", "wrong gradient"),
        [changes.misaligned, use(changes.loss_times, lambda n: -1)],
        REAL,
        2,
    ),
    (
        "1% of one class and a low rate",
        ("imbalanced classes", "rate too low"),
        [changes.imbalanced, use(changes.times_rate, 1e-5)],
        {"data": ("MNIST",)},
        1,
    ),
    (
        "dropout at inference and no db",
        ("no inference switch", "missing gradient"),
        [
            use(changes.with_dropout, bugs.DropsAlways),
            use(changes.setting, dense=bugs.NoBiasGradient),
        ],
        {},
        2,
    ),
    (
        "no activation and averaged twice",
        ("missing activation", "averaged twice"),
        [use(changes.setting, linear=True), use(changes.setting, dense=bugs.DividesAgain)],
        ONE,
        2,
    ),
    (
        "one batch and dX not transposed",
        ("one batch", "wrong gradient"),
        [changes.one_batch, use(changes.setting, dense=bugs.Untransposed)],
        {"depth": (2, 4), **REAL},
        2,
    ),
    (
        "softmax twice and sorted batches",
        ("softmax twice", "no shuffling"),
        [lambda d: d.last.append(bugs.Softmax()), changes.unshuffled],
        {"data": ("MNIST", "digits")},
        2,
    ),
    (
        "unscaled column and shuffled labels",
        ("unscaled inputs", "misaligned labels"),
        [use(changes.unscaled, "column"), changes.misaligned],
        {"data": ("MNIST", "housing", "digits")},
        2,
    ),
]
