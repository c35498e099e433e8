"""Pictures of what came after Adam: singular values, noise floors, sharpness, widths.

Each draws the numbers it is given; none computes or trains anything.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.landscapes import loss_floor
from course_utils.style import BACKWARD, COLORS, FORWARD, LINE_STYLES

RUN_COLORS = [COLORS[name] for name in ("blue", "orange", "green", "purple", "black", "sky")]
MARKERS = "osD^vP"


def levelled_values(
    values: np.ndarray,
    maps: Mapping[str, np.ndarray],
    spectra: Mapping[str, np.ndarray],
    title: str,
) -> Figure:
    """Left: what becomes of a singular value. Right: those of a matrix, largest first.

    `maps[name]` has the images of `values`, `spectra[name]` the singular values of one matrix.
    See on the left how small values are lifted to about 1, and on the right that all are.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.8, 4.3))
    for place, (name, images) in enumerate(maps.items()):
        left.plot(values, images, color=RUN_COLORS[place], ls=LINE_STYLES[place], label=name)
    left.axhline(1, color=COLORS["gray"], ls=":", lw=1.8)
    left.set(xlabel="singular value before", ylabel="after", xscale="log")
    left.set_ylim(0, 1.6)
    left.legend(loc="upper left", fontsize=12, ncols=3)
    for place, (name, spectrum) in enumerate(spectra.items()):
        style = {"color": (BACKWARD, FORWARD)[place % 2], "marker": MARKERS[place], "ms": 5}
        right.plot(np.arange(1, len(spectrum) + 1), spectrum, ls="none", label=name, **style)
    right.set(xlabel="number of the singular value", ylabel="singular value", yscale="log")
    right.legend(loc="lower left", fontsize=12)
    return _head(figure, title)


def losses_over_steps(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    title: str,
    *,
    levels: Mapping[str, float] | None = None,
    xlabel: str = "step",
    ylabel: str = "loss",
) -> Figure:
    """One panel a name, in it one recorded curve a run from step 1, both axes logarithmic.

    `levels` are drawn as dotted lines and named in every panel. See where a
    curve settles, and which go on falling.
    """
    figure, all_axes = plt.subplots(1, len(panels), figsize=(10.8, 4.3), sharey=True, squeeze=False)
    for axes, (name, runs) in zip(all_axes[0], panels.items(), strict=True):
        for place, (run, losses) in enumerate(runs.items()):
            style = {"color": RUN_COLORS[place], "ls": LINE_STYLES[place], "lw": 2}
            steps = np.arange(1, len(losses) + 1)
            axes.loglog(steps, loss_floor(np.asarray(losses)), label=run, **style)
        for text, level in (levels or {}).items():
            axes.axhline(level, color=COLORS["gray"], ls=":", lw=1.8)
            place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
            axes.annotate(text, (0.45, level), (0, -5), fontsize=12, va="top", **place)
        axes.set(xlabel=xlabel)
        if len(panels) > 1:
            axes.set_title(name, fontsize=13.5)
        axes.legend(loc="lower left", fontsize=12)
    all_axes[0, 0].set_ylabel(ylabel)
    return _head(figure, title)


def sharpness_over_steps(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray, float]],
    losses: Mapping[str, np.ndarray],
    title: str,
) -> Figure:
    """Left: rate times sharpness of each run, and its limit (dotted). Right: the training loss.

    `runs[name]` is (steps, rate times sharpness, limit). See that the curve climbs to its limit
    and stays there, while the loss no longer falls at every step.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.8, 4.4))
    for place, (name, (steps, product, limit)) in enumerate(runs.items()):
        style = {"color": RUN_COLORS[place], "ls": LINE_STYLES[place], "lw": 2}
        left.plot(steps, product, label=name, **style)
        left.axhline(limit, color=RUN_COLORS[place], ls=":", lw=2)
        right.semilogy(np.arange(len(losses[name])), losses[name], alpha=0.85, **style)
    left.set(xlabel="step", ylabel="rate x sharpness")
    left.set_ylim(0, 1.75 * max(limit for _, _, limit in runs.values()))
    left.legend(loc="upper right", fontsize=12, ncols=2)
    right.set(xlabel="step", ylabel="training loss")
    return _head(figure, title)


def loss_by_width(
    rates: Sequence[float], panels: Mapping[str, Mapping[int, np.ndarray]], title: str
) -> Figure:
    """One panel a parametrization: the loss at each rate, one curve a width, the best ringed.

    See where the rings stand: under each other, or further left for wider networks.
    """
    figure, all_axes = plt.subplots(1, len(panels), figsize=(10.8, 4.3), sharey=True, squeeze=False)
    for axes, (name, curves) in zip(all_axes[0], panels.items(), strict=True):
        for place, (width, losses) in enumerate(curves.items()):
            style = {"color": RUN_COLORS[place], "ls": LINE_STYLES[place]}
            axes.plot(rates, losses, marker=MARKERS[place], label=f"width {width}", **style)
            best = int(np.nanargmin(losses))
            axes.plot(rates[best], losses[best], "o", ms=18, mfc="none", mew=2.6, c=style["color"])
        axes.set(xscale="log", yscale="log", xlabel="rate")
        axes.set_title(name, fontsize=13.5)
        axes.legend(loc="upper center", fontsize=12)
    all_axes[0, 0].set_ylabel("training loss")
    return _head(figure, title)


def _head(figure: Figure, title: str) -> Figure:
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure
