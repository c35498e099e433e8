"""Loss surfaces over two parameters, to watch an optimizer move.

Each has its value, its exact gradient and its minima, so that nothing in a picture is guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_utils.validation import require_count


@dataclass(frozen=True)
class Landscape:
    """A function of theta = (x, y), called as `landscape(theta)`, with `landscape.gradient(theta)`.

    theta has shape (2,) or (..., 2), for whole grids at once. `minima` holds all points of lowest
    value (none for a function without one); `minimum` is the first of them. `x_range` and
    `y_range` are what a picture should show, `start` a good point to begin at.
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    slopes: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    minima: tuple[tuple[float, float], ...]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    start: tuple[float, float]

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """The value at each point, of shape (...); a float for a single point."""
        value = self.value(*self._coordinates(theta))
        return float(value) if np.ndim(value) == 0 else value

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """The gradient (uphill) at each point, of theta's shape."""
        slopes = self.slopes(*self._coordinates(theta))
        return np.stack(np.broadcast_arrays(*slopes), axis=-1).astype(np.float64)

    @property
    def minimum(self) -> np.ndarray | None:
        """The first of the lowest points, of shape (2,), or None where the function has none."""
        return np.array(self.minima[0]) if self.minima else None

    def grid(self, points: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x (points,), y (points,) and the values (points, points), ready for `contour`."""
        require_count("points", points, low=2)
        x = np.linspace(*self.x_range, points)
        y = np.linspace(*self.y_range, points)
        return x, y, self(np.stack(np.meshgrid(x, y), axis=-1))

    def _coordinates(self, theta):
        theta = np.asarray(theta, dtype=np.float64)
        if theta.ndim == 0 or theta.shape[-1] != 2:
            raise ValueError(f"theta has shape {theta.shape}, expected (2,) or (..., 2)")
        return theta[..., 0], theta[..., 1]


QUADRATIC_BOWL = Landscape(
    name="quadratic bowl",
    value=lambda x, y: (x**2 + y**2) / 2,
    slopes=lambda x, y: (x, y),
    minima=((0.0, 0.0),),
    x_range=(-3.0, 3.0),
    y_range=(-3.0, 3.0),
    start=(-2.5, 2.0),
)
"""Curvature 1 in every direction: the easy case."""

RAVINE = Landscape(
    name="ravine",
    value=lambda x, y: (x**2 + 50 * y**2) / 2,
    slopes=lambda x, y: (x, 50 * y),
    minima=((0.0, 0.0),),
    x_range=(-5.0, 5.0),
    y_range=(-1.5, 1.5),
    start=(-4.5, 1.0),
)
"""Curvature 1 along x, 50 across: the rate that suits one direction does not suit the other."""

ROSENBROCK = Landscape(
    name="Rosenbrock",
    value=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    slopes=lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
    minima=((1.0, 1.0),),
    x_range=(-1.8, 1.8),
    y_range=(-0.8, 2.6),
    start=(-1.0, 1.0),
)
"""A bent valley that is nearly flat along its floor. Rosenbrock 1960."""

SADDLE = Landscape(
    name="saddle",
    value=lambda x, y: (x**2 - y**2) / 2,
    slopes=lambda x, y: (x, -y),
    minima=(),
    x_range=(-2.0, 2.0),
    y_range=(-2.0, 2.0),
    start=(-1.8, 0.01),
)
"""Uphill along x, downhill along y; at the origin the gradient is 0 and nothing is lowest."""

BUMPY_BOWL = Landscape(
    name="bumpy bowl",
    value=lambda x, y: (x**2 + y**2) / 20 + 2 - np.cos(2 * x) - np.cos(2 * y),
    slopes=lambda x, y: (x / 10 + 2 * np.sin(2 * x), y / 10 + 2 * np.sin(2 * y)),
    minima=((0.0, 0.0),),
    x_range=(-5.0, 5.0),
    y_range=(-5.0, 5.0),
    start=(-4.0, 3.4),
)
"""A bowl with a lattice of bumps: many local minima, one lowest. After Rastrigin 1974."""

HIMMELBLAU = Landscape(
    name="Himmelblau",
    value=lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    slopes=lambda x, y: (
        4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7),
        2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7),
    ),
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ),
    x_range=(-5.0, 5.0),
    y_range=(-5.0, 5.0),
    start=(0.0, -4.5),
)
"""Four minima of equal depth: where you end depends on where you start. Himmelblau 1972."""


def descend(landscape: Landscape, optimizer, start, steps: int) -> np.ndarray:
    """Let `optimizer` take `steps` steps from `start`; return the path, of shape (steps + 1, 2).

    `optimizer` is any with `step(theta, grad)`, fresh. A path that leaves the range of floats goes
    on as infinity or NaN: that is what happened.
    """
    steps = require_count("steps", steps, low=0)
    theta = np.array(start, dtype=np.float64)
    if theta.shape != (2,):
        raise ValueError(f"start has shape {theta.shape}, expected (2,)")
    path = np.empty((steps + 1, 2))
    path[0] = theta
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(1, steps + 1):
            optimizer.step(theta, landscape.gradient(theta))
            path[i] = theta
    return path
