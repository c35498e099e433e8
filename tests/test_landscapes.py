"""The landscapes: exact gradients, minima that are minima, and walks that hold their promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.gradient_check import numerical_gradient, relative_error
from course_utils.landscapes import (
    BUMPY_BOWL,
    HIMMELBLAU,
    QUADRATIC_BOWL,
    RAVINE,
    ROSENBROCK,
    SADDLE,
    descend,
)
from course_utils.optimizers import SGD, Adam, Momentum

ALL = [QUADRATIC_BOWL, RAVINE, ROSENBROCK, SADDLE, BUMPY_BOWL, HIMMELBLAU]


@pytest.fixture(params=ALL, ids=lambda landscape: landscape.name)
def landscape(request):
    return request.param


@pytest.mark.parametrize("place", ALL, ids=lambda landscape: landscape.name)
@given(x=st.floats(-4, 4), y=st.floats(-4, 4))
def test_the_gradient_agrees_with_finite_differences(place, x, y):
    theta = np.array([x, y])
    gradient, measured = place.gradient(theta), numerical_gradient(place, theta)
    assert np.abs(gradient - measured).max() < 1e-5 or relative_error(gradient, measured) < 1e-6


def test_each_minimum_is_flat_and_lower_than_all_around_it(landscape):
    for minimum in np.array(landscape.minima).reshape(-1, 2):
        assert np.abs(landscape.gradient(minimum)).max() < 1e-9
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        ring = minimum + 0.01 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        assert (landscape(ring) > landscape(minimum)).all()


def test_nothing_in_the_picture_is_lower_than_the_minimum(landscape):
    if landscape.minima:
        _, _, values = landscape.grid(201)
        assert values.min() >= landscape(landscape.minimum) - 1e-12
        assert landscape(landscape.minima) == pytest.approx(0, abs=1e-12)


def test_the_saddle_is_flat_at_the_origin_and_has_no_minimum():
    assert SADDLE.minimum is None
    assert not SADDLE.gradient(np.zeros(2)).any()
    assert SADDLE(np.array([0.1, 0])) > 0 > SADDLE(np.array([0, 0.1]))


def test_start_and_minima_are_in_the_picture(landscape):
    for x, y in (landscape.start, *landscape.minima):
        assert landscape.x_range[0] <= x <= landscape.x_range[1]
        assert landscape.y_range[0] <= y <= landscape.y_range[1]


def test_many_points_at_once_are_the_points_one_by_one(landscape, rng):
    points = rng.normal(size=(3, 4, 2))
    values, gradients = landscape(points), landscape.gradient(points)
    assert values.shape == (3, 4)
    assert gradients.shape == points.shape
    assert values[1, 2] == landscape(points[1, 2])
    np.testing.assert_array_equal(gradients[1, 2], landscape.gradient(points[1, 2]))


def test_the_grid_has_y_in_rows(landscape):
    x, y, values = landscape.grid(7)
    assert values.shape == (7, 7)
    assert values[1, 4] == landscape(np.array([x[4], y[1]]))


@pytest.mark.parametrize("theta", [1.0, [1.0], [1.0, 2.0, 3.0], np.zeros((2, 3))])
def test_a_point_of_another_shape_is_refused(theta):
    with pytest.raises(ValueError, match=r"theta has shape .* expected \(2,\)"):
        RAVINE(theta)


def test_descend_records_the_start_and_every_step():
    path = descend(QUADRATIC_BOWL, SGD(0.1), (2.0, -1.0), 5)
    expected = np.array([2.0, -1.0]) * 0.9 ** np.arange(6)[:, None]
    np.testing.assert_allclose(path, expected, rtol=1e-14)


def test_descend_of_no_steps_is_the_start():
    np.testing.assert_array_equal(descend(RAVINE, SGD(0.1), (1, 2), 0), [[1.0, 2.0]])


def test_descend_leaves_the_start_alone():
    start = np.array([1.0, 1.0])
    descend(RAVINE, Momentum(0.01), start, 3)
    np.testing.assert_array_equal(start, [1.0, 1.0])


def test_a_path_that_diverges_goes_on_without_a_warning():
    path = descend(ROSENBROCK, SGD(1.0), ROSENBROCK.start, 20)
    assert path.shape == (21, 2)
    assert not np.isfinite(path[-1]).all()


@pytest.mark.parametrize("steps", [-1, 2.5, "3"])
def test_descend_refuses_what_is_no_count(steps):
    with pytest.raises((TypeError, ValueError), match="steps"):
        descend(RAVINE, SGD(0.1), RAVINE.start, steps)


@pytest.mark.parametrize("start", [(1.0,), (1.0, 2.0, 3.0), [[1.0, 2.0]]])
def test_descend_refuses_a_start_that_is_no_point(start):
    with pytest.raises(ValueError, match="start has shape"):
        descend(RAVINE, SGD(0.1), start, 1)


@pytest.mark.parametrize(("rate", "factor"), [(1.8, -0.8), (2.0, -1.0), (2.05, -1.05)])
def test_across_the_ravine_a_step_multiplies_by_one_minus_rate_times_curvature(rate, factor):
    y = descend(RAVINE, SGD(rate / 50), (0.0, 1.0), 10)[:, 1]
    np.testing.assert_allclose(y, factor ** np.arange(11), rtol=1e-12)


def test_common_rate_on_rosenbrock_as_reported():
    ends = [descend(ROSENBROCK, method(1e-3), (-1, 1), 1000)[-1] for method in (SGD, Adam)]
    np.testing.assert_allclose([ROSENBROCK(end) for end in ends], [0.406, 0.849], atol=5e-4)
