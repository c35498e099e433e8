"""Tries `diagnose` on some nine hundred networks and writes the results to data/results/.

Half of the networks may set thresholds, the other half is only reported. So are five hundred
settings of the optimizer comparison: none of them ever set a threshold.

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
import sweep
from joblib import Parallel, delayed
from workloads import WORKLOADS, data_of

from course_utils.clinic.trying import all_cases, judge, try_case
from course_utils.data_files import data_directory
from course_utils.diagnostics import diagnose, inspect
from course_utils.training import minibatches

CLOSE = 1.25  # validation loss within this factor of the method's best counts as well tuned
POOR = 2.0


def optimizer_cases() -> list[dict]:
    """Settings of the optimizer comparison and how they ended, from the shipped results.

    Of each method on each workload, at a constant rate, every other setting and the best one.
    """
    table = pd.read_csv(data_directory() / "results" / sweep.RUN_FILE)
    table = table[(table["stage"] == "tune") & (table["schedule"] == "constant")]
    looks = [f"val_{look}" for look in range(1, sweep.LAST + 1)]
    table = table.assign(
        loss=table[looks].clip(upper=table["chance"], axis=0).mean(axis=1),
        lost=table["diverged_at"].notna(),
    )
    rows = []
    for (workload, method), of_one in table.groupby(["workload", "method"], sort=False):
        mean = of_one.groupby("trial").agg(
            lr=("lr", "first"), loss=("loss", "mean"), lost=("lost", "any")
        )
        top = mean.loc[mean["loss"].idxmin()]
        for trial, run_ in mean.iterrows():
            if trial % 2 == 0 or trial == mean["loss"].idxmin():
                rows.append(
                    {
                        "workload": workload,
                        "method": method,
                        "trial": int(trial),
                        "group": _group(run_, top),
                        "seed": 200 + len(rows) % 2,
                    }
                )
    return rows


def _group(mean: pd.Series, top: pd.Series) -> str:
    if not mean["lost"] and mean["loss"] <= CLOSE * top["loss"]:
        return "well tuned"
    poor = mean["loss"] > POOR * top["loss"]
    if mean["lr"] > top["lr"] and (mean["lost"] or poor):
        return "rate too high"
    if mean["lr"] < top["lr"] and poor:
        return "rate too low"
    return "between"


def try_optimizer(workload: str, method: str, trial: int, group: str, seed: int) -> dict:
    """Inspect a network of the optimizer comparison before its first step."""
    problem, data = WORKLOADS[workload], data_of(workload)
    network = problem.build(np.random.default_rng([seed, 0]))
    setting = runs.trials(method)[trial]
    x, y = data.train
    start = time.process_time()
    report = inspect(
        network,
        problem.loss,
        x,
        y,
        optimizer=runs.make(method, setting, network, problem),
        batches=minibatches(x, y, problem.batch_size, np.random.default_rng([seed, 1])),
    )
    found = [finding.cause for finding in diagnose(report)]
    expected = (group,) if group.startswith("rate") else ()
    return {
        "kind": f"comparison, {group}",
        "half": "held out",
        "name": f"{workload} {method} {setting['lr']:g}",
        "setting": f"trial {trial}, seed {seed}",
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
            if only != "tuned" and match in f"{row['workload']} {row['method']}"
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
