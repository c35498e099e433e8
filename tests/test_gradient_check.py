"""The gradient check itself: right networks pass, and every planted mistake is found."""

import numpy as np
import pytest

from course_utils.gradient_check import check_gradients, numerical_gradient, relative_error
from course_utils.layers import BatchNorm, Dense, Dropout, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp


@pytest.fixture
def batch(rng):
    return rng.normal(size=(6, 4)), rng.integers(0, 3, 6)


@pytest.mark.parametrize("training", [True, False])
def test_every_layer_passes_inside_a_network(training, every_layer, batch):
    every_layer.forward(batch[0], training=True)  # running averages away from 0 and 1
    report = check_gradients(every_layer, SoftmaxCrossEntropy(), *batch, training=training)
    assert report.relative_error < 1e-6
    assert report.passed()
    assert report.skipped == 0
    assert [p.name for p in report.parameters] == [n for n, _ in every_layer.named_parameters()]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("loss", [MeanSquaredError(), BinaryCrossEntropy()], ids=repr)
def test_one_output_losses_pass_with_every_activation(loss, activation, rng):
    network = mlp([4, 5, 1], activation, rng=rng)
    x, y = rng.normal(size=(6, 4)), rng.random((6, 1))
    report = check_gradients(network, loss, x, y)
    assert report.relative_error < 1e-6
    assert report.skipped <= 2


def test_a_float32_network_is_checked_in_float64_and_left_alone(batch, rng):
    network = Network([Dense(4, 5, rng=rng), BatchNorm(5), Tanh(), Dense(5, 3, rng=rng)])
    theta, gradient = network.theta.copy(), network.grad.copy()
    report = check_gradients(network, SoftmaxCrossEntropy(), *batch, training=True)
    assert report.relative_error < 1e-6
    np.testing.assert_array_equal(network.theta, theta)
    np.testing.assert_array_equal(network.grad, gradient)
    assert not network.layers[1].buffers["running_mean"].any()


def test_dropout_keeps_its_own_stream(batch, rng):
    dropout = Dropout(0.5, rng=np.random.default_rng(4))
    network = Network([Dense(4, 5, rng=rng), dropout, Dense(5, 3, rng=rng)])
    check_gradients(network, SoftmaxCrossEntropy(), *batch, training=True)
    expected = np.random.default_rng(4).random()
    assert dropout.rng.random() == expected


def mistake(kind):
    """A layer whose backward pass has one mistake."""

    class Wrong(Dense):
        def parameter_gradients(self, grad_output):
            super().parameter_gradients(grad_output)
            if kind == "forgotten mean":
                self.grads["W"] = self.grads["W"] * len(self.x)
            if kind == "sign":
                self.grads["W"] = -self.grads["W"]
            if kind == "bias":
                self.grads["b"] = np.zeros_like(self.grads["b"])
            if kind == "one entry":
                self.grads["W"][1, 2] += 1e-4
            if kind == "nan":
                self.grads["b"][1] = np.nan

    return Wrong


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("forgotten mean", "2.W"),
        ("sign", "2.W"),
        ("bias", "2.b"),
        ("one entry", "2.W"),
        ("nan", "2.b"),
    ],
)
def test_a_planted_mistake_is_found_and_named(kind, name, batch, rng):
    network = Network([Dense(4, 5, rng=rng), Tanh(), mistake(kind)(5, 3, rng=rng)])
    report = check_gradients(network, SoftmaxCrossEntropy(), *batch)
    assert not report.passed()
    assert report.worst.name == name
    others = [p for p in report.parameters if p.name != name]
    assert max(p.relative_error for p in others) < 1e-6
    if kind == "one entry":
        assert report[name].worst == (1, 2)
        assert "worst at [1, 2]" in str(report)
    if kind == "nan":
        assert report[name].worst == (1,)


def test_a_wrong_input_gradient_is_found_upstream(batch, rng):
    class Forgetful(Sigmoid):
        def backward(self, grad_output):
            return super().backward(grad_output) / (1 - self.cache)

    network = Network([Dense(4, 5, rng=rng), Forgetful(), Dense(5, 3, rng=rng)])
    report = check_gradients(network, SoftmaxCrossEntropy(), *batch)
    assert report["0.W"].relative_error > 0.1
    assert report["2.W"].relative_error < 1e-6


def test_entries_at_a_kink_are_left_out_and_counted():
    network = Network([Dense(1, 2, rng=0), ReLU(), Dense(2, 1, rng=0)], dtype=np.float64)
    network.layers[0].params.update(W=[[1.0, 1.0]], b=[-2.0, 0.5])
    x, y = np.array([[2.0], [3.0]]), np.array([[1.0], [2.0]])  # z = 0 in the first unit
    report = check_gradients(network, MeanSquaredError(), x, y)
    assert report.skipped == 2
    assert report["0.W"].skipped == report["0.b"].skipped == 1
    assert report["0.W"].checked == 1
    assert report.passed()
    assert "1 at a ReLU kink left out" in str(report["0.W"])


def test_a_check_that_left_everything_out_is_not_passed():
    network = Network([Dense(2, 3, rng=0), ReLU()], dtype=np.float64)
    x = np.zeros((4, 2))  # every unit sits at its kink
    report = check_gradients(network, MeanSquaredError(), x, np.ones((4, 3)))
    assert report["0.b"].checked == 0
    network.layers[0].params["W"] = np.zeros((2, 3))
    report = check_gradients(network, MeanSquaredError(), x + 1, np.ones((4, 3)))
    assert report.skipped == network.theta.size
    assert not report.passed()


def test_numerical_gradient_of_known_functions(rng):
    x = rng.normal(size=(3, 2))
    x.flags.writeable = False  # the function gets a copy
    np.testing.assert_allclose(numerical_gradient(lambda v: np.sum(v**3), x), 3 * x**2, rtol=1e-7)
    np.testing.assert_allclose(numerical_gradient(np.sum, np.array([1, 2])), 1, rtol=1e-9)


def test_numerical_gradient_is_central():
    """The one-sided difference of x^2 is wrong by eps; the central one is exact."""
    assert numerical_gradient(lambda v: float(v[0] ** 2), np.array([3.0]), eps=0.5)[0] == 6.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([0.0], [0.0], 0.0),
        ([], [], 0.0),
        ([1.0], [2.0], 0.5),
        ([1.0], [-1.0], 2.0),
        ([4.0, 0.001], [4.0, 0.002], 0.00025),
        ([np.nan], [1.0], np.inf),
        ([1.0], [np.nan], np.inf),
        ([np.inf], [np.inf], np.inf),
    ],
)
def test_relative_error(a, b, expected):
    assert relative_error(np.array(a), np.array(b)) == pytest.approx(expected)


def test_relative_error_has_a_floor():
    assert relative_error(np.array([0.0]), np.array([1e-12]), floor=1e-3) == pytest.approx(1e-9)


def test_a_report_reads_by_name(batch, rng):
    report = check_gradients(mlp([4, 3], rng=rng), SoftmaxCrossEntropy(), *batch)
    assert report["0.W"].checked == 12
    with pytest.raises(KeyError, match=r"no parameter '9.W'.*0.W"):
        report["9.W"]
