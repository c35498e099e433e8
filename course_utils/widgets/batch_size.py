"""Exploring the batch size: the path and the loss of a straight line fitted with mini-batches.

The same rate and the same number of updates look different when the examples used are counted.
"""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from course_utils.optimizers import SGD
from course_utils.plots.descent import contours
from course_utils.plots.stochastic import EXCESS
from course_utils.style import BACKWARD, FORWARD
from course_utils.validation import require_equal_length
from course_utils.widgets.base import LAYOUT, STYLE, Demo, choice, slider

BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_UPDATES = 300
AXIS_RANGES = {"updates": ("linear", (0, MOST_UPDATES)), "examples": ("log", (1, 3e5))}
EXCESS_RANGE = (1e-8, 1e2)


class BatchSizeExplorer(Demo):
    """SGD on the line y = w x + b from (0, 0): its path, and the loss of all data along it.

    x and y have shape (N,). `batch`, `rate`, `updates` and `draw` (the seed of the shuffling) set
    the run; `axis` counts it in updates or in examples. Batches larger than N are not offered.
    """

    height = 350
    alt = "A path over contour lines of a loss and the loss along it; sliders set the batch size."

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if x.ndim != 1 or y.ndim != 1:
            raise ValueError(f"x and y have shapes {x.shape} and {y.shape}, expected (N,) and (N,)")
        require_equal_length("x", x, "y", y)
        # the gradient on a batch needs nothing of its examples but the means of these columns
        self._columns = np.stack([x * x, x, x * y, y], axis=1)
        means = self._columns.mean(axis=0)
        self._moments = np.array([[means[0], means[1]], [means[1], 1.0]])
        self.best = np.linalg.solve(self._moments, means[2:])
        self._axis = None
        super().__init__()

    def make_controls(self):
        sizes = [size for size in BATCH_SIZES if size <= len(self._columns)]
        batch = ipywidgets.SelectionSlider(
            description="batch size", value=sizes[0], options=sizes, layout=LAYOUT, style=STYLE
        )
        return {
            "batch": batch,
            "rate": slider("rate", 0.01, -3, 0, 0.1, log=True),
            "updates": slider("updates", 200, 10, MOST_UPDATES, 10, whole=True),
            "axis": choice("count", "updates", AXIS_RANGES),
            "draw": slider("draw", 0, 0, 9, 1, whole=True),
        }

    def draw(self, figure: Figure):
        left, right = figure.subplots(1, 2)
        w, b = self.best[0] + np.linspace(-2.6, 1.6, 60), self.best[1] + np.linspace(-1.6, 1.6, 60)
        offsets = np.stack(np.meshgrid(w, b), axis=-1) - self.best
        contours(left, w, b, self._excess(offsets + self.best))
        left.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]))
        left.plot(*self.best, "*", ms=16, mfc="white", mec="black", mew=1.3)
        right.set(yscale="log", ylim=EXCESS_RANGE, ylabel=EXCESS)
        self._right = right
        self._path = left.plot([], [], ".", color=BACKWARD, ls="-", lw=1.2, ms=4)[0]
        self._start = left.plot([0], [0], "o", ms=11, mfc="white", mec=BACKWARD, mew=2.2)[0]
        self._end = left.plot([0], [0], "s", ms=7, color=BACKWARD)[0]
        self._loss = right.plot([], [], color=FORWARD, ls="-", lw=1.6)[0]
        return [self._path, self._start, self._end, self._loss]

    def update(self, batch: int, rate: float, updates: int, axis: str, draw: int) -> str:
        path = self.run(batch, rate, updates, draw)
        excess = np.nan_to_num(self._excess(path), nan=np.inf)
        if axis != self._axis:
            self._axis = axis
            scale, limits = AXIS_RANGES[axis]
            self._right.set(xscale=scale, xlim=limits, xlabel=f"{axis} used")
            self.redraw_background()
        counted = np.arange(len(path)) * (batch if axis == "examples" else 1)
        self._loss.set_data(counted, np.clip(excess, *EXCESS_RANGE))
        # a run that diverges leaves the picture, and huge coordinates would take long to draw
        near = np.clip(np.nan_to_num(path, nan=1e3), -1e3, 1e3)
        self._path.set_data(*near.T)
        self._end.set_data(near[-1:, 0], near[-1:, 1])
        used, all_examples = updates * batch, len(self._columns)
        if excess[-1] > excess[0]:
            result = "the loss is <b>higher than at the start</b>: the rate is too large"
        else:
            result = f"the loss is <b>{excess[-1]:.2g}</b> above its lowest value"
        return (
            f"{updates} updates of {batch} = <b>{used:,} examples</b> = "
            f"{used / all_examples:.3g} epochs: {result}."
        )

    def run(self, batch: int, rate: float, updates: int, draw: int) -> np.ndarray:
        """The parameters (w, b) from the start on and after each update, (updates + 1, 2).

        Shuffled anew each epoch, a short last batch kept: `minibatches(..., last_batch="keep")`.
        """
        rng = np.random.default_rng(draw)
        optimizer, theta = SGD(rate), np.zeros(2)
        path = np.zeros((updates + 1, 2))
        starts = np.arange(0, len(self._columns), batch)
        counts = np.diff([*starts, len(self._columns)])[:, None]
        done = 0
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is shown as such
            while done < updates:
                shuffled = self._columns[rng.permutation(len(self._columns))]
                means = np.add.reduceat(shuffled, starts, axis=0) / counts
                for xx, x, xy, y in means[: updates - done]:
                    w, b = theta
                    grad = np.array([xx * w + x * b - xy, x * w + b - y])
                    optimizer.step(theta, 2 * grad)
                    done += 1
                    path[done] = theta
        return path

    def _excess(self, theta: np.ndarray) -> np.ndarray:
        """The loss of all data above its lowest value, exact for a straight line; theta (..., 2)"""
        offset = theta - self.best
        with np.errstate(over="ignore", invalid="ignore"):
            return np.sum((offset @ self._moments) * offset, axis=-1)
