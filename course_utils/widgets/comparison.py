"""Exploring a comparison: the same stored runs, ranked under rules that you choose.

One rate for all or each its own, one seed or several: see what the ranking owes to the rules.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.plots.landscapes import METHOD_COLORS
from course_utils.widgets.base import Demo, choice, slider

OWN = "its own best"
TICKS = (0.2, 0.3, 0.5, 1, 2, 5)


class ComparisonExplorer(Demo):
    """Validation losses of stored runs: columns task, optimizer, lr, seed, val_loss, status.

    `rate` is one rate for all, or each method's own best (lowest mean over all seeds, a rate at
    which a seed diverged is out); `first` and `seeds` say which seeds are looked at.
    """

    height = 360
    alt = "Validation loss of each optimizer, a dot a run, with its rank; controls set the rules."

    def __init__(self, runs: pd.DataFrame) -> None:
        missing = {"task", "optimizer", "lr", "seed", "val_loss", "status"} - set(runs.columns)
        if missing:
            raise ValueError(f"runs has no column {sorted(missing)}, expected one row a run")
        self._runs = runs
        self._names = [name for name in METHOD_COLORS if name in set(runs["optimizer"])]
        self._seeds = sorted(runs["seed"].unique())
        per_rate = runs.groupby(["task", "optimizer", "lr"]).agg(
            loss=("val_loss", "mean"), whole=("status", lambda status: (status == "ok").all())
        )
        fine = per_rate[per_rate["whole"]].reset_index()
        lowest = fine.loc[fine.groupby(["task", "optimizer"])["loss"].idxmin()]
        self.best = lowest.set_index(["task", "optimizer"])["lr"]
        super().__init__()

    def make_controls(self):
        tasks = list(dict.fromkeys(self._runs["task"]))
        common = sorted(
            lr
            for lr, of_rate in self._runs.groupby("lr")
            if set(of_rate["optimizer"]) == set(self._names)
        )
        most = len(self._seeds)
        return {
            "task": choice("task", tasks[0], tasks),
            "rate": choice("rate", OWN, [OWN, *(f"{lr:g}" for lr in common)]),
            "seeds": slider("seeds", most, 1, most, 1, whole=True),
            "first": slider("first seed", 0, 0, most - 1, 1, whole=True),
        }

    def draw(self, figure: Figure):
        axes = figure.add_subplot(xscale="log", xlim=(0.15, 6), xlabel="validation loss")
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        axes.set_ylim(len(self._names) - 0.5, -0.5)
        axes.set_yticks(range(len(self._names)), self._names)
        self._dots, self._means, self._ranks = {}, {}, {}
        for place, name in enumerate(self._names):
            color = METHOD_COLORS[name]
            self._dots[name] = axes.plot([], [], "o", ls="", color=color, ms=7, alpha=0.6)[0]
            self._means[name] = axes.plot([], [], "|", ls="", color="black", ms=24, mew=3)[0]
            self._ranks[name] = axes.text(5.6, place, "", fontsize=13, va="center", ha="right")
        return [*self._dots.values(), *self._means.values(), *self._ranks.values()]

    def losses(self, task: str, rate: str, first: int, seeds: int) -> dict[str, np.ndarray]:
        """The validation loss of the chosen runs of each method; infinite where one diverged."""
        chosen = [self._seeds[(first + i) % len(self._seeds)] for i in range(seeds)]
        of_task = self._runs[(self._runs["task"] == task) & self._runs["seed"].isin(chosen)]
        found = {}
        for name in self._names:
            lr = self.best[task, name] if rate == OWN else float(rate)
            runs = of_task[(of_task["optimizer"] == name) & np.isclose(of_task["lr"], lr)]
            found[name] = runs["val_loss"].fillna(np.inf).to_numpy()
        return found

    def update(self, task: str, rate: str, first: int, seeds: int) -> str:
        losses = self.losses(task, rate, first, seeds)
        mean = {name: values.mean() for name, values in losses.items()}
        order = sorted(mean, key=mean.get)
        for place, name in enumerate(self._names):
            finite = np.clip(losses[name][np.isfinite(losses[name])], 0.15, 6)
            self._dots[name].set_data(finite, np.full(len(finite), place))
            shown = [mean[name]] if np.isfinite(mean[name]) else []
            self._means[name].set_data(np.clip(shown, 0.15, 6), [place] * len(shown))
            diverged = "" if shown else ", diverged"
            self._ranks[name].set_text(f"rank {order.index(name) + 1}{diverged}")
        where = "each at its own best rate" if rate == OWN else f"all at rate {rate}"
        return f"{task}, {where}, {seeds} seed(s): <b>{' &lt; '.join(order)}</b>"
