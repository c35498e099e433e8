"""Curves of training: how loss and accuracy move, and how they depend on a setting.

Training is always the pale dashed line, validation the full one.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from course_utils.plots.landscapes import METHOD_COLORS
from course_utils.style import COLORS, LINE_STYLES
from course_utils.training import History

OTHER_COLORS = [COLORS[name] for name in ("orange", "purple", "amber", "sky", "black")]
MARKERS = "osD^vP*"


def run_style(name: str, position: int) -> dict[str, str]:
    """Color and marker of a run: the optimizer's own color if `name` is one, else by position."""
    color = METHOD_COLORS.get(name, OTHER_COLORS[position % len(OTHER_COLORS)])
    return {"color": color, "marker": MARKERS[position % len(MARKERS)]}


def training_curves(
    histories: Mapping[str, History],
    title: str,
    *,
    log: bool = False,
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Loss and, for classes, accuracy after each epoch of one or several runs.

    See how far training (dashed) and validation (full line) drift apart. A ring marks the epoch
    with the lowest validation loss. With `log` the loss has a logarithmic axis; `limits` are
    those of the axes named "loss" and "accuracy".
    """
    classes = any(np.isfinite(h.train_accuracy).any() for h in histories.values())
    figure, panels = plt.subplots(1, 2 if classes else 1, figsize=(10.8, 4.5), squeeze=False)
    names = ("loss", "accuracy") if classes else ("loss",)
    for axes, name in zip(panels[0], names, strict=True):
        for position, (run, history) in enumerate(histories.items()):
            _train_and_val(axes, run, history, name, run_style(run, position))
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if limits is not None and name in limits:
            axes.set_ylim(limits[name])
    if log:
        panels[0, 0].set_yscale("log")
    if classes:
        _percent(panels[0, 1])
    panels[0, 0].legend(loc="best", fontsize=12)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def _train_and_val(axes: Axes, run: str, history: History, name: str, style: dict) -> None:
    """One run in one panel: training pale and dashed, validation full, its best epoch ringed."""
    epochs, color = np.arange(1, len(history) + 1), style["color"]
    train, val = getattr(history, f"train_{name}"), getattr(history, f"val_{name}")
    axes.plot(epochs, train, "--", color=color, alpha=0.65, label=f"{run}, training")
    if not np.isfinite(val).any():
        return
    axes.plot(epochs, val, "-", ms=5, markevery=0.1, label=f"{run}, validation", **style)
    if name == "loss":
        best = int(np.nanargmin(val))
        axes.plot(epochs[best], val[best], "o", color=color, ms=15, mfc="none", mew=2.4)


def setting_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    title: str,
    log: bool = False,
    percent: bool = False,
    ring_best: bool = False,
) -> Figure:
    """What was measured at each setting, one curve (settings, values) a name, such as a rate.

    See which setting is best (ringed with `ring_best`) and how much a wrong one costs. A value
    that is NaN, that of a diverged run, is a cross at the lower edge.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.3))
    for position, (name, (settings, values)) in enumerate(curves.items()):
        style = run_style(name, position)
        axes.plot(settings, values, ls=LINE_STYLES[position], label=name, **style)
        lost = [x for x, y in zip(settings, values, strict=True) if not np.isfinite(y)]
        if lost:
            low = axes.get_xaxis_transform()
            axes.plot(lost, [0.03] * len(lost), "x", ms=12, mew=3, c=style["color"], transform=low)
            for x in lost:
                axes.text(x, 0.07, "diverged", ha="center", fontsize=12, transform=low)
        if ring_best:
            best = int(np.nanargmax(values))
            axes.plot(
                settings[best], values[best], "o", ms=17, mfc="none", mew=2.4, color=style["color"]
            )
            axes.annotate(
                f"{settings[best]:g}",
                (settings[best], values[best]),
                xytext=(0, 14),
                textcoords="offset points",
                ha="center",
                fontsize=13,
                color=style["color"],
            )
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        axes.set_xscale("log")
    if percent:
        _percent(axes)
    if len(curves) > 1:
        axes.legend(loc="best")
    axes.margins(y=0.18)
    axes.set_title(title)
    plt.close(figure)
    return figure


def _percent(axes: Axes) -> None:
    """Label the values 0.97 of the y axis as 97%."""
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol="%"))
