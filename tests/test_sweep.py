"""The comparison behind notebook 11 on a small grid: tables, kills in the middle, options."""

import os
import signal
import subprocess
import sys

import numpy as np
import optimizer_runs as runs
import pandas as pd
import pytest
import sweep

PLACE = ["task", "optimizer", "lr", "stage", "seed"]
SMALL = ["--task", "housing", "--optimizer", "SGD", "Adam", "--seeds", "2", "--epochs", "1"]
TUNING, JUDGING = 2 * 9 * 2, 2 * 2  # optimizers x rates x seeds, optimizers x seeds
# Runs the tool, and kills it with its workers when so many runs are stored and the next one is
# written but not yet in its place. At no other moment could a kill do more harm.
KILLED = """
import os, signal, sys
from pathlib import Path
import sweep

replace, goal = Path.replace, int(sys.argv[1])

def killing(self, target):
    if len(list(self.parent.glob("*.json"))) == goal:
        os.killpg(0, signal.SIGKILL)
    return replace(self, target)

if __name__ == "__main__":
    Path.replace = killing
    sweep.main(sys.argv[2:])
"""


def tables_of(folder):
    """All runs without the one column that is a time, and the bytes of the curves."""
    table = pd.read_csv(folder / sweep.RUN_FILE)
    return table.drop(columns="ms_per_update"), (folder / sweep.CURVE_FILE).read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a small comparison that nobody interrupted, in one process."""
    folder = tmp_path_factory.mktemp("whole")
    sweep.main([*SMALL, "--jobs", "1", "--out", str(folder)])
    return folder


def test_a_small_comparison_has_one_row_a_run(whole):
    table, _ = tables_of(whole)
    assert len(table) == TUNING + JUDGING
    assert not table.duplicated(PLACE).any()
    tuned, judged = table[table["stage"] == "tune"], table[table["stage"] == "judge"]
    assert set(tuned["seed"]) == {0, 1}
    assert set(judged["seed"]) == {100, 101}
    for name in ("SGD", "Adam"):
        assert sorted(set(tuned[tuned["optimizer"] == name]["lr"])) == runs.RATES[name]
    assert set(table["epochs"]) == {1}
    assert table["updates"].dropna().nunique() == 1


def test_only_judging_looks_at_the_test_data_and_only_at_the_best_rate(whole):
    table, _ = tables_of(whole)
    tuned, judged = table[table["stage"] == "tune"], table[table["stage"] == "judge"]
    assert tuned["test_loss"].isna().all()
    assert judged["test_loss"].notna().all()
    lost = tuned.assign(val_loss=tuned["val_loss"].fillna(np.inf))
    mean = lost.groupby(["optimizer", "lr"])["val_loss"].mean().unstack("optimizer")
    assert judged.groupby("optimizer")["lr"].unique().map(list).to_dict() == {
        name: [rate] for name, rate in mean.idxmin().items()
    }


def test_a_run_that_diverges_is_a_row_with_its_reason_and_has_no_curve(whole):
    table, _ = tables_of(whole)
    lost = table[table["status"] == "diverged"]
    assert {10.0} <= set(lost["lr"]) and set(lost["optimizer"]) == {"SGD"}
    assert lost["reason"].str.contains("with lr").all()
    assert lost["val_loss"].isna().all()
    assert set(table["status"]) == {"ok", "diverged"}
    curves = pd.read_csv(whole / sweep.CURVE_FILE)
    drawn = curves[PLACE].drop_duplicates()
    assert len(drawn) == (table["status"] == "ok").sum()
    merged = table.merge(curves[curves["step"] == 97], on=PLACE, suffixes=("", "_of_curve"))
    assert len(merged) == len(drawn)
    assert (merged["val_loss"] == merged["val_loss_of_curve"]).all()


def test_the_seed_fixes_start_and_order_for_all_optimizers(whole):
    """Before its first update every optimizer has the same loss with the same seed."""
    curves = pd.read_csv(whole / sweep.CURVE_FILE)
    start = curves[curves["step"] == 0].groupby("seed")["val_loss"]
    assert (start.nunique() == 1).all()
    assert start.first().nunique() == 4


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
def test_killed_twice_it_ends_with_the_tables_of_an_uninterrupted_one(whole, tmp_path, root):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    folder = tmp_path / "killed"
    path = os.pathsep.join([str(root / "tools"), str(root)])

    def run(goal, jobs):
        options = [*SMALL, "--jobs", str(jobs), "--out", folder]
        command = [sys.executable, script, str(goal), *options]
        # joblib's own temporary folder would outlive the kill elsewhere
        more = {"PYTHONPATH": path, "TQDM_DISABLE": "1", "JOBLIB_TEMP_FOLDER": str(tmp_path)}
        return subprocess.run(command, env=os.environ | more, start_new_session=True).returncode

    def stored():
        return {file: file.stat().st_mtime_ns for file in (folder / "runs").glob("*.json")}

    before = {}
    # in the middle of tuning with two workers, in the middle of judging with one
    for goal, jobs in ((7, 2), (TUNING + 1, 1)):
        assert run(goal, jobs) == -signal.SIGKILL
        assert len(stored()) == goal
        assert before.items() <= stored().items()  # none ran again
        assert not list(folder.glob("*.gz*"))
        before = stored()
    assert run(-1, jobs=1) == 0
    assert before.items() <= stored().items()
    assert len(stored()) == TUNING + JUDGING
    (table, curves), (table_of_whole, curves_of_whole) = tables_of(folder), tables_of(whole)
    pd.testing.assert_frame_equal(table, table_of_whole, check_exact=True)
    assert curves == curves_of_whole


def test_a_second_start_trains_nothing_and_writes_the_same_bytes(whole, monkeypatch):
    def no_training(**setting):
        raise AssertionError("it was stored")

    no_training.__qualname__ = runs.train_once.__qualname__
    monkeypatch.setattr(runs, "train_once", no_training)
    before = {file: file.read_bytes() for file in whole.glob("*.gz")}
    sweep.main([*SMALL, "--jobs", "1", "--out", str(whole)])
    assert len(before) == 2
    assert {file: file.read_bytes() for file in whole.glob("*.gz")} == before


def test_a_failed_run_ends_it_with_its_reason_before_a_rate_is_chosen(tmp_path, monkeypatch):
    def failing(task, optimizer, lr, stage, seed, epochs):
        assert stage == "tune"
        if lr == 0.1 and seed == 1:
            raise MemoryError("no room")
        return {"val_loss": 1.0}

    monkeypatch.setattr(runs, "train_once", failing)
    with pytest.raises(RuntimeError, match=r"2 runs failed, .*no room.*optimizer SGD, lr 0.1"):
        sweep.main([*SMALL, "--jobs", "1", "--out", str(tmp_path)])
    assert not list(tmp_path.glob("*.gz"))


def tuned(losses, diverged=()):
    """A table of tuning runs of SGD: one a rate; at the rates `diverged` a second, lost one."""
    rows = [(lr, loss, "ok") for lr, loss in zip(runs.RATES["SGD"], losses, strict=True)]
    rows += [(lr, np.nan, "diverged") for lr in diverged]
    return pd.DataFrame(rows, columns=["lr", "val_loss", "status"]).assign(optimizer="SGD")


def test_the_best_rate_has_the_lowest_mean_and_no_lost_run():
    losses = [9, 8, 3, 2, 5, 6, 7, 8, 9]
    low, lower = runs.RATES["SGD"][2:4]
    assert sweep.best_rates(tuned(losses)) == {"SGD": lower}
    assert sweep.best_rates(tuned(losses, diverged=[lower])) == {"SGD": low}


@pytest.mark.parametrize("losses", [range(9), range(9, 0, -1)])
def test_a_best_rate_at_the_edge_is_an_error(losses):
    with pytest.raises(ValueError, match=r"best rate of SGD is .* at the edge of its grid"):
        sweep.best_rates(tuned(losses))


def test_an_optimizer_without_a_safe_rate_is_an_error():
    with pytest.raises(ValueError, match="SGD diverged at every rate"):
        sweep.best_rates(tuned(range(9), diverged=runs.RATES["SGD"]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--jobs", "0"], "argument --jobs: it is '0', expected a whole number from 1"),
        (["--jobs", "two"], "argument --jobs: it is 'two', expected a whole number"),
        (
            ["--seeds", "13", "--out", "x"],
            "--seeds: it is '13', expected a whole number from 1 to 12",
        ),
        (["--epochs", "0.5", "--out", "x"], "argument --epochs: it is '0.5', expected a whole"),
        (["--task", "cifar", "--out", "x"], "argument --task: invalid choice: 'cifar'"),
        (["--optimizer", "adam", "--out", "x"], "argument --optimizer: invalid choice: 'adam'"),
        (["--task", "MNIST", "MNIST", "--out", "x"], "argument --task: one stands twice"),
        (["--optimizer", "SGD", "SGD", "--out", "x"], "argument --optimizer: one stands twice"),
        (["--epochs", "1"], "with --epochs this is not the comparison of notebook 11"),
        (["--task", "housing"], "with --task this is not the comparison of notebook 11"),
        (["--out", __file__], "is a file, expected a folder"),
    ],
)
def test_bad_options_are_named_and_nothing_is_run(options, words, capsys, monkeypatch):
    monkeypatch.setattr(sweep, "compare", lambda *given: pytest.fail("it ran"))
    with pytest.raises(SystemExit) as ended:
        sweep.main(options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_without_options_it_is_the_comparison_that_notebook_11_shows(root):
    """The shipped table has exactly the runs of the whole plan."""
    shipped = pd.read_csv(root / "data" / "results" / sweep.RUN_FILE)
    expected = set()
    for task in sweep.Plan().tasks:
        best = sweep.best_rates(shipped[(shipped["task"] == task) & (shipped["stage"] == "tune")])
        for stage, seeds, rates in (
            ("tune", runs.TUNING_SEEDS, runs.RATES),
            ("judge", runs.JUDGING_SEEDS, {name: [rate] for name, rate in best.items()}),
        ):
            for setting in sweep.Plan().grid(task, stage, rates):
                assert set(setting) == {"task", "optimizer", "lr", "stage"}
                (name,) = setting["optimizer"]
                expected |= {
                    (task, name, lr, stage, seed) for lr in setting["lr"] for seed in seeds
                }
    assert set(shipped[PLACE].itertuples(index=False, name=None)) == expected
    assert len(shipped) == len(expected) == 798
