"""Is backward right? Its gradient is compared with measured slopes, for each parameter array.

All in training mode and in float64. Along the gradient alone a zeroed entry would go unseen, so
slopes are measured along random directions, and along the entries that backward leaves at 0.
"""

import numpy as np

from course_utils.diagnostics.copies import repeatable
from course_utils.diagnostics.report import Slope
from course_utils.losses import Loss
from course_utils.network import Network

STEPS = (1e-6, 1e-8, 1e-4)  # lengths of the step, tried until both sides of it agree
AGREE = 0.02  # slopes to the left and to the right that differ by more see a kink
DIRECTIONS = 3  # at random, for each array
ROUNDING = 1e-8  # a gradient below this share of the loss drowns in the rounding of it


def measure_slopes(network: Network, loss: Loss, x: np.ndarray, y: np.ndarray) -> list[tuple]:
    """Of each layer: one `Slope` for each of its parameter arrays that can be judged.

    `network` is a copy in float64 and is used up. An empty tuple for a layer without parameters,
    for all of them if two forward passes differ or the loss is no finite number.
    """
    forward, rng = repeatable(network), np.random.default_rng(0)
    none = [() for _ in network.layers]

    def value() -> float:
        return loss(forward(x, True), y)[0]

    network.grad[...] = 0
    first, grad_outputs = loss(forward(x, True), y)
    network.backward(grad_outputs, input_gradient=False)
    gradient = network.grad.copy()
    again, grad_outputs = loss(forward(x, True), y)
    network.backward(grad_outputs, input_gradient=False)
    second = network.grad.copy()
    if not (np.isfinite(first) and np.isfinite(gradient).all() and first == again):
        return none
    found, start = [], 0
    for index, layer in enumerate(network.layers):
        slopes = []
        for name, array in layer.params.items():
            piece = slice(start, start + array.size)
            start += array.size
            slopes.append(
                _one_array(network.theta, piece, gradient, second, first, value, rng, index, name)
            )
        found.append(tuple(slope for slope in slopes if slope is not None))
    return found


def _one_array(theta, piece, gradient, second, base, value, rng, index, name) -> Slope | None:
    g, floor = gradient[piece], ROUNDING * max(abs(base), 1e-3)
    adds_up = bool(np.abs(second[piece] - g).max(initial=0) > 1e-6 * np.abs(g).max(initial=0))
    size, moving = float(np.linalg.norm(g)), g != 0
    measure = _Slopes(theta, piece, base, value, floor)
    along = measure(g / size) if size > floor else None
    random, backward = [], []
    for _ in range(DIRECTIONS if moving.any() else 0):
        u = rng.normal(size=g.size) * moving
        u /= np.linalg.norm(u)
        slope = measure(u)
        if slope is not None:
            random.append(slope)
            backward.append(float(g @ u))
    root = np.sqrt(moving.sum())
    real = float(np.sqrt(np.mean(np.square(random)))) * root if random else 0.0
    silent = 0.0
    if not moving.all():
        u = rng.normal(size=g.size) * ~moving
        slope = measure(u / np.linalg.norm(u))
        share = (~moving).sum() ** 0.5 * abs(slope or 0.0)
        if share > max(20 * floor, 1e-3 * max(size, real)):
            silent = float(np.mean(~moving))
    if max(size, real) <= 20 * floor:
        return Slope(index, name, None, 0.0, silent, adds_up) if silent or adds_up else None
    if along is None and not random:
        return None
    factor = None
    if along is not None:
        factor = size / along if abs(along) > floor else np.inf
    error = 0.0
    if random:
        scale = 1.0 if factor is None or not np.isfinite(factor) else factor
        rest = np.subtract(backward, np.multiply(scale, random))
        error = float(np.sqrt(np.mean(rest**2)) * root / max(size, abs(scale) * real))
        if np.sqrt(np.mean(rest**2)) * (1 + abs(scale)) < 2 * floor:
            error = 0.0
    return Slope(index, name, None if factor is None else float(factor), error, silent, adds_up)


class _Slopes:
    """The slope of the loss along a direction of one array; None where there is a kink."""

    def __init__(self, theta, piece, base, value, floor) -> None:
        self.theta, self.piece, self.base, self.value = theta, piece, base, value
        self.floor = floor
        self.kept = theta[piece].copy()

    def __call__(self, direction: np.ndarray) -> float | None:
        for step in STEPS:
            sides = []
            for signed in (step, -step):
                self.theta[self.piece] = self.kept + signed * direction
                sides.append(self.value())
            self.theta[self.piece] = self.kept
            right, left = (sides[0] - self.base) / step, (self.base - sides[1]) / step
            largest = max(abs(right), abs(left))
            noise = self.floor * (STEPS[0] / step)
            if abs(right - left) <= AGREE * largest + noise:
                return (right + left) / 2
        return None
