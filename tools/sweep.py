"""Runs the comparison of notebook 11 and writes its results to data/results/.

Every optimizer is tuned on validation data with five seeds, then trained at its best rate with
twelve fresh seeds and judged on test data. Stop it whenever you like: it goes on where it was.

    python tools/sweep.py                  # all of it, goes on where it was stopped
    python tools/sweep.py --out trial --task housing --optimizer SGD Adam --seeds 2 --epochs 1
"""

import argparse
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optimizer_runs as runs
import pandas as pd

from course_utils.data_files import data_directory
from course_utils.experiments import DIVERGED, FAILED, OK, sweep

RUN_FILE, CURVE_FILE = "optimizer_runs.csv.gz", "optimizer_curves.csv.gz"
PLACE = ["task", "optimizer", "lr", "stage", "seed"]


@dataclass(frozen=True)
class Plan:
    """What is compared, and how thoroughly: by default all that notebook 11 shows.

    `seeds` keeps the first so many of each stage's seeds, `epochs` replaces the task's own number.
    """

    tasks: Sequence[str] = tuple(runs.EPOCHS)
    optimizers: Sequence[str] = tuple(runs.RATES)
    seeds: int | None = None
    epochs: int | None = None

    def grid(self, task: str, stage: str, rates: dict[str, list[float]]) -> list[dict]:
        """The settings of one stage on one task, each optimizer with its own rates."""
        more = {} if self.epochs is None else {"epochs": [self.epochs]}
        return [
            {"task": [task], "optimizer": [name], "lr": rates[name], "stage": [stage], **more}
            for name in self.optimizers
        ]


def best_rates(tuned: pd.DataFrame) -> dict[str, float]:
    """The rate of each optimizer with the lowest mean validation loss over the tuning seeds.

    A rate at which any seed diverged is out. Raises ValueError if no rate is left, and if a best
    rate is the first or the last of its grid: then a better one may lie outside.
    """
    best = {}
    for name, of_one in tuned.groupby("optimizer", sort=False):
        mean = of_one.groupby("lr")["val_loss"].mean()
        mean = mean[of_one.groupby("lr")["status"].agg(lambda status: (status == OK).all())]
        if mean.empty:
            raise ValueError(
                f"{name} diverged at every rate of its grid with at least one seed: "
                "move its grid in tools/optimizer_runs.py"
            )
        best[name] = float(mean.idxmin())
        if best[name] in (runs.RATES[name][0], runs.RATES[name][-1]):
            raise ValueError(
                f"the best rate of {name} is {best[name]:g}, at the edge of its grid: "
                "move its grid in tools/optimizer_runs.py"
            )
    return best


def require_no_failure(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table`, or raise RuntimeError: a run that failed says nothing about its rate."""
    failed = table[table["status"] == FAILED]
    if len(failed):
        first = failed.iloc[0]
        raise RuntimeError(
            f"{len(failed)} runs failed, the first with {first['reason']!r} "
            f"({', '.join(f'{name} {first[name]}' for name in PLACE)}). "
            "The others are stored: start again, and only what failed is tried again"
        )
    return table


def compare(task: str, plan: Plan, jobs: int, folder: Path | None) -> pd.DataFrame:
    """Tune and judge all optimizers of the plan on one task: one row a run.

    Finished runs are stored in `folder`, by default in the cache of the data folder.
    """
    options = {"n_jobs": jobs, "version": runs.VERSION, "folder": folder}
    print(f"{task}: tuning", flush=True)
    grid = plan.grid(task, "tune", runs.RATES)
    tuned = sweep(runs.train_once, grid, runs.TUNING_SEEDS[: plan.seeds], **options)
    best = best_rates(require_no_failure(tuned))
    print(f"{task}: best rates {best}; judging", flush=True)
    grid = plan.grid(task, "judge", {name: [lr] for name, lr in best.items()})
    judged = sweep(runs.train_once, grid, runs.JUDGING_SEEDS[: plan.seeds], **options)
    return pd.concat([tuned, require_no_failure(judged)], ignore_index=True)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write six digits, the same bytes for the same table, and never half a file."""
    text = io.StringIO()
    table.to_csv(text, index=False, float_format="%.6g", lineterminator="\n")
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    partial.replace(path)


def write_results(everything: pd.DataFrame, folder: Path) -> None:
    """Write the table of all runs, and the curves of those that did not diverge."""
    curves = everything[everything["status"] == OK][[*PLACE, "step", "val_curve"]]
    curves = curves.explode(["step", "val_curve"]).rename(columns={"val_curve": "val_loss"})
    table = everything.drop(columns=["step", "val_curve"])
    last = ["status", "reason"]
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(table[[c for c in table if c not in last] + last], folder / RUN_FILE)
    write_csv(curves.astype({"val_loss": float}), folder / CURVE_FILE)


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
    add("--task", nargs="+", choices=tuple(runs.EPOCHS), help="only these")
    add("--optimizer", nargs="+", choices=tuple(runs.RATES), metavar="NAME", help="only these")
    most = len(runs.JUDGING_SEEDS)
    add("--seeds", type=whole_number(most), help="only the first so many of each stage")
    add("--epochs", type=whole_number(), help="instead of 20 on housing and 4 on MNIST")
    arguments = parser.parse_args(argv)
    smaller = [n for n in ("task", "optimizer", "seeds", "epochs") if getattr(arguments, n)]
    if smaller and arguments.out is None:
        parser.error(
            f"with --{smaller[0]} this is not the comparison of notebook 11, whose results it "
            "must not replace: name another folder with --out"
        )
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        parser.error(f"argument --out: {arguments.out} is a file, expected a folder")
    for name in ("task", "optimizer"):
        given = getattr(arguments, name) or []
        if len(set(given)) < len(given):
            parser.error(f"argument --{name}: one stands twice in {' '.join(given)}")
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = arguments_of(argv)
    whole = Plan()
    plan = Plan(
        arguments.task or whole.tasks,
        arguments.optimizer or whole.optimizers,
        arguments.seeds,
        arguments.epochs,
    )
    stored = None if arguments.out is None else arguments.out / "runs"
    everything = pd.concat([compare(task, plan, arguments.jobs, stored) for task in plan.tasks])
    folder = arguments.out or data_directory() / "results"
    write_results(everything, folder)
    diverged = (everything["status"] == DIVERGED).sum()
    print(f"{len(everything)} runs, {diverged} of them diverged: {folder}")


if __name__ == "__main__":
    main()
