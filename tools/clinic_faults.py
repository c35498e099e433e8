"""What is done to a drawn setting to make it sick, doubly sick, or healthy in an unusual way.

Every function takes a seed and returns a `Case`; the lists at the end say how often each is drawn.
"""

from functools import partial

import clinic_layers as wrong
import numpy as np
from clinic_cases import BINARY, IMAGES, RATES, Case, Draft, draft

from course_utils.layers import BatchNorm, Dropout, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, RMSProp
from course_utils.training import fit

CLASSES = ("MNIST", "CIFAR-10", "digits", "wine")
LARGE = ("MNIST", "CIFAR-10", "housing", "digits", "moons", "circles")
RELUS = ("relu", "leaky")


# --------------------------------------------------------------------------------------- data
def unscaled(d: Draft, how: str) -> None:
    x = d.x.astype(np.float32).copy()
    if how == "pixels":
        x = np.clip(127 + 70 * x, 0, 255)
    elif how == "column":
        x[:, d.rng.choice(np.flatnonzero(x.std(axis=0) > 0.5))] *= 2000
    elif how == "sparse":
        rare = d.rng.random(len(x)) < 0.03
        x[:, d.rng.integers(x.shape[1])] = np.where(rare, 20_000, 0)
    elif how == "offset":
        x = x + 1000
    else:
        x = x * np.float32(0.001)
    d.x = x


def misaligned(d: Draft, how: str = "shuffled") -> None:
    if how == "shuffled":
        d.y = d.y[d.rng.permutation(len(d.y))]
    elif how == "shifted":
        d.y = np.roll(d.y, 1, axis=0)
    else:
        half = len(d.y) // 2
        d.y = np.concatenate([d.y[:half], d.y[half:][d.rng.permutation(len(d.y) - half)]])


