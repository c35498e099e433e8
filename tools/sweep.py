"""Runs the comparison of notebook 11 and writes its results to data/results/.

Every optimizer is tuned on validation data with five seeds, then trained at its best rate with
twelve fresh seeds and judged on test data. Stop it whenever you like: it goes on where it was.

    python tools/sweep.py [--jobs 2] [--task housing] [--trial]
"""

import argparse
import gzip
import io
from pathlib import Path

import optimizer_runs as runs
import pandas as pd

from course_utils.data_files import data_directory
from course_utils.experiments import OK, sweep

RUN_FILE, CURVE_FILE = "optimizer_runs.csv.gz", "optimizer_curves.csv.gz"


def tuning_grid(task: str) -> list[dict]:
    """All rates of all optimizers, each from its own grid."""
    return [
        {"task": [task], "optimizer": [name], "lr": rates, "stage": ["tune"]}
        for name, rates in runs.RATES.items()
    ]


def best_rates(tuned: pd.DataFrame) -> dict[str, float]:
    """The rate of each optimizer with the lowest mean validation loss over the tuning seeds.

    A rate at which any seed diverged is out. Raises ValueError if a best rate is the first or
    the last of its grid: then a better one may lie outside.
    """
    best = {}
    for name, of_one in tuned.groupby("optimizer", sort=False):
        mean = of_one.groupby("lr")["val_loss"].mean()
        mean = mean[of_one.groupby("lr")["status"].agg(lambda status: (status == OK).all())]
        best[name] = float(mean.idxmin())
        if best[name] in (runs.RATES[name][0], runs.RATES[name][-1]):
            raise ValueError(
                f"the best rate of {name} is {best[name]:g}, at the edge of its grid: "
                "move its grid in tools/optimizer_runs.py"
            )
    return best


def compare(task: str, jobs: int) -> pd.DataFrame:
    """Tune and judge all optimizers on one task: one row a run."""
    options = {"n_jobs": jobs, "version": runs.VERSION}
    print(f"{task}: tuning", flush=True)
    tuned = sweep(runs.train_once, tuning_grid(task), runs.TUNING_SEEDS, **options)
    best = best_rates(tuned)
    print(f"{task}: best rates {best}; judging", flush=True)
    grid = [
        {"task": [task], "optimizer": [name], "lr": [lr], "stage": ["judge"]}
        for name, lr in best.items()
    ]
    judged = sweep(runs.train_once, grid, runs.JUDGING_SEEDS, **options)
    return pd.concat([tuned, judged], ignore_index=True)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write six digits, the same bytes for the same table, and never half a file."""
    text = io.StringIO()
    table.to_csv(text, index=False, float_format="%.6g", lineterminator="\n")
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--task", choices=list(runs.EPOCHS), help="only this one; writes nothing")
    parser.add_argument("--trial", action="store_true", help="three runs; writes nothing")
    arguments = parser.parse_args()
    if arguments.trial:
        grid = {"task": ["MNIST"], "optimizer": ["Adam"], "lr": [0.001], "stage": ["judge"]}
        print(sweep(runs.train_once, grid, range(3), arguments.jobs, version="trial", fresh=True))
        return
    if arguments.task:
        compare(arguments.task, arguments.jobs)
        return
    everything = pd.concat([compare(task, arguments.jobs) for task in runs.EPOCHS])
    place = ["task", "optimizer", "lr", "stage", "seed"]
    curves = everything[everything["status"] == OK][[*place, "step", "val_curve"]]
    curves = curves.explode(["step", "val_curve"]).rename(columns={"val_curve": "val_loss"})
    folder = data_directory() / "results"
    folder.mkdir(exist_ok=True)
    table = everything.drop(columns=["step", "val_curve"])
    last = ["status", "reason"]
    write_csv(table[[c for c in table if c not in last] + last], folder / RUN_FILE)
    write_csv(curves.astype({"val_loss": float}), folder / CURVE_FILE)
    print(f"{len(table)} runs, {(table['status'] != OK).sum()} of them diverged: {folder}")


if __name__ == "__main__":
    main()
