"""The shipped results of the optimizer comparison: all that was planned is there, and they say what
notebook 11 says, also when they are analyzed in another way."""

import ast
import itertools

import nbformat
import numpy as np
import optimizer_runs
import pandas as pd
import pytest
import sweep
from scipy.stats import binomtest
from workloads import WORKLOADS

from course_utils.data_files import data_directory

FAVORITES = dict.fromkeys(WORKLOADS, "Muon") | {"digits": "AdamW", "products": "Adam"}
OPEN = {("photos", "RMSProp"), ("photos", "Adam"), ("long tail", "AdamW")}
UNSURE_BY_LOOK = {"photos", "autoencoder"}


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(data_directory() / "results" / sweep.RUN_FILE)


@pytest.fixture(scope="module")
def curves():
    return pd.read_csv(data_directory() / "results" / sweep.CURVE_FILE)


def test_every_planned_run_is_there_once(table):
    seeds = {"tune": optimizer_runs.TUNING_SEEDS, "judge": optimizer_runs.JUDGING_SEEDS}
    for (workload, method, schedule), of_one in table.groupby(["workload", "method", "schedule"]):
        assert workload in WORKLOADS and schedule in optimizer_runs.SCHEDULES
        tuned = of_one[of_one["stage"] == "tune"]
        assert sorted(zip(tuned["trial"], tuned["seed"], strict=True)) == [
            *itertools.product(range(optimizer_runs.TRIALS), seeds["tune"])
        ]
        assert sorted(of_one[of_one["stage"] == "judge"]["seed"]) == [*seeds["judge"]]
        for trial, setting in enumerate(optimizer_runs.trials(method)):
            for name, value in setting.items():
                assert (of_one.loc[of_one["trial"] == trial, name] == value).all()
    places = table.groupby(["workload", "method", "schedule"]).ngroups
    assert places == len(WORKLOADS) * len(optimizer_runs.METHODS) * len(optimizer_runs.SCHEDULES)


def test_the_setting_judged_is_the_best_on_validation(table):
    for _, of_one in table.groupby(["workload", "method", "schedule"]):
        tuned = of_one[of_one["stage"] == "tune"]
        (judged,) = set(of_one.loc[of_one["stage"] == "judge", "trial"])
        assert plain_scores(tuned, "val").groupby(tuned["trial"]).mean().idxmin() == judged


def test_curves_end_with_the_looks_that_are_judged(table, curves):
    keys = ["workload", "method", "schedule", "seed"]
    judged = table[table["stage"] == "judge"].set_index(keys)
    for place, curve in curves.groupby(keys):
        assert len(curve) == 21
        last = curve.sort_values("step")["test"].to_numpy()[-5:]
        stored = judged.loc[place, [f"test_{look}" for look in range(1, 6)]].to_numpy(float)
        assert np.allclose(last, stored, rtol=1e-4, equal_nan=True)


def test_the_notebook_has_the_targets_that_were_fixed_before(root):
    notebook = nbformat.read(root / "notebooks" / "11_which_optimizer_wins.ipynb", as_version=4)
    code = next(cell.source for cell in notebook.cells if cell.id == "11-steps-code")
    assert ast.literal_eval(ast.parse(code).body[0].value) == {
        name: workload.target for name, workload in WORKLOADS.items()
    }


# ------------------------------------------------------------------ an analysis of its own


def plain_scores(rows, part):
    """Mean of the last five looks, lost or worse than chance counted as chance."""
    losses = rows[[f"{part}_{look}" for look in range(1, 6)]].to_numpy(float)
    chance = rows["chance"].to_numpy()[:, None]
    return pd.Series(np.fmin(losses, chance).mean(axis=1), rows.index)


def test_scores_count_what_is_lost_as_chance():
    row = {"chance": [2.0]} | {
        f"val_{k}": [value] for k, value in enumerate((1, 3, np.nan, 1, 1), 1)
    }
    assert plain_scores(pd.DataFrame(row), "val").item() == (1 + 2 + 2 + 1 + 1) / 5


@pytest.fixture(scope="module")
def analysis(table):
    """Of each workload: its favorite, and the differences of all others to it, by column."""
    table = table.assign(
        val=plain_scores(table, "val"),
        test=plain_scores(table, "test").where(table["stage"] == "judge"),
    )
    tuned, judged = (table[table["stage"] == stage] for stage in ("tune", "judge"))
    found = {}
    for workload in WORKLOADS:
        of_one = tuned[tuned["workload"] == workload]
        means = of_one.groupby(["method", "schedule", "trial"])["val"].mean()
        own = {name: losses.idxmin()[1] for name, losses in means.groupby("method")}
        favorite = means.groupby("method").min().idxmin()
        columns = ["test", *(f"test_{look}" for look in range(1, 6))]
        runs = {}
        for name, schedule in own.items():
            mine = judged[(judged["workload"] == workload) & (judged["method"] == name)]
            mine = mine[mine["schedule"] == schedule].set_index("seed").sort_index()
            runs[name] = mine[columns].fillna(np.inf).clip(upper=mine["chance"], axis=0)
        others = {name: runs[name] - runs[favorite] for name in runs if name != favorite}
        found[workload] = favorite, others
    return found


def sign_tests(analysis, column):
    """Holm's adjusted p-values of the exact sign test: it looks at nothing but who was ahead."""
    found = {
        (workload, name): binomtest(int((table[column] > 0).sum()), len(table)).pvalue
        for workload, (_, others) in analysis.items()
        for name, table in others.items()
    }
    return holm(found)


def flip_tests(analysis, column):
    """The same for the sign-flip test, written as it is said: all ways to flip, one by one."""
    signs = np.array(list(itertools.product((-1, 1), repeat=12)))
    found = {}
    for workload, (_, others) in analysis.items():
        for name, table in others.items():
            d = table[column].to_numpy()
            found[workload, name] = np.mean(np.abs(signs @ d) >= abs(d.sum()) * (1 - 1e-12))
    return holm(found)


def holm(found):
    adjusted, so_far = {}, 0.0
    for rank, place in enumerate(sorted(found, key=found.get)):
        so_far = max(so_far, (len(found) - rank) * found[place])
        adjusted[place] = so_far
    return adjusted


def test_the_favorites_are_those_of_the_notebook(analysis):
    assert {workload: favorite for workload, (favorite, _) in analysis.items()} == FAVORITES


def test_the_verdicts_are_those_of_the_notebook(analysis):
    adjusted = flip_tests(analysis, "test")
    assert {place for place, p in adjusted.items() if p > 0.05} == OPEN
    assert all(
        others[name]["test"].mean() > 0 for _, others in analysis.values() for name in others
    )


def test_all_but_six_hold_at_every_look(analysis):
    unsure = set().union(
        *(
            {place for place, p in flip_tests(analysis, f"test_{look}").items() if p > 0.05}
            for look in range(1, 6)
        )
    )
    assert len(unsure - OPEN) == 6
    assert {workload for workload, _ in unsure - OPEN} == UNSURE_BY_LOOK


def test_a_weaker_test_contradicts_no_verdict(analysis):
    """What even the sign test is sure of, the notebook calls worse; never the other way round."""
    sure = {place for place, p in sign_tests(analysis, "test").items() if p <= 0.05}
    assert len(sure) > 35 and not sure & OPEN
