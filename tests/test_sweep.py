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
from workloads import WORKLOADS, chance, data_of

from course_utils.training import evaluate

PLACE = ["workload", "method", "schedule", "trial", "stage", "seed"]
SMALL = ["--workload", "products", "--method", "SGD", "Muon", "ScheduleFreeAdamW"]
SMALL += ["--trials", "4", "--seeds", "2", "--epochs", "1"]
PAIRS = 3 * 2  # methods x schedules
TUNING, JUDGING = PAIRS * 4 * 2, PAIRS * 2
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
    counts = tuned.groupby(["method", "schedule"])["trial"].agg(["nunique", "size"])
    assert (counts == [4, 8]).all(axis=None)  # the same budget for all
    assert set(table["updates"]) == {96}


def test_only_judging_looks_at_the_test_data_and_only_at_the_best_setting(whole):
    table, _ = tables_of(whole)
    tuned, judged = table[table["stage"] == "tune"], table[table["stage"] == "judge"]
    assert tuned[[f"test_{k}" for k in range(1, 6)]].isna().all(axis=None)
    assert judged[[f"test_{k}" for k in range(1, 6)]].notna().all(axis=None)
    looks = [f"val_{k}" for k in range(1, 6)]
    score = np.minimum(tuned[looks].fillna(np.inf), tuned["chance"].to_numpy()[:, None]).mean(
        axis=1
    )
    means = tuned.assign(score=score).groupby(["method", "schedule", "trial"])["score"].mean()
    for (method, schedule), of_one in judged.groupby(["method", "schedule"]):
        assert set(of_one["trial"]) == {means[method, schedule].idxmin()}


def test_equal_seeds_have_one_start_and_curves_have_21_looks(whole):
    curves = pd.read_csv(whole / sweep.CURVE_FILE)
    start = curves[curves["step"] == 0].groupby("seed")
    assert (start["test"].nunique() == 1).all()
    looks = curves.groupby(["method", "schedule", "seed"])["step"]
    assert (looks.size() == runs.LOOKS + 1).all()
    assert (looks.max() == 96).all()
    assert (looks.apply(lambda steps: steps.is_monotonic_increasing)).all()
    table = pd.read_csv(whole / sweep.RUN_FILE)
    judged = table[table["stage"] == "judge"].set_index(["method", "schedule", "seed"])["test_5"]
    last = curves[curves["step"] == 96].set_index(["method", "schedule", "seed"])["test"]
    pd.testing.assert_series_equal(judged, last, check_names=False)


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


def test_a_failed_run_ends_it_with_its_reason_before_a_setting_is_chosen(tmp_path, monkeypatch):
    def failing(workload, method, schedule, trial, stage, seed, epochs, **setting):
        assert stage == "tune"
        if (method, schedule, trial, seed) == ("SGD", "cosine", 1, 1):
            raise MemoryError("no room")
        return {"val": [1.0] * 21, "diverged_at": None}

    monkeypatch.setattr(runs, "train_once", failing)
    with pytest.raises(RuntimeError, match=r"1 runs failed, .*no room.*method SGD.*trial 1"):
        sweep.main([*SMALL, "--jobs", "1", "--out", str(tmp_path)])
    assert not list(tmp_path.glob("*.gz"))


# ------------------------------------------------------------------ the search


@pytest.mark.parametrize("method", runs.METHODS)
def test_every_method_has_the_same_budget_over_four_decades(method):
    tried = runs.trials(method)
    entry = runs.METHODS[method]
    assert len(tried) == runs.TRIALS == 16
    assert all(set(setting) == {"lr", *entry.search} for setting in tried)
    assert set(tried[0]) <= set(runs.HYPERPARAMETERS)
    # one rate in each sixteenth of the four decades
    place = (np.log10([setting["lr"] for setting in tried]) - entry.lowest) * 16 / 4
    assert sorted(np.floor(place).astype(int)) == list(range(16))
    for name, (low, high) in entry.search.items():
        values = np.array([setting[name] for setting in tried])
        values = 1 - values if name in runs.NEAR_ONE else values
        assert (values >= 0.99 * low).all()
        assert (values <= 1.01 * high).all()
        assert len(set(values)) > 12
    assert runs.trials(method, 4) == tried[:4] == runs.trials(method)[:4]


