"""The figures of notebook 06 show what they are given, at its place."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots
from course_utils.network import mlp

X = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
Y = np.array([[0.0], [1], [1], [0]])


pytestmark = pytest.mark.usefixtures("figures_of_the_course")


def panels_of(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_the_plane_is_a_grid_row_by_row_from_below():
    points = plots.plane(limit=2, n=3)
    assert points.shape == (9, 2)
    np.testing.assert_array_equal(points[:4], [[-2, -2], [0, -2], [2, -2], [-2, 0]])


def test_a_boundary_stands_where_the_logit_is_zero():
    logits = plots.plane()[:, 0] - 0.7  # class 1 to the right of x1 = 0.7
    (axes,) = plots.decision_boundaries({"half": logits}, X, Y, "a title").axes
    (contour,) = [c for c in axes.collections if hasattr(c, "levels")]
    line = np.concatenate([path.vertices for path in contour.get_paths()])
    np.testing.assert_allclose(line[:, 0], 0.7)
    fill = axes.images[0].get_array()
    assert fill[30, 0] < 0.1 < 0.5 < fill[30, -1]
    assert axes.images[0].get_extent() == [-2.5, 2.5, -2.5, 2.5]


def test_the_classes_differ_in_color_and_in_marker():
    (axes,) = plots.decision_boundaries({"": plots.plane()[:, 0]}, X, Y, "a title").axes
    zeros, ones = (c for c in axes.collections if len(c.get_offsets()) == 2)
    np.testing.assert_array_equal(zeros.get_offsets(), X[[0, 3]])
    np.testing.assert_array_equal(ones.get_offsets(), X[[1, 2]])
    assert tuple(zeros.get_facecolor()[0]) != tuple(ones.get_facecolor()[0])
    assert zeros.get_paths()[0].vertices.shape != ones.get_paths()[0].vertices.shape


def test_a_network_that_says_one_class_everywhere_has_no_boundary():
    (axes,) = plots.decision_boundaries({"": np.ones(3600)}, X, Y, "a title").axes
    assert not [c for c in axes.collections if hasattr(c, "levels")]


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (4, 1), (5, 2), (8, 2)])
def test_panels_stand_in_one_row_or_two(count, rows):
    logits = {f"epoch {k}": plots.plane(n=10)[:, 0] for k in range(count)}
    figure = plots.decision_boundaries(logits, X, Y, "a title")
    shown = panels_of(figure)
    assert [axes.get_title(loc="left") or axes.get_title() for axes in shown] == list(logits)
    assert shown[0].get_gridspec().nrows == rows


def test_logits_that_are_no_square_or_too_many_panels_are_refused():
    with pytest.raises(ValueError, match="logits has 50 values, expected those of a square"):
        plots.decision_boundaries({"": np.ones(50)}, X, Y, "a title")
    plt.close("all")
    with pytest.raises(ValueError, match="logits holds 9 panels, expected 1 to 8"):
        plots.decision_boundaries({str(k): np.ones(9) for k in range(9)}, X, Y, "a title")


def test_curve_fits_draw_the_curve_of_each_panel():
    at = np.linspace(-1, 1, 5)
    fits = {"before": at * 0, "after": at[:, None] ** 2}
    figure = plots.curve_fits(X[:, 0], X[:, 1], at, fits, "a title", truth=at**2)
    for axes, values in zip(figure.axes, fits.values(), strict=True):
        np.testing.assert_array_equal(axes.lines[-1].get_ydata(), np.ravel(values))
        assert len(axes.lines) == 3


def test_run_panels_draw_each_run_from_epoch_zero():
    panels = {"SGD": {"right": [3, 2, 1], "wrong": [3, 3, 3]}, "Adam": {"right": [3, 1, 0.5]}}
    left, right = plots.run_panels(panels, "a title", log=True, level=("ln 2", 0.69)).axes
    np.testing.assert_array_equal(left.lines[1].get_xydata(), [[0, 3], [1, 3], [2, 3]])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [3, 1, 0.5])
    assert left.get_yscale() == right.get_yscale() == "log"
    assert left.lines[-1].get_label() == "ln 2"
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()


def test_run_panels_with_two_quantities_label_and_scale_each():
    panels = {"a": {"run": [1, 2]}, "b": {"run": [10, 20]}}
    left, right = plots.run_panels(panels, "t", ylabels=["loss", "entries"], log=[True, False]).axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "entries")
    assert (left.get_yscale(), right.get_yscale()) == ("log", "linear")


def test_by_layer_counts_layers_from_one():
    panels = {"std": {"He": [1.0, 0.9, 1.1]}, "gradient": {"He": [0.1, 0.2, 0.3]}}
    left, right = plots.by_layer(panels, "a title").axes
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [0.1, 0.2, 0.3])


def test_gradient_errors_show_which_check_fails():
    figure = plots.gradient_errors({"good": 1e-9, "bad": 0.5, "exact": 0.0}, 1e-6, "a title")
    (axes,) = figure.axes
    dots = axes.collections[-1]
    np.testing.assert_array_equal(dots.get_offsets()[:, 0], [1e-9, 0.5, 1e-16])
    colors = [tuple(color) for color in dots.get_facecolor()]
    assert colors[0] == colors[2] != colors[1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["good", "bad", "exact"]


def test_the_flat_vector_is_cut_where_the_arrays_end():
    network = mlp([2, 4, 1], "tanh", rng=0)
    (axes,) = plots.flat_vector(list(network.named_parameters()), "a title").axes
    np.testing.assert_array_equal(axes.images[0].get_array()[0], network.theta)
    assert [line.get_xdata()[0] for line in axes.lines] == [0, 8, 12, 16, 17]
    assert axes.texts[0].get_text() == "0.W\n(2 × 4)"
