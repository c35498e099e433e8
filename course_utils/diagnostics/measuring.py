"""`inspect`: everything about a network, its data and its steps that `diagnose` needs to know.

It works on copies: parameters, running statistics, caches, generators and the optimizer stay
what they are.
"""

from collections.abc import Iterable

import numpy as np

from course_utils.diagnostics.copies import size_of, spread
from course_utils.diagnostics.data import alignment, leaking_column, look_at_batches
from course_utils.diagnostics.layerwise import one_pass, switch_gaps, weighted, work_of
from course_utils.diagnostics.probing import STEPS, Trials, one_batch, own_batches, try_out
from course_utils.diagnostics.report import LayerReport, Outputs, Report
from course_utils.diagnostics.slopes import measure_slopes
from course_utils.layers import ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import Optimizer
from course_utils.validation import require_equal_length, require_finite, require_rows

MOST_ROWS, MOST_IMAGES = (
    1000,
    256,
)  # rows that are looked at, spread evenly over x: enough for every number below
SLOPE_ROWS, SLOPE_IMAGES = 32, 8  # of these, for the finite differences: more only costs time
BATCH_SIZE = 64  # of the trial where no batches were given
SORTED = 0.2  # from here on the trial shuffles for itself: one fault must not hide another
PERFECT = 40.0  # a logit of the right class that leaves nothing to gain


def inspect(
    network: Network,
    loss: Loss,
    x: np.ndarray,
    y: np.ndarray,
    *,
    optimizer: Optimizer | None = None,
    batches: Iterable[tuple[np.ndarray, np.ndarray]] | None = None,
    val: tuple[np.ndarray, np.ndarray] | None = None,
) -> Report:
    """Measure everything that `diagnose` needs, and change nothing.

    x (N, D) or images (N, H, W, C), and y: the training data, or a good part of it. `optimizer`:
    the one that trains, for its steps. `batches`: one epoch of mini-batches (x, y) as training
    gets them, for their order. `val`: validation data (x, y), to look for training rows in it.
    Copies of the network are trained for some fifty updates; the network itself never is.
    Raises ValueError if a parameter or an input is NaN or infinite: such a network has diverged
    already, so build it anew and inspect that.
    """
    x, y = _checked("x", network, x, y)
    if not np.isfinite(network.theta).all():
        raise ValueError(
            f"network holds {int((~np.isfinite(network.theta)).sum())} parameters that are NaN or "
            "infinite: it has diverged already; build it anew and inspect that"
        )
    classes = _predicts_classes(loss, y)
    looked_at = None
    if batches is not None:
        looked_at, batches = look_at_batches(batches, classes, STEPS)
    few = spread(x, y, SLOPE_ROWS if x.ndim == 2 else SLOPE_IMAGES)
    some = spread(x, y, MOST_ROWS if x.ndim == 2 else MOST_IMAGES)
    dtype = network.dtype
    # an overflow is no accident here: it is the finding, and the numbers show it
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gaps = switch_gaps(network.astype(dtype), some[0])
        slopes = measure_slopes(network.astype(np.float64), loss, *few)
        passed = network.astype(dtype)
        value, outputs, layers = one_pass(passed, loss, optimizer, *some)
        work = work_of(passed, outputs)
        decay = _decay_share(network, optimizer, layers)
        chance = _chance(loss, y)
        real = _usable(looked_at, batches, x, y)
        trials = Trials(network.astype(dtype), loss, x, y, real, work)
        tried, marks = try_out(trials, optimizer, chance, decay)
        probe = one_batch(network.astype(dtype), loss, optimizer, *some)
        overlap, gap = (None, None) if val is None else _validation(network, loss, x, y, val)
    first = _input_of_weights(network, outputs)
    sizes = np.sqrt(np.mean(np.square(first, dtype=np.float64), axis=0))
    return Report(
        layers=tuple(_layers(network, gaps, slopes, marks, layers)),
        rows=len(some[0]),
        slope_rows=len(few[0]),
        size=size_of(some[0]),
        feature_size=float(sizes.max()),
        feature=int(sizes.argmax()),
        row_size=float(np.sqrt(np.sum(sizes**2))),
        leak=None if chance is None else leaking_column(x, y, classes),
        alignment=alignment(x, y, classes),
        batches=looked_at,
        outputs=_outputs(network, loss, outputs[-1], *some, y),
        loss=value,
        chance=chance,
        probe=probe,
        trials=tuple(tried),
        own_optimizer=optimizer is not None,
        lr=None if optimizer is None else optimizer.lr,
        decay_share=decay,
        overlap=overlap,
        val_gap=gap,
    )


def _checked(name, network, x, y):
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 4:
        x = require_rows(name, x, getattr(network.layers[0], "fan_in", None))
    require_equal_length(name, x, "y", y)
    require_finite(name, x)
    return x, y


def _predicts_classes(loss: Loss, y: np.ndarray) -> bool:
    if isinstance(loss, MeanSquaredError):
        return False
    if isinstance(loss, BinaryCrossEntropy):
        return bool(np.isin(y, (0, 1)).all())  # else they are shares, not classes
    return isinstance(loss, SoftmaxCrossEntropy) or y.dtype.kind in "iu"


def _usable(looked_at, batches, x, y) -> list:
    """The training's own batches, or shuffled ones where theirs are missing, sorted or all one."""
    if looked_at is None:
        return own_batches(x, y, BATCH_SIZE)
    ordered = (looked_at.sorted_share or 0) > SORTED
    if ordered or looked_at.distinct < 0.5 * looked_at.rows:
        return own_batches(x, y, len(batches[0][0]))
    full = [b for b in batches if len(b[0]) > 1 and 2 * len(b[0]) >= len(batches[0][0])]
    return full or batches


def _layers(network, gaps, slopes, marks, layers):
    for index, layer in enumerate(network.layers):
        known = [slope for slope in slopes[index] if slope.factor is not None]
        worst = max(known, key=lambda slope: abs(slope.factor - 1), default=None)
        yield LayerReport(
            index,
            repr(layer),
            switch_gap=gaps[index],
            late_gradient=marks.gradients[index],
            still=marks.still[index],
            stale=marks.stale[index],
            slopes=slopes[index],
            slope_ratio=None if worst is None else worst.factor,
            **layers[index],
        )


def _input_of_weights(network: Network, outputs: list[np.ndarray]) -> np.ndarray:
    """What the first matrix of weights gets, as rows: batch norm before it may have scaled it."""
    places = weighted(network)
    first = outputs[places[0][0] if places else 0]
    return first.reshape(len(first), -1)


def _decay_share(network: Network, optimizer, layers: list[dict]) -> float:
    """How strong weight decay pulls, relative to the gradient."""
    decay = getattr(optimizer, "weight_decay", 0.0)
    gradient = np.linalg.norm([la.get("gradient_norm", 0.0) for la in layers])
    if not decay or not gradient > 0:
        return 0.0
    return float(decay * np.linalg.norm(network.theta.astype(np.float64)) / gradient)


def _chance(loss: Loss, y: np.ndarray) -> float | None:
    """The loss of the best constant answer; None for a loss that is not known here."""
    if isinstance(loss, MeanSquaredError):
        return float(np.mean((y - y.mean(axis=0)) ** 2, dtype=np.float64))
    if isinstance(loss, SoftmaxCrossEntropy):
        p = np.bincount(y) / len(y)
    elif isinstance(loss, BinaryCrossEntropy):
        p = np.array([np.mean(y), 1 - np.mean(y)])
    else:
        return None
    return float(-np.sum(p[p > 0] * np.log(p[p > 0])))


def _outputs(network, loss, out, x, y, all_targets) -> Outputs:
    """What comes out, what should, and whether the loss is what its name says."""
    out = out.astype(np.float64)
    numbers = {"sums_to_one": False}
    if out.ndim == 2 and out.shape[1] > 1:
        sums = np.abs(out.sum(axis=1) - 1)
        numbers["sums_to_one"] = bool(sums.max() < 1e-4 and out.min() >= 0)
    last = network.layers[-1]
    limits = {Sigmoid: (0.0, 1.0), Tanh: (-1.0, 1.0), ReLU: (0.0, np.inf)}
    found = [pair for kind, pair in limits.items() if isinstance(last, kind)]
    numbers["limits"] = found[0] if found else (-np.inf, np.inf)
    numbers |= {"low": float(out.min()), "high": float(out.max())}
    numbers["zeros"] = float(np.mean(out == 0))
    if isinstance(loss, SoftmaxCrossEntropy):
        numbers["majority"] = float(np.bincount(all_targets).max() / len(all_targets))
        perfect = np.where(np.arange(out.shape[1]) == y[:, None], PERFECT, 0.0)
        best, surer = (float(loss(scale * perfect, y)[0]) for scale in (1, 2))
        # smoothed labels make a sure answer expensive; a second softmax makes it no better
        numbers["best_loss"] = best if abs(surer - best) < 1e-3 else 0.0
        numbers["below_floor"] = min(best, surer)
        numbers["doubled"] = float(np.log1p((out.shape[1] - 1) / np.e))
    elif isinstance(loss, BinaryCrossEntropy):
        share = float(np.mean(all_targets))
        hard = np.isin(all_targets, (0, 1)).all()
        numbers["majority"] = max(share, 1 - share) if hard else None
        t = np.clip(np.asarray(y, dtype=np.float64), 1e-12, 1 - 1e-12)
        entropy = float(np.mean(-t * np.log(t) - (1 - t) * np.log(1 - t)))
        numbers["below_floor"] = float(loss(np.log(t) - np.log(1 - t), y)[0]) - entropy
    elif isinstance(loss, MeanSquaredError):
        t = np.asarray(all_targets, dtype=np.float64).reshape(len(all_targets), -1)
        numbers |= {"target_low": float(t.min()), "target_high": float(t.max())}
        numbers["target_size"] = float(np.sqrt(np.mean(t**2, axis=0)).max())
        numbers["target_std"] = float(t.std(axis=0).max())
        numbers["below_floor"] = float(loss(np.asarray(y, dtype=np.float64), y)[0])
    return Outputs(**numbers)


def _validation(network, loss, x, y, val) -> tuple[float, float | None]:
    """Share of validation rows that are training rows; how much lower validation's loss is."""
    x_val, y_val = _checked("val x", network, *val)
    direction = np.random.default_rng(0).normal(size=x.reshape(len(x), -1).shape[1])
    train_marks, val_marks = (
        np.round(part.reshape(len(part), -1).astype(np.float64) @ direction, 6)
        for part in (x, x_val)
    )
    overlap = float(np.mean(np.isin(val_marks, train_marks)))
    means, errors, twin = [], [], network.astype(network.dtype)
    for part, targets in (spread(x, y, MOST_ROWS), spread(x_val, y_val, MOST_ROWS)):
        rows = np.array_split(np.arange(len(part)), min(40, len(part)))
        values = [loss(twin.forward(part[r]), targets[r])[0] for r in rows]
        means.append(np.mean(values))
        errors.append(np.std(values) / np.sqrt(len(values)))
    error = float(np.hypot(*errors))
    return overlap, float((means[0] - means[1]) / error) if error > 0 else None
