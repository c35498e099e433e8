"""Pictures of learning-rate schedules, of weight decay, and of comparisons over several seeds.

A comparison shows every seed as a dot of its own, never a mean alone.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.plots.curves import run_style
from course_utils.style import BACKWARD, COLORS, FORWARD, LINE_STYLES

VAL_LOSS = "validation loss"


def schedule_curves(
    rates: Mapping[str, np.ndarray], steps_per_epoch: int, title: str, columns: int = 3
) -> Figure:
    """One panel a schedule: its rate (steps,) at each step, over a dotted line of the first rates.

    The dotted line is the largest rate of all panels: what a run without a schedule would use. See
    who falls early and who falls late, who jumps, and where each one ends.
    """
    rows = -(-len(rates) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(10.8, 2.3 * rows + 0.3), sharex=True, sharey=True, squeeze=False
    )
    highest = max(np.max(values) for values in rates.values())
    for axes, (name, values) in zip(panels.flat, rates.items(), strict=False):
        epochs = np.arange(len(values)) / steps_per_epoch
        axes.axhline(highest, color=COLORS["gray"], ls=":", lw=2)
        axes.plot(epochs, values, color=FORWARD, ls="-")
        axes.set_title(name, fontsize=13.5)
    for axes in panels.flat[len(rates) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("rate")
    for axes in panels[-1]:
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    return _finished(figure, title)


def paired_differences(
    differences: Mapping[str, Sequence[float]], title: str, xlabel: str
) -> Figure:
    """One row a method: for each seed a dot, its result minus that of the same run without it.

    Left of the line at 0 (shaded) the method has lowered the loss. The bar is the mean of the
    dots. See whether a row lies on one side as a whole, or on both.
    """
    figure, axes = plt.subplots(figsize=(10.4, 0.58 * len(differences) + 1.5))
    places = np.arange(len(differences))[::-1]
    for place, values in zip(places, differences.values(), strict=True):
        values = np.asarray(values)
        axes.plot(values, np.full(len(values), place), "o", ms=9, mfc="none", mec=FORWARD, mew=2)
        axes.plot([values.mean()] * 2, [place - 0.3, place + 0.3], "-", lw=4, color=BACKWARD)
    low, high = axes.get_xlim()
    low, high = min(low, -0.1 * high), max(high, -0.1 * low)
    axes.axvspan(low, 0, color=COLORS["sky"], alpha=0.13, lw=0)
    axes.axvline(0, color="black", lw=1.4)
    axes.text(0.01, 1.0, "better", transform=axes.transAxes, va="bottom", fontsize=12)
    axes.text(0.99, 1.0, "worse", transform=axes.transAxes, va="bottom", ha="right", fontsize=12)
    axes.set(xlabel=xlabel, xlim=(low, high), ylim=(-0.6, len(places) - 0.4))
    axes.set_yticks(places, list(differences))
    return _finished(figure, title)


def curves_with_spread(
    curves: Mapping[str, np.ndarray],
    title: str,
    *,
    ylabel: str = VAL_LOSS,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """One curve a method, the mean over the seeds of (seeds, epochs); the band is all seeds.

    See not only whose curve is lower, but whether the bands lie apart.
    """
    figure, axes = plt.subplots(figsize=(10.4, 4.4))
    for position, (name, values) in enumerate(curves.items()):
        style, values = run_style(name, position), np.asarray(values)
        epochs = np.arange(1, values.shape[1] + 1)
        axes.fill_between(
            epochs, values.min(axis=0), values.max(axis=0), color=style["color"], alpha=0.15, lw=0
        )
        mean = values.mean(axis=0)
        axes.plot(epochs, mean, ls=LINE_STYLES[position], ms=6, markevery=0.12, label=name, **style)
    axes.set(xlabel="epoch", ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if limits is not None:
        axes.set_ylim(limits)
    axes.legend(ncols=2)
    return _finished(figure, title)


def losses_by_rate(
    rates: Sequence[float], losses: Mapping[str, np.ndarray], title: str, xlabel: str = "first rate"
) -> Figure:
    """Each run a dot at its rate; `losses[name]` is (rates, seeds). The lines join the means.

    See where each line is lowest, and how far the lines are apart there. A run that diverged, NaN,
    has no dot.
    """
    figure, axes = plt.subplots(figsize=(10.4, 4.3))
    for position, (name, values) in enumerate(losses.items()):
        style, values = run_style(name, position), np.asarray(values)
        for rate, seeds in zip(rates, values, strict=True):
            axes.plot([rate] * len(seeds), seeds, ls="none", ms=7, mfc="none", mew=1.8, **style)
        means = [np.mean(seeds[np.isfinite(seeds)]) for seeds in values]
        color = style["color"]
        axes.plot(rates, means, ls=LINE_STYLES[position], color=color)
        axes.plot([], [], ls=LINE_STYLES[position], label=name, **style)
    axes.set(xscale="log", xlabel=xlabel, ylabel=VAL_LOSS)
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    axes.legend()
    return _finished(figure, title)


def shrinking_weights(panels: Mapping[str, Mapping[str, np.ndarray]], title: str) -> Figure:
    """One panel a method: how weights (steps + 1,) shrink that have no reason to stay large.

    See whether the decay is the same for a weight with loud gradients and one with quiet ones.
    """
    figure, axes_row = plt.subplots(
        1, len(panels), figsize=(10.8, 4.2), sharex=True, sharey=True, squeeze=False
    )
    for axes, (name, weights) in zip(axes_row[0], panels.items(), strict=True):
        for position, (label, values) in enumerate(weights.items()):
            color = (FORWARD, BACKWARD)[position % 2]
            axes.plot(values, color=color, ls=LINE_STYLES[position], label=label)
        axes.set_title(name, fontsize=13.5)
        axes.set(xlabel="step")
    axes_row[0, 0].set(ylabel="weight")
    axes_row[0, 0].set_ylim(bottom=min(0.0, axes_row[0, 0].get_ylim()[0]))
    axes_row[0, -1].legend()
    return _finished(figure, title)


def gradient_norms(
    norms: Mapping[str, np.ndarray], title: str, limit: float | None = None
) -> Figure:
    """The length of the gradient at each step of a run, on a log axis, before it is clipped.

    See how a run that blows up leaves the picture within a few steps. `limit` is the dotted line.
    A cross marks the last finite number of a run that diverged.
    """
    figure, axes = plt.subplots(figsize=(10.4, 4.2))
    for position, (name, values) in enumerate(norms.items()):
        color = (BACKWARD, FORWARD)[position % 2]
        steps = np.arange(1, len(values) + 1)
        axes.plot(steps, values, color=color, ls=("-", "--")[position % 2], lw=1.8, label=name)
        finite = np.flatnonzero(np.isfinite(values))
        if len(finite) < len(values) or len(values) < max(map(len, norms.values())):
            last = finite[-1]
            axes.plot(steps[last], values[last], "X", ms=14, color=color, mec="black")
    if limit is not None:
        axes.axhline(limit, color=COLORS["gray"], ls=":", lw=2, label=f"limit {limit:g}")
    axes.set(xlabel="step", ylabel="gradient norm", yscale="log")
    axes.legend()
    return _finished(figure, title)


def split_histogram(values: np.ndarray, ours: float, title: str, *, xlabel: str) -> Figure:
    """How often each of `values` was found, one of them a random split, and where `ours` lies.

    See how many splits lie as far from 0 as the marked one.
    """
    figure, axes = plt.subplots(figsize=(10.4, 4.2))
    axes.hist(values, bins=40, color=COLORS["sky"], edgecolor="white")
    axes.axvline(0, color="black", lw=1.4)
    axes.axvline(ours, color=BACKWARD, ls="--", lw=3, label="our split")
    axes.set(xlabel=xlabel, ylabel="number of splits")
    axes.legend()
    return _finished(figure, title)


def _finished(figure: Figure, title: str) -> Figure:
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure
