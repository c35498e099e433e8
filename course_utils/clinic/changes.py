"""What is done to a drawn setting to make it sick, or healthy in an unusual way.

Each function changes a `Draft` in one respect and returns nothing.
"""

import numpy as np

import course_utils.clinic.bugs as bugs
from course_utils.clinic.drawn import Draft
from course_utils.layers import BatchNorm
from course_utils.training import fit


def unscaled(d: Draft, how: str) -> None:
    """Raw pixels, a column of another unit, a sparse one, an offset, or everything tiny."""
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
    """Targets in another order than the inputs: all, by one row, or in the second half."""
    if how == "shuffled":
        d.y = d.y[d.rng.permutation(len(d.y))]
    elif how == "shifted":
        d.y = np.roll(d.y, 1, axis=0)
    else:
        half = len(d.y) // 2
        d.y = np.concatenate([d.y[:half], d.y[half:][d.rng.permutation(len(d.y) - half)]])


def unshuffled(d: Draft) -> None:
    """Rows and batches in the order of the targets."""
    order = np.argsort(np.ravel(d.y), kind="stable")
    d.x, d.y = d.x[order], d.y[order]
    size = d.batch_size
    d.batches = lambda x, y: [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def one_batch(d: Draft) -> None:
    """The first batch, again and again."""
    size, times = d.batch_size, -(-len(d.x) // d.batch_size)
    d.batches = lambda x, y: [(x[:size], y[:size])] * times


def imbalanced(d: Draft) -> None:
    """About 1% of one class, the rest the other."""
    classes = np.ravel(d.y)
    common = np.flatnonzero(classes != classes.max())
    rare = np.flatnonzero(classes == classes.max())[: len(common) // 80]
    keep = d.rng.permutation(np.concatenate([common, rare]))
    d.x, d.y = d.x[keep], d.y[keep]
    if d.y.ndim == 1:
        d.y = (d.y == d.y.max()).astype(np.int64)


def target_scale(d: Draft, how: str) -> None:
    """Targets in dollars, or around 1000."""
    d.y = (d.y * 1e5 if how == "dollars" else d.y * 20 + 1000).astype(np.float32)


def leak(d: Draft) -> None:
    """The target as the last column."""
    y = np.ravel(d.y).astype(np.float32)
    column = (y - y.mean()) / y.std()
    d.x = np.hstack([d.x[:, :-1], column[:, None]])


def weights(d: Draft, how: str) -> None:
    """Weights drawn (or set) in one of several unfortunate ways."""
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
    """All hidden biases moved by `value`."""

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


def times_rate(d: Draft, factor: float) -> None:
    """Another learning rate."""
    d.lr *= factor


def setting(d: Draft, **changes) -> None:
    """Other fields of the draft."""
    for name, value in changes.items():
        setattr(d, name, value)


def with_norm(d: Draft, kind: type) -> None:
    """A batch norm of this kind before each activation."""
    d.norm = kind


def with_dropout(d: Draft, kind: type, rate: float = 0.4) -> None:
    """A dropout of this kind after each activation."""
    d.dropout = lambda: kind(rate, int(d.rng.integers(1 << 30)))


def decay(d: Draft, value: float) -> None:
    """Weight decay in the optimizer."""
    d.settings["weight_decay"] = value


def loss_times(d: Draft, factor) -> None:
    """The gradient of the loss times `factor(rows)`, its value as it is."""
    d.loss = bugs.scaled_loss(type(d.usual_loss()), factor)


def last_times(d: Draft, factor: float) -> None:
    """The weights of the last layer times `factor`."""

    def change(network):
        [la for la in network.layers if "W" in la.params][-1].params["W"] *= factor

    d.edit.append(change)


def raw_pixels_normed(d: Draft) -> None:
    """Pixels of 0 to 255, and batch norm as the first layer."""
    d.x = np.clip(127 + 70 * d.x, 0, 255).astype(np.float32)
    d.first = [BatchNorm(d.x.shape[1])]


def column_of_hours(d: Draft) -> None:
    """One raw column of 0 to 24 beside the standardized ones."""
    hours = d.rng.integers(0, 25, len(d.x)).astype(np.float32)
    d.x = np.hstack([d.x, hours[:, None]])


def trained(d: Draft, epochs: int = 4) -> None:
    """A network that has been trained for a few epochs."""

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
    """Linear data with so many columns that explain `r2` of the targets."""
    x = d.rng.normal(size=(rows, columns)).astype(np.float32)
    signal = x @ d.rng.normal(size=columns)
    y = signal / signal.std() * np.sqrt(r2) + np.sqrt(1 - r2) * d.rng.normal(size=rows)
    d.x, d.y, d.data = x, y[:, None].astype(np.float32), "table"


def few_rows(d: Draft, rows: int) -> None:
    """Only the first rows."""
    d.x, d.y = d.x[:rows], d.y[:rows]


def one_hot_columns(d: Draft) -> None:
    """Thirty more columns, one of them 1 in each row."""
    kinds = d.rng.integers(0, 30, len(d.x))
    d.x = np.hstack([d.x, np.eye(30, dtype=np.float32)[kinds]])


def noisy_labels(d: Draft) -> None:
    """A fifth of the labels drawn at random."""
    wrong_ones = d.rng.random(len(d.y)) < 0.2
    d.y = np.where(wrong_ones, d.rng.integers(0, d.outputs, len(d.y)), d.y)


def rare_class(d: Draft) -> None:
    """One class about a seventh as frequent as the other."""
    keep = (np.ravel(d.y) == 1) | (d.rng.random(len(d.y)) < 0.6)
    keep &= (np.ravel(d.y) == 0) | (d.rng.random(len(d.y)) < 0.15)
    d.x, d.y = d.x[keep], d.y[keep]
