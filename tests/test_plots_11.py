"""Figures and demo of notebook 11: they show the runs they are given."""

import numpy as np
import pandas as pd
import pytest

from course_utils import plots
from course_utils.widgets import ComparisonExplorer
from course_utils.widgets.comparison import BETTER

pytestmark = pytest.mark.usefixtures("figures_of_the_course")


@pytest.fixture
def runs():
    """Two methods, two settings: alone the first favors SGD, the second Adam."""
    losses = {("SGD", 0): 0.5, ("SGD", 1): 0.4, ("Adam", 0): 0.6, ("Adam", 1): 0.2}
    return pd.DataFrame(
        {
            **{"workload": "w", "method": method, "schedule": schedule, "trial": trial},
            **{"seed": seed, "loss": loss + (schedule == "cosine") + seed / 100, "lr": 10**-trial},
        }
        for (method, trial), loss in losses.items()
        for schedule in ("constant", "cosine")
        for seed in range(3)
    )


def test_each_panel_has_its_own_settings_filled_or_open(runs):
    settings = runs.groupby(["method", "schedule", "trial"], as_index=False)[["lr", "loss"]].mean()
    sgd = plots.tuning_panels(settings, "loss", "title").axes[0]
    everything, constant, cosine = sgd.lines
    assert len(everything.get_xdata()) == 8
    assert np.allclose(constant.get_ydata(), [0.51, 0.41])
    assert np.allclose(cosine.get_ydata(), [1.51, 1.41])
    assert cosine.get_markerfacecolor() == "white" != constant.get_markerfacecolor()


def test_ranks_stand_at_their_place():
    ranks = pd.DataFrame({"a": [1, 2], "b": [2, 1]}, index=["SGD", "Muon"])
    axes = plots.rank_lines(ranks, "rate", "title").axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [2, 1]]
    assert axes.yaxis_inverted()


def test_every_difference_is_a_dot_and_the_interval_a_bar():
    tables = {"w": {"SGD": np.array([0.1, 0.3, 9.0])}}
    figure = plots.seed_differences(tables, {"w": {"SGD": (0.1, 0.3, 9.0)}}, "", "", limit=1.0)
    dots, bar, middle, arrow, zero = figure.axes[0].lines
    assert list(dots.get_xdata()) == [0.1, 0.3]
    assert list(bar.get_xdata()) == [0.1, 1.0]
    assert list(middle.get_xdata()) == [0.3]
    assert arrow.get_marker() == ">" and list(zero.get_xdata()) == [0, 0]


def test_a_profile_has_its_band():
    factors = np.array([1.0, 2.0, 4.0])
    bands = {name: (np.zeros(3), np.array([0.5, 0.5, 1]), np.ones(3)) for name in ("SGD", "Muon")}
    axes = plots.profiles(bands, factors, ["Muon"], "title").axes[0]
    assert len(axes.lines) == 3 and axes.get_title(loc="left") == "Muon"
    assert list(axes.lines[-1].get_ydata()) == [0.5, 0.5, 1]


def test_short_batches_are_marked_where_they_are_kept():
    losses = {"keep": np.ones((2, 4)), "drop": np.ones((2, 4))}
    figure = plots.last_batch(np.arange(1, 5), losses, [4], "title")
    assert [len(axes.patches) for axes in figure.axes] == [1, 0]


def test_runs_that_never_arrive_are_counted_as_longest():
    figure = plots.runs_by_method(
        {"t": {"SGD": [1, 2, np.nan], "Adam": [1, np.nan, np.nan]}}, "", ""
    )
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "SGD\n(1 never)",
        "Adam\n(2 never)",
    ]
    assert list(axes.lines[1].get_xdata()) == [2, 2]
    assert len(axes.lines) == 3  # the median of Adam is "never": no bar


def test_the_demo_ranks_under_the_rules_chosen(runs):
    demo = ComparisonExplorer(runs)
    assert "Adam &lt; SGD" in demo.update("w", BETTER, 2, 3, 0)
    assert "SGD &lt; Adam" in demo.update("w", "constant", 1, 3, 0)
    assert demo._ranks["Adam"].get_text() == "rank 2"
    assert np.allclose(demo.losses("w", "cosine", 2, 1, 2)["SGD"], [1.42])
    assert np.isclose(demo.lowest["w"], 0.21)


def test_the_demo_names_a_missing_column(runs):
    with pytest.raises(ValueError, match="trial"):
        ComparisonExplorer(runs.drop(columns="trial"))
