"""The figures of notebook 10 show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots
from course_utils.plots.clinic import HIGHEST, running_mean
from course_utils.training import History

pytestmark = pytest.mark.usefixtures("figures_of_the_course")

HEALTHY = (
    list(np.geomspace(2.5, 0.1, 60)),
    History(train_loss=[1.0, 0.2], val_loss=[1.1, 0.4], val_accuracy=[0.7, 0.9]),
)
BROKEN = ([3.0, 500.0, 1e9], History(stopped="diverged at step 4"))


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_running_mean_starts_with_what_is_there():
    np.testing.assert_allclose(running_mean([2.0, 4.0, 6.0, 8.0], 2), [2, 3, 5, 7])
    np.testing.assert_allclose(running_mean([2.0, 4.0], 16), [2, 3])


def test_a_symptom_shows_every_batch_and_the_guess():
    figure = plots.symptom(HEALTHY, "a title", chance=2.3, smooth=4)
    pale, mean, guess = figure.axes[0].lines
    np.testing.assert_allclose(pale.get_ydata(), HEALTHY[0])
    np.testing.assert_allclose(mean.get_ydata(), running_mean(HEALTHY[0], 4))
    assert guess.get_ydata()[0] == 2.3
    assert figure.axes[0].get_title(loc="left") or figure.axes[0].get_title() == "a title"
    assert texts(figure) == []


def test_a_broken_training_ends_in_a_cross_with_its_step():
    figure = plots.symptom(BROKEN, "a title")
    cross = figure.axes[0].lines[2]
    assert cross.get_marker() == "X"
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (3, 1e9)
    assert texts(figure) == ["step 4: NaN or infinite"]


def test_before_and_after_end_with_their_numbers():
    before = ([2.3] * 60, History(val_loss=[2.3, 2.3], val_accuracy=[0.1, 0.12]))
    figure = plots.before_after(before, HEALTHY, ("sick", "cured"), "a title", chance=2.3)
    assert texts(figure) == ["12%", "90%"]
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["sick", "cured", "knows nothing"]


def test_before_and_after_of_a_regression_show_the_loss():
    after = (HEALTHY[0], History(val_loss=[1.0, 0.5], val_accuracy=[np.nan, np.nan]))
    figure = plots.before_after(BROKEN, after, ("sick", "cured"), "a title")
    assert "before: no epoch was finished" in texts(figure)
    assert "0.5" in texts(figure)
    assert figure.axes[1].get_ylabel() == "validation loss"
    assert figure.axes[0].get_ylim()[1] <= 3 * HIGHEST


@pytest.mark.parametrize("log", [True, False])
def test_bars_by_layer(log):
    values = {"before": [0.0, 0.5, 0.9], "after": [0.3, 0.4, 0.5]}
    figure = plots.layer_bars(
        values, ["1", "2", "3"], ylabel="dead", title="a title", log=log, limit=0.5
    )
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [0.0, 0.5, 0.9, 0.3, 0.4, 0.5]
    assert texts(figure)[0] == ("0" if log else "0%")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["1", "2", "3"]


def test_a_ward_has_one_honest_axis():
    """From 0 to 3, the same for all; nothing is smoothed away; what broke ends in a cross."""
    figure = plots.ward({"A": HEALTHY, "B": BROKEN}, "a title", chance=2.3)
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in visible] == ["A", "B"]
    assert all(axes.get_ylim() == (0, 3) for axes in visible)
    every_batch = visible[0].lines[0].get_ydata()
    np.testing.assert_allclose(every_batch, HEALTHY[0])
    np.testing.assert_allclose(visible[0].lines[2].get_ydata(), HEALTHY[1].val_loss)
    assert "X" in [line.get_marker() for line in visible[1].lines]


def test_a_ward_lays_the_cured_over_the_sick():
    figure = plots.ward(
        {"A": BROKEN, "B": HEALTHY}, "a title", cured={"A": HEALTHY}, chance={"A": 2.3}, log=True
    )
    cured, untouched = (len(axes.lines) for axes in figure.axes[:2])
    assert cured > untouched
    assert figure.axes[0].get_ylim() == (0.1, HIGHEST)


def test_the_figures_are_closed():
    plots.symptom(HEALTHY, "a title")
    plots.before_after(BROKEN, HEALTHY, ("sick", "cured"), "a title")
    plots.layer_bars({"x": [1.0]}, ["1"], ylabel="y", title="a title")
    assert plt.get_fignums() == []
