"""The playground of notebook 05 walks as the package does, and moves its artists in place."""

import numpy as np
import pytest

from course_utils.landscapes import RAVINE, ROSENBROCK, SADDLE, descend
from course_utils.optimizers import Adam, Momentum
from course_utils.widgets import OptimizerPlayground
from course_utils.widgets.playground import LANDSCAPES, METHODS


@pytest.fixture
def playground():
    return OptimizerPlayground()


def test_the_path_is_that_of_the_package(playground):
    playground.set(method="Momentum", lr=0.01, steps=30, beta1=0.8)
    expected = descend(RAVINE, Momentum(0.01, momentum=0.8), RAVINE.start, 30)
    np.testing.assert_allclose(playground._path.get_xydata(), expected)
    np.testing.assert_allclose(playground._loss.get_ydata(), RAVINE(expected))


def test_both_betas_reach_adam(playground):
    playground.set(method="Adam", lr=0.1, steps=20, beta1=0.5, beta2=0.99)
    expected = descend(RAVINE, Adam(0.1, beta1=0.5, beta2=0.99), RAVINE.start, 20)
    np.testing.assert_allclose(playground._path.get_xydata(), expected)


def test_a_start_by_slider(playground):
    playground.controls["x"].value = 2.0
    assert playground._start.get_xydata()[0] == pytest.approx([2.0, RAVINE.start[1]])


def test_another_landscape_brings_its_own_range_and_start(playground):
    playground.controls["landscape"].value = "Rosenbrock"
    assert (playground.settings["x"], playground.settings["y"]) == ROSENBROCK.start
    assert (playground.controls["y"].min, playground.controls["y"].max) == ROSENBROCK.y_range
    assert playground._map.get_xlim() == ROSENBROCK.x_range


@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize("method", METHODS)
def test_every_pair_can_be_shown(playground, landscape, method):
    playground.set(landscape=landscape, method=method, lr=0.01, steps=3)
    assert method in playground._readout.value
    assert len(playground._path.get_xydata()) == 4


def test_the_background_is_drawn_once_for_each_landscape(playground):
    background = playground._background
    playground.set(method="Adam", lr=0.5, steps=100)
    assert playground._background is background
    playground.set(landscape="saddle")
    assert playground._background is not background


def test_arrows_show_the_last_step_and_the_negative_gradient(playground):
    playground.set(landscape="saddle", method="Momentum", lr=0.05, steps=12)
    path = descend(SADDLE, Momentum(0.05), SADDLE.start, 12)
    ways = (path[-1] - path[-2], -SADDLE.gradient(path[-1]))
    for arrow, way in zip(playground._arrows, ways, strict=True):
        assert (np.sign([arrow.U[0], arrow.V[0]]) == np.sign(way)).all()
        assert np.hypot(arrow.U[0], arrow.V[0]) == pytest.approx(1)
        np.testing.assert_allclose(arrow.get_offsets()[0], path[-1])


def test_at_a_minimum_the_gradient_arrow_has_no_length(playground):
    playground.set(x=0.0, y=0.0, steps=1)
    assert playground._arrows[1].U[0] == playground._arrows[1].V[0] == 0


def test_a_run_that_diverges_is_drawn_and_said(playground):
    text = playground.update("Rosenbrock", "SGD", 1.0, 100, 0.9, 0.999, -1.0, 1.0)
    assert "diverged" in text
    assert np.isfinite(playground._path.get_xydata()).all()
    assert playground.png().startswith(b"\x89PNG")


def test_the_goal_of_the_lesson_can_be_reached_with_the_sliders(playground):
    control = playground.controls["lr"]
    lr = control.base ** (control.min + 55 * control.step)
    playground.set(method="Momentum", beta1=0.6, lr=lr, steps=60)
    assert playground._loss.get_ydata()[-1] < 1e-6


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method is 'Adm', expected one of"):
        OptimizerPlayground(method="Adm")


def test_reset_goes_back_to_the_start(playground):
    before = playground.settings
    playground.set(landscape="Himmelblau", x=1.0, lr=0.5)
    playground.set(**before)
    assert playground.settings == before
    assert playground._map.get_xlim() == RAVINE.x_range
