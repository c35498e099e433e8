"""The optimizer playground: choose a landscape, a method and its settings, and walk.

Every change runs the optimizer of the course anew; nothing is precomputed.
"""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from course_utils import landscapes
from course_utils.landscapes import Landscape, descend
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from course_utils.plots.landscapes import draw_landscape, loss_floor
from course_utils.style import COLORS
from course_utils.widgets.base import LAYOUT, STYLE, Demo, choice, slider

LANDSCAPES = {
    landscape.name: landscape
    for landscape in (
        landscapes.RAVINE,
        landscapes.ROSENBROCK,
        landscapes.SADDLE,
        landscapes.BUMPY_BOWL,
        landscapes.HIMMELBLAU,
        landscapes.QUADRATIC_BOWL,
    )
}
METHODS = {
    "SGD": lambda lr, beta1, beta2: SGD(lr),
    "Momentum": lambda lr, beta1, beta2: Momentum(lr, momentum=beta1),
    "Nesterov": lambda lr, beta1, beta2: Nesterov(lr, momentum=beta1),
    "AdaGrad": lambda lr, beta1, beta2: AdaGrad(lr),
    "RMSProp": lambda lr, beta1, beta2: RMSProp(lr, decay=beta2),
    "Adam": lambda lr, beta1, beta2: Adam(lr, beta1=beta1, beta2=beta2),
    "AdamW": lambda lr, beta1, beta2: AdamW(lr, beta1=beta1, beta2=beta2),
}
BETAS_1 = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
BETAS_2 = (0.0, 0.5, 0.9, 0.99, 0.999)
LOSS_LIMITS = (1e-12, 1e4)
ARROW_INCHES = 0.55


