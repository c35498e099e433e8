"""The examples worked by hand, against numbers computed outside of the course."""

import numpy as np
import pytest

from course_utils.layers import Dense, ReLU, Sigmoid
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD


def close(value, expected, digits):
    """Equal to all the digits that are given."""
    np.testing.assert_allclose(value, expected, rtol=0, atol=0.6 * 10.0**-digits)


def network_a(numbers):
    network = Network([Dense(2, 3), ReLU(), Dense(3, 2)], dtype=np.float64)
    network.layers[0].params.update(W=numbers["W1"], b=numbers["b1"])
    network.layers[2].params.update(W=numbers["W2"], b=numbers["b2"])
    return network


def test_worked_example_a(worked):
    """Two inputs, three ReLU units, two classes with softmax: every intermediate number."""
    numbers = worked["worked_a"]
    network, loss = network_a(numbers), SoftmaxCrossEntropy()
    hidden, relu, last = network.layers
    x, label = np.array(numbers["x"]), np.array([numbers["label"]])

    z1 = hidden.forward(x)
    a1 = relu.forward(z1)
    z2 = last.forward(a1)
    close(z1[0], numbers["Z1"], 12)
    close(z2[0], numbers["Z2"], 12)
    value, dz2 = loss(z2, label)
    close(dz2[0] + np.eye(2)[1], numbers["P"], 10)
    close(value, numbers["loss"], 10)
    close(dz2[0], numbers["dZ2"], 8)
    da1 = last.backward(dz2)
    dz1 = relu.backward(da1)
    hidden.backward(dz1)
    close(last.grads["W"], numbers["dW2"], 8)
    close(last.grads["b"], numbers["db2"], 8)
    close(da1[0], numbers["dA1"], 8)
    close(dz1[0], numbers["dZ1"], 8)
    close(hidden.grads["W"], numbers["dW1"], 8)
    close(hidden.grads["b"], numbers["db1"], 8)

    SGD(numbers["lr"]).step(network.theta, network.grad)
    close(loss(network.forward(x), label)[0], numbers["loss_after_one_step"], 6)


def test_worked_example_b_in_the_column_form(worked):
    """Two inputs, two sigmoid units, one probability; the textbook's W is our W transposed."""
    numbers = worked["worked_b_column_form"]
    network = Network([Dense(2, 2), Sigmoid(), Dense(2, 1)], dtype=np.float64)
    hidden, sigmoid, last = network.layers
    hidden.params.update(W=np.array(numbers["W1"]).T, b=numbers["b1"])
    last.params.update(W=np.array([numbers["W2"]]).T, b=[numbers["b2"]])
    x, y, loss = np.array([numbers["x"]]), np.array([[numbers["y"]]]), BinaryCrossEntropy()

    z1 = hidden.forward(x)
    a1 = sigmoid.forward(z1)
    z2 = last.forward(a1)
    value, dz2 = loss(z2, y)
    close(z1[0], numbers["z1"], 12)
    close(a1[0], numbers["a1"], 10)
    close(z2[0, 0], numbers["z2"], 9)
    close(Sigmoid().forward(z2)[0, 0], numbers["a2"], 10)
    close(value, numbers["loss"], 10)
    close(dz2[0, 0], numbers["dz2"], 10)
    da1 = last.backward(dz2)
    dz1 = sigmoid.backward(da1)
    hidden.backward(dz1)
    close(last.grads["W"][:, 0], numbers["dW2"], 10)
    close(da1[0], numbers["da1"], 10)
    close(dz1[0], numbers["dz1"], 10)
    close(hidden.grads["W"].T, numbers["dW1"], 10)

    SGD(numbers["lr"]).step(network.theta, network.grad)
    close(loss(network.forward(x), y)[0], numbers["loss_after_one_step"], 10)


def test_a_single_neuron(worked):
    numbers = worked["single_neuron"]
    neuron = Network([Dense(1, 1)], dtype=np.float64)
    neuron.theta[:] = numbers["w"], numbers["b"]
    x, y, loss = np.array([[numbers["x"]]]), np.array([[numbers["y"]]]), BinaryCrossEntropy()
    z = neuron.forward(x)
    value, dz = loss(z, y)
    neuron.backward(dz)
    close(z[0, 0], numbers["z"], 12)
    close(Sigmoid().forward(z)[0, 0], numbers["a"], 10)
    close(value, numbers["loss"], 10)
    close(neuron.grad, [numbers["dw"], numbers["db"]], 10)
    SGD(numbers["lr"]).step(neuron.theta, neuron.grad)
    close(neuron.theta, [numbers["w_new"], numbers["b_new"]], 10)
    close(loss(neuron.forward(x), y)[0], numbers["loss_new"], 10)


def test_the_price_of_confidence(worked):
    """One example of class 1, predicted with p = 0.99 and with p = 0.01."""
    for p, key in ((0.99, "bce_p99"), (0.01, "bce_p01")):
        logit = np.array([[np.log(p / (1 - p))]])
        close(BinaryCrossEntropy()(logit, np.array([[1.0]]))[0], worked["losses"][key], 6)


def test_the_losses_of_five_predictions(worked):
    y = np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    p = np.array([[0.1], [0.9], [0.8], [0.2], [0.7]])
    close(BinaryCrossEntropy()(np.log(p / (1 - p)), y)[0], worked["losses"]["bce_five"], 10)
    close(MeanSquaredError()(p, y)[0] / 2, worked["losses"]["half_mse_five"], 15)


@pytest.mark.parametrize("rate", ["0.01", "0.1", "0.5", "0.9"])
def test_the_quadratic_exercise_after_30_steps(rate, worked):
    expected = worked["quadratic_exercise"]["after_30"][rate]
    close(descent(float(rate), 30), expected, 10)


def test_the_quadratic_exercise_after_20_steps(worked):
    numbers = worked["quadratic_exercise"]
    x = descent(0.1, 20)
    close(x, numbers["x20"], 12)
    close((x - 2) ** 2 + 3, numbers["f20"], 12)


def descent(rate, steps):
    """Gradient descent on f(x) = (x - 2)^2 + 3 from x = 0."""
    x, optimizer = np.zeros(1), SGD(rate)
    for _ in range(steps):
        optimizer.step(x, 2 * (x - 2))
    return x[0]