def test_ten_methods_and_two_schedules_on_six_workloads():
    plan = sweep.Plan()
    assert (len(plan.methods), len(plan.schedules), len(plan.workloads)) == (10, 2, 6)
    assert (len(runs.TUNING_SEEDS), len(runs.JUDGING_SEEDS)) == (5, 12)
    assert not set(runs.TUNING_SEEDS) & set(runs.JUDGING_SEEDS)
    assert not set(runs.PILOT_SEEDS) & {*runs.TUNING_SEEDS, *runs.JUDGING_SEEDS}
    for workload in plan.workloads:
        assert len(plan.grid(workload, "tune")) == 10 * 2 * 16


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_has_whole_batches_looks_that_fit_and_a_target_within_reach(name):
    workload, data = WORKLOADS[name], data_of(name)
    rows = len(data.train[0])
    assert rows % workload.batch_size == 0
    assert runs.updates_of(workload) == workload.epochs * rows // workload.batch_size
    network = workload.build(np.random.default_rng(0))
    start, _ = evaluate(network, workload.loss, *data.val)
    known_nothing = chance(workload, data)
    assert 0 < workload.target < 0.98 * known_nothing
    assert start > workload.target
    assert workload.matrices(network)
    for x, y in (data.val, data.test):
        assert x.shape[1:] == data.train[0].shape[1:]
        assert len(x) == len(y)


@pytest.mark.parametrize("method", runs.METHODS)
def test_each_method_learns_each_kind_of_problem(method):
    """At one of its first settings, in an epoch, it gets below where it began."""
    for name in ("products", "long tail"):
        curves = [
            runs.train_once(name, method, "cosine", 0, "tune", 0, epochs=1, **setting)["val"]
            for setting in runs.trials(method, 4)
        ]
        assert min(np.nanmin(curve[1:]) for curve in curves) < 0.99 * curves[0][0]


def test_a_run_that_diverges_keeps_its_curve_and_counts_as_chance():
    run = runs.train_once("housing", "SGD", "constant", 0, "tune", 0, epochs=1, lr=1e4)
    assert run["diverged_at"] >= 1
    assert len(run["val"]) == len(run["step"]) == runs.LOOKS + 1
    assert np.isfinite(run["val"][0])
    assert np.isnan(run["val"][-5:]).all()
    table = pd.DataFrame([{"workload": "housing", "val": run["val"]}])
    assert sweep.scored(table).item() == pytest.approx(sweep.ceiling_of("housing"))


def test_the_best_setting_has_the_lowest_mean_with_lost_runs_at_chance():
    chance_ = sweep.ceiling_of("products")
    curves = {0: [0.5, 0.5], 1: [0.1, np.nan], 2: [0.4, 0.4]}
    rows = [
        ("products", "SGD", "cosine", trial, [loss] * 21)
        for trial, losses in curves.items()
        for loss in losses
    ]
    table = pd.DataFrame(rows, columns=["workload", "method", "schedule", "trial", "val"])
    assert sweep.scored(table)[3] == pytest.approx(chance_)
    # (0.1 + 0.693) / 2 is 0.397: one lost run of two is paid for, not forbidden
    assert sweep.best_trials(table) == {("SGD", "cosine"): 1}


def test_a_best_rate_at_the_edge_is_said():
    rates = [setting["lr"] for setting in runs.trials("SGD")]
    low, inside = int(np.argmin(rates)), int(np.argsort(rates)[7])
    best = {("SGD", "constant"): low, ("SGD", "cosine"): inside}
    assert sweep.at_the_edge(best) == [f"SGD with constant at {min(rates):g}"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--jobs", "0"], "argument --jobs: it is '0', expected a whole number from 1"),
        (["--jobs", "two"], "argument --jobs: it is 'two', expected a whole number"),
        (
            ["--seeds", "13", "--out", "x"],
            "--seeds: it is '13', expected a whole number from 1 to 12",
        ),
        (["--trials", "17", "--out", "x"], "it is '17', expected a whole number from 1 to 16"),
        (["--epochs", "0.5", "--out", "x"], "argument --epochs: it is '0.5', expected a whole"),
        (["--workload", "cifar", "--out", "x"], "argument --workload: invalid choice: 'cifar'"),
        (["--method", "adam", "--out", "x"], "argument --method: invalid choice: 'adam'"),
        (["--method", "SGD", "SGD", "--out", "x"], "argument --method: one stands twice"),
        (["--epochs", "1"], "with --epochs this is not the comparison of notebook 11"),
        (["--workload", "housing"], "with --workload this is not the comparison of notebook 11"),
        (["--out", __file__], "is a file, expected a folder"),
    ],
)
def test_bad_options_are_named_and_nothing_is_run(options, words, capsys, monkeypatch):
    monkeypatch.setattr(sweep, "compare", lambda *given: pytest.fail("it ran"))
    with pytest.raises(SystemExit) as ended:
        sweep.main(options)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
