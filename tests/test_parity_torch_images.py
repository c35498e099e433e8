"""The live comparison with PyTorch for images, on random networks; skipped without torch.

Recorded values (tests/reference) cover the same ground without it.
"""

from collections import Counter

import numpy as np
import pytest

from course_utils.gradient_check import relative_error
from course_utils.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Tanh,
)
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet
from course_utils.optimizers import AdamW

torch = pytest.importorskip("torch")
nn = torch.nn

SEEDS = range(16)
CLASSES = 4


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small matrices: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class FlattenLast(nn.Module):
    """Channels first, as PyTorch has them, to rows in the course's order: channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class SameChannels(nn.Module):
    """Dropout with the channels that our layer has just dropped."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x * torch.from_numpy(self.layer.cache.transpose(0, 3, 1, 2)) if self.training else x


class PadThenConv(nn.Sequential):
    """PyTorch's convolution with the padding of ours, which may differ from side to side."""

    def __init__(self, layer):
        sides = (layer.before, layer.after) * 2
        conv = nn.Conv2d(
            *(layer.channels_in, layer.channels_out, layer.kernel_size),
            stride=layer.stride,
            bias="b" in layer.params,
            dtype=torch.float64,
        )
        k = layer.kernel_size
        weight = layer.params["W"].reshape(k, k, layer.channels_in, layer.channels_out)
        with torch.no_grad():
            conv.weight.copy_(torch.from_numpy(weight.transpose(3, 2, 0, 1).copy()))
            if "b" in layer.params:
                conv.bias.copy_(torch.from_numpy(layer.params["b"].copy()))
        super().__init__(nn.ZeroPad2d(sides), conv)


def in_torch(layer):
    """The layer's counterpart in PyTorch, with the same parameters."""
    if isinstance(layer, Conv2D):
        return PadThenConv(layer)
    if isinstance(layer, BatchNorm):
        module = nn.BatchNorm2d(layer.features, dtype=torch.float64)
        values = {"weight": layer.params["gamma"], "bias": layer.params["beta"]}
    elif isinstance(layer, Dense):
        module = nn.Linear(layer.fan_in, layer.fan_out, dtype=torch.float64)
        values = {"weight": layer.params["W"].T, "bias": layer.params["b"]}
    else:
        simple = {
            ReLU: nn.ReLU,
            Tanh: nn.Tanh,
            LeakyReLU: lambda: nn.LeakyReLU(0.01),
            MaxPool2D: lambda: nn.MaxPool2d(layer.size),
            AveragePool2D: lambda: nn.AvgPool2d(layer.size),
            GlobalAveragePool: lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            Flatten: FlattenLast,
            Dropout: lambda: SameChannels(layer),
        }
        return simple[type(layer)]()
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.from_numpy(value.copy()))
    return module


def random_layers(rng, shape):
    """One to three convolutions with what may stand between them, and a dense layer, by chance."""
    height, width, channels = shape
    layers = []
    for _ in range(rng.integers(1, 4)):
        out = int(rng.integers(2, 6))
        kernel = int(rng.integers(1, min(6, height + 1, width + 1)))
        padding = ["same", "valid", int(rng.integers(0, kernel))][rng.integers(3)]
        settings = {"kernel_size": kernel, "padding": padding, "stride": int(rng.integers(1, 3))}
        conv = Conv2D(channels, out, bias=bool(rng.integers(2)), rng=rng, **settings)
        if "b" in conv.params:
            conv.params["b"] = 0.3 * rng.normal(size=out)
        norm = BatchNorm(out)
        norm.params.update(gamma=1 + 0.3 * rng.normal(size=out), beta=rng.normal(size=out))
        height, width = (
            (n + conv.before + conv.after - kernel) // conv.stride + 1 for n in (height, width)
        )
        layers.append(conv)
        if min(height, width) >= 2 and rng.random() < 0.7:
            layers.append([MaxPool2D, AveragePool2D][rng.integers(2)](2))
            height, width = height // 2, width // 2
        if rng.random() < 0.6:
            layers.append(norm)
        layers.append([ReLU, LeakyReLU, Tanh][rng.integers(3)]())
        if rng.random() < 0.4:
            layers.append(Dropout(0.3, rng=rng))
        channels = out
    if rng.random() < 0.5:
        return [*layers, Flatten(), Dense(height * width * channels, CLASSES, rng=rng)]
    return [*layers, GlobalAveragePool(), Dense(channels, CLASSES, rng=rng)]


