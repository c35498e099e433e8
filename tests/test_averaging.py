"""Averages of weights: what they are, and that nothing else changes."""

import numpy as np
import pytest

from course_utils.averaging import AverageWeights
from course_utils.layers import BatchNorm, Dense, ReLU
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, ScheduleFreeAdamW
from course_utils.training import Callback, TrainingDiverged, evaluate, fit

LOSS = SoftmaxCrossEntropy()


class Path(Callback):
    """All weights and running averages that the training passed through."""

    def on_start(self, run):
        self.thetas, self.buffers, self.ends = [], [], []

    def on_step(self, run):
        self.thetas.append(run.network.theta.copy())
        self.buffers.append(
            [b.copy() for layer in run.network.layers for b in layer.buffers.values()]
        )

    def on_epoch(self, run):
        self.ends.append(run.network.theta.copy())


def trained(data, callbacks, *, epochs=3, optimizer=None, network=None, val=None):
    network = network or mlp([2, 8, 2], rng=np.random.default_rng(0))
    options = {"epochs": epochs, "batch_size": 32, "rng": np.random.default_rng(1)}
    optimizer = optimizer or SGD(0.2)
    history = fit(
        network, LOSS, optimizer, data, val, callbacks=callbacks, progress=False, **options
    )
    return network, history


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("decay", [None, 0.0, 0.5, 0.9])
def test_the_network_ends_as_the_weighted_mean_of_the_path(decay, start, moons):
    path = Path()
    network, _ = trained(moons, [path, AverageWeights(decay, start)])
    thetas = np.array(path.thetas[start:])
    ages = np.arange(len(thetas))[::-1]
    weights = np.ones(len(thetas)) if decay is None else np.power(float(decay), ages)
    expected = weights @ thetas / weights.sum()
    np.testing.assert_allclose(network.theta, expected, rtol=1e-4, atol=1e-6)


def test_running_averages_of_batch_norm_are_averaged_along(moons):
    rng, path = np.random.default_rng(0), Path()
    layers = [Dense(2, 4, rng=rng), BatchNorm(4), ReLU(), Dense(4, 2, rng=rng)]
    network, _ = trained(moons, [path, AverageWeights(None)], network=Network(layers))
    for k, buffer in enumerate(network.layers[1].buffers.values()):
        expected = np.mean([buffers[k] for buffers in path.buffers], axis=0)
        np.testing.assert_allclose(buffer, expected, rtol=1e-4)


def test_the_path_and_the_history_are_those_without_it(moons):
    plain, averaged = Path(), Path()
    _, first = trained(moons, [plain])
    _, second = trained(moons, [averaged, AverageWeights(0.9)])
    np.testing.assert_array_equal(plain.thetas, averaged.thetas)
    np.testing.assert_array_equal(plain.ends, averaged.ends)
    assert first.train_loss == second.train_loss


def test_its_losses_are_those_of_the_average(moons):
    val = moons[0][:50], moons[1][:50]
    average = AverageWeights(0.9, start=6)  # six steps are the first epoch
    network, history = trained(moons, [average], val=val)
    assert np.isnan([average.train_loss[0], average.val_loss[0]]).all()
    assert average.train_loss[-1] == evaluate(network, LOSS, *moons)[0]
    assert average.val_loss[-1] == evaluate(network, LOSS, *val)[0]
    assert average.val_loss[-1] != history.val_loss[-1]
    again = AverageWeights(0.9)
    for _ in range(2):
        trained(moons, [again])
    assert len(again.train_loss) == 3
    assert np.isnan(again.val_loss).all()


def test_after_a_divergence_the_network_holds_finite_weights_or_its_own(moons):
    x, y = moons
    average = AverageWeights(None)
    network = mlp([2, 8, 2], rng=np.random.default_rng(0))
    with pytest.raises(TrainingDiverged), np.errstate(all="ignore"):
        trained((1e18 * x, y), [average], network=network, optimizer=SGD(1e18))
    assert average.count > 0
    finite = np.isfinite(average._average["theta"]).all()
    assert finite == np.array_equal(network.theta, average._average["theta"])


def test_it_works_with_a_schedule_free_optimizer(moons):
    path = Path()
    network, _ = trained(moons, [path, AverageWeights(None)], optimizer=ScheduleFreeAdamW(0.05))
    np.testing.assert_allclose(network.theta, np.mean(path.thetas, axis=0), rtol=1e-4, atol=1e-6)


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"decay is 1, expected a number in \[0, 1\)"):
        AverageWeights(1.0)
    with pytest.raises(ValueError, match="start is -1"):
        AverageWeights(start=-1)
