"""Runs the optimizer comparison of notebook 11 anew and writes its results to data/results/.

Ten methods, each with a constant rate and with a cosine, on six workloads. All have the same
budget: 16 settings with five seeds on validation data. The best is trained with twelve fresh seeds
and judged on test data. Stop it whenever you like: it goes on where it was.

    python tools/sweep.py                  # all of it, goes on where it was stopped
    python tools/sweep.py --out trial --workload housing --method SGD Adam --trials 4 --seeds 2
"""

import argparse
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optimizer_runs as runs
import pandas as pd
from workloads import WORKLOADS, chance, data_of

from course_utils.data_files import data_directory
from course_utils.experiments import FAILED, sweep
from course_utils.statistics import last_looks

RUN_FILE, CURVE_FILE = "comparison_runs.csv.gz", "comparison_curves.csv.gz"
PLACE = ["workload", "method", "schedule", "trial", "stage", "seed"]
SETTINGS = list(runs.HYPERPARAMETERS)
LAST = 5  # looks that a run is judged by


@dataclass(frozen=True)
class Plan:
    """What is compared, and how thoroughly: by default all that notebook 11 is to show.

    `trials` keeps the first so many settings of each method, `seeds` the first so many of each
    stage's seeds; `epochs` replaces the workload's own number.
    """

    workloads: Sequence[str] = tuple(WORKLOADS)
    methods: Sequence[str] = tuple(runs.METHODS)
    schedules: Sequence[str] = tuple(runs.SCHEDULES)
    trials: int = runs.TRIALS
    seeds: int | None = None
    epochs: int | None = None

    def grid(self, workload: str, stage: str, chosen: dict | None = None) -> list[dict]:
        """The settings of one stage: all trials, or of each method and schedule the chosen one."""
        more = {} if self.epochs is None else {"epochs": [self.epochs]}
        settings = []
        for method in self.methods:
            tried = runs.trials(method, self.trials)
            for schedule in self.schedules:
                for trial in range(self.trials) if chosen is None else [chosen[method, schedule]]:
                    place = {
                        "workload": workload,
                        "method": method,
                        "schedule": schedule,
                        "trial": trial,
                        "stage": stage,
                        **dict.fromkeys(SETTINGS),
                        **tried[trial],
                    }
                    settings.append({name: [value] for name, value in place.items()} | more)
        return settings


def scored(table: pd.DataFrame, part: str = "val") -> pd.Series:
    """What a run is judged by: the mean loss of its last five looks, none above chance.

    One rule for all: a look at which the run had diverged, or was worse than knowing nothing,
    counts as knowing nothing.
    """
    curves = table[part].apply(lambda curve: curve[-LAST:])
    ceilings = table["workload"].map(ceiling_of)
    return pd.Series(
        [
            float(last_looks(curve, ceiling, LAST))
            for curve, ceiling in zip(curves, ceilings, strict=True)
        ],
        index=table.index,
    )


def ceiling_of(workload: str) -> float:
    """The validation loss of the best constant output."""
    return chance(WORKLOADS[workload], data_of(workload))


def best_trials(tuned: pd.DataFrame) -> dict[tuple[str, str], int]:
    """For each method and schedule the trial with the lowest mean score over the tuning seeds."""
    scores = tuned.assign(score=scored(tuned)).groupby(["method", "schedule", "trial"])["score"]
    means = scores.mean()
    return {
        place: int(of_one.droplevel(["method", "schedule"]).idxmin())
        for place, of_one in means.groupby(level=["method", "schedule"], sort=False)
    }


def at_the_edge(best: dict[tuple[str, str], int], count: int = runs.TRIALS) -> list[str]:
    """The methods whose best rate is the lowest or highest tried: a better one may lie outside."""
    found = []
    for (method, schedule), trial in best.items():
        rates = [setting["lr"] for setting in runs.trials(method, count)]
        if rates[trial] in (min(rates), max(rates)):
            found.append(f"{method} with {schedule} at {rates[trial]:g}")
    return found