def random_pair(seed):
    """One random network, here and in PyTorch, and the shape of its images."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(5, 13)), int(rng.integers(5, 13)), int(rng.integers(1, 4)))
    network = Network(random_layers(rng, shape), dtype=np.float64)
    return network, nn.Sequential(*map(in_torch, network.layers)), shape


def draw(rng, n, shape):
    return rng.normal(size=(n, *shape)), rng.integers(0, CLASSES, n)


def both(network, module, x, y, training):
    """Forward and backward on both sides: outputs, gradient of x and of all parameters."""
    module.train(training)
    module.zero_grad()
    outputs = network.forward(x, training=training)
    value, grad_outputs = SoftmaxCrossEntropy()(outputs, y)
    grad_x = network.backward(grad_outputs)
    x_torch = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_()
    outputs_torch = module(x_torch)
    value_torch = nn.functional.cross_entropy(outputs_torch, torch.from_numpy(y))
    value_torch.backward()
    return {
        "value": (value, value_torch.item()),
        "outputs": (outputs, outputs_torch.detach().numpy()),
        "grad_x": (grad_x, x_torch.grad.numpy().transpose(0, 2, 3, 1)),
        "grad": (network.grad, flat(module, gradients=True)),
    }


def flat(module, gradients=False):
    """All parameters (or gradients) of the torch module in the order and layout of `theta`."""
    pieces = []
    for parameter in module.parameters():
        value = (parameter.grad if gradients else parameter.detach()).numpy()
        order = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[value.ndim]
        pieces.append(value.transpose(order).ravel())
    return np.concatenate(pieces)


def test_the_random_networks_hold_every_layer_stride_and_padding():
    layers = [layer for seed in SEEDS for layer in random_pair(seed)[0].layers]
    kinds = Counter(map(type, layers))
    assert set(kinds) == {
        *(Conv2D, MaxPool2D, AveragePool2D, GlobalAveragePool, Flatten, BatchNorm, Dropout),
        *(ReLU, LeakyReLU, Tanh, Dense),
    }
    convolutions = [layer for layer in layers if isinstance(layer, Conv2D)]
    assert {layer.stride for layer in convolutions} == {1, 2}
    assert {layer.kernel_size for layer in convolutions} >= {1, 2, 3, 4, 5}
    assert {type(layer.padding) for layer in convolutions} == {str, int}


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_has_the_same_outputs_gradients_and_statistics(seed, n):
    network, module, shape = random_pair(seed)
    rng = np.random.default_rng(100 + seed)
    steps = (True, True, False) if n > 1 else (False,)
    for training in steps:
        found = both(network, module, *draw(rng, n, shape), training)
        for name, (mine, theirs) in found.items():
            assert relative_error(mine, theirs) < 1e-9, name
    for layer, other in zip(network.layers, module, strict=True):
        for name, buffer in layer.buffers.items():
            np.testing.assert_allclose(buffer, getattr(other, name), rtol=1e-10, atol=1e-13)


def test_training_the_usual_stack_takes_the_same_path():
    """30 steps of AdamW, each side with its own gradients, and the same running statistics."""
    rng = np.random.default_rng(0)
    network = convnet((12, 11, 3), [4, 6], CLASSES, rng=rng).astype(np.float64)
    module = nn.Sequential(*map(in_torch, network.layers))
    optimizer = AdamW(0.003, weight_decay=0.05)
    theirs = torch.optim.AdamW(module.parameters(), lr=0.003, weight_decay=0.05)
    start = network.theta.copy()
    for _ in range(30):
        both(network, module, *draw(rng, 16, (12, 11, 3)), training=True)
        optimizer.step(network.theta, network.grad)
        theirs.step()
    assert relative_error(network.theta, flat(module)) < 1e-8
    assert relative_error(network.theta, start) > 1e-2, "nothing was learned"
    found = both(network, module, *draw(rng, 16, (12, 11, 3)), training=False)
    assert relative_error(*found["outputs"]) < 1e-8
