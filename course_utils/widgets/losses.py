"""Dragging a prediction from 0 to 1, with two losses and their gradients side by side.

It shows why a confident mistake hardly moves a sigmoid neuron under squared error.
"""

import numpy as np
from matplotlib.figure import Figure

from course_utils.style import COLORS
from course_utils.widgets.base import Demo, choice, slider

LOOK = {"cross-entropy": (COLORS["blue"], "-", "o"), "squared error": (COLORS["orange"], "--", "s")}


def losses_of(p: np.ndarray, y: float) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For predictions p in (0, 1) and the target y: loss, dL/dp and dL/dz, with p = sigmoid(z).

    Cross-entropy is -log of the probability given to y, squared error is (p - y)^2.
    """
    slope = p * (1 - p)  # dp/dz
    wrong = np.abs(p - y)
    sign = 1.0 if y == 0 else -1.0
    by_p = {"cross-entropy": sign / (1 - wrong), "squared error": 2 * (p - y)}
    value = {"cross-entropy": -np.log(1 - wrong), "squared error": wrong**2}
    return {name: (value[name], by_p[name], by_p[name] * slope) for name in by_p}


class LossExplorer(Demo):
    """Loss and gradient with respect to z against the prediction, with a point on each curve."""

    height = 360
    alt = "Two losses and their gradients by z; a slider moves the prediction from 0 to 1."

    def make_controls(self):
        return {
            "p": slider("prediction p", 0.1, 0.01, 0.99, 0.01),
            "target": choice("target y", "1", ["0", "1"]),
        }

    def draw(self, figure: Figure):
        loss, gradient = figure.subplots(1, 2)
        loss.set(xlim=(0, 1), ylim=(-0.1, 5), xlabel="prediction p", ylabel="loss")
        gradient.set(xlim=(0, 1), ylim=(-1.1, 1.1), xlabel="prediction p", ylabel="dL/dz")
        gradient.axhline(0, color="black", linewidth=1)
        self._curves, self._points = {}, {}
        for name, (color, style, marker) in LOOK.items():
            for axes in (loss, gradient):
                (curve,) = axes.plot([], [], color=color, linestyle=style, label=name)
                (point,) = axes.plot([], [], marker, color=color, ms=12)
                self._curves[name, axes is loss] = curve
                self._points[name, axes is loss] = point
        # the legend shows line styles only, so an empty curve is enough for it
        loss.legend(loc="upper center")
        return [*self._curves.values(), *self._points.values()]

    def update(self, p: float, target: str) -> str:
        y = float(target)
        grid = np.linspace(0.005, 0.995, 199)
        curves, here = losses_of(grid, y), losses_of(np.array([p]), y)
        words = []
        for name, (color, _, _) in LOOK.items():
            value, by_p, by_z = (float(part[0]) for part in here[name])
            for is_loss, all_of_it, now in ((True, 0, value), (False, 2, by_z)):
                self._curves[name, is_loss].set_data(grid, curves[name][all_of_it])
                self._points[name, is_loss].set_data([p], [now])
            words.append(
                f"<b style='color:{color}'>{name}</b>: loss {value:.3f}, "
                f"dL/dp {by_p:+.2f}, dL/dz {by_z:+.4f}"
            )
        return " &nbsp; ".join(words)
