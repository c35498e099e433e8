"""Pictures of trainings that fail and of their cure: curves by step, and bars by layer.

The failing run is always orange and dashed, the cured one blue and full.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.plots.curves import _percent
from course_utils.style import COLORS
from course_utils.training import History

SICK = {"color": COLORS["orange"], "ls": "--", "marker": "s"}
CURED = {"color": COLORS["blue"], "ls": "-", "marker": "o"}
SMOOTH = 16  # batches in the running mean
HIGHEST = 1e6  # before and after share an axis up to here; what lies above leaves the picture
Run = tuple[Sequence[float], History]


def running_mean(values: Sequence[float], width: int) -> np.ndarray:
    """The mean of each value and up to `width - 1` before it."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def symptom(
    run: Run, title: str, *, chance: float | None = None, log: bool = True, smooth: int = SMOOTH
) -> Figure:
    """The loss of each mini-batch by step, of one training (losses, History).

    Pale is every batch, the line the mean of the last `smooth`. The dotted line is `chance`, the
    loss of the best constant answer. A cross marks where a training ended because its next loss
    was no finite number.
    """
    figure, axes = plt.subplots(figsize=(10.4, 3.5))
    _losses(axes, run, SICK, "loss of the mini-batch", log, smooth)
    _chance(axes, chance)
    axes.set_xlim(left=0)
    axes.legend(loc="best", fontsize=12)
    axes.set_title(title)
    plt.close(figure)
    return figure


