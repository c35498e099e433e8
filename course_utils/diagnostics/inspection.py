"""What a network, its data and its steps look like in numbers, layer by layer.

`inspect` works on copies: parameters, running statistics, caches, generators and the optimizer
stay what they are.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course_utils.layers import Conv2D, Dense, Layer, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import Optimizer
from course_utils.validation import require_equal_length, require_finite

MOST_ROWS = 1000  # rows that are looked at, spread evenly over x: enough for every number below
SLOPE_ROWS = 32  # of these, rows for the finite difference: more only costs time
PROBE_ROWS, PROBE_STEPS = 64, 10  # "overfit a handful", in small: ten steps on one batch
FEWEST_ROWS = 100  # with fewer, chance agrees with anything: neither neighbors nor dead units
COLUMNS = {  # title -> field of the table that a printed report shows
    "std": "std",
    "dead": "dead",
    "saturated": "saturated",
    "gain": "gain",
    "gradient": "gradient_norm",
    "step/size": "update_ratio",
    "slope": "slope_ratio",
    "switch": "switch_gap",
}
EPS = 1e-6  # length of the step for the finite difference; its error stays below 0.1%


@dataclass(frozen=True)
class LayerReport:
    """What was measured at one layer; None where the question makes no sense for it.

    `mean`, `std`: of its outputs, as in training. `dead`: fraction of a ReLU's units that are 0
    for **every** row. `saturated`: fraction of a sigmoid's outputs outside [0.01, 0.99], of a
    tanh's outside [-0.98, 0.98]. `gain`: size of X W over size of X (root mean square) of a
    `Dense` or `Conv2D`. `copies`: fraction of such a hidden layer's units that have the same
    weights, in and out, as another. `gradient_norm`, `weight_norm`: of all its parameters.
    `update_ratio`: length of the optimizer's next step over `weight_norm`. `slope_ratio`:
    backward's gradient over the slope that a finite difference finds along it, 1 if right.
    `switch_gap`: how far outputs at inference change, relative to their size, when the forward
    pass is repeated or the batch is cut in half; 0 if right.
    """

    index: int
    name: str
    mean: float
    std: float
    switch_gap: float
    dead: float | None = None
    saturated: float | None = None
    gain: float | None = None
    copies: float | None = None
    gradient_norm: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    slope_ratio: float | None = None


@dataclass(frozen=True)
class Report:
    """The numbers of all layers, and those of data, loss and steps. None: not measured.

    `size`: of the inputs, their root mean square. `feature_size`: the largest median of |x| over
    the features, and `feature` its column.
    `agreement`: of each row's target with that of its nearest other row, in standard errors above
    chance. `sorted_share`: how much of the targets' variance lies between the batches, 0 if they
    are drawn at random, 1 if each batch holds one value. `loss` and `chance`: the loss now, and
    that of the best constant answer. `probe`: the loss of one batch before and after each of ten
    steps of the optimizer on it. `slope_rows`: the rows of the finite difference.
    """

    layers: tuple[LayerReport, ...]
    rows: int
    slope_rows: int
    size: float
    feature_size: float
    feature: int
    agreement: float | None
    sorted_share: float | None
    loss: float
    chance: float | None
    probe: tuple[float, ...] | None

    def __str__(self) -> str:
        lines = [f"{'layer':19}" + "".join(f"{title:>10}" for title in COLUMNS)]
        for layer in self.layers:
            cells = (_shown(getattr(layer, field)) for field in COLUMNS.values())
            lines.append(f"{f'{layer.index} {layer.name}':19}" + "".join(f"{c:>10}" for c in cells))
        probe = f"{_shown(self.probe[0])} to {_shown(self.probe[-1])}" if self.probe else None
        order = None if self.sorted_share is None else f"{max(self.sorted_share, 0):.0%}"
        lines += [
            f"loss {_shown(self.loss)}; of the best constant answer {_shown(self.chance)}",
            f"ten steps on one batch: loss from {probe or 'unknown (pass optimizer=)'}",
            f"largest feature: median size {_shown(self.feature_size)}",
            f"nearest examples agree: {_shown(self.agreement)} standard errors above chance",
            f"targets sorted by batch: {order or 'unknown (pass batches=)'}",
        ]
        return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def inspect(
    network: Network,
    loss: Loss,
    x: np.ndarray,
    y: np.ndarray,
    *,
    optimizer: Optimizer | None = None,
    batches: Iterable[tuple[np.ndarray, np.ndarray]] | None = None,
) -> Report:
    """Measure everything that `diagnose` needs, and change nothing.

    x, (N, D) or (N, H, W, C), and y: the training data, or a good part of it. `optimizer`: the one
    that trains, for the size of its steps. `batches`: one epoch of mini-batches (x, y) as training
    gets them, for their order. Raises ValueError if a parameter or an input is NaN or infinite:
    such a network has diverged already, so build it anew and inspect that.
    """
    x = network.check_input("x", x)
    y = np.asarray(y)
    require_equal_length("x", x, "y", y)
    require_finite("x", x)
    if not np.isfinite(network.theta).all():
        raise ValueError(
            f"network holds {int((~np.isfinite(network.theta)).sum())} parameters that are NaN or "
            "infinite: it has diverged already; build it anew and inspect that"
        )
    x, y = _spread(x, y, MOST_ROWS)
    few, dtype = _spread(x, y, SLOPE_ROWS), network.dtype
    # an overflow is no accident here: it is the finding, and the numbers show it
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gaps = _switch_gaps(network.astype(dtype), x)
        slopes = _slope_ratios(network.astype(np.float64), loss, *few)
        value, layers = _one_pass(network.astype(dtype), loss, optimizer, x, y)
        probe = _probe(network.astype(dtype), loss, optimizer, *_spread(x, y, PROBE_ROWS))
    rows = x.reshape(len(x), -1)  # images: a feature is one channel of one pixel
    sizes = np.median(np.abs(rows), axis=0)
    return Report(
        layers=tuple(
            LayerReport(index, repr(network.layers[index]), switch_gap=gap, slope_ratio=slope, **la)
            for index, (gap, slope, la) in enumerate(zip(gaps, slopes, layers, strict=True))
        ),
        rows=len(x),
        slope_rows=len(few[0]),
        size=_size(x),
        feature_size=float(sizes.max()),
        feature=int(sizes.argmax()),
        agreement=_agreement(rows, y) if len(x) >= FEWEST_ROWS else None,
        sorted_share=None if batches is None else _sorted_share(batches),
        loss=value,
        chance=_chance(loss, y),
        probe=probe,
    )


def _spread(x: np.ndarray, y: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` rows at equal distances, so that sorted data keep all their classes."""
    chosen = np.linspace(0, len(x) - 1, min(len(x), most)).astype(int)
    return x[chosen], y[chosen]


def _size(a: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(a, dtype=np.float64))))


def _pieces(network: Network) -> list[slice]:
    """Where the parameters of each layer stand in `theta`; an empty slice if it has none."""
    sizes = [sum(array.size for array in layer.params.values()) for layer in network.layers]
    return [slice(end - n, end) for n, end in zip(sizes, np.cumsum(sizes), strict=True)]


def _repeatable(network: Network):
    """A forward pass for which dropout draws the same masks at every call."""
    generators = [layer.rng for layer in network.layers if hasattr(layer, "rng")]
    states = [rng.bit_generator.state for rng in generators]

    def forward(x: np.ndarray, training: bool) -> np.ndarray:
        for rng, state in zip(generators, states, strict=True):
            rng.bit_generator.state = state
        return network.forward(x, training=training)

    return forward


def _switch_gaps(network: Network, x: np.ndarray) -> list[float]:
    """Of each layer: does it, at inference, give one row always the same outputs?"""
    gaps, half = [], -(-len(x) // 2)
    x = x.astype(network.dtype)
    for layer in network.layers:
        out = layer.forward(x)
        again, alone = layer.forward(x) - out, layer.forward(x[:half]) - out[:half]
        gap = max(_size(again), _size(alone))
        gaps.append(gap / _size(out) if gap > 0 else 0.0)
        x = out
    return gaps


def _slope_ratios(network: Network, loss: Loss, x, y) -> list[float | None]:
    """Of each layer: backward's gradient over the slope of the loss along this gradient."""
    forward, ratios = _repeatable(network), []
    value, grad_outputs = loss(forward(x, False), y)
    network.backward(grad_outputs)
    theta, gradient = network.theta.copy(), network.grad.copy()
    for piece in _pieces(network):
        norm = float(np.linalg.norm(gradient[piece]))
        if not norm > 1e-7 * max(1.0, abs(value)):  # rounding of the loss would drown it
            ratios.append(None)
            continue
        sides = []
        for step in (EPS, -EPS):
            network.theta[...] = theta
            network.theta[piece] += step * gradient[piece] / norm
            sides.append(loss(forward(x, False), y)[0])
        slope = (sides[0] - sides[1]) / (2 * EPS)
        ratios.append(norm / slope if slope else np.inf)
    return ratios


def _one_pass(network: Network, loss: Loss, optimizer, x, y) -> tuple[float, list[dict]]:
    """Forward and back as in training, and one step: the loss, and the numbers of each layer."""
    outputs = [x.astype(network.dtype)]
    gains: list[float | None] = []
    for layer in network.layers:
        before = outputs[-1]
        outputs.append(layer.forward(before, training=True))
        gains.append(_gain(layer, before, outputs[-1]))
    value, grad_outputs = loss(outputs[-1], y)
    network.backward(grad_outputs)
    layers, copies, theta = [], _copies(network), network.theta.copy()
    if optimizer is not None:
        copy.deepcopy(optimizer).step(network.theta, network.grad)
    for index, (layer, piece) in enumerate(zip(network.layers, _pieces(network), strict=True)):
        out = outputs[index + 1]
        numbers = {"mean": float(np.mean(out, dtype=float)), "std": float(np.std(out, dtype=float))}
        numbers |= {"gain": gains[index], "copies": copies.get(index)}
        if isinstance(layer, ReLU) and len(x) >= FEWEST_ROWS:
            numbers["dead"] = float(np.mean((out == 0).all(axis=tuple(range(out.ndim - 1)))))
        if isinstance(layer, (Sigmoid, Tanh)):
            middle, reach = (0.5, 0.49) if isinstance(layer, Sigmoid) else (0.0, 0.98)
            numbers["saturated"] = float(np.mean(np.abs(out - middle) > reach))
        if layer.params:
            numbers["gradient_norm"] = float(np.linalg.norm(network.grad[piece]))
            numbers["weight_norm"] = norm = float(np.linalg.norm(theta[piece]))
            if optimizer is not None and norm > 0:
                moved = network.theta[piece] - theta[piece]
                numbers["update_ratio"] = float(np.linalg.norm(moved)) / norm
        layers.append(numbers)
    return value, layers


def _gain(layer: Layer, before: np.ndarray, out: np.ndarray) -> float | None:
    """How much larger the weights of a Dense or Conv2D make what comes in, without biases."""
    if not isinstance(layer, (Dense, Conv2D)):
        return None
    return _size(out - layer.params.get("b", 0)) / _size(before) if before.any() else 0.0


def _copies(network: Network) -> dict[int, float]:
    """Of each hidden layer with weights: the fraction of units with the weights of another.

    Those of the way in, and between two Dense layers also those of the way out.
    """
    learning = (Dense, Conv2D)
    learners = [(i, la) for i, la in enumerate(network.layers) if isinstance(la, learning)]
    found = {}
    for (index, layer), (_, after) in pairwise(learners):
        units = layer.params["W"].T
        if len(units) == getattr(after, "fan_in", None):
            units = np.hstack([units, after.params["W"]])
        found[index] = 1 - len(np.unique(units, axis=0)) / len(units)
    return found


def _probe(network: Network, loss: Loss, optimizer, x, y) -> tuple[float, ...] | None:
    """The loss of one batch before and after each of ten steps of a copy of the optimizer."""
    if optimizer is None:
        return None
    forward, optimizer, losses = _repeatable(network), copy.deepcopy(optimizer), []
    for _ in range(PROBE_STEPS + 1):
        value, grad_outputs = loss(forward(x, True), y)
        losses.append(value)
        if not np.isfinite(value):
            break
        network.backward(grad_outputs, input_gradient=False)
        optimizer.step(network.theta, network.grad)
    return tuple(losses)


def _agreement(x: np.ndarray, y: np.ndarray) -> float | None:
    """Targets of nearest rows, compared: standard errors above what chance gives."""
    std = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(std == 0, 1, std)
    squares = (x * x).sum(axis=1)
    distance = squares - 2 * x @ x.T  # |a - b|^2 without |a|^2, the same for all b
    np.fill_diagonal(distance, np.inf)
    other = y[distance.argmin(axis=1)]
    if y.dtype.kind in "iu":
        chance = float(np.sum((np.bincount(y) / len(y)) ** 2))
        error = np.sqrt(chance * (1 - chance) / len(y))
        return float((np.mean(y == other) - chance) / error) if error > 0 else None
    a, b = y - y.mean(axis=0), other - other.mean(axis=0)
    size = _size(a) * _size(b)
    return float(np.mean(a * b) / size * np.sqrt(len(y))) if size > 0 else None


def _sorted_share(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """How much of the targets' variance lies between batches, beyond the share of chance."""
    parts = [np.asarray(y) for _, y in batches]
    y = np.concatenate(parts)
    if y.dtype.kind in "iu":
        classes = np.unique(y)
        y, parts = y[:, None] == classes, [part[:, None] == classes for part in parts]
    total = float(np.sum((y - y.mean(axis=0)) ** 2))
    chance = (len(parts) - 1) / max(1, len(y) - 1)
    if total == 0 or chance in (0, 1):
        return None
    means = [(len(part), part.mean(axis=0) - y.mean(axis=0)) for part in parts]
    share = sum(n * float(np.sum(mean**2)) for n, mean in means) / total
    return (share - chance) / (1 - chance)


def _chance(loss: Loss, y: np.ndarray) -> float | None:
    """The loss of the best constant answer; None for a loss that is not known here."""
    if isinstance(loss, MeanSquaredError):
        return float(np.mean((y - y.mean(axis=0)) ** 2))
    if isinstance(loss, SoftmaxCrossEntropy):
        p = np.bincount(y) / len(y)
    elif isinstance(loss, BinaryCrossEntropy):
        p = np.array([np.mean(y), 1 - np.mean(y)])
    else:
        return None
    return float(-np.sum(p[p > 0] * np.log(p[p > 0])))
