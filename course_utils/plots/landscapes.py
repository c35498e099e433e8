"""Pictures of optimizers at work: their paths over a landscape, their losses and their steps.

Everything drawn is handed in: recorded paths, measured losses, and the minima of the function.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from course_utils.landscapes import Landscape
from course_utils.style import COLORS, LINE_STYLES

METHOD_COLORS = {
    "SGD": COLORS["blue"],
    "Momentum": COLORS["orange"],
    "Nesterov": COLORS["amber"],
    "AdaGrad": COLORS["purple"],
    "RMSProp": COLORS["sky"],
    "Adam": COLORS["green"],
    "AdamW": COLORS["black"],
}
"""One color for each method, the same in every figure; line style and marker differ, too."""

MARKERS = "os^DvPX"
LOWEST_LOSS = 1e-16  # what a log axis shows for a loss that is 0 or has met the last digit


def draw_landscape(axes: Axes, landscape: Landscape, levels: int = 11) -> None:
    """Contours that each enclose an equal share of the picture, and the minima as white stars.

    Equal shares show the shape of a valley, however steep its walls; the darker, the lower.
    """
    x, y, values = landscape.grid(121)
    heights = np.unique(np.quantile(values, np.linspace(0, 1, levels)))
    axes.contourf(x, y, values, levels=heights, cmap="Greys_r", vmin=heights[0] - np.ptp(heights))
    white = {"colors": "white", "linewidths": 0.7, "linestyles": "solid"}
    axes.contour(x, y, values, levels=heights, **white)
    for minimum in landscape.minima:
        axes.plot(*minimum, "*", ms=17, mfc="white", mec="black", mew=1.2, zorder=5)
    axes.set(xlim=landscape.x_range, ylim=landscape.y_range, xlabel="x", ylabel="y")
    axes.grid(False)


def _style(name: str, place: int) -> dict:
    """Color and line style of a method, or of the curve at this place among others."""
    names = list(METHOD_COLORS)
    index = names.index(name) if name in names else place
    return {"color": list(METHOD_COLORS.values())[index], "ls": LINE_STYLES[index]}


def _draw_path(axes: Axes, path: np.ndarray, style: dict, label: str | None = None) -> None:
    """One path with a ring at its start and a square at its end."""
    x, y = np.asarray(path).T
    axes.plot(x, y, lw=2.2, label=label, zorder=3, **style)
    axes.plot(x[0], y[0], "o", ms=11, mfc="white", mec="black", mew=2, zorder=4)
    axes.plot(x[-1], y[-1], "s", ms=9, mfc=style["color"], mec="black", zorder=6)


def difficulties(panels: Mapping[str, tuple[Landscape, np.ndarray]], others=None) -> Figure:
    """One panel for each difficulty: `panels[title]` is a landscape and a recorded path (n, 2).

    `others[title]`, shape (k, 2), are local minima, marked with a cross; the lowest points of the
    function are white stars. See where each path (ring to square) loses its time.
    """
    figure, all_axes = plt.subplots(1, len(panels), figsize=(10.9, 3.7))
    for axes, (title, (landscape, path)) in zip(
        np.atleast_1d(all_axes), panels.items(), strict=True
    ):
        draw_landscape(axes, landscape)
        for place in (others or {}).get(title, ()):
            axes.plot(*place, "x", ms=9, mew=2.5, color=COLORS["black"], zorder=5)
        _draw_path(axes, path, {"color": COLORS["orange"], "ls": "-"})
        axes.set_title(title)
    figure.suptitle("Four difficulties (star: lowest point, cross: local minimum)", weight="bold")
    plt.close(figure)
    return figure


def coordinate_over_steps(
    paths: Mapping[str, np.ndarray], title: str, ylabel: str = "y, across the ravine"
) -> Figure:
    """The y coordinate of recorded paths (n, 2) against the step, one panel for each path.

    See the sign change at each step: that is what the zigzag of a path is made of.
    """
    figure, all_axes = plt.subplots(1, len(paths), figsize=(10.9, 3.9), sharey=True)
    for place, (axes, (name, path)) in enumerate(
        zip(np.atleast_1d(all_axes), paths.items(), strict=True)
    ):
        style = _style(name, place)
        axes.plot(np.arange(len(path)), path[:, 1], marker=MARKERS[place], ms=5, lw=1.6, **style)
        axes.axhline(0, color=COLORS["gray"], lw=1)
        axes.set_title(name)
        axes.set_xlabel("step")
    np.atleast_1d(all_axes)[0].set_ylabel(ylabel)
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def step_lengths(lengths: Mapping[str, np.ndarray], title: str) -> Figure:
    """The length of each step, in units of lr, against the step number: one curve a method.

    `lengths[name]` (steps,) was recorded while the gradient stayed the same. See which methods
    start with a step of lr, and where each of them is heading.
    """
    figure, axes = plt.subplots(figsize=(10.5, 4.5))
    for place, (name, length) in enumerate(lengths.items()):
        steps = np.arange(1, len(length) + 1)
        style = _style(name, place)
        marker = {"marker": MARKERS[place % len(MARKERS)], "ms": 7}
        axes.loglog(steps, length, label=name, markevery=(place / 30, 0.16), **marker, **style)
    axes.set(xlabel="step number", ylabel="length of the step / lr")
    axes.set_title(title)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plt.close(figure)
    return figure


def loss_floor(losses: np.ndarray) -> np.ndarray:
    """Losses that a log axis can show: not below 1e-16, and NaN where a run has left the floats."""
    losses = np.where(np.isfinite(losses), losses, np.nan)
    return np.maximum(losses, LOWEST_LOSS)


def descents(landscape: Landscape, paths: Mapping[str, np.ndarray], title: str) -> Figure:
    """Left: recorded paths (n, 2) over the landscape. Right: the loss along each, on a log axis.

    See which path crosses the valley and which follows it, and what that is worth in steps. The
    ring is the start, squares are the ends, the star is the minimum.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.9, 4.2), width_ratios=(1.15, 1))
    draw_landscape(left, landscape)
    for place, (name, path) in enumerate(paths.items()):
        style = _style(name, place)
        _draw_path(left, path, style, name)
        right.semilogy(loss_floor(landscape(path)), label=name, **style)
    right.set(xlabel="step", ylabel="loss")
    right.yaxis.set_major_locator(LogLocator(numticks=7))
    right.legend(loc="best", handlelength=2.6)
    figure.suptitle(title, weight="bold")
    plt.close(figure)
    return figure


def rate_sweep(rates: np.ndarray, losses: Mapping[str, np.ndarray], title: str) -> Figure:
    """Final loss against learning rate, one curve a method, both axes logarithmic.

    `losses[name]` (rates,); a run that diverged leaves a gap. The best rate of each method is
    ringed. See that one rate for all is a vertical line: it meets each curve somewhere else.
    """
    figure, axes = plt.subplots(figsize=(10.8, 4.8))
    for place, (name, loss) in enumerate(losses.items()):
        loss = loss_floor(loss)
        marker, style = MARKERS[place % len(MARKERS)], _style(name, place)
        axes.loglog(rates, loss, marker=marker, ms=6, lw=1.8, label=name, **style)
        if np.isfinite(loss).any():
            best = np.nanargmin(loss)
            axes.loglog(rates[best], loss[best], "o", ms=16, mfc="none", mec=style["color"], mew=2)
    axes.set(xlabel="learning rate", ylabel="final loss")
    axes.set_title(title)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plt.close(figure)
    return figure
