"""Pictures of gradients estimated from a part of the data: their noise, their paths, their cost.

The loss shown is always that of all examples, never that of the mini-batch at hand.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.plots.descent import contours, draw_path
from course_utils.style import BACKWARD, COLORS, FORWARD, LINE_STYLES

RUN_COLORS = [COLORS[name] for name in ("orange", "blue", "green", "black", "purple", "sky")]
MARKERS = "o^sDvP"
DRAWN_POINTS = 200  # of a curve; more cannot be told apart on a slide
EXCESS = "loss above its lowest value"

Curve = tuple[np.ndarray, np.ndarray]


def gradient_clouds(estimates: Mapping[str, np.ndarray], full: np.ndarray, title: str) -> Figure:
    """One panel a batch size: each dot is the gradient (2,) that one batch gave, (n, 2) in all.

    See that every cloud lies around the full gradient (cross), and how it shrinks.
    """
    figure, panels = plt.subplots(
        1, len(estimates), figsize=(10.8, 4.3), sharex=True, sharey=True, squeeze=False
    )
    for axes, (name, points) in zip(panels[0], estimates.items(), strict=True):
        axes.plot(*points.T, ".", ms=5, alpha=0.45, color=FORWARD, linestyle="none")
        axes.plot(*full, "P", ms=14, mfc=BACKWARD, mec="white", mew=1.2, linestyle="none")
        axes.set(xlabel="dL/dw")
        axes.set_title(name, fontsize=13.5)
    panels[0, 0].set_ylabel("dL/db")
    _head(figure, title)
    return figure


def noise_by_batch(
    sizes: Sequence[int],
    measured: Mapping[str, np.ndarray],
    predicted: Mapping[str, np.ndarray],
    title: str,
) -> Figure:
    """The noise of the gradient estimate against the batch size, markers on logarithmic axes.

    Lines are what the formulas say for the same sizes. See the straight line of slope -1/2, and
    where drawing without replacement leaves it. Noise of 0 is left out.
    """
    figure, axes = plt.subplots(figsize=(10.2, 4.5))
    names = list(dict.fromkeys([*measured, *predicted]))
    for name, values in predicted.items():
        place = names.index(name)
        axes.loglog(
            sizes, _positive(values), color=RUN_COLORS[place], ls=LINE_STYLES[place], lw=1.6
        )
    for name, values in measured.items():
        place = names.index(name)
        style = {"marker": MARKERS[place], "ms": 9 if place else 7, "linestyle": "none"}
        axes.loglog(sizes, _positive(values), color=RUN_COLORS[place], label=name, **style)
    axes.set(xlabel="batch size", ylabel="noise of the gradient")
    axes.set_title(title)
    axes.legend(loc="lower left")
    plt.close(figure)
    return figure


def batch_paths(
    paths: Mapping[str, np.ndarray],
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
    lowest: tuple[float, float],
    title: str,
) -> Figure:
    """One panel a run: its path (T, 2) through all recorded points, over the loss of all data.

    `grid` is w, b and the losses (B, W). See how a path wanders, and where it stops getting
    closer. The ring is the start, the square the end, the star the lowest loss.
    """
    figure, panels = plt.subplots(
        1, len(paths), figsize=(10.8, 3.6), sharex=True, sharey=True, squeeze=False
    )
    for place, (axes, (name, path)) in enumerate(zip(panels[0], paths.items(), strict=True)):
        contours(axes, *grid)
        draw_path(axes, path, RUN_COLORS[place])
        axes.plot(*lowest, "*", ms=17, mfc="white", mec="black", mew=1.3, zorder=6)
        axes.set_title(name, fontsize=13.5)
        if place:
            axes.set_ylabel("")
    _head(figure, title)
    return figure


def excess_curves(
    views: Mapping[str, Mapping[str, Curve]],
    title: str,
    *,
    winners: Mapping[str, str] | None = None,
    lowest: float = 1e-6,
    log_x: bool = False,
) -> Figure:
    """How far the loss of all data is above its lowest value: one panel a view, one line a run.

    `views[xlabel][run]` is (x, excess), equally long. A view is a clock: epochs, updates or
    seconds. See how the order of the lines changes with the clock; `winners[xlabel]` is written
    over its panel. Of a long line some recorded points are drawn; the axis begins at `lowest`.
    """
    figure, panels = plt.subplots(1, len(views), figsize=(10.8, 4.5), sharey=True, squeeze=False)
    runs = list(dict.fromkeys(name for curves in views.values() for name in curves))
    for axes, (xlabel, curves) in zip(panels[0], views.items(), strict=True):
        for name, (x, excess) in curves.items():
            _curve(axes, x, _positive(excess, lowest / 1e6), name, runs.index(name), log_x)
        axes.set(xlabel=xlabel, yscale="log")
        if log_x:
            axes.set_xscale("log")
        if winners:
            axes.set_title(f"lowest: {winners[xlabel]}", fontsize=13.5)
    panels[0, 0].set_ylabel(EXCESS)
    panels[0, 0].set_ylim(bottom=lowest)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(runs), 5))
    _head(figure, title)
    return figure


def cost_by_batch(
    sizes: Sequence[int], seconds: Sequence[float], examples: int, title: str
) -> Figure:
    """Measured time of one update, and of the updates of one epoch over so many examples.

    See the flat part on the left: there the time goes into the call, not into the arithmetic,
    and so an epoch of larger batches costs less.
    """
    sizes, seconds = np.asarray(sizes), np.asarray(seconds)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.8, 4.3))
    left.loglog(sizes, seconds * 1e6, "o", ls="-", color=FORWARD)
    left.set(xlabel="batch size", ylabel="microseconds", title="one update")
    right.loglog(sizes, np.ceil(examples / sizes) * seconds * 1e3, "s", ls="--", color=BACKWARD)
    right.set(xlabel="batch size", ylabel="milliseconds", title="one epoch")
    for axes in (left, right):
        low, high = np.log10(axes.get_ylim())
        axes.set_ylim(10 ** np.floor(low), 10 ** np.ceil(high))
    _head(figure, title)
    return figure


def tracking(truth: np.ndarray, estimates: Mapping[str, np.ndarray], title: str) -> Figure:
    """A parameter that changes while examples stream in (T,), and what each run believes it is.

    See who follows the change, and who is calm when nothing changes.
    """
    figure, axes = plt.subplots(figsize=(10.4, 3.5))
    seen = np.arange(len(truth))
    axes.plot(seen, truth, color=COLORS["gray"], ls="-", lw=5, alpha=0.5, label="truth")
    for place, (name, values) in enumerate(estimates.items()):
        axes.plot(seen, values, color=RUN_COLORS[place], ls=LINE_STYLES[place], lw=1.8, label=name)
    axes.set(xlabel="examples seen", ylabel="slope w")
    axes.set_title(title)
    axes.legend(loc="lower left")
    plt.close(figure)
    return figure


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, name: str, place: int, log_x: bool) -> None:
    """One line through a selection of its points: evenly spaced on the axis that is shown."""
    x, y = (x[1:], y[1:]) if log_x else (x, y)
    count = min(len(x), DRAWN_POINTS)
    spaced = np.geomspace(1, len(x), count) - 1 if log_x else np.linspace(0, len(x) - 1, count)
    chosen = np.unique(spaced.round().astype(int))
    axes.plot(
        x[chosen],
        y[chosen],
        color=RUN_COLORS[place],
        ls=LINE_STYLES[place],
        lw=2,
        marker=MARKERS[place],
        ms=6,
        markevery=max(1, len(chosen) // 8),
        label=name,
    )


def _positive(values: np.ndarray, smallest: float = 1e-12) -> np.ndarray:
    """The values, with NaN where a log axis has no place for them: at rounding error or 0."""
    return np.where(np.asarray(values) > smallest, values, np.nan)


def _head(figure: Figure, title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)


def before_and_after(pairs: Mapping[str, np.ndarray], labels: Sequence[str], title: str) -> Figure:
    """One panel a rule: a line from the loss before to the loss after an update, (n, 2) in all.

    See which way the lines go. Those that rise are orange and solid, those that fall blue and
    dashed; the thick black one is the geometric mean.
    """
    figure, panels = plt.subplots(1, len(pairs), figsize=(10.8, 4.3), sharey=True, squeeze=False)
    for axes, (name, losses) in zip(panels[0], pairs.items(), strict=True):
        for before, after in losses:
            rises = after > before
            style = (
                {"color": COLORS["orange"], "ls": "-"} if rises else {"color": FORWARD, "ls": "--"}
            )
            axes.plot([0, 1], [before, after], marker="o", ms=6, lw=1.4, alpha=0.8, **style)
        mean = np.exp(np.log(losses).mean(axis=0))
        axes.plot([0, 1], mean, "k-", lw=4, marker="s", ms=9, zorder=5)
        axes.annotate(
            f"x {mean[1] / mean[0]:.2f}",
            (1, mean[1]),
            xytext=(14, 0),
            textcoords="offset points",
            fontsize=16,
            va="center",
        )
        axes.set(xticks=[0, 1], xticklabels=labels, xlim=(-0.25, 1.45), yscale="log")
        axes.set_title(name, fontsize=13.5)
    low, high = (float(bound(np.concatenate(list(pairs.values())))) for bound in (np.min, np.max))
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if low / 2 < tick < 2 * high]
    panels[0, 0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    panels[0, 0].minorticks_off()
    panels[0, 0].set_ylabel("validation loss")
    _head(figure, title)
    return figure
