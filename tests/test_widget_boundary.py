"""The boundary explorer of notebook 06: what it shows is what a network of the package says."""

import numpy as np
import pytest

from course_utils.losses import BinaryCrossEntropy
from course_utils.network import ACTIVATIONS, mlp
from course_utils.widgets import BoundaryExplorer
from course_utils.widgets.boundary import DATA, STEPS, plane_data, record_training


@pytest.fixture(scope="module")
def shared():
    return BoundaryExplorer()


@pytest.fixture
def explorer(shared):
    shared.reset()
    return shared


def says(explorer, x):
    return explorer._network.forward(x)


def test_the_same_settings_give_the_same_picture(explorer):
    before = explorer.png()
    explorer.set(hidden=2, step=50)
    assert explorer.png() != before
    explorer.reset()
    assert explorer.png() == before


def test_the_boundary_lies_where_the_network_is_undecided(explorer):
    segments = explorer._boundary.get_segments()
    assert segments
    points = np.concatenate(segments)
    everywhere = np.abs(says(explorer, explorer._grid)).mean()
    assert np.abs(says(explorer, points)).max() < 0.1 * everywhere


def test_the_folds_lie_where_a_hidden_unit_is_zero(explorer):
    explorer.set(activation="relu", hidden=5)
    folds = explorer._folds.get_segments()
    assert len(folds) == 5
    for unit, line in enumerate(folds):
        z = explorer._network.layers[0].forward(line)[:, unit]
        np.testing.assert_allclose(z, 0, atol=1e-9)


def test_the_readout_is_measured_on_the_points_that_are_shown(explorer):
    text = explorer.update("circles", 0.1, "tanh", 3, 1, STEPS)
    loss, _ = BinaryCrossEntropy()(says(explorer, explorer._x), explorer._y)
    right = BinaryCrossEntropy().accuracy(says(explorer, explorer._x), explorer._y)
    assert f"loss <b>{loss:.3f}</b>" in text
    assert f"<b>{right:.0%}</b> of 160 right" in text
    shown = np.concatenate([points.get_xydata() for points in explorer._points])
    assert sorted(map(tuple, shown)) == sorted(map(tuple, explorer._x))


def test_step_zero_is_the_untrained_network(explorer):
    explorer.set(step=0, hidden=6, seed=4, activation="tanh")
    start = mlp([2, 6, 1], "tanh", rng=4)
    np.testing.assert_allclose(explorer._network.theta, start.theta)
    assert explorer._now.get_xdata()[0] == 0


def test_walking_through_the_steps_does_not_train_again(explorer):
    recorded = explorer._recorded
    explorer.set(step=100)
    assert explorer._recorded is recorded
    assert explorer._now.get_xdata()[0] == 100
    explorer.set(seed=3)
    assert explorer._recorded is not recorded


def test_the_background_is_drawn_once(explorer):
    background = explorer._background
    explorer.set(data="circles", hidden=8, step=20)
    assert explorer._background is background


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_pair_can_be_shown(explorer, data, activation):
    explorer.set(data=data, activation=activation, hidden=2, noise=0.3, step=10)
    assert "after step 10" in explorer._readout.value
    assert explorer.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DATA)
def test_data_has_both_classes_equally_often_and_grows_with_noise(name):
    quiet, labels = plane_data(name, 0.0, np.random.default_rng(0))
    noisy, _ = plane_data(name, 0.3, np.random.default_rng(0))
    assert quiet.shape == (160, 2)
    assert labels.mean() == 0.5
    assert np.abs(quiet).max() < 2.5
    assert 0.25 < (noisy - quiet).std() < 0.35


def test_recorded_training_starts_at_the_start_and_learns():
    x, y = plane_data("moons", 0.1, np.random.default_rng(0))
    network = mlp([2, 8, 1], "tanh", rng=0).astype(np.float64)
    start = network.theta.copy()
    recorded, losses = record_training(network, x, y, steps=50)
    assert recorded.shape == (11, start.size)
    assert losses.shape == (11,)
    np.testing.assert_array_equal(recorded[0], start)
    assert losses[-1] < losses[0]


def test_an_unknown_data_set_is_refused():
    with pytest.raises(ValueError, match="name is 'spiral', expected one of"):
        plane_data("spiral", 0.1, np.random.default_rng(0))


def test_the_goals_of_the_lesson_can_be_reached(explorer):
    assert "<b>100%</b>" in explorer.update("circles", 0.15, "relu", 3, 2, STEPS)
    assert "<b>100%</b>" not in explorer.update("XOR", 0.15, "tanh", 2, 0, STEPS)
    assert "<b>100%</b>" in explorer.update("XOR", 0.15, "tanh", 2, 3, STEPS)
