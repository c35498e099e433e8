"""Is the backward pass right? Compare its gradient with finite differences of the loss.

Slow and trustworthy: two forward passes for every single parameter, in float64.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_utils.layers import Dropout, Layer, LeakyReLU, MaxPool2D, ReLU
from course_utils.losses import Loss
from course_utils.network import Network
from course_utils.validation import require_number, require_result


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Central differences (f(x + eps) - f(x - eps)) / (2 eps), entry by entry; x's shape.

    The error falls as eps^2 until rounding takes over: near eps = 1e-5 in float64 both are small.
    `f` gets a float64 copy; x itself stays as it is.
    """
    require_number("eps", eps, low=np.finfo(float).tiny)
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        value = x[index]
        x[index] = value + eps
        above = require_result(f(x))
        x[index] = value - eps
        below = require_result(f(x))
        x[index] = value
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def relative_error(a: np.ndarray, b: np.ndarray, floor: float = 0.0) -> float:
    """The largest difference, relative to the largest entry: max|a - b| / max(|a|, |b|, floor).

    0 for equal arrays, also for two of zeros; 0.5 if one is twice the other; 2 for a wrong sign;
    infinite as soon as one entry is NaN or infinite.
    Dividing by the largest entry, not by each entry's own size, keeps the rounding of tiny
    entries from raising an alarm, and a wrong entry of a millionth of the largest still shows.
    """
    floor = require_number("floor", floor, low=0.0)
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"a has shape {a.shape}, b has shape {b.shape}, expected one shape")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.inf
    scale = max(np.abs(a).max(initial=floor), np.abs(b).max(initial=floor))
    return float(np.abs(a - b).max(initial=0.0) / scale) if scale > 0 else 0.0


@dataclass(frozen=True)
class ParameterCheck:
    """The comparison for one parameter; `worst` is the index of its largest difference."""

    name: str
    relative_error: float
    worst: tuple[int, ...]
    backprop: float
    numerical: float
    checked: int
    skipped: int
    kinks: str = "ReLU kink"

    def __str__(self) -> str:
        if self.checked == 0:
            return f"{self.name}: not checked, all {self.skipped} entries lie at a {self.kinks}"
        where = f"[{', '.join(map(str, self.worst))}]"
        kinks = f", {self.skipped} at a {self.kinks} left out" if self.skipped else ""
        return (
            f"{self.name}: relative error {self.relative_error:.1e}; worst at {where}, "
            f"backprop {self.backprop:.6g}, numerical {self.numerical:.6g} "
            f"({self.checked} checked{kinks})"
        )


@dataclass(frozen=True)
class GradientReport:
    """One `ParameterCheck` a parameter, in the network's order."""

    parameters: tuple[ParameterCheck, ...]

    @property
    def worst(self) -> ParameterCheck:
        """The parameter with the largest relative error."""
        return max(self.parameters, key=lambda check: check.relative_error)

    @property
    def relative_error(self) -> float:
        """The largest relative error of all parameters."""
        return self.worst.relative_error

    @property
    def skipped(self) -> int:
        """How many entries were left out because a kink lies within eps."""
        return sum(check.skipped for check in self.parameters)

    def passed(self, tolerance: float = 1e-6) -> bool:
        """Whether all relative errors lie below `tolerance`, and something was compared at all."""
        return self.relative_error < tolerance and any(c.checked for c in self.parameters)

    def __getitem__(self, name: str) -> ParameterCheck:
        found = {check.name: check for check in self.parameters}
        if name not in found:
            raise KeyError(f"there is no parameter {name!r}, expected one of {list(found)}")
        return found[name]

    def __str__(self) -> str:
        return "\n".join(map(str, self.parameters))


def check_gradients(
    network: Network,
    loss: Loss,
    x: np.ndarray,
    y: np.ndarray,
    eps: float = 1e-5,
    training: bool = False,
) -> GradientReport:
    """Compare `network.backward` with finite differences, on a float64 copy of the network.

    x is (N, D) or (N, H, W, C), y what the loss expects. With `training=True` batch norm uses the
    batch's statistics, and dropout the same mask in every forward pass. Entries whose change by eps
    moves some ReLU across its kink, or makes another pixel the largest of a pooling window (a
    kink, too), have no derivative to compare: they are left out and counted.
    Errors are relative to at least the floor at which the rounding of the loss, divided by eps,
    makes an error of 1e-7: so a gradient of exactly 0, as of a bias before batch norm, passes.
    """
    require_number("eps", eps, low=np.finfo(float).tiny)
    twin = network.astype(np.float64)
    if twin.theta.size == 0:
        raise ValueError(f"{network!r} has no parameters to check")
    generators = [layer.rng for layer in twin.layers if isinstance(layer, Dropout)]
    states = [rng.bit_generator.state for rng in generators]

    def forward() -> np.ndarray:
        for rng, state in zip(generators, states, strict=True):
            rng.bit_generator.state = state
        return twin.forward(x, training=training)

    def value_and_kinks() -> tuple[float, list[np.ndarray]]:
        value, _ = loss(forward(), y)
        return value, [side for side in map(_side_of_kinks, twin.layers) if side is not None]

    value, grad_outputs = loss(forward(), y)
    floor = np.finfo(float).eps * max(1.0, abs(value)) / eps / 1e-7
    twin.backward(grad_outputs)
    backprop = twin.grad.copy()
    numerical = np.empty_like(backprop)
    smooth = np.ones(backprop.size, dtype=bool)
    for i, parameter in enumerate(twin.theta.copy()):
        twin.theta[i] = parameter + eps
        above, sides_above = value_and_kinks()
        twin.theta[i] = parameter - eps
        below, sides_below = value_and_kinks()
        twin.theta[i] = parameter
        numerical[i] = (above - below) / (2 * eps)
        smooth[i] = all(map(np.array_equal, sides_above, sides_below))
    return GradientReport(tuple(_parameter_checks(twin, backprop, numerical, smooth, floor)))


def _side_of_kinks(layer: Layer) -> np.ndarray | None:
    """On which side of each kink the last forward pass was; None for a layer without kinks."""
    if isinstance(layer, (ReLU, LeakyReLU)):
        return layer.cache
    return layer.winners() if isinstance(layer, MaxPool2D) else None


def _parameter_checks(network, backprop, numerical, smooth, floor):
    start, pools = 0, any(isinstance(layer, MaxPool2D) for layer in network.layers)
    for name, array in network.named_parameters():
        part = slice(start, start + array.size)
        start += array.size
        a, b, used = backprop[part], numerical[part], smooth[part]
        worst = int(np.argmax(np.where(used, np.abs(a - b), -1.0)))
        yield ParameterCheck(
            name=name,
            relative_error=relative_error(a[used], b[used], floor),
            worst=tuple(int(i) for i in np.unravel_index(worst, array.shape)),
            backprop=float(a[worst]),
            numerical=float(b[worst]),
            checked=int(used.sum()),
            skipped=int((~used).sum()),
            kinks="ReLU or pooling kink" if pools else "ReLU kink",
        )