def require_no_failure(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table`, or raise RuntimeError: a run that failed says nothing about its setting."""
    failed = table[table["status"] == FAILED]
    if len(failed):
        first = failed.iloc[0]
        raise RuntimeError(
            f"{len(failed)} runs failed, the first with {first['reason']!r} "
            f"({', '.join(f'{name} {first[name]}' for name in PLACE)}). "
            "The others are stored: start again, and only what failed is tried again"
        )
    return table


def compare(workload: str, plan: Plan, jobs: int, folder: Path | None) -> pd.DataFrame:
    """Tune and judge all methods of the plan on one workload: one row a run.

    Finished runs are stored in `folder`, by default in the cache of the data folder.
    """
    options = {"n_jobs": jobs, "version": runs.VERSION, "folder": folder}
    print(f"{workload}: tuning", flush=True)
    grid = plan.grid(workload, "tune")
    tuned = sweep(runs.train_once, grid, runs.TUNING_SEEDS[: plan.seeds], **options)
    best = best_trials(require_no_failure(tuned))
    for place in at_the_edge(best, plan.trials):
        print(f"{workload}: the best rate is at the edge of its range: {place}", flush=True)
    print(f"{workload}: judging", flush=True)
    grid = plan.grid(workload, "judge", best)
    judged = sweep(runs.train_once, grid, runs.JUDGING_SEEDS[: plan.seeds], **options)
    return pd.concat([tuned, require_no_failure(judged)], ignore_index=True)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write five digits, the same bytes for the same table, and never half a file."""
    text = io.StringIO()
    table.to_csv(text, index=False, float_format="%.5g", lineterminator="\n")
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    partial.replace(path)


def write_results(everything: pd.DataFrame, folder: Path) -> None:
    """Write the table of all runs with their last looks, and the curves of the judged ones."""
    judged = everything[everything["stage"] == "judge"]
    curves = judged[[*PLACE, "step", "val", "test"]].explode(["step", "val", "test"])
    table = everything[[*PLACE, *SETTINGS, "updates", "diverged_at", "ms_per_update"]].copy()
    table["chance"] = everything["workload"].map(ceiling_of)
    for part in ("val", "test"):
        for place in range(LAST):
            table[f"{part}_{place + 1}"] = everything[part].apply(
                lambda curve, place=place: (
                    curve[place - LAST] if isinstance(curve, list) else float("nan")
                )
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(table, folder / RUN_FILE)
    write_csv(curves.astype({"val": float, "test": float}), folder / CURVE_FILE)


def whole_number(high: int | None = None):
    """A reader of an option: a whole number from 1, and to `high` if there is one."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= (high or int(text)):
            wanted = "from 1" if high is None else f"from 1 to {high}"
            raise argparse.ArgumentTypeError(f"it is {text!r}, expected a whole number {wanted}")
        return int(text)

    return read


def arguments_of(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line; ends the program with a message if one is wrong."""
    parser = argparse.ArgumentParser(prog="sweep.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--jobs", type=whole_number(), default=2, help="worker processes (2)")
    add("--out", type=Path, metavar="FOLDER", help="for results and stored runs; needed below")
    add("--workload", nargs="+", choices=tuple(WORKLOADS), help="only these")
    add("--method", nargs="+", choices=tuple(runs.METHODS), metavar="NAME", help="only these")
    add("--schedule", nargs="+", choices=tuple(runs.SCHEDULES), help="only these")
    add("--trials", type=whole_number(runs.TRIALS), help="only the first so many of each method")
    most = len(runs.JUDGING_SEEDS)
    add("--seeds", type=whole_number(most), help="only the first so many of each stage")
    add("--epochs", type=whole_number(), help="instead of the workload's own number")
    arguments = parser.parse_args(argv)
    names = ("workload", "method", "schedule", "trials", "seeds", "epochs")
    smaller = [name for name in names if getattr(arguments, name)]
    if smaller and arguments.out is None:
        parser.error(
            f"with --{smaller[0]} this is not the comparison of notebook 11, whose results it "
            "must not replace: name another folder with --out"
        )
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        parser.error(f"argument --out: {arguments.out} is a file, expected a folder")
    for name in names[:3]:
        given = getattr(arguments, name) or []
        if len(set(given)) < len(given):
            parser.error(f"argument --{name}: one stands twice in {' '.join(given)}")
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = arguments_of(argv)
    whole = Plan()
    plan = Plan(
        arguments.workload or whole.workloads,
        arguments.method or whole.methods,
        arguments.schedule or whole.schedules,
        arguments.trials or whole.trials,
        arguments.seeds,
        arguments.epochs,
    )
    stored = None if arguments.out is None else arguments.out / "runs"
    parts = [compare(workload, plan, arguments.jobs, stored) for workload in plan.workloads]
    everything = pd.concat(parts, ignore_index=True)
    folder = arguments.out or data_directory() / "results"
    write_results(everything, folder)
    diverged = everything["diverged_at"].notna().sum()
    print(f"{len(everything)} runs, {diverged} of them diverged: {folder}")


if __name__ == "__main__":
    main()
