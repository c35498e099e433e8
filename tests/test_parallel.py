"""Threads that share one network: the same gradient, the same memory, nothing left behind."""

import copy
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_utils.augmentation import flips
from course_utils.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet
from course_utils.optimizers import SGD, Adam
from course_utils.parallel import in_parallel
from course_utils.training import TrainingDiverged, evaluate, fit

LOSS = SoftmaxCrossEntropy()


def plain(rng):
    """A network without batch norm: its gradient does not depend on how a batch is split."""
    layers = [Conv2D(2, 3, rng=rng), MaxPool2D(), ReLU(), Flatten(), Dense(27, 3, rng=rng)]
    return Network(layers, dtype=np.float64)


def data(n=23, shape=(6, 7, 2)):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, *shape)), rng.integers(0, 3, n)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 23])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_outputs_and_gradients_are_those_of_the_whole_batch(workers, n, rng):
    network, (x, y) = plain(rng), data(n)
    outputs = network.forward(x, training=True)
    grad_outputs = LOSS(outputs, y)[1]
    grad_input = network.backward(grad_outputs)
    gradient = network.grad.copy()
    with in_parallel(network, workers) as fast:
        np.testing.assert_allclose(fast.forward(x, training=True), outputs, rtol=1e-12)
        np.testing.assert_allclose(fast.backward(grad_outputs), grad_input, atol=1e-14)
        np.testing.assert_allclose(network.grad, gradient, rtol=1e-10, atol=1e-14)
        network.grad[...] = 0
        assert fast.backward(grad_outputs, input_gradient=False) is None
        np.testing.assert_allclose(network.grad, gradient, rtol=1e-10, atol=1e-14)


def test_what_it_learns_is_in_the_network_itself(rng):
    network, (x, y) = convnet((6, 7, 2), [3], 3, rng=rng), data()
    start = network.theta.copy()
    with in_parallel(network) as fast:
        history = fit(
            *(fast, LOSS, Adam(0.02), (x, y)),
            epochs=30,
            batch_size=8,
            rng=np.random.default_rng(0),
            augment=[flips()],
            progress=False,
        )
    assert not np.array_equal(network.theta, start)
    loss, _ = evaluate(network, LOSS, x, y)
    assert loss == pytest.approx(history.train_loss[-1], rel=1e-5)
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]


def test_training_without_batch_norm_takes_the_same_path(rng):
    one, other = plain(np.random.default_rng(3)), plain(np.random.default_rng(3))
    x, y = data()
    settings = {"epochs": 3, "batch_size": 8, "progress": False}
    fit(one, LOSS, SGD(0.1), (x, y), rng=np.random.default_rng(0), **settings)
    with in_parallel(other, 3) as fast:
        fit(fast, LOSS, SGD(0.1), (x, y), rng=np.random.default_rng(0), **settings)
    np.testing.assert_allclose(other.theta, one.theta, rtol=1e-9, atol=1e-12)


def test_batch_norm_uses_each_part_and_keeps_their_mean(rng):
    x = rng.normal(size=(8, 5, 5, 2))
    network = Network([BatchNorm(2), Flatten(), Dense(50, 2, rng=rng)], dtype=np.float64)
    halves = [copy.deepcopy(network) for _ in range(2)]
    expected = [
        half.forward(part, training=True) for half, part in zip(halves, (x[:4], x[4:]), strict=True)
    ]
    with in_parallel(network) as fast:
        np.testing.assert_allclose(fast.forward(x, training=True), np.concatenate(expected))
        alone = network.forward(x)
        np.testing.assert_allclose(fast.forward(x), alone, rtol=1e-12)
    for name in ("running_mean", "running_var"):
        mean = np.mean([half.layers[0].buffers[name] for half in halves], axis=0)
        np.testing.assert_allclose(network.layers[0].buffers[name], mean)


def test_it_is_reproducible_and_each_part_has_its_own_dropout():
    def trained():
        rng = np.random.default_rng(0)
        network = Network([Flatten(), Dropout(0.5, rng=rng), Dense(84, 3, rng=rng)])
        with in_parallel(network, 2) as fast:
            outputs = fast.forward(np.ones((8, 6, 7, 2)), training=True)
        return outputs

    first = trained()
    np.testing.assert_array_equal(first, trained())
    assert not np.array_equal(first[:4], first[4:])


def test_divergence_is_told_once_and_without_warnings(rng):
    network, (x, y) = plain(rng), data()
    with warnings.catch_warnings(), in_parallel(network) as fast, pytest.raises(TrainingDiverged):
        warnings.simplefilter("error")
        fit(
            *(fast, LOSS, SGD(1e200), (x, y)),
            epochs=5,
            batch_size=8,
            rng=rng,
            progress=False,
        )


def test_matrix_products_get_their_threads_back_and_errors_come_through(rng):
    def threads():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    before, network = threads(), plain(rng)
    with pytest.raises(ValueError, match="expected images"), in_parallel(network) as fast:
        assert set(threads()) == {1}
        fast.forward(np.ones((4, 84)))
    assert threads() == before
    with pytest.raises(ValueError, match="workers is 0"), in_parallel(network, 0):
        pass
