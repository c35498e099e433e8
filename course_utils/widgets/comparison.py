"""Exploring a comparison: the same stored runs, ranked under rules that you choose.

How many settings each method may try, with which schedule, over how many seeds: see what the
ranking owes to the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.comparison import COMPARED, short
from course_utils.widgets.base import Demo, choice, slider

if TYPE_CHECKING:
    import pandas as pd

BETTER = "the better one"
COLUMNS = ("workload", "method", "schedule", "trial", "seed", "loss")
TICKS = (1, 1.5, 2, 3, 5, 8)
RIGHT = 10.0


class ComparisonExplorer(Demo):
    """Losses of stored runs: columns workload, method, schedule, trial, seed, loss.

    Each method may try its first `settings` trials, with one schedule or both, and takes the one
    with the lowest mean over the seeds that are looked at: `seeds` of them, from `first` on. Drawn
    are losses over the lowest mean that any method has with all settings and seeds.
    """

    height = 380
    alt = "Loss of each optimizer, a dot a run, with its rank; controls set the rules."

    def __init__(self, runs: pd.DataFrame) -> None:
        missing = set(COLUMNS) - set(runs.columns)
        if missing:
            raise ValueError(f"runs has no column {sorted(missing)}, expected one row a run")
        self._names = [name for name in COMPARED if name in set(runs["method"])]
        self._seeds = sorted(runs["seed"].unique())
        self._tables, self._schedules = {}, list(dict.fromkeys(runs["schedule"]))
        for place, of_one in runs.groupby(["workload", "method", "schedule"], sort=False):
            self._tables[place] = of_one.pivot(index="trial", columns="seed", values="loss")
        self.lowest = {
            workload: min(
                table.mean(axis=1).min()
                for (of, *_), table in self._tables.items()
                if of == workload
            )
            for workload in dict.fromkeys(runs["workload"])
        }
        super().__init__()

    def make_controls(self):
        workloads, most = list(self.lowest), len(self._seeds)
        trials = max(len(table) for table in self._tables.values())
        return {
            "workload": choice("workload", workloads[0], workloads),
            "schedule": choice("schedule", BETTER, [BETTER, *self._schedules]),
            "settings": slider("settings", trials, 1, trials, 1, whole=True),
            "seeds": slider("seeds", most, 1, most, 1, whole=True),
            "first": slider("first seed", 0, 0, most - 1, 1, whole=True),
        }

    def draw(self, figure: Figure):
        axes = figure.add_subplot(xscale="log", xlim=(0.9, RIGHT))
        axes.set_xlabel("validation loss, over the lowest mean of all")
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        axes.set_ylim(len(self._names) - 0.5, -0.5)
        axes.set_yticks(range(len(self._names)), [short(name) for name in self._names])
        self._dots, self._means, self._ranks = {}, {}, {}
        for place, name in enumerate(self._names):
            color = COMPARED[name]
            self._dots[name] = axes.plot([], [], "o", ls="", color=color, ms=7, alpha=0.6)[0]
            self._means[name] = axes.plot([], [], "|", ls="", color="black", ms=20, mew=3)[0]
            self._ranks[name] = axes.text(9.6, place, "", fontsize=13, va="center", ha="right")
        return [*self._dots.values(), *self._means.values(), *self._ranks.values()]

    def losses(
        self, workload: str, schedule: str, settings: int, seeds: int, first: int
    ) -> dict[str, np.ndarray]:
        """The losses (seeds,) of each method with the setting that these rules let it choose."""
        import pandas as pd  # here, for pandas takes half a second

        chosen = [self._seeds[(first + i) % len(self._seeds)] for i in range(seeds)]
        schedules = self._schedules if schedule == BETTER else [schedule]
        found = {}
        for name in self._names:
            tried = pd.concat(
                self._tables[workload, name, one].iloc[:settings][chosen] for one in schedules
            ).to_numpy()
            found[name] = tried[tried.mean(axis=1).argmin()]
        return found

    def update(self, workload: str, schedule: str, settings: int, seeds: int, first: int) -> str:
        losses = self.losses(workload, schedule, settings, seeds, first)
        mean = {name: values.mean() for name, values in losses.items()}
        order = sorted(mean, key=mean.get)
        for place, name in enumerate(self._names):
            shown = np.clip(losses[name] / self.lowest[workload], 0.9, RIGHT)
            self._dots[name].set_data(shown, np.full(len(shown), place))
            middle = np.clip(mean[name] / self.lowest[workload], 0.9, RIGHT)
            self._means[name].set_data([middle], [place])
            self._ranks[name].set_text(f"rank {order.index(name) + 1}")
        first_three = " &lt; ".join(short(name) for name in order[:3])
        return f"{workload}, {settings} setting(s) each, {seeds} seed(s): <b>{first_three}</b>"