class OptimizerPlayground(Demo):
    """One walk of `steps` steps: the path over the contours, and the loss along it.

    `beta1` is the momentum of Momentum, Nesterov and Adam; `beta2` the decay of RMSProp and Adam.
    At the end of the walk two arrows of equal length show the way of the last step (green; with
    momentum, minus the velocity) and the negative gradient there (orange). The background is
    drawn once for each landscape.
    """

    height = 350
    alt = "A path of an optimizer over contour lines, and its loss; sliders set method and rate."

    def __init__(self, landscape: Landscape = landscapes.RAVINE, method: str = "SGD") -> None:
        if landscape.name not in LANDSCAPES:
            raise ValueError(f"landscape is {landscape.name!r}, expected one of {[*LANDSCAPES]}")
        if method not in METHODS:
            raise ValueError(f"method is {method!r}, expected one of {[*METHODS]}")
        self._first = (landscape, method)
        super().__init__()

    def make_controls(self):
        landscape, method = self._first
        controls = {
            "landscape": choice("landscape", landscape.name, LANDSCAPES),
            "method": choice("method", method, METHODS),
            "lr": slider("lr", 0.01, -4, 1, 0.05, log=True),
            "steps": slider("steps", 60, 1, 200, 1, whole=True),
            "beta1": _one_of("beta1", 0.9, BETAS_1),
            "beta2": _one_of("beta2", 0.999, BETAS_2),
            "x": slider("start x", landscape.start[0], *landscape.x_range, 0.05),
            "y": slider("start y", landscape.start[1], *landscape.y_range, 0.05),
        }
        controls["landscape"].observe(self._move_start, names="value")
        return controls

    def _move_start(self, change) -> None:
        """Another landscape has other ranges: move the start there, without a render for each."""
        landscape = LANDSCAPES[change["new"]]
        listening, self._listening = self._listening, False
        for name, (low, high), start in zip(
            "xy", (landscape.x_range, landscape.y_range), landscape.start, strict=True
        ):
            control = self.controls[name]
            control.min, control.max, control.value = low, high, start
        self._listening = listening

    def draw(self, figure: Figure):
        self._shown = None
        self._map, self._curve = figure.subplots(1, 2, width_ratios=(1.25, 1))
        return self._draw_background(self._first[0])

    def _draw_background(self, landscape: Landscape):
        """Contours and axes of this landscape, and new artists that will move over them."""
        for axes in (self._map, self._curve):
            axes.clear()
        draw_landscape(self._map, landscape)
        self._curve.set(xlabel="step", ylabel="loss", xlim=(0, 200))
        if landscape.minima:
            self._curve.set(yscale="log", ylim=LOSS_LIMITS)
        else:  # a saddle: the loss has no floor
            self._curve.set(ylim=(-4, 4))
        (self._path,) = self._map.plot([], [], ".-", ms=5, lw=1.5, color=COLORS["blue"], zorder=6)
        (self._start,) = self._map.plot([], [], "o", ms=11, mfc="white", mec="black", zorder=7)
        (self._end,) = self._map.plot([], [], "s", ms=9, mfc=COLORS["blue"], mec="black", zorder=7)
        (self._loss,) = self._curve.plot([], [], "-", lw=2.4, color=COLORS["blue"])
        self._arrows = [
            self._map.quiver(
                *([0.0], [0.0], [0.0], [0.0]),
                color=COLORS[color],
                angles="uv",
                scale_units="inches",
                scale=1 / ARROW_INCHES,
                width=width,
                zorder=8,
                label=label,
            )
            for color, width, label in (
                ("green", 0.014, "way of the last step"),
                ("orange", 0.007, "negative gradient"),
            )
        ]
        self._curve.legend(handles=self._arrows, loc="upper right", fontsize=12)
        self._shown = landscape.name
        return [self._path, self._start, self._end, self._loss, *self._arrows]

    def update(self, landscape, method, lr, steps, beta1, beta2, x, y) -> str:
        surface = LANDSCAPES[landscape]
        if landscape != self._shown:
            self.move_only(self._draw_background(surface))
        path = descend(surface, METHODS[method](lr, beta1, beta2), (x, y), steps)
        with np.errstate(over="ignore", invalid="ignore"):
            losses = surface(path)
        # far outside, a line of 1e300 would overflow in the drawing
        drawn = path[: _first_outside(path)]
        self._path.set_data(*drawn.T)
        self._start.set_data(*path[:1].T)
        self._end.set_data(*drawn[-1:].T)
        shown = loss_floor(losses) if surface.minima else losses[: len(drawn)]
        self._loss.set_data(np.arange(len(shown)), np.minimum(shown, 1e12))
        self._point(self._arrows[0], drawn[-1], drawn[-1] - drawn[-2])
        self._point(self._arrows[1], drawn[-1], -surface.gradient(drawn[-1]))
        return self._sentence(method, surface, path, losses)

    def _point(self, arrow, place, direction) -> None:
        """Put an arrow at a place; its length is fixed, its direction that seen on the page."""
        size = self._map.get_position().bounds[2:] * self.figure.get_size_inches()
        spans = [np.diff(self._map.get_xlim())[0], np.diff(self._map.get_ylim())[0]]
        seen = np.asarray(direction) * size / spans
        length = np.hypot(*seen)
        arrow.set_offsets([place])
        arrow.set_UVC(*(seen / length if length > 0 else seen)[:, None])

    def _sentence(self, method, surface, path, losses) -> str:
        outside = np.flatnonzero(~np.isfinite(losses) | (np.abs(losses) > 1e8))
        if outside.size:
            return f"<b>{method}</b> has left the picture: diverged by step {outside[0]}."
        text = f"<b>{method}</b>: loss <b>{losses[-1]:.3g}</b> after {len(path) - 1} steps"
        below = np.flatnonzero(losses < 1e-3) if surface.minima else np.array([], int)
        text += f"; first below 0.001 at step {below[0]}." if below.size else "."
        if method == "AdamW":
            text += " Its weight decay pulls towards (0, 0)."
        return text


def _one_of(label: str, value: float, options) -> ipywidgets.SelectionSlider:
    """A slider over a few settings that people use."""
    return ipywidgets.SelectionSlider(
        description=label, value=value, options=options, layout=LAYOUT, style=STYLE
    )


def _first_outside(path: np.ndarray) -> int:
    """How many points to draw: up to the first that lies far outside or is no number."""
    outside = ~(np.abs(path) < 1e3).all(axis=1)
    return max(int(outside.argmax()), 2) if outside.any() else len(path)
