"""Pictures of a fair comparison: many runs of each method, with their spread.

Each method has the color and the line style it has in every figure of the course.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.plots.landscapes import METHOD_COLORS
from course_utils.style import COLORS, LINE_STYLES

MARKERS = dict(zip(METHOD_COLORS, "osD^vP*", strict=True))


def rate_panels(runs: pd.DataFrame, value: str, ylabel: str, title: str, top: float) -> Figure:
    """One panel a method: `value` against the rate, mean and range over the seeds.

    `runs` has the columns optimizer, lr, seed, status and `value`. See how wide the valley of each
    method is, and where runs diverge (crosses at the upper edge, at `top`); the ring is the best
    mean of a rate at which no seed diverged, the gray lines are the other methods.
    """
    by_rate = runs.groupby(["optimizer", "lr"])[value].agg(["mean", "min", "max"])
    by_rate["lost"] = runs.groupby(["optimizer", "lr"])["status"].agg(lambda s: (s != "ok").sum())
    names = [name for name in METHOD_COLORS if name in by_rate.index]
    size = {"figsize": (10.8, 4.5), "layout": "none"}
    figure, panels = plt.subplots(2, 4, sharex=True, sharey=True, **size)
    for axes, name in zip(panels.flat, names, strict=False):
        for other in names:
            axes.plot(by_rate.loc[other]["mean"].clip(upper=top), "-", color="#CCCCCC", lw=1)
        own, color = by_rate.loc[name], METHOD_COLORS[name]
        own = own.assign(**{c: own[c].clip(upper=top) for c in ("mean", "min", "max")})
        axes.fill_between(own.index, own["min"], own["max"], color=color, alpha=0.25, lw=0)
        axes.plot(own.index, own["mean"], ls="-", color=color, marker=MARKERS[name], ms=5)
        lost = own.index[own["lost"] > 0]
        axes.plot(lost, [top] * len(lost), "x", color=color, ms=9, mew=2.5, clip_on=False)
        best = own[own["lost"] == 0]["mean"]
        axes.plot(best.idxmin(), best.min(), "o", ms=14, mfc="none", mec="black", mew=2)
        axes.set_title(name, fontsize=13)
        axes.set(xscale="log", yscale="log", ylim=(0.85 * by_rate["min"].min(), top))
        ticks = [tick for tick in (0.2, 0.5, 1, 2, 5) if tick <= top]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    panels[0, 3].tick_params(labelbottom=True)
    for axes in panels.flat[len(names) :]:
        axes.axis("off")
        words = (
            "line: mean of the seeds\nband: lowest to highest\nring: best rate\n×: a run diverged"
        )
        axes.text(0, 0.9, words, fontsize=12.5, va="top", transform=axes.transAxes)
    figure.supxlabel("learning rate", fontsize=14)
    figure.supylabel(ylabel, fontsize=14)
    # by hand: the panel of words has no size that an automatic layout could use
    figure.subplots_adjust(0.075, 0.13, 0.97, 0.86, wspace=0.14, hspace=0.36)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def rank_lines(ranks: pd.DataFrame, xlabel: str, title: str) -> Figure:
    """The rank of each method (row) under each condition (column), 1 at the top.

    See the lines cross: a ranking belongs to the condition it was made under.
    """
    figure, axes = plt.subplots(figsize=(10.0, 4.3))
    places = np.arange(len(ranks.columns))
    for name, row in ranks.iterrows():
        position = list(METHOD_COLORS).index(name)
        style = {"color": METHOD_COLORS[name], "ls": LINE_STYLES[position]}
        axes.plot(places, row, marker=MARKERS[name], ms=10, **style)
        axes.text(places[-1] + 0.06, row.iloc[-1], name, va="center", fontsize=13)
    axes.set_xticks(places, [str(column) for column in ranks.columns])
    axes.set(xlabel=xlabel, ylabel="rank (1 = lowest loss)", xlim=(-0.2, places[-1] + 0.6))
    axes.set_yticks(range(1, len(ranks) + 1))
    axes.invert_yaxis()
    axes.set_title(title)
    plt.close(figure)
    return figure


def intervals(
    tables: Mapping[str, pd.DataFrame],
    xlabel: str,
    title: str,
    zero: bool = False,
    limit: float = np.inf,
) -> Figure:
    """A panel a task: estimate and interval (columns mean, low, high) of each method (row).

    See which intervals overlap, or with `zero` which reach across the line at 0, the reference.
    An interval that goes beyond `limit` ends there in an arrow, with its numbers beside it.
    """
    figure, panels = plt.subplots(1, len(tables), figsize=(10.8, 4.2), squeeze=False)
    for axes, (task, table) in zip(panels[0], tables.items(), strict=True):
        for place, (name, row) in enumerate(table.iterrows()):
            color = METHOD_COLORS[name]
            end = min(row["high"], limit)
            axes.plot([row["low"], end], [place, place], "-", color=color, lw=4)
            if row["mean"] <= limit:
                axes.plot(row["mean"], place, MARKERS[name], color=color, ms=11, mec="white")
            if row["high"] > limit:
                axes.plot(limit, place, ">", color=color, ms=12, clip_on=False)
                words = f"{row['mean']:.2f}, from {row['low']:.2f} to {row['high']:.2f}"
                axes.text(limit, place + 0.42, words, ha="right", va="center", fontsize=12)
        if zero:
            axes.axvline(0, color=COLORS["gray"], ls="--", lw=1.6)
        axes.set_yticks(range(len(table)), table.index)
        axes.invert_yaxis()
        axes.set_xlabel(xlabel)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(task, fontsize=13)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def runs_by_method(
    tables: Mapping[str, Mapping[str, Sequence[float]]], xlabel: str, title: str
) -> Figure:
    """A panel a task: one dot a run for each method, and a bar at the median of all its runs.

    A run that is NaN never arrived. It counts as longer than all others, and how many there were
    stands beside the name. See the spread of the seeds next to the gaps between methods.
    """
    figure, panels = plt.subplots(1, len(tables), figsize=(10.8, 4.2), squeeze=False)
    for axes, (task, values) in zip(panels[0], tables.items(), strict=True):
        labels = []
        for place, (name, runs) in enumerate(values.items()):
            runs, color = np.asarray(runs, dtype=float), METHOD_COLORS[name]
            arrived = np.sort(runs[np.isfinite(runs)])
            offsets = place + np.linspace(-0.22, 0.22, max(len(arrived), 1))[: len(arrived)]
            axes.plot(arrived, offsets, "o", ls="", color=color, ms=6, alpha=0.75)
            middle = np.median(np.where(np.isfinite(runs), runs, np.inf))
            if np.isfinite(middle):
                axes.plot([middle, middle], [place - 0.38, place + 0.38], "-", color="black", lw=3)
            lost = len(runs) - len(arrived)
            labels.append(f"{name}\n({lost} never)" if lost else name)
        axes.set_yticks(range(len(labels)), labels, fontsize=12)
        axes.invert_yaxis()
        axes.set_xlabel(xlabel)
        axes.set_title(task, fontsize=13)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure
