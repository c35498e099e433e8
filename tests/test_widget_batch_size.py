"""The batch-size explorer walks as the training loop does, and counts what it uses."""

import numpy as np
import pytest

from course_utils.optimizers import SGD
from course_utils.training import minibatches
from course_utils.widgets import BatchSizeExplorer

SETTINGS = {"batch": 10, "rate": 0.02, "updates": 50, "axis": "updates", "draw": 3}


@pytest.fixture
def data(rng):
    x = rng.normal(size=230)
    return x, 2 * x + 1 + rng.normal(0, 0.5, size=230)


@pytest.fixture
def explorer(data):
    return BatchSizeExplorer(*data)


def walk(x, y, batch, rate, updates, draw):
    """The plain loop, with the batches of the course."""
    rng, optimizer, theta = np.random.default_rng(draw), SGD(rate), np.zeros(2)
    path = [theta.copy()]
    while True:
        for x_batch, y_batch in minibatches(x, y, batch, rng, "keep"):
            error = theta[0] * x_batch + theta[1] - y_batch
            grad = 2 * np.array([np.mean(error * x_batch), np.mean(error)])
            optimizer.step(theta, grad)
            path.append(theta.copy())
            if len(path) > updates:
                return np.array(path)


@pytest.mark.parametrize("batch", [1, 50, 100, 200])
def test_it_takes_the_steps_of_the_plain_loop(data, explorer, batch):
    """Also where the last batch of an epoch is short: 230 is no multiple of 50, 100 or 200."""
    expected = walk(*data, batch, 0.02, 120, draw=3)
    assert explorer.run(batch, 0.02, 120, draw=3) == pytest.approx(expected, rel=1e-9)


def test_the_loss_drawn_is_that_of_all_data(data, explorer):
    x, y = data
    explorer.update(**SETTINGS)
    path = explorer.run(10, 0.02, 50, 3)
    losses = np.mean((path[:, :1] * x + path[:, 1:] - y) ** 2, axis=1)
    best = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0]
    lowest = np.mean((best[0] * x + best[1] - y) ** 2)
    assert explorer._loss.get_ydata() == pytest.approx(losses - lowest, rel=1e-6)
    assert explorer._path.get_xydata() == pytest.approx(path)


def test_examples_are_counted_as_updates_times_batch_size(explorer):
    text = explorer.update(**SETTINGS | {"axis": "examples"})
    assert "500 examples" in text and "2.17 epochs" in text
    assert explorer._loss.get_xdata()[-1] == 500
    assert explorer._right.get_xscale() == "log"
    explorer.update(**SETTINGS)
    assert explorer._loss.get_xdata()[-1] == 50
    assert explorer._right.get_xscale() == "linear"


def test_another_draw_is_another_path_unless_the_batch_is_everything(explorer):
    assert not np.allclose(explorer.run(1, 0.02, 20, 0), explorer.run(1, 0.02, 20, 1))
    assert np.allclose(explorer.run(230, 0.02, 20, 0), explorer.run(230, 0.02, 20, 1))


def test_a_rate_that_is_too_large_is_called_that(explorer):
    text = explorer.update(**SETTINGS | {"batch": 200, "rate": 1.5, "updates": 300})
    assert "too large" in text
    assert np.isfinite(explorer._path.get_xydata()).all()


def test_no_batch_larger_than_the_data_is_offered(explorer):
    assert max(explorer.controls["batch"].options) == 200


def test_changing_the_axis_draws_the_background_anew(explorer):
    before = explorer.png()
    explorer.controls["axis"].value = "examples"
    changed = explorer.png()
    explorer.controls["axis"].value = "updates"
    assert changed != before
    assert explorer.png() == before


def test_columns_are_refused(data):
    x, y = data
    with pytest.raises(ValueError, match=r"expected \(N,\)"):
        BatchSizeExplorer(x[:, None], y)
    with pytest.raises(ValueError, match="229"):
        BatchSizeExplorer(x, y[1:])
