"""The demos of notebook 03: the game can be won, and the explorer follows the equations."""

import numpy as np
import pytest

from course_utils.gradient_check import numerical_gradient
from course_utils.widgets import BestLineGame, LearningRateExplorer
from course_utils.widgets.learning_rate import descend_parabola


@pytest.fixture
def game(rng):
    x = rng.normal(size=300)
    return BestLineGame(x, 0.6 * x + 0.3 * rng.normal(size=300) + 0.1)


def test_loss_and_gradient_of_the_game_are_those_of_the_data(game):
    w, b = 0.3, -0.4
    error = w * game.x + b - game.y
    assert game.loss(w, b) == pytest.approx(np.mean(error**2))
    numerical = numerical_gradient(lambda v: float(game.loss(*v)), np.array([w, b]))
    assert game.gradient(w, b) == pytest.approx(numerical, rel=1e-6)


def test_the_game_can_be_won_with_its_sliders_and_not_without(game):
    assert "✓" not in game.update(w=-0.5, b=0.8)
    w, b = np.round(game.best, 2)
    assert "✓" in game.update(w=float(w), b=float(b))


def test_the_arrow_points_downhill(game):
    game.update(w=-0.5, b=0.8)
    arrow = np.array([game.arrow.U[0], game.arrow.V[0]])
    assert arrow @ game.gradient(-0.5, 0.8) < 0
    assert game.loss(*(np.array([-0.5, 0.8]) + 0.1 * arrow)) < game.loss(-0.5, 0.8)


def test_the_path_is_the_players_own_and_reset_clears_it(game):
    game.set(w=0.0, b=0.0)
    game.set(w=0.5, b=0.0)
    assert game.path == [(-0.5, 0.8), (0.0, 0.0), (0.5, 0.0)]
    assert list(game.trace.get_xdata()) == [-0.5, 0.0, 0.5]
    game.reset()
    assert game.path == [(-0.5, 0.8)]


def test_the_parabola_is_descended_by_the_equation():
    x = descend_parabola(lr=0.1, momentum=0.0, noise=0.0, steps=10)
    assert x[-1] == pytest.approx(3 - 3 * 0.8**10)
    assert descend_parabola(0.5, 0.0, 0.0, 1)[-1] == 3.0


def test_noise_is_the_same_at_every_call():
    first = descend_parabola(0.1, 0.5, 1.0, 20)
    assert np.array_equal(first, descend_parabola(0.1, 0.5, 1.0, 20))
    assert not np.allclose(first, descend_parabola(0.1, 0.5, 0.0, 20))


def test_the_explorer_says_whether_it_came_closer():
    explorer = LearningRateExplorer()
    assert "closer than" in explorer.update(lr=0.1, momentum=0.0, noise=0.0, steps=20)
    assert "further away than" in explorer.update(lr=1.1, momentum=0.0, noise=0.0, steps=20)
    assert len(explorer.points.get_xdata()) == 21
