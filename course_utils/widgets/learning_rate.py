"""Exploring the learning rate on the parabola f(x) = (x - 3)^2 + 1, with momentum and noise.

The curvature is 2 everywhere, so a rate of 0.5 is exact and a rate of 1 is the edge.
"""

import numpy as np
from matplotlib.figure import Figure

from course_utils.optimizers import Momentum
from course_utils.style import BACKWARD, COLORS, FORWARD
from course_utils.widgets.base import Demo, slider


def descend_parabola(
    lr: float, momentum: float, noise: float, steps: int, start: float = 0.0, seed: int = 0
) -> np.ndarray:
    """The points x visited from `start`, of shape (steps + 1,).

    Normal noise of standard deviation `noise` is added to each gradient 2 (x - 3).
    """
    rng = np.random.default_rng(seed)
    optimizer, x = Momentum(lr, momentum), np.array([start])
    visited = [start]
    for _ in range(steps):
        optimizer.step(x, 2 * (x - 3) + noise * rng.normal(size=1))
        visited.append(float(x[0]))
    return np.array(visited)


class LearningRateExplorer(Demo):
    """The visited points on the parabola, and the distance from the minimum after each step."""

    height = 360
    alt = "A parabola with the points that gradient descent visits, and their distance from 3."

    def make_controls(self):
        return {
            "lr": slider("rate", 0.1, 0.01, 1.2, 0.01),
            "momentum": slider("momentum", 0.0, 0.0, 0.95, 0.05),
            "noise": slider("noise", 0.0, 0.0, 3.0, 0.1),
            "steps": slider("steps", 20, 1, 60, 1, whole=True),
        }

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2)
        x = np.linspace(-3, 9, 200)
        left.plot(x, (x - 3) ** 2 + 1, color=COLORS["gray"], linestyle="-")
        left.set(xlim=(-3, 9), ylim=(0, 36), xlabel="x", ylabel="f(x)")
        right.set(xlim=(0, 60), ylim=(1e-8, 1e4), yscale="log", xlabel="step", ylabel="|x - 3|")
        (self.points,) = left.plot(
            [], [], marker=".", color=BACKWARD, linestyle="--", lw=1.2, ms=10
        )
        (self.start,) = left.plot([0], [10], "o", ms=12, mfc="white", mec=BACKWARD, mew=2.2)
        (self.distance,) = right.plot([], [], marker=".", color=FORWARD, linestyle="-", ms=8)
        return [self.points, self.start, self.distance]

    def update(self, lr: float, momentum: float, noise: float, steps: int) -> str:
        x = descend_parabola(lr, momentum, noise, steps)
        self.points.set_data(x, (x - 3) ** 2 + 1)
        far = np.abs(x - 3)
        # a log axis has no place for 0: draw it at the bottom
        self.distance.set_data(np.arange(len(x)), np.maximum(far, 1e-8))
        verdict = "closer than" if far[-1] < far[0] else "further away than"
        return (
            f"After {steps} steps x = <b>{x[-1]:.6g}</b>, {far[-1]:.2g} from the minimum: "
            f"{verdict} at the start."
        )
