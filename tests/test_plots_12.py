"""The figures of notebook 12 show what they are given."""

from dataclasses import dataclass

import numpy as np
import pytest

from course_utils import plots
from course_utils.plots.bridge import SMALLEST


@dataclass(eq=False)
class Value:
    data: float
    grad: float = 0.0
    inputs: tuple = ()
    slopes: tuple = ()


pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_record_shows_every_value_gradient_and_slope_once():
    a, b = Value(2.0, 12.0), Value(-1.5, 7.0)
    product = Value(-3.0, 4.0, (a, b), (-1.5, 2.0))
    result = Value(-1.0, 1.0, (product, a), (1.0, 0.25))
    figure = plots.recorded_graph(result, {"a": a, "b": b, "L": result}, "a record")
    found = texts(figure)
    for expected in ("2", "12", "-1.5", "7", "-3", "4", "a", "b", "L"):
        assert found.count(expected) == 1, expected
    assert sorted(t for t in found if t.startswith("×")) == ["× -1.5", "× 0.25", "× 1", "× 2"]
    assert figure.axes[0].get_title(loc="left") + figure.axes[0].get_title() == "a record"


def test_a_value_used_twice_has_two_edges():
    w = Value(3.0)
    figure = plots.recorded_graph(Value(9.0, 1.0, (w, w), (3.0, 3.0)), {"w": w}, "w times w")
    assert texts(figure).count("× 3") == 2
    assert texts(figure).count("w") == 1


def test_differences_get_a_panel_for_each_precision_and_zero_stays_on_the_axis():
    found = {"float32": {"SGD": [1e-7, 2e-7], "other": [0.1, 0.1]}, "float64": {"SGD": [0, 3e-16]}}
    figure = plots.difference_over_steps(found, "a title")
    first, second = figure.axes
    assert [len(axes.lines) for axes in (first, second)] == [2, 1]
    assert list(first.lines[0].get_ydata()) == [1e-7, 2e-7]
    assert list(second.lines[0].get_ydata()) == [SMALLEST, 3e-16]
    assert list(second.lines[0].get_xdata()) == [1, 2]
    assert first.get_yscale() == "log"
    assert first.get_ylabel()
    styles = {(line.get_color(), line.get_linestyle()) for line in first.lines}
    assert len(styles) == 2


def test_two_schedules_are_drawn_as_given_with_the_planned_end():
    ours, theirs = np.linspace(1, 0, 5), np.ones(5)
    figure = plots.two_schedules(ours, theirs, 3, "a title")
    drawn = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert drawn["this course"] == list(ours)
    assert drawn["PyTorch"] == list(theirs)
    assert [3, 3] in [list(line.get_xdata()) for line in figure.axes[0].lines]
