"""Pictures of a fair comparison: many runs of each method, with their spread.

Each method has the color and the line style it has in every figure of the course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.landscapes import METHOD_COLORS
from course_utils.style import COLORS, LINE_STYLES

if TYPE_CHECKING:
    import pandas as pd

# seven methods as everywhere in the course, and three more
COMPARED = METHOD_COLORS | {"Lion": "#999933", "Muon": "#882255", "ScheduleFreeAdamW": "#6B6B6B"}
MARKERS = dict(zip(COMPARED, "osD^vP*<X>", strict=True))
SHORT = {"ScheduleFreeAdamW": "schedule-free"}


def short(name: str) -> str:
    """The name of a method as it stands beside an axis."""
    return SHORT.get(name, name)


def tuning_panels(settings: pd.DataFrame, ylabel: str, title: str) -> Figure:
    """One panel a method: the loss of every setting tried against its learning rate.

    `settings` has the columns method, schedule, lr and loss. Filled dots have a constant rate,
    open ones a cosine; the gray dots are those of all other methods with the same schedule. See
    how wide each method's valley is, and on which side it ends in a cliff.
    """
    names = [name for name in COMPARED if name in set(settings["method"])]
    size = {"figsize": (10.8, 4.6), "layout": "none"}
    figure, panels = plt.subplots(2, -(-len(names) // 2), sharex=True, sharey=True, **size)
    for axes, name in zip(panels.flat, names, strict=False):
        axes.plot(settings["lr"], settings["loss"], ".", ms=3, color="#CCCCCC", zorder=1)
        for schedule, of_one in settings[settings["method"] == name].groupby("schedule"):
            face = COMPARED[name] if schedule == "constant" else "white"
            axes.plot(
                *(of_one["lr"], of_one["loss"], MARKERS[name]),
                **{"ms": 6.5, "color": COMPARED[name], "mfc": face, "mew": 1.6, "zorder": 3},
            )
        axes.set_title(short(name), fontsize=13)
        axes.set(xscale="log", yscale="log")
        axes.set_xticks([1e-5, 1e-3, 1e-1, 10], ["1e-5", "1e-3", "0.1", "10"])
        low, high = settings["loss"].min(), settings["loss"].max()
        ticks = [k for k in (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5) if low <= k <= high]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    for axes in panels.flat[len(names) :]:
        axes.axis("off")
    figure.supxlabel("learning rate (filled: constant, open: cosine)", fontsize=14)
    figure.supylabel(ylabel, fontsize=14)
    figure.subplots_adjust(0.085, 0.15, 0.985, 0.84, wspace=0.12, hspace=0.4)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def seed_differences(
    tables: Mapping[str, Mapping[str, np.ndarray]],
    bounds: Mapping[str, Mapping[str, tuple[float, float, float]]],
    xlabel: str,
    title: str,
    limit: float,
) -> Figure:
    """A panel a workload: the difference of every seed as a dot, and the interval as a bar.

    `tables[workload][method]` (seeds,) are differences to the reference, at 0; `bounds` has (low,
    estimate, high) of each. See which bars reach across 0. What lies beyond `limit` is drawn there
    as an arrow.
    """
    columns = min(3, len(tables))
    rows = -(-len(tables) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(10.8, 2.15 * rows), squeeze=False, sharex=True
    )
    for axes, (workload, of_one) in zip(panels.flat, tables.items(), strict=False):
        for place, (name, values) in enumerate(of_one.items()):
            values, color = np.asarray(values, float), COMPARED[name]
            inside = values[values <= limit]
            axes.plot(inside, [place] * len(inside), "o", ls="", ms=3.5, color=color, alpha=0.6)
            low, middle, high = bounds[workload][name]
            if low <= limit:
                axes.plot([low, min(high, limit)], [place, place], "-", color=color, lw=3.2)
                axes.plot(min(middle, limit), place, "|", color="black", ms=11, mew=2.2)
            if len(inside) < len(values):
                axes.plot(limit, place, ">", color=color, ms=8, clip_on=False)
        axes.axvline(0, color=COLORS["gray"], ls="--", lw=1.6)
        axes.set_yticks(range(len(of_one)), [short(name) for name in of_one], fontsize=10)
        axes.invert_yaxis()
        axes.set_title(workload, fontsize=12)
    for axes in panels.flat[len(tables) :]:
        axes.axis("off")
    figure.supxlabel(xlabel, fontsize=13)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def profiles(
    bands: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    factors: np.ndarray,
    highlighted: Sequence[str],
    title: str,
) -> Figure:
    """Performance profiles: the share of workloads finished within a factor of the fastest.

    `bands[method]` holds (low, profile, high) at each of `factors`. The highlighted methods have a
    panel each with their band, the others are gray. Higher and further left is better.
    """
    figure, panels = plt.subplots(
        1, len(highlighted), figsize=(10.8, 3.9), sharey=True, squeeze=False
    )
    for axes, name in zip(panels[0], highlighted, strict=True):
        for _, profile, _ in bands.values():
            axes.step(factors, profile, where="post", color="#CCCCCC", ls="-", lw=1.2)
        low, profile, high = bands[name]
        color = COMPARED[name]
        axes.fill_between(factors, low, high, step="post", color=color, alpha=0.25, lw=0)
        axes.step(factors, profile, where="post", color=color, ls="-", lw=3)
        axes.set(xscale="log", ylim=(-0.03, 1.03))
        axes.set_title(short(name), fontsize=13)
        ticks = [tick for tick in (1, 2, 4, 8) if tick <= factors[-1]]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    panels[0, 0].set_ylabel("share of the workloads")
    figure.supxlabel("updates to the target, over those of the fastest method", fontsize=14)
    figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    plt.close(figure)
    return figure


def last_batch(
    steps: np.ndarray, losses: Mapping[str, np.ndarray], short_ones: Sequence[int], title: str
) -> Figure:
    """The test loss after each of the last updates, a line a seed, for two rules of the last batch.

    `losses[rule]` is (seeds, steps). Gray stripes mark the updates on the `short_ones`. See the
    loss jump right after a short batch, which is where most people measure.
    """
    figure, panels = plt.subplots(1, len(losses), figsize=(10.8, 4.0), sharey=True, squeeze=False)
    for axes, (rule, of_one) in zip(panels[0], losses.items(), strict=True):
        if rule == "keep":
            for step in short_ones:
                axes.axvspan(step - 0.5, step + 0.5, color="#DDDDDD", lw=0)
        axes.plot(steps, of_one.T, "-", color=COLORS["blue"], lw=1.2, alpha=0.5)
        axes.plot(steps, of_one.mean(axis=0), "-o", color=COLORS["orange"], lw=2.6, ms=4)
        axes.set_xlabel("update")
        axes.set_title(f'last_batch="{rule}"', fontsize=13)
    panels[0, 0].set_ylabel("test loss")
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
        position = list(COMPARED).index(name)
        style = {"color": COMPARED[name], "ls": LINE_STYLES[position % len(LINE_STYLES)]}
        axes.plot(places, row, marker=MARKERS[name], ms=10, **style)
        axes.text(places[-1] + 0.06, row.iloc[-1], short(name), va="center", fontsize=13)
    axes.set_xticks(places, [str(column) for column in ranks.columns])
    axes.set(xlabel=xlabel, ylabel="rank (1 = lowest loss)", xlim=(-0.2, places[-1] + 0.6))
    axes.set_yticks(range(1, len(ranks) + 1))
    axes.invert_yaxis()
    axes.set_title(title)
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
            runs, color = np.asarray(runs, dtype=float), COMPARED[name]
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
