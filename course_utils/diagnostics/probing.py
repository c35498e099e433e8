"""Short trainings of copies on real batches: what one look cannot tell, fifty updates show.

Where the first one disappoints, the same is tried with one thing changed: a lower rate, a higher
one, no weight decay. So a verdict on the rate is a measurement, not a guess from one step.
"""

import copy
from dataclasses import dataclass

import numpy as np

from course_utils.diagnostics.copies import (
    at_rate,
    loss_in_training,
    pieces_of,
    repeatable,
    spread,
)
from course_utils.diagnostics.report import Trial
from course_utils.losses import Loss
from course_utils.network import Network
from course_utils.optimizers import SGD, Optimizer

STEPS, LONG = 50, 150  # updates of a trial, and of one that gets more time
LATE = 10  # updates at its end whose gradients are kept
ONE_BATCH_ROWS, ONE_BATCH_STEPS = 64, 10  # "overfit a handful", in small
EVALUATED = 400  # rows whose loss is measured before and after
MOST_WORK = 2e8  # multiplications of one forward pass; larger batches are cut
ROUNDED = 1e-6  # steps below this share of a weight may vanish in float32
TRAINED, UNTAUGHT = 0.2, 0.93  # loss over that of the best constant answer
SUSPICIOUS, HOPELESS, SLOW = 1.8, 20.0, 0.88  # against a lower rate, and against the start
PLAIN_RATE = 0.01  # of the trial where no optimizer was given


@dataclass(frozen=True)
class Marks:
    """What the first trial leaves behind, layer by layer: late gradients, what never moved."""

    gradients: list[float | None]
    still: list[tuple[str, ...]]
    stale: list[bool]


class Trials:
    """Trainings of copies of one network, all on the same batches and judged on the same rows."""

    def __init__(self, network: Network, loss: Loss, x, y, batches: list, work: float) -> None:
        self.network, self.loss = network, loss
        rows = max(2, int(MOST_WORK / max(work, 1)))
        self.batches = [(xb[:rows], yb[:rows]) for xb, yb in batches]
        self.evaluated = spread(x, y, min(EVALUATED, rows))
        self.start = loss_in_training(network, loss, *self.evaluated)

    def run(self, optimizer, factor=1.0, steps=STEPS, **changes) -> tuple[Trial, Marks]:
        """Train a copy: `factor` times the rate, and the optimizer's settings in `changes`."""
        network, optimizer = copy.deepcopy(self.network), at_rate(optimizer, factor, **changes)
        pieces, losses, late = pieces_of(network), [], []
        before = network.snapshot()
        largest = np.zeros_like(network.theta)
        for step in range(steps):
            x, y = self.batches[step % len(self.batches)]
            value, grad_outputs = self.loss(network.forward(x, True), y)
            losses.append(float(value))
            if not np.isfinite(value):
                break
            network.backward(grad_outputs, input_gradient=False)
            np.maximum(largest, np.abs(network.grad), out=largest)
            late.append([float(np.linalg.norm(network.grad[piece])) for piece in pieces])
            optimizer.step(network.theta, network.grad)
        broke = not (np.isfinite(losses[-1]) and np.isfinite(network.theta).all())
        end = np.inf if broke else loss_in_training(network, self.loss, *self.evaluated)
        end = float(end) if np.isfinite(end) else np.inf
        changed = ", ".join(f"{name} {value:g}" for name, value in changes.items())
        trial = Trial(factor, tuple(losses), self.start, end, changed)
        marks = self._marks(network, before, largest, optimizer.lr, late[-LATE:], broke)
        return trial, marks

    def _marks(self, network, before, largest, lr, late, broke) -> Marks:
        gradients, still, stale, start = [], [], [], 0
        for index, layer in enumerate(network.layers):
            names = []
            for name, array in layer.params.items():
                most = float(largest[start : start + array.size].max(initial=0))
                start += array.size
                old = before[f"{index}.{name}"]
                # a step that float32 rounds away moves nothing, and is no fault of the layer
                seen = lr * min(1.0, most) > ROUNDED * np.abs(old).max(initial=0)
                if most > 0 and seen and np.array_equal(old, array):
                    names.append(name)
            still.append(tuple(names))
            same = [np.array_equal(before[f"{index}.{n}"], a) for n, a in layer.buffers.items()]
            stale.append(bool(same) and all(same))
            norms = [row[index] for row in late]
            known = bool(layer.params) and not broke and len(norms) > 1
            gradients.append(float(np.mean(norms)) if known else None)
        return Marks(gradients, still, stale)


def own_batches(x: np.ndarray, y: np.ndarray, size: int) -> list:
    """Shuffled batches of our own, enough for a trial, where the training's are not usable."""
    rng, found, size = np.random.default_rng(0), [], min(size, len(x))
    while len(found) < STEPS:
        order = rng.permutation(len(x))
        for start in range(0, len(x) - size + 1, size):
            chosen = order[start : start + size]
            found.append((x[chosen], y[chosen]))
    return found[:STEPS]


def try_out(trials: Trials, optimizer: Optimizer | None, chance: float | None, decay_share: float):
    """The trial at the optimizer's own rate, its marks, and those that its result asks for."""
    own = optimizer or SGD(PLAIN_RATE)
    first, marks = trials.run(own)
    found = [first]
    if optimizer is None or optimizer.lr == 0:
        return found, marks
    level = first.start if chance is None else chance
    if decay_share > 1 and first.end > 0.5 * level:
        found.append(trials.run(own, weight_decay=0.0)[0])
    if not first.end < TRAINED * level:
        lower = [trials.run(own, 0.1)[0]]
        suspicious = not first.end < min(UNTAUGHT * level, SUSPICIOUS * lower[0].end)
        if suspicious and first.end < HOPELESS * max(level, first.start):
            found[0], _ = trials.run(own, steps=LONG)  # the first steps of some methods are long
        if not found[0].end < UNTAUGHT * level and not lower[0].end < UNTAUGHT * level:
            lower += [trials.run(own, factor)[0] for factor in (0.01, 0.001)]
        found += lower
    if first.start > 0.5 * level and SLOW * first.start < first.end < np.inf:
        found += [trials.run(own, factor)[0] for factor in (10.0, 100.0, 1e4)]
        if min(trial.end for trial in found) > SLOW * first.start:
            found.append(trials.run(own, 1e6)[0])
        if len(found[0].losses) < LONG:
            found[0], _ = trials.run(own, steps=LONG)  # the same patience for slow ones
    return found, marks


def one_batch(network: Network, loss: Loss, optimizer, x, y) -> tuple[float, ...] | None:
    """The loss of one batch before and after each of ten steps of a copy of the optimizer."""
    if optimizer is None:
        return None
    forward, optimizer, losses = repeatable(network), copy.deepcopy(optimizer), []
    x, y = spread(x, y, ONE_BATCH_ROWS)
    for _ in range(ONE_BATCH_STEPS + 1):
        value, grad_outputs = loss(forward(x, True), y)
        losses.append(value)
        if not np.isfinite(value):
            break
        network.backward(grad_outputs, input_gradient=False)
        optimizer.step(network.theta, network.grad)
    return tuple(losses)
