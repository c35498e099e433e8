"""A game: fit a straight line by eye, and see where you stand on the loss surface.

The score is the loss against the least that is possible, and the arrow points downhill.
"""

import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.descent import contours
from course_utils.style import BACKWARD, COLORS, FORWARD
from course_utils.widgets.base import Demo, slider

WIN = 1.01  # within one percent of the least possible loss


class BestLineGame(Demo):
    """Slope and intercept by slider, data and line on the left, the loss surface on the right.

    x and y are (N,) and standardized. `shown` points are drawn; the score uses all of them.
    The line through the contours is the player's own path. Reset clears it.
    """

    height = 380
    alt = "Points and a line set by two sliders; beside them the loss surface with the path so far."

    def __init__(self, x: np.ndarray, y: np.ndarray, shown: int = 400) -> None:
        self.x, self.y, self.shown = x, y, shown
        # the loss is a quadratic of w and b: six means say all about it
        self._means = [np.mean(v) for v in (x * x, x, x * y, y, y * y)]
        design = np.column_stack([x, np.ones_like(x)])
        self.best = np.linalg.lstsq(design, y, rcond=None)[0]
        self.lowest = float(self.loss(*self.best))
        self.path: list[tuple[float, float]] = []
        super().__init__()

    def loss(self, w, b):
        """The mean squared error of the line y = w x + b, for numbers or arrays w and b."""
        xx, x, xy, y, yy = self._means
        return w * w * xx + 2 * w * b * x + b * b - 2 * w * xy - 2 * b * y + yy

    def gradient(self, w: float, b: float) -> np.ndarray:
        """dL/dw and dL/db, of shape (2,)."""
        xx, x, xy, y, _ = self._means
        return 2 * np.array([w * xx + b * x - xy, w * x + b - y])

    def make_controls(self):
        return {
            "w": slider("slope w", -0.5, -1.0, 1.5, 0.01),
            "b": slider("intercept b", 0.8, -1.0, 1.0, 0.01),
        }

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2)
        every = max(1, len(self.x) // self.shown)
        left.plot(self.x[::every], self.y[::every], ".", color=COLORS["gray"])
        left.set(xlim=(-2.5, 4.5), ylim=(-2.5, 3.5), xlabel="income", ylabel="price")
        (self.line,) = left.plot([], [], color=FORWARD, linestyle="-", lw=3)
        w, b = np.linspace(-1, 1.5, 80), np.linspace(-1, 1, 80)
        contours(right, w, b, self.loss(*np.meshgrid(w, b)))
        (self.trace,) = right.plot([], [], color=FORWARD, linestyle="-", lw=1.5)
        (self.here,) = right.plot([], [], "o", color=FORWARD, ms=11)
        self.arrow = right.quiver(
            [0], [0], [0], [0], color=BACKWARD, angles="xy", scale_units="xy", scale=1, width=0.012
        )
        right.set_title("orange: the negative gradient", fontsize=13)
        return [self.line, self.trace, self.arrow, self.here]

    def update(self, w: float, b: float) -> str:
        if not self.path or self.path[-1] != (w, b):
            self.path.append((w, b))
        ends = np.array([-2.5, 4.5])
        self.line.set_data(ends, w * ends + b)
        self.trace.set_data(*np.transpose(self.path))
        self.here.set_data([w], [b])
        downhill = -0.25 * self.gradient(w, b)
        self.arrow.set_offsets([[w, b]])
        self.arrow.set_UVC(*downhill[:, None])
        loss = float(self.loss(w, b))
        score = f"Your loss: <b>{loss:.4f}</b>, least possible: {self.lowest:.4f}."
        if loss <= WIN * self.lowest:
            return f"{score} ✓ Within 1%, after {len(self.path)} positions."
        return f"{score} You are {100 * (loss / self.lowest - 1):.0f}% above it."

    def reset(self) -> None:
        self.path.clear()
        super().reset()