def unshuffled(d: Draft) -> None:
    order = np.argsort(np.ravel(d.y), kind="stable")
    d.x, d.y = d.x[order], d.y[order]
    size = d.batch_size
    d.batches = lambda x, y: [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def one_batch(d: Draft) -> None:
    size, times = d.batch_size, -(-len(d.x) // d.batch_size)
    d.batches = lambda x, y: [(x[:size], y[:size])] * times


def imbalanced(d: Draft) -> None:
    classes = np.ravel(d.y)
    common = np.flatnonzero(classes != classes.max())
    rare = np.flatnonzero(classes == classes.max())[: len(common) // 80]
    keep = d.rng.permutation(np.concatenate([common, rare]))
    d.x, d.y = d.x[keep], d.y[keep]
    if d.y.ndim == 1:
        d.y = (d.y == d.y.max()).astype(np.int64)


def target_scale(d: Draft, how: str) -> None:
    d.y = (d.y * 1e5 if how == "dollars" else d.y * 20 + 1000).astype(np.float32)


def leak(d: Draft) -> None:
    y = np.ravel(d.y).astype(np.float32)
    column = (y - y.mean()) / y.std()
    d.x = np.hstack([d.x[:, :-1], column[:, None]])


# ------------------------------------------------------------------------------------ weights
def weights(d: Draft, how: str) -> None:
    makers = {
        "std 1": lambda rng, i, o: rng.normal(0, 1.5, (i, o)),
        "five he": lambda rng, i, o: rng.normal(0, 8 * np.sqrt(2 / i), (i, o)),
        "zero": lambda rng, i, o: np.zeros((i, o)),
        "constant": lambda rng, i, o: np.full((i, o), 0.5 / i),
        "nearly": lambda rng, i, o: 0.5 / i + rng.normal(0, 0.005 / i, (i, o)),
        "tiny": lambda rng, i, o: rng.normal(0, 0.02 / np.sqrt(i), (i, o)),
        "saturating": lambda rng, i, o: rng.normal(0, 7 / np.sqrt(i), (i, o)),
    }
    d.init = makers[how]


def biases(d: Draft, value: float) -> None:
    def change(network):
        for layer in network.layers[:-1]:
            if "b" in layer.params:
                layer.params["b"] += value

    d.edit.append(change)


def swap_layer(d: Draft, kind: type) -> None:
    """One dense layer in the middle, or the last but one, gets the fault."""

    def change(network):
        dense = [la for la in network.layers if "W" in la.params]
        dense[len(dense) // 2].__class__ = kind

    d.edit.append(change)


# ------------------------------------------------------------------------------------- faults
def sick(name, expected, change, seed, **choices) -> Case:
    """A drawn setting with one fault."""
    d = draft(seed, **choices)
    change(d)
    return d.finish(name, "sick", (expected,) if isinstance(expected, str) else expected)


def times_rate(d: Draft, factor: float) -> None:
    d.lr *= factor


def setting(d: Draft, **changes) -> None:
    for name, value in changes.items():
        setattr(d, name, value)


def with_norm(d: Draft, kind: type) -> None:
    d.norm = kind


def with_dropout(d: Draft, kind: type, rate: float = 0.4) -> None:
    d.dropout = lambda: kind(rate, int(d.rng.integers(1 << 30)))


def decay(d: Draft, value: float) -> None:
    d.settings["weight_decay"] = value


def loss_times(d: Draft, factor) -> None:
    d.loss = wrong.scaled_loss(type(d.usual_loss()), factor)


def too_high(d: Draft, factor: float) -> None:
    d.lr *= factor


def _p(function, *args, **kwargs):
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
    ("pixels of 0 to 255", "unscaled inputs", _p(unscaled, "pixels"), {"data": IMAGES}, 4),
    ("one column times 2000", "unscaled inputs", _p(unscaled, "column"), {}, 4),
    ("a sparse column of 20,000", "unscaled inputs", _p(unscaled, "sparse"), {}, 4),
    ("columns around 1000", "unscaled inputs", _p(unscaled, "offset"), {}, 2),
    ("inputs times 0.001", "unscaled inputs", _p(unscaled, "small"), {}, 4),
    ("labels shuffled", "misaligned labels", misaligned, REAL, 6),
    ("labels shifted by one row", "misaligned labels", _p(misaligned, "shifted"), REAL, 4),
    ("the second half shuffled", "misaligned labels", _p(misaligned, "half"), REAL, 4),
    ("sorted batches", "no shuffling", unshuffled, REAL, 6),
    ("one batch for ever", "one batch", one_batch, REAL, 4),
    ("1% of one class", "imbalanced classes", imbalanced, {"data": ("MNIST", "digits")}, 4),
    ("target in dollars", "unscaled targets", _p(target_scale, "dollars"), NUMBERS, 4),
    ("target around 1000", "unscaled targets", _p(target_scale, "year"), NUMBERS, 2),
    ("the label as a column", "leaked target", leak, {"data": ("MNIST", "housing", "digits")}, 4),
    (
        "weights of std 1.5",
        "weights too large",
        _p(weights, "std 1"),
        {"activations": RELUS, "depth": (2, 5), "data": IMAGES},
        6,
    ),
    (
        "eight times He",
        "weights too large",
        _p(weights, "five he"),
        {"activations": RELUS, "depth": (3, 5), "data": LARGE},
        4,
    ),
    ("all weights 0", "equal weights", _p(weights, "zero"), ONE, 4),
    ("constant weights", "equal weights", _p(weights, "constant"), ONE, 4),
    ("nearly equal weights", "equal weights", _p(weights, "nearly"), ONE, 4),
    ("biases of -8", "dead units", _p(biases, -8.0), {"activations": ("relu",)}, 6),
    (
        "saturated tanh",
        "saturated units",
        _p(weights, "saturating"),
        {"activations": ("tanh",), "data": IMAGES},
        5,
    ),
    (
        "saturated sigmoid",
        "saturated units",
        _p(weights, "saturating"),
        {"activations": ("sigmoid",), "data": IMAGES},
        3,
    ),
    (
        "weights of a fiftieth",
        "vanishing gradients",
        _p(weights, "tiny"),
        {"activations": ("relu", "tanh", "leaky"), "depth": (3, 5), **PLAIN_SGD},
        6,
    ),
    ("averaged twice in a layer", "averaged twice", _p(swap_layer, wrong.DividesByRows), {}, 3),
    ("averaged twice in all", "averaged twice", _p(setting, dense=wrong.DividesByRows), {}, 4),
    ("averaged twice in the loss", "averaged twice", _p(loss_times, lambda n: 1 / n), {}, 3),
    ("uphill", "wrong gradient", _p(loss_times, lambda n: -1), {}, 4),
    ("summed, not averaged", "wrong gradient", _p(loss_times, lambda n: n), {}, 3),
    ("tanh' of z", "wrong gradient", _p(setting, act=wrong.TanhOfZ), {"activations": ("tanh",)}, 4),
    (
        "sigmoid' without 1 - a",
        "wrong gradient",
        _p(setting, act=wrong.SigmoidOfA),
        {"activations": ("sigmoid",)},
        3,
    ),
    (
        "leaky' of 1",
        "wrong gradient",
        _p(setting, act=wrong.LeakyTwice),
        {"activations": ("leaky",)},
        2,
    ),
    (
        "dX not transposed",
        "wrong gradient",
        _p(setting, dense=wrong.Untransposed),
        {"depth": (2, 4)},
        4,
    ),
    ("db flipped", "wrong gradient", _p(swap_layer, wrong.FlippedBias), {}, 3),
    (
        "batch norm's backward",
        "wrong gradient",
        _p(with_norm, wrong.NormWithoutStatistics),
        {"data": LARGE},
        4,
    ),
    (
        "dropout's backward",
        "wrong gradient",
        _p(with_dropout, wrong.DropoutUnmasked),
        {"data": LARGE},
        4,
    ),
    ("gradients add up", "gradients add up", _p(setting, dense=wrong.Accumulates), {}, 3),
    ("db forgotten", "missing gradient", _p(setting, dense=wrong.NoBiasGradient), {}, 4),
    ("a frozen layer", "missing gradient", _p(swap_layer, wrong.NoGradient), {}, 4),
    ("half the units frozen", "missing gradient", _p(swap_layer, wrong.HalfFrozen), {}, 4),
    ("dropout at inference", "no inference switch", _p(with_dropout, wrong.DropoutAlways), {}, 4),
    ("batch norm by the batch", "no inference switch", _p(with_norm, wrong.NormOfBatch), {}, 4),
    (
        "running averages stand",
        "stale running averages",
        _p(with_norm, wrong.NormNeverUpdates),
        {"data": LARGE},
        4,
    ),
    (
        "softmax as a layer",
        "softmax twice",
        lambda d: d.last.append(wrong.Softmax()),
        {"data": CLASSES},
        4,
    ),
    (
        "softmax in the loss",
        "softmax twice",
        _p(setting, loss=wrong.SoftmaxInTheLoss()),
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
    ("loss below 0", "impossible loss", _p(setting, loss=wrong.Moved()), {"data": CLASSES}, 2),
    ("no activation", "missing activation", _p(setting, linear=True), {"depth": (1, 3)}, 4),
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
        _p(decay, 2.0),
        {"methods": [SGD, Momentum], "data": IMAGES},
        4,
    ),
    ("dropout of 0.95", "too much dropout", _p(with_dropout, Dropout, 0.95), REAL, 3),
    (
        "rate 100 times too high",
        "rate too high",
        _p(times_rate, 100),
        {"data": LARGE, "activations": ("relu", "leaky")},
        8,
    ),
    (
        "rate 40 times too high",
        "rate too high",
        _p(times_rate, 40),
        {"data": IMAGES, "activations": ("relu",), "depth": (2, 4)},
        6,
    ),
    (
        "momentum and 0.4",
        "rate too high",
        _p(setting, method=Momentum, lr=0.4),
        {"data": IMAGES, "activations": ("relu",), "depth": (2, 4)},
        4,
    ),
    ("rate 1/100,000", "rate too low", _p(times_rate, 1e-5), REAL, 5),
    ("rate 1/1000", "rate too low", _p(times_rate, 1e-3), {**REAL, "activations": RELUS}, 5),
    ("rate 1/200", "rate too low", _p(times_rate, 5e-3), {"data": IMAGES, "activations": RELUS}, 4),
]


# ------------------------------------------------------------------------------------- double
def both(name, expected, changes, seed, **choices) -> Case:
    d = draft(seed, **choices)
    for change in changes:
        change(d)
    return d.finish(name, "double", tuple(expected))


DOUBLE = [
    (
        "shuffled labels and biases of -8",
        ("misaligned labels", "dead units"),
        [misaligned, _p(biases, -8.0)],
        {"data": LARGE, "activations": ("relu",)},
        2,
    ),
    (
        "sorted batches and a frozen layer",
        ("no shuffling", "missing gradient"),
        [unshuffled, _p(swap_layer, wrong.NoGradient)],
        REAL,
        2,
    ),
    (
        "sorted batches and a high rate",
        ("no shuffling", "rate too high"),
        [unshuffled, _p(times_rate, 100)],
        {"data": IMAGES, "activations": ("relu",)},
        2,
    ),
    (
        "shuffled labels and uphill",
        ("misaligned labels", "wrong gradient"),
        [misaligned, _p(loss_times, lambda n: -1)],
        REAL,
        2,
    ),
    (
        "1% of one class and a low rate",
        ("imbalanced classes", "rate too low"),
        [imbalanced, _p(times_rate, 1e-5)],
        {"data": ("MNIST",)},
        1,
    ),
    (
        "dropout at inference and no db",
        ("no inference switch", "missing gradient"),
        [_p(with_dropout, wrong.DropoutAlways), _p(setting, dense=wrong.NoBiasGradient)],
        {},
        2,
    ),
    (
        "no activation and averaged twice",
        ("missing activation", "averaged twice"),
        [_p(setting, linear=True), _p(setting, dense=wrong.DividesByRows)],
        ONE,
        2,
    ),
    (
        "one batch and dX not transposed",
        ("one batch", "wrong gradient"),
        [one_batch, _p(setting, dense=wrong.Untransposed)],
        {"depth": (2, 4), **REAL},
        2,
    ),
    (
        "softmax twice and sorted batches",
        ("softmax twice", "no shuffling"),
        [lambda d: d.last.append(wrong.Softmax()), unshuffled],
        {"data": ("MNIST", "digits")},
        2,
    ),
    (
        "unscaled column and shuffled labels",
        ("unscaled inputs", "misaligned labels"),
        [_p(unscaled, "column"), misaligned],
        {"data": ("MNIST", "housing", "digits")},
        2,
    ),
]


# ------------------------------------------------------------------------------------ healthy
def last_times(d: Draft, factor: float) -> None:
    def change(network):
        [la for la in network.layers if "W" in la.params][-1].params["W"] *= factor

    d.edit.append(change)


def raw_pixels_normed(d: Draft) -> None:
    d.x = np.clip(127 + 70 * d.x, 0, 255).astype(np.float32)
    d.first = [BatchNorm(d.x.shape[1])]


def column_of_hours(d: Draft) -> None:
    hours = d.rng.integers(0, 25, len(d.x)).astype(np.float32)
    d.x = np.hstack([d.x, hours[:, None]])


def trained(d: Draft, epochs: int = 4) -> None:
    def change(network):
        data = (d.x, d.y)
        settings = {k: v for k, v in d.settings.items() if k != "dtype"}
        fit(
            network,
            d.loss or d.usual_loss(),
            d.method(d.lr, **settings),
            data,
            epochs=epochs,
            batch_size=d.batch_size,
            rng=np.random.default_rng(1),
            progress=False,
        )

    d.edit.append(change)


def noisy_table(d: Draft, columns: int, r2: float, rows: int) -> None:
    x = d.rng.normal(size=(rows, columns)).astype(np.float32)
    signal = x @ d.rng.normal(size=columns)
    y = signal / signal.std() * np.sqrt(r2) + np.sqrt(1 - r2) * d.rng.normal(size=rows)
    d.x, d.y, d.data = x, y[:, None].astype(np.float32), "table"


def few_rows(d: Draft, rows: int) -> None:
    d.x, d.y = d.x[:rows], d.y[:rows]


def one_hot_columns(d: Draft) -> None:
    kinds = d.rng.integers(0, 30, len(d.x))
    d.x = np.hstack([d.x, np.eye(30, dtype=np.float32)[kinds]])


def noisy_labels(d: Draft) -> None:
    wrong_ones = d.rng.random(len(d.y)) < 0.2
    d.y = np.where(wrong_ones, d.rng.integers(0, d.outputs, len(d.y)), d.y)


def rare_class(d: Draft) -> None:
    keep = (np.ravel(d.y) == 1) | (d.rng.random(len(d.y)) < 0.6)
    keep &= (np.ravel(d.y) == 0) | (d.rng.random(len(d.y)) < 0.15)
    d.x, d.y = d.x[keep], d.y[keep]


HEALTHY = [
    ("plain", lambda d: None, {}, 30),
    ("plain, large data", lambda d: None, {"data": LARGE}, 20),
    ("after training", trained, {}, 14),
    ("five layers", lambda d: None, {"depth": (5, 6), "activations": RELUS}, 4),
    ("deep tanh", lambda d: None, {"depth": (4, 5), "activations": ("tanh",)}, 3),
    ("batch norm", _p(with_norm, BatchNorm), {}, 6),
    (
        "deep sigmoid with batch norm",
        lambda d: setting(d, norm=BatchNorm, hidden=[40] * 5),
        {"activations": ("sigmoid",), "data": IMAGES},
        2,
    ),
    ("dropout", _p(with_dropout, Dropout), {}, 5),
    (
        "dropout and batch norm",
        lambda d: (with_dropout(d, Dropout), with_norm(d, BatchNorm)),
        {},
        3,
    ),
    ("last layer 0", _p(last_times, 0.0), {}, 4),
    ("last layer times 0.01", _p(last_times, 0.01), {}, 4),
    ("batch norm on pixels of 0 to 255", raw_pixels_normed, {"data": IMAGES}, 4),
    ("a raw column of 0 to 24", column_of_hours, {}, 3),
    ("warm-up from 0", _p(times_rate, 0.0), {}, 3),
    ("warm-up from a tenth", _p(times_rate, 0.1), {}, 3),
    ("noisy table, 60 columns", _p(noisy_table, 60, 0.15, 1200), {"activations": RELUS}, 3),
    ("noisy table, 40 columns", _p(noisy_table, 40, 0.3, 500), {"activations": RELUS}, 3),
    ("150 rows", _p(few_rows, 150), {"data": ("CIFAR-10", "MNIST", "housing", "table")}, 4),
    ("batches of 8", _p(setting, batch_size=8), {"methods": [Adam, SGD, AdamW]}, 3),
    ("one full batch", lambda d: setting(d, batch_size=len(d.x)), {}, 3),
    ("float64", lambda d: d.settings.update(dtype=np.float64), {}, 3),
    ("one-hot columns", one_hot_columns, {}, 3),
    ("a fifth of the labels wrong", noisy_labels, {"data": CLASSES}, 3),
    ("one class in seven", rare_class, {"data": BINARY}, 2),
    ("weight decay of 0.001", _p(decay, 0.001), {}, 3),
    ("AdamW's decay of 0.1", _p(decay, 0.1), {"methods": [AdamW]}, 2),
    ("no hidden layer", lambda d: setting(d, hidden=[]), {}, 3),
    ("a narrow layer", lambda d: setting(d, hidden=[64, 4, 64]), {"activations": ("tanh",)}, 2),
    (
        "pixels of 0 to 1",
        lambda d: setting(d, x=np.clip(0.5 + 0.3 * d.x, 0, 1)),
        {"data": IMAGES, "activations": RELUS},
        3,
    ),
    (
        "AdaGrad at 0.05",
        _p(setting, method=AdaGrad, lr=0.05),
        {"data": LARGE, "activations": RELUS},
        3,
    ),
    (
        "RMSProp at 0.003",
        _p(setting, method=RMSProp, lr=0.003),
        {"data": LARGE, "activations": RELUS},
        3,
    ),
]


def _numbered(rows):
    """Each row as often as it says; the seed is the place in its list."""
    for place, (*row, times) in enumerate(rows):
        for k in range(times):
            yield row, 1000 * place + k


def all_cases(offset: int = 0):
    """(kind, name, half, maker) of every case. Halves alternate within each row of the lists."""
    makers = []
    for (name, expected, change, choices), seed in _numbered(SICK):
        makers.append(("sick", name, seed, partial(sick, name, expected, change, **choices)))
    for (name, expected, changes, choices), seed in _numbered(DOUBLE):
        makers.append(("double", name, seed, partial(both, name, expected, changes, **choices)))
    for (name, change, choices), seed in _numbered(HEALTHY):
        makers.append(("healthy", name, seed, partial(_healthy, name, change, **choices)))
    start = {"sick": 100_000, "double": 300_000, "healthy": 500_000}
    for kind, name, seed, maker in makers:
        half = "tuned" if seed % 2 == 0 else "held out"
        yield kind, name, half, partial(maker, seed=start[kind] + offset + seed)


def _healthy(name, change, seed, **choices) -> Case:
    d = draft(seed, **choices)
    change(d)
    return d.finish(name, "healthy", ())


__all__ = [
    "DOUBLE",
    "HEALTHY",
    "RATES",
    "SICK",
    "BinaryCrossEntropy",
    "MeanSquaredError",
    "SoftmaxCrossEntropy",
    "all_cases",
]
