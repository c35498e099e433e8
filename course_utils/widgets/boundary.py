"""The boundary explorer: a small network learns two classes in the plane, and you set its size.

It trains anew when a setting changes, and a slider walks through what was recorded.
"""

import importlib

import contourpy
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from course_utils.losses import BinaryCrossEntropy
from course_utils.network import ACTIVATIONS, Network, mlp
from course_utils.optimizers import Adam
from course_utils.plots.boundaries import CLASS_COLORS, CLASS_MARKERS, plane, probability_colors
from course_utils.style import COLORS
from course_utils.widgets.base import Demo, choice, slider

EXAMPLES = 160
STEPS = 300
EVERY = 5
LIMIT = 2.5
SIDE = 50
LR = 0.05
DATA = ("moons", "circles", "XOR")


def plane_data(name: str, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """160 examples (N, 2) in the square of the picture and their labels (N, 1), half of each class.

    `noise` is the standard deviation by which each coordinate is off.
    """
    if name not in DATA:
        raise ValueError(f"name is {name!r}, expected one of {[*DATA]}")
    seed = int(rng.integers(2**31))
    if name == "moons":
        from sklearn.datasets import make_moons  # here, for scikit-learn takes a second

        x, y = make_moons(EXAMPLES, random_state=seed)
        x = (x - [0.5, 0.25]) * 1.3
    elif name == "circles":
        from sklearn.datasets import make_circles

        x, y = make_circles(EXAMPLES, factor=0.45, random_state=seed)
        x = x * 1.6
    else:
        corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
        x, y = np.tile(corners, (EXAMPLES // 4, 1)), np.tile([0, 1, 1, 0], EXAMPLES // 4)
        x = x + rng.uniform(-0.5, 0.5, x.shape)
    return x + rng.normal(0, noise, x.shape), y[:, None].astype(float)


class BoundaryExplorer(Demo):
    """A network 2-hidden-1 trained with Adam for 300 full-batch steps on one of three data sets.

    The fill is the probability of class 1, the black line the boundary, the thin dashed lines the
    places where a hidden unit is 0: there a ReLU has its fold. On the right the loss of the whole
    run, with a dot at the step that is shown. Everything follows from the settings: the same
    settings give the same picture.
    """

    height = 410
    alt = "Two classes in the plane and a network's boundary; sliders set hidden units and step."

    def make_controls(self):
        # a second that is better spent before the page knows of the first control
        importlib.import_module("sklearn.datasets")
        return {
            "data": choice("data", "moons", DATA),
            "noise": slider("noise", 0.15, 0, 0.5, 0.05),
            "activation": choice("activation", "tanh", ACTIVATIONS),
            "hidden": slider("hidden", 4, 1, 16, 1, whole=True),
            "seed": slider("start", 0, 0, 20, 1, whole=True),
            "step": slider("step", STEPS, 0, STEPS, EVERY, whole=True),
        }

    def draw(self, figure: Figure):
        self._trained = None
        self._grid = plane(LIMIT, SIDE)
        self._side = np.linspace(-LIMIT, LIMIT, SIDE)
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
        left.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal")
        left.set(xlabel="$x_1$", ylabel="$x_2$")
        left.grid(False)
        self._fill = left.imshow(
            np.full((SIDE, SIDE), 0.5),
            cmap=probability_colors(),
            vmin=0,
            vmax=1,
            origin="lower",
            extent=(-LIMIT, LIMIT, -LIMIT, LIMIT),
            interpolation="nearest",
        )
        self._folds = LineCollection([], colors=COLORS["gray"], linestyles="--", linewidths=1.2)
        self._boundary = LineCollection([], colors="black", linewidths=2.4)
        for lines, height in ((self._folds, 2), (self._boundary, 4)):
            lines.set_zorder(height)
            left.add_collection(lines)
        self._points = [
            left.plot([], [], CLASS_MARKERS[k], ms=5, mec="white", mew=0.5, c=CLASS_COLORS[k])[0]
            for k in (0, 1)
        ]
        (self._curve,) = right.plot([], [], "-", lw=2.4, color=COLORS["blue"])
        (self._now,) = right.plot([], [], "o", ms=10, c=COLORS["orange"], clip_on=False)
        right.axhline(np.log(2), ls=":", lw=1.5, color=COLORS["gray"])
        right.text(STEPS, np.log(2) * 1.15, "ln 2: knows nothing", ha="right", fontsize=12)
        right.set(xlim=(0, STEPS), ylim=(1e-3, 2), yscale="log", xlabel="step")
        right.set_ylabel("training loss")
        return [
            self._fill,
            self._folds,
            self._boundary,
            *self._points,
            self._curve,
            self._now,
        ]

    def update(self, data, noise, activation, hidden, seed, step) -> str:
        setting = (data, noise, activation, hidden, seed)
        if setting != self._trained:
            self._train(*setting)
            self._trained = setting
        position = step // EVERY
        network = self._network
        network.theta[...] = self._recorded[position]
        logits = network.forward(self._grid).reshape(SIDE, SIDE)
        self._fill.set_data(np.exp(-np.logaddexp(0, -logits)))
        lines = contourpy.contour_generator(self._side, self._side, logits).lines(0.0)
        self._boundary.set_segments(lines)
        self._folds.set_segments(_zero_lines(network))
        self._now.set_data([position * EVERY], [max(self._losses[position], 1e-3)])
        right = BinaryCrossEntropy().accuracy(network.forward(self._x), self._y)
        return (
            f"after step {position * EVERY}: loss <b>{self._losses[position]:.3f}</b>, "
            f"<b>{right:.0%}</b> of {len(self._x)} right; "
            f"2-{hidden}-1, {network.theta.size} parameters; dashed: a hidden unit is 0"
        )

    def _train(self, data, noise, activation, hidden, seed) -> None:
        """Train one network, keep its parameters and its loss after each fifth step."""
        self._x, self._y = plane_data(data, noise, np.random.default_rng(0))
        self._network = mlp([2, hidden, 1], activation, rng=seed).astype(np.float64)
        self._recorded, self._losses = record_training(self._network, self._x, self._y)
        for label, points in enumerate(self._points):
            points.set_data(*self._x[self._y[:, 0] == label].T)
        self._curve.set_data(EVERY * np.arange(len(self._losses)), np.maximum(self._losses, 1e-3))


def record_training(
    network: Network, x: np.ndarray, y: np.ndarray, steps: int = STEPS
) -> tuple[np.ndarray, np.ndarray]:
    """Train with Adam on all of x, y at once; return theta and the loss after every fifth step.

    The first entry of both is the start: shapes (steps // 5 + 1, P) and (steps // 5 + 1,).
    """
    loss, optimizer = BinaryCrossEntropy(), Adam(LR)
    recorded, losses = [], []
    for step in range(steps + 1):
        value, gradient = loss(network.forward(x), y)
        if step % EVERY == 0:
            recorded.append(network.theta.copy())
            losses.append(value)
        network.backward(gradient, input_gradient=False)
        optimizer.step(network.theta, network.grad)
    return np.array(recorded), np.array(losses)


def _zero_lines(network: Network) -> list[np.ndarray]:
    """For each hidden unit the line where w . x + b = 0, as two points outside of the picture."""
    W, b = network.layers[0].params["W"], network.layers[0].params["b"]
    lines = []
    for w, offset in zip(W.T, b, strict=True):
        length = np.linalg.norm(w)
        if length > 0:
            foot, along = -offset * w / length**2, np.array([-w[1], w[0]]) / length
            lines.append(np.array([foot - 10 * along, foot + 10 * along]))
    return lines
