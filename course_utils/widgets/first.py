"""The first demo of the course: one neuron with two knobs.

It shows what a slider does, and that two numbers are enough to hit two points.
"""

import numpy as np
from matplotlib.figure import Figure

from course_utils.style import BACKWARD, FORWARD
from course_utils.widgets.base import Demo, slider

POINTS = np.array([[1.0, 1.0], [3.0, 5.0]])


class FirstNeuron(Demo):
    """The line z = w x + b, two points to hit, and the distance that is left."""

    height = 360
    alt = "A straight line whose slope w and height b two sliders set, and two points to hit."

    def make_controls(self):
        return {"w": slider("w", 0.5, -3.0, 3.0, 0.1), "b": slider("b", 1.0, -3.0, 3.0, 0.1)}

    def draw(self, figure: Figure):
        axes = figure.add_subplot(xlim=(0, 4), ylim=(-3, 8), xlabel="x", ylabel="z = w x + b")
        axes.plot(*POINTS.T, "o", ms=13, color=BACKWARD, label="points to hit")
        (self.line,) = axes.plot([], [], color=FORWARD, linestyle="-", label="the neuron")
        (self.gaps,) = axes.plot([], [], color=BACKWARD, linestyle=":", label="what is missing")
        axes.legend(loc="upper left")
        return [self.gaps, self.line]

    def update(self, w: float, b: float) -> str:
        x = np.array([0.0, 4.0])
        self.line.set_data(x, w * x + b)
        reached = w * POINTS[:, 0] + b
        # pairs of ends with NaN between them: one artist draws both gaps
        ends = np.column_stack([reached, POINTS[:, 1], np.full(2, np.nan)])
        self.gaps.set_data(np.repeat(POINTS[:, 0], 3), ends.ravel())
        missing = float(np.abs(reached - POINTS[:, 1]).sum())
        if missing < 1e-9:
            return "✓ Both points are hit."
        return f"The two gaps together: <b>{missing:.1f}</b>. Bring them to 0."
