"""Sweeps: the table, what is stored, what is refused, and what a kill in the middle leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from course_utils.experiments import sweep
from course_utils.training import History, TrainingDiverged

GRID = {"kind": ["a", "b"], "lr": [0.1, 0.2]}
KILLED = """
import sys, time
from course_utils.experiments import sweep

def run(lr, seed):
    time.sleep(0.15)
    return {"loss": lr * seed / 3}

if __name__ == "__main__":
    sweep(run, {"lr": [0.1, 0.2, 0.3, 0.4]}, range(5), n_jobs=2, folder=sys.argv[1],
          progress=False).to_csv(sys.argv[2], index=False)
"""


def measure(kind, lr, seed):
    draws = np.random.default_rng(seed).normal(size=3)
    return {"loss": lr * draws.sum(), "curve": list(draws), "name": kind.upper()}


def hard(lr, seed):
    if lr == 1:
        raise TrainingDiverged(np.inf, 7, 2, lr, History())
    if lr == 2 and seed == 1:
        raise ZeroDivisionError("by seed 1")
    return {"loss": lr}


def stubborn(lr, seed, folder):
    """The first worker that comes to lr 3 is killed in the middle of it."""
    time.sleep(0.05)
    mark = Path(folder) / "killed"
    if lr == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"loss": lr * seed}


def quiet_sweep(run, grid, seeds, tmp_path, **options):
    options.setdefault("folder", tmp_path / "runs")
    return sweep(run, grid, seeds, progress=False, **options)


def test_one_row_a_run_in_the_order_of_grid_and_seeds(tmp_path):
    table = quiet_sweep(measure, GRID, range(3), tmp_path)
    assert len(table) == 12
    assert list(table.columns) == [
        "kind",
        "lr",
        "seed",
        "loss",
        "curve",
        "name",
        "status",
        "reason",
    ]
    assert list(table["seed"]) == [0, 1, 2] * 4
    assert list(table["kind"]) == ["a"] * 6 + ["b"] * 6
    assert table["loss"][4] == measure("a", 0.2, 1)["loss"]
    assert len(table.explode("curve")) == 36


def test_a_list_of_grids_gives_each_method_its_own(tmp_path):
    grid = [{"kind": ["a"], "lr": [0.1]}, {"kind": ["b"], "lr": np.array([0.2, 0.3])}]
    table = quiet_sweep(measure, grid, [5], tmp_path)
    assert list(zip(table["kind"], table["lr"], strict=True)) == [
        ("a", 0.1),
        ("b", 0.2),
        ("b", 0.3),
    ]


def test_the_number_of_workers_changes_nothing(tmp_path):
    one = quiet_sweep(measure, GRID, range(3), tmp_path, n_jobs=1, folder=tmp_path / "1")
    two = quiet_sweep(measure, GRID, range(3), tmp_path, n_jobs=2, folder=tmp_path / "2")
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_what_is_stored_is_not_run_again_and_gives_the_same_table(tmp_path):
    calls = []

    def counting(kind, lr, seed):
        calls.append((kind, lr, seed))
        return measure(kind, lr, seed)

    first = quiet_sweep(counting, GRID, range(2), tmp_path)
    again = quiet_sweep(counting, GRID, range(3), tmp_path)
    assert len(calls) == 12
    pd.testing.assert_frame_equal(first, again[again["seed"] < 2].reset_index(drop=True))
    quiet_sweep(counting, GRID, range(3), tmp_path, fresh=True)
    assert len(calls) == 24
    quiet_sweep(counting, GRID, range(3), tmp_path, version="batch size 64")
    assert len(calls) == 36


def test_a_half_written_file_is_a_run_that_is_missing(tmp_path):
    whole = quiet_sweep(measure, GRID, [0], tmp_path)
    file = next((tmp_path / "runs").glob("*.json"))
    file.write_text(file.read_text()[:20])
    pd.testing.assert_frame_equal(quiet_sweep(measure, GRID, [0], tmp_path), whole)


def test_a_run_that_raises_or_diverges_is_a_row_with_its_reason(tmp_path):
    table = quiet_sweep(hard, {"lr": [0, 1, 2]}, range(2), tmp_path)
    assert list(table["status"]) == ["ok", "ok", "diverged", "diverged", "ok", "failed"]
    assert "inf at step 7" in table["reason"][2]
    assert table["reason"][5] == "ZeroDivisionError: by seed 1"
    assert table["loss"].isna().tolist() == [False, False, True, True, False, True]


def test_a_failed_run_is_tried_again_and_a_diverged_one_is_a_result(tmp_path):
    seen = []

    def cured(lr, seed):
        seen.append(lr)
        return {"loss": lr}

    cured.__qualname__ = hard.__qualname__
    quiet_sweep(hard, {"lr": [0, 1, 2]}, [1], tmp_path, version="1")
    table = quiet_sweep(cured, {"lr": [0, 1, 2]}, [1], tmp_path, version="1")
    assert seen == [2]
    assert list(table["status"]) == ["ok", "diverged", "ok"]


@pytest.mark.parametrize(
    ("grid", "seeds", "error", "words"),
    [
        ({"lr": 0.1}, [0], TypeError, "expected a list of values"),
        ({"lr": "adam"}, [0], TypeError, "expected a list of values"),
        ({"lr": [np.zeros(2)]}, [0], TypeError, "plain values"),
        ({"lr": []}, [0], ValueError, "no setting"),
        ("lr", [0], TypeError, "expected a dict of lists"),
        ([0.1], [0], TypeError, "expected a dict of lists"),
        ({"lr": [0.1, 0.1]}, [0], ValueError, "twice"),
        ({"seed": [1]}, [0], ValueError, "column of the table"),
        ({"lr": [0.1]}, 5, TypeError, "list of whole numbers"),
        ({"lr": [0.1]}, [], ValueError, "seeds is empty"),
        ({"lr": [0.1]}, [1, 1], ValueError, "counts once"),
        ({"lr": [0.1]}, [-1], ValueError, "at least 0"),
        ({"lr": [0.1]}, [0.5], TypeError, "whole number"),
    ],
)
def test_a_bad_grid_or_bad_seeds_are_named(tmp_path, grid, seeds, error, words):
    with pytest.raises(error, match=words):
        quiet_sweep(hard, grid, seeds, tmp_path)


@pytest.mark.parametrize("result", [3.0, {"loss": object()}, {"lr": 1.0}, {"seed": 1}, {1: 2}])
def test_what_a_run_returns_is_checked(tmp_path, result):
    with pytest.raises((TypeError, ValueError), match="run returned"):
        quiet_sweep(lambda lr, seed: result, {"lr": [0.1]}, [0], tmp_path)


def test_bad_runs_jobs_and_versions_are_named(tmp_path):
    with pytest.raises(TypeError, match="expected a function"):
        quiet_sweep(3, GRID, [0], tmp_path)
    with pytest.raises(ValueError, match="pass version="):
        quiet_sweep(dict, {"lr": [0.1]}, [0], tmp_path)
    with pytest.raises(TypeError, match="expected a string"):
        quiet_sweep(hard, {"lr": [0.1]}, [0], tmp_path, version=1)
    with pytest.raises(ValueError, match="n_jobs is 0"):
        quiet_sweep(hard, {"lr": [0.1]}, [0], tmp_path, n_jobs=0)


def test_killed_twice_it_ends_with_the_table_of_an_uninterrupted_sweep(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)

    def start(name):
        command = [sys.executable, script, tmp_path / name, tmp_path / f"{name}.csv"]
        return subprocess.Popen(command, start_new_session=True)

    stored = []
    for goal in (4, 11):
        process = start("killed")
        while len(list((tmp_path / "killed").glob("*.json"))) < goal:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        stored.append({f: f.read_text() for f in (tmp_path / "killed").glob("*.json")})
        assert not (tmp_path / "killed.csv").exists()
    assert 4 <= len(stored[0]) < len(stored[1]) < 20
    times = {file: file.stat().st_mtime_ns for file in stored[1]}
    assert start("killed").wait() == 0
    assert {file: file.stat().st_mtime_ns for file in stored[1]} == times  # none ran again
    assert len(list((tmp_path / "killed").glob("*.json"))) == 20
    assert start("whole").wait() == 0
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.filterwarnings("default")
def test_with_dask_a_killed_worker_costs_nothing(tmp_path):
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: make install EXTRAS=requirements-dask.txt"
    )
    grid = {"lr": [1, 2, 3, 4, 5], "folder": [str(tmp_path)]}
    (tmp_path / "killed").touch()
    expected = quiet_sweep(stubborn, grid, range(4), tmp_path, folder=tmp_path / "here")
    (tmp_path / "killed").unlink()
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=True, **options) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        table = quiet_sweep(stubborn, grid, range(4), tmp_path, folder=tmp_path / "there")
    assert (tmp_path / "killed").exists()
    pd.testing.assert_frame_equal(table, expected, check_exact=True)
    assert len(list((tmp_path / "there").glob("*.json"))) == 20
