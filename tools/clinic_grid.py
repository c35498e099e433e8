"""Tries `diagnose` on some four hundred networks and writes the results to data/results/.

Half of the networks may set thresholds, the other half is only reported. Two hundred and more
settings of the optimizer comparison are tried as well.

    python tools/clinic_grid.py                    # all of it: about 15 minutes
    python tools/clinic_grid.py --only tuned --kind sick --match shuffled
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import optimizer_runs as runs
import pandas as pd
from joblib import Parallel, delayed

from course_utils.clinic.trying import all_cases, judge, try_case
from course_utils.data_files import data_directory
from course_utils.diagnostics import diagnose, inspect
from course_utils.losses import MeanSquaredError, SoftmaxCrossEntropy
from course_utils.training import minibatches

CLOSE = 1.25  # validation loss within this factor of the method's best counts as well tuned
POOR = 2.0


def optimizer_cases() -> list[dict]:
    """Settings of the optimizer comparison and how they ended, from the shipped results."""
    table = pd.read_csv(data_directory() / "results" / "optimizer_runs.csv.gz")
    table = table[table["stage"] == "tune"]
    table = table.assign(lost=table["status"] != "ok")
    keys = ["task", "optimizer", "lr"]
    mean = table.groupby(keys).agg(loss=("val_loss", "mean"), lost=("lost", "sum")).reset_index()
    whole = mean[mean["lost"] == 0]
    best = whole.loc[whole.groupby(keys[:2])["loss"].idxmin()].set_index(keys[:2])
    rows = []
    for row in mean.itertuples():
        top = best.loc[(row.task, row.optimizer)]
        if row.lost == 0 and row.loss <= CLOSE * top.loss:
            group = "well tuned"
        elif row.lost or (row.lr > top.lr and row.loss > POOR * top.loss):
            group = "rate too high"
        elif row.lr < top.lr and row.loss > POOR * top.loss:
            group = "rate too low"
        else:
            group = "between"
        rows += [
            {
                "task": row.task,
                "optimizer": row.optimizer,
                "lr": row.lr,
                "group": group,
                "seed": seed,
            }
            for seed in (200, 201)
        ]
    return rows


def try_optimizer(task: str, optimizer: str, lr: float, group: str, seed: int) -> dict:
    """Inspect a network of the optimizer comparison before its first step."""
    data, network = runs.data_of(task), runs.build(task, seed)
    loss = SoftmaxCrossEntropy() if task == "MNIST" else MeanSquaredError()
    x, y = data.x_train, data.y_train
    start = time.process_time()
    report = inspect(
        network,
        loss,
        x,
        y,
        optimizer=runs.METHODS[optimizer](lr=lr),
        batches=minibatches(x, y, runs.BATCH_SIZE, np.random.default_rng([seed, 1])),
    )
    found = [finding.cause for finding in diagnose(report)]
    expected = (group,) if group.startswith("rate") else ()
    return {
        "kind": f"comparison, {group}",
        "half": "held out" if seed % 2 else "tuned",
        "name": f"{task} {optimizer} {lr:g}",
        "setting": f"seed {seed}",
        "expected": "; ".join(expected),
        "found": "; ".join(found),
        "verdict": judge(expected, found),
        "seconds": time.process_time() - start,
    }


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Hits, misses, wrong names and false alarms of each kind and half."""
    counts = table.groupby(["half", "kind"])["verdict"].value_counts().unstack(fill_value=0)
    return counts.assign(n=counts.sum(axis=1))


def run(only=None, kinds=None, match="", jobs=1, check=False, offset=0) -> pd.DataFrame:
    """Try all cases that the filters leave."""
    cases = [
        c
        for c in all_cases(offset)
        if (only in (None, c[2])) and (not kinds or c[0] in kinds) and match in c[1]
    ]
    work = [delayed(try_case)(*case, check) for case in cases]
    if not kinds or "comparison" in kinds:
        work += [
            delayed(try_optimizer)(**row)
            for row in optimizer_cases()
            if only in (None, "held out" if row["seed"] % 2 else "tuned")
            and match in f"{row['task']} {row['optimizer']} {row['lr']:g}"
        ]
    return pd.DataFrame(Parallel(n_jobs=jobs)(work))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="clinic_grid.py", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("tuned", "held out"))
    parser.add_argument("--kind", nargs="+", choices=("sick", "double", "healthy", "comparison"))
    parser.add_argument("--match", default="", help="only cases with this in their name")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--offset", type=int, default=0, help="other draws of every case")
    parser.add_argument("--check", action="store_true", help="train each case, too")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--wrong", action="store_true", help="list what went wrong")
    a = parser.parse_args(argv)
    table = run(a.only, a.kind, a.match, a.jobs, a.check, a.offset)
    print(summary(table).to_string())
    if a.wrong:
        bad = table[~table["verdict"].isin(["exact", "quiet"])]
        print(bad.drop(columns=["kind"]).to_string())
    if a.out:
        packed = {"method": "gzip", "mtime": 0} if a.out.suffix == ".gz" else None
        table.round(4).to_csv(a.out, index=False, compression=packed, lineterminator="\n")


if __name__ == "__main__":
    main()
