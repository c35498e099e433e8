"""The live comparison with PyTorch, on random networks; skipped where torch is not installed.

Recorded values (tests/reference) cover the same ground without it.
"""

from itertools import pairwise

import numpy as np
import pytest

from course_utils.layers import BatchNorm, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp

torch = pytest.importorskip("torch")
SEEDS = range(5)
ACTIVATIONS = {
    "ReLU": (ReLU, torch.nn.ReLU),
    "LeakyReLU": (lambda: LeakyReLU(0.1), lambda: torch.nn.LeakyReLU(0.1)),
    "Sigmoid": (Sigmoid, torch.nn.Sigmoid),
    "Tanh": (Tanh, torch.nn.Tanh),
}
LOSSES = {
    "mse": (MeanSquaredError(), torch.nn.MSELoss()),
    "bce": (BinaryCrossEntropy(), torch.nn.BCEWithLogitsLoss()),
    "softmax": (SoftmaxCrossEntropy(), torch.nn.CrossEntropyLoss()),
}
OPTIMIZERS = {
    "SGD": (lambda: SGD(0.1, weight_decay=0.01), torch.optim.SGD, {"weight_decay": 0.01}),
    "Momentum": (lambda: Momentum(0.1), torch.optim.SGD, {"momentum": 0.9}),
    "Nesterov": (
        lambda: Nesterov(0.1),
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True},
    ),
    "AdaGrad": (lambda: AdaGrad(0.1), torch.optim.Adagrad, {}),
    "RMSProp": (lambda: RMSProp(0.1, decay=0.99), torch.optim.RMSprop, {}),
    "Adam": (lambda: Adam(0.1), torch.optim.Adam, {}),
    "AdamW": (lambda: AdamW(0.1), torch.optim.AdamW, {}),
}


def random_pair(rng, outputs):
    """A random stack of layers, here and in PyTorch, with the same parameters (no dropout)."""
    sizes = [int(n) for n in rng.integers(2, 8, rng.integers(2, 5))] + [outputs]
    ours, theirs = [], []
    for fan_in, fan_out in pairwise(sizes):
        dense = Dense(fan_in, fan_out, rng=rng)
        linear = torch.nn.Linear(fan_in, fan_out, dtype=torch.float64)
        dense.params["b"] = rng.normal(size=fan_out)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(dense.params["W"].T.copy()))
            linear.bias.copy_(torch.tensor(dense.params["b"]))
        ours.append(dense)
        theirs.append(linear)
        if rng.random() < 0.5:
            norm, batch_norm = BatchNorm(fan_out), torch.nn.BatchNorm1d(fan_out).double()
            norm.params.update(gamma=rng.normal(size=fan_out), beta=rng.normal(size=fan_out))
            with torch.no_grad():
                batch_norm.weight.copy_(torch.tensor(norm.params["gamma"]))
                batch_norm.bias.copy_(torch.tensor(norm.params["beta"]))
            ours.append(norm)
            theirs.append(batch_norm)
        make, make_torch = ACTIVATIONS[str(rng.choice(list(ACTIVATIONS)))]
        ours.append(make())
        theirs.append(make_torch())
    return Network(ours[:-1], dtype=np.float64), torch.nn.Sequential(*theirs[:-1])


def random_batch(rng, features, loss):
    x = rng.normal(size=(9, features))
    if loss == "softmax":
        return x, rng.integers(0, 3, 9)
    return x, rng.random((9, 1)) if loss == "bce" else rng.normal(size=(9, 1))


def flat(module, gradients=False):
    """All parameters (or gradients) of a torch module in the order and layout of `theta`."""
    found = [p.grad if gradients else p.detach() for p in module.parameters()]
    return np.concatenate([(p.T if p.ndim == 2 else p).reshape(-1).numpy() for p in found])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_has_the_same_outputs_loss_and_gradients(seed, loss):
    rng = np.random.default_rng(seed)
    network, module = random_pair(rng, 3 if loss == "softmax" else 1)
    mine, theirs = LOSSES[loss]
    for training in (True, True, False):
        x, y = random_batch(rng, network.layers[0].fan_in, loss)
        x_torch = torch.tensor(x, requires_grad=True)
        module.train(training)
        module.zero_grad()
        outputs = network.forward(x, training=training)
        value, grad_outputs = mine(outputs, y)
        grad_x = network.backward(grad_outputs)
        outputs_torch = module(x_torch)
        value_torch = theirs(outputs_torch, torch.tensor(y))
        value_torch.backward()
        np.testing.assert_allclose(outputs, outputs_torch.detach(), rtol=1e-11, atol=1e-12)
        assert value == pytest.approx(value_torch.item(), rel=1e-12)
        np.testing.assert_allclose(network.grad, flat(module, True), rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(grad_x, x_torch.grad, rtol=1e-9, atol=1e-13)
    for layer, other in zip(network.layers, module, strict=True):
        for name, buffer in layer.buffers.items():
            np.testing.assert_allclose(buffer, getattr(other, name), rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_training_walks_the_same_path(seed, name):
    """20 steps on a random network, each on its own mini-batch."""
    rng = np.random.default_rng(seed)
    network, module = random_pair(rng, 3)
    make, make_torch, settings = OPTIMIZERS[name]
    optimizer, optimizer_torch = make(), make_torch(module.parameters(), lr=0.1, **settings)
    for _ in range(20):
        x, y = random_batch(rng, network.layers[0].fan_in, "softmax")
        _, grad_outputs = SoftmaxCrossEntropy()(network.forward(x, training=True), y)
        network.backward(grad_outputs, input_gradient=False)
        optimizer_torch.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(y)).backward()
        gradient = flat(module, True)
        np.testing.assert_allclose(network.grad, gradient, rtol=1e-8, atol=1e-12)
        # step with torch's gradient: where one is 0 up to rounding, as that of a bias before
        # batch norm, an adaptive method makes a large step of the rounding error's sign
        optimizer.step(network.theta, gradient)
        optimizer_torch.step()
        np.testing.assert_allclose(network.theta, flat(module), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_does_with_a_mask_what_torch_does(rate):
    """Given the entries torch kept, the same numbers come out and go back."""
    torch.manual_seed(0)
    x = torch.rand((20, 10), dtype=torch.float64, requires_grad=True)
    output = torch.nn.Dropout(rate)(x)
    output.sum().backward()
    kept = output.detach().numpy() != 0

    class Given(np.random.Generator):
        def random(self, size=None, **unused):
            return np.where(kept, 0.0, 0.999)

    layer = Dropout(rate)
    layer.rng = Given(np.random.PCG64(0))
    mine = layer.forward(x.detach().numpy(), training=True)
    np.testing.assert_allclose(mine, output.detach(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(np.ones((20, 10))), x.grad, rtol=1e-12)
