"""The figures of notebook 05 show what they are given, at its place."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots
from course_utils.landscapes import BUMPY_BOWL, HIMMELBLAU, RAVINE, SADDLE, descend
from course_utils.optimizers import SGD, Momentum
from course_utils.plots.landscapes import LOWEST_LOSS, draw_landscape, loss_floor

PATHS = {
    "SGD": descend(RAVINE, SGD(0.03), RAVINE.start, 20),
    "Momentum": descend(RAVINE, Momentum(0.01), RAVINE.start, 30),
}


def lines_with(axes, marker):
    return [line for line in axes.lines if line.get_marker() == marker]


pytestmark = pytest.mark.usefixtures("figures_of_the_course")


@pytest.mark.parametrize("landscape", [RAVINE, HIMMELBLAU, SADDLE], ids=lambda place: place.name)
def test_the_minima_are_marked_where_they_are(landscape):
    figure, axes = plt.subplots()
    draw_landscape(axes, landscape)
    stars = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines_with(axes, "*")]
    assert stars == list(landscape.minima)
    assert axes.get_xlim() == landscape.x_range
    plt.close(figure)


def test_difficulties_draw_each_path_from_ring_to_square_and_the_local_minima():
    local = np.array([[-3.065, 3.065], [3.065, 0.0]])
    walk = descend(BUMPY_BOWL, SGD(0.1), BUMPY_BOWL.start, 9)
    panels = {"ravine": (RAVINE, PATHS["SGD"]), "hollows": (BUMPY_BOWL, walk)}
    left, right = plots.difficulties(panels, {"hollows": local}).axes
    assert left.get_title() == "ravine" or left.get_title(loc="left") == "ravine"
    assert not lines_with(left, "x")
    crosses = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines_with(right, "x")]
    np.testing.assert_allclose(crosses, local)
    (ring,), (square,) = lines_with(right, "o"), lines_with(right, "s")
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == tuple(walk[0])
    assert (square.get_xdata()[0], square.get_ydata()[0]) == tuple(walk[-1])


def test_descents_draw_the_path_and_its_own_losses():
    left, right = plots.descents(RAVINE, PATHS, "a title").axes
    curves = {line.get_label(): line for line in right.lines}
    routes = {line.get_label(): line for line in left.lines}
    assert curves.keys() == PATHS.keys()
    for name, path in PATHS.items():
        np.testing.assert_array_equal(curves[name].get_ydata(), RAVINE(path))
        np.testing.assert_array_equal(routes[name].get_xydata(), path)
        assert curves[name].get_color() == routes[name].get_color()


def test_coordinate_over_steps_draws_y():
    axes = plots.coordinate_over_steps(PATHS, "a title").axes
    assert len(axes) == 2
    np.testing.assert_array_equal(axes[1].lines[0].get_ydata(), PATHS["Momentum"][:, 1])


def test_step_lengths_count_from_one():
    lengths = {"SGD": np.full(5, 4.0), "RMSProp": np.array([3.0, 2.0, 1.5, 1.2, 1.1])}
    (axes,) = plots.step_lengths(lengths, "a title").axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), lengths["RMSProp"])
    assert "lr" in axes.get_ylabel()


def test_rate_sweep_rings_the_best_rate_and_leaves_a_gap_where_it_diverged():
    rates = np.array([0.01, 0.1, 1.0])
    losses = {"SGD": np.array([0.5, 0.2, np.inf]), "Adam": np.array([0.3, 1e-5, 0.1])}
    (axes,) = plots.rate_sweep(rates, losses, "a title").axes
    rings = [line for line in axes.lines if line.get_markersize() == 16]
    assert [ring.get_xdata()[0] for ring in rings] == [0.1, 0.1]
    assert [ring.get_ydata()[0] for ring in rings] == [0.2, 1e-5]
    curve = next(line for line in axes.lines if line.get_label() == "SGD")
    assert np.isnan(curve.get_ydata()[2])


def test_a_sweep_in_which_all_diverged_has_no_ring():
    (axes,) = plots.rate_sweep(np.ones(2), {"SGD": np.array([np.inf, np.nan])}, "title").axes
    assert not [line for line in axes.lines if line.get_markersize() == 16]


def test_loss_floor_keeps_what_a_log_axis_can_show():
    shown = loss_floor(np.array([1.0, 0.0, np.inf, np.nan]))
    np.testing.assert_array_equal(shown, [1.0, LOWEST_LOSS, np.nan, np.nan])