def before_after(
    before: Run,
    after: Run,
    labels: tuple[str, str],
    title: str,
    *,
    chance: float | None = None,
) -> Figure:
    """Two trainings that differ in one thing: losses by step, and what validation says by epoch.

    `before` and `after` are pairs (losses by step, History), drawn as means of the last 16
    batches; `labels` name what differs. See the number at the end of each curve. A training that
    broke is a cross where it ended.
    """
    classes = np.isfinite(after[1].val_accuracy).any()
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.8, 4.3), width_ratios=(1.25, 1))
    for run, style, label in zip((before, after), (SICK, CURED), labels, strict=True):
        _losses(left, run, style, label, log=True, smooth=SMOOTH, highest=HIGHEST)
    _chance(left, chance)
    left.set_xlim(left=0)
    left.set_ylim(top=min(left.get_ylim()[1], 3 * HIGHEST))
    name = "accuracy" if classes else "loss"
    for (_, history), style in zip((before, after), (SICK, CURED), strict=True):
        values = getattr(history, f"val_{name}")
        if not values:  # it broke in its first epoch
            text = "before: no epoch was finished"
            right.text(0.5, 0.06, text, ha="center", transform=right.transAxes, c=SICK["color"])
            continue
        right.plot(np.arange(1, len(values) + 1), np.minimum(values, HIGHEST), ms=6, **style)
        shown = f"{values[-1]:.0%}" if classes else f"{values[-1]:.3g}"
        right.annotate(
            shown,
            (len(values), min(values[-1], HIGHEST)),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=14,
            fontweight="bold",
            color=style["color"],
            annotation_clip=False,
        )
    right.set(xlabel="epoch", ylabel=f"validation {name}")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.margins(x=0.16)
    if classes:
        right.set_ylim(0, 1.04)
        _percent(right)
    else:
        right.set_ylim(bottom=0)
    left.legend(loc="best", fontsize=12)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def ward(
    runs: Mapping[str, Run],
    title: str,
    *,
    cured: Mapping[str, Run] | None = None,
    chance: Mapping[str, float] | float | None = None,
    log: bool = False,
    top: float = 3.0,
) -> Figure:
    """Small panels of one size and one axis, one for each patient: the loss of the mini-batches.

    `runs[letter]` is (losses, History). Pale is every batch, nothing is smoothed away; the full
    line is the mean of the last 8. Dots are the validation loss after each epoch. The axis begins
    at 0 and ends at `top` (with `log` it goes from 0.1 to 1e6), so that a flat line looks flat.
    `cured`, in blue, lies over the sick run where there is one.
    """
    columns = len(runs) if len(runs) < 4 else -(-len(runs) // 2)
    rows = -(-len(runs) // columns)
    size = (10.6, 2.6 * rows + 0.7)
    figure, grid = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    limits = (0.1, HIGHEST) if log else (0.0, top)
    for axes, (letter, run) in zip(grid.flat, runs.items(), strict=False):
        pairs = [(run, SICK)] + ([(cured[letter], CURED)] if cured and letter in cured else [])
        for (losses, history), style in pairs:
            broke = str(history.stopped).startswith("diverged")
            steps = np.clip(np.asarray(losses, dtype=float), 1e-6, limits[1])
            at = np.arange(1, len(steps) + 1)
            axes.plot(at, steps, "-", lw=0.8, alpha=0.6, color=style["color"])
            mean = steps if broke else running_mean(steps, 8)
            axes.plot(at, mean, ls=style["ls"], lw=1.8, color=style["color"])
            if history.val_loss and not broke:
                epochs = len(steps) / len(history.val_loss) * np.arange(1, len(history) + 1)
                shown = np.minimum(history.val_loss, limits[1])
                axes.plot(
                    epochs, shown, style["marker"], ms=5, mec="black", mew=0.6, c=style["color"]
                )
            if broke:
                axes.plot(at[-1], steps[-1], "X", ms=13, color=style["color"], mec="black")
                axes.set_xlim(0, max(40, 2 * len(steps)))
        guess = chance.get(letter) if isinstance(chance, Mapping) else chance
        if guess is not None:
            axes.axhline(guess, ls=":", lw=1.8, color=COLORS["gray"])
        axes.set_title(letter, loc="left")
        axes.set(yscale="log" if log else "linear", ylim=limits)
        axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    for axes in grid.flat[len(runs) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("loss")
    for axes in grid[-1]:
        axes.set_xlabel("step")
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def layer_bars(
    values: Mapping[str, Sequence[float]],
    layers: Sequence[str],
    *,
    ylabel: str,
    title: str,
    log: bool = True,
    limit: float | None = None,
) -> Figure:
    """One bar a layer, of one network or of two side by side: before (orange) and after (blue).

    `values[name]` has one number a layer, `layers` their names, the first layer on the left. The
    dashed line is `limit`. On a log axis a bar of 0 has no height; it is marked "0".
    """
    figure, axes = plt.subplots(figsize=(10.4, 4.0))
    width, hatches = 0.8 / len(values), ("//", None)
    if log:
        axes.set_yscale("log")
    for k, (name, heights) in enumerate(values.items()):
        at = np.arange(len(layers)) + (k - (len(values) - 1) / 2) * width
        alone = len(values) == 1
        style = CURED if k or alone else SICK
        axes.bar(
            at,
            heights,
            0.92 * width,
            color=style["color"],
            hatch=None if alone else hatches[min(k, 1)],
            edgecolor="white",
            label=name,
        )
        for place, height in zip(at, heights, strict=True):
            base = height if height > 0 or not log else min(h for h in heights if h > 0)
            axes.annotate(
                _short(height) if log else f"{height:.0%}",
                (place, base),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=12,
                rotation=0 if len(values) * len(layers) <= 9 else 60,
            )
    if limit is not None:
        axes.axhline(limit, ls="--", lw=1.8, color=COLORS["black"])
    axes.set_xticks(range(len(layers)), layers)
    axes.set(ylabel=ylabel)
    axes.margins(y=0.16)
    axes.grid(visible=False, axis="x")
    if len(values) > 1:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top * (top / bottom) ** 0.2 if log else 1.25 * top)
        axes.legend(loc="upper center", ncols=len(values), fontsize=13)
    axes.set_title(title)
    plt.close(figure)
    return figure


def _short(value: float) -> str:
    """A number for the top of a bar: 3,600, 19, 0.97, 2e-05, 0."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}" if value >= 0.01 else f"{value:.0e}"


def _losses(
    axes: Axes,
    run: Run,
    style: dict,
    label: str,
    log: bool,
    smooth: int,
    highest: float = np.inf,
) -> None:
    """Pale: every batch, unless the view ends at `highest`; full: their mean; a cross: it broke."""
    losses, history = run
    broke = str(history.stopped).startswith("diverged")
    steps = np.asarray(losses, dtype=float)
    at = np.arange(1, len(steps) + 1)
    if not np.isfinite(highest):
        axes.plot(at, steps, "-", lw=0.8, alpha=0.35, color=style["color"])
    shown = steps if broke else running_mean(steps, smooth)
    axes.plot(at, shown, ls=style["ls"], color=style["color"], label=label)
    if broke:
        end = min(steps[-1], highest)
        axes.plot(at[-1], end, "X", ms=15, color=style["color"], mec="black")
        axes.annotate(
            f"step {len(steps) + 1}: NaN or infinite",
            (at[-1], end),
            xytext=(14, -2),
            textcoords="offset points",
            va="center",
            fontsize=12.5,
            color=style["color"],
        )
    if log:
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss of the mini-batch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _chance(axes: Axes, chance: float | None) -> None:
    if chance is not None:
        axes.axhline(chance, ls=":", lw=1.8, color=COLORS["gray"], label="knows nothing")
