"""The networks that `diagnose` is tried on: drawn at random, healthy, sick, and doubly sick.

None of them is a patient of notebook 10. Each draw of a fault takes its own data, depth,
activation, optimizer and first weights, so that no threshold can be fitted to one network.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from sklearn import datasets as toys

from course_utils.datasets import load_california_housing, load_cifar10, load_mnist
from course_utils.layers import Dense, Layer, LeakyReLU, ReLU, Sigmoid, Tanh
from course_utils.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from course_utils.training import minibatches

# a rate that trains every network drawn here; a draw moves it by up to a factor of 2
RATES = {
    SGD: 0.05,
    Momentum: 0.005,
    Nesterov: 0.005,
    AdaGrad: 0.01,
    RMSProp: 0.001,
    Adam: 0.002,
    AdamW: 0.002,
}
ACTIVATIONS = {"relu": ReLU, "leaky": LeakyReLU, "tanh": Tanh, "sigmoid": Sigmoid}
DATA = ("MNIST", "CIFAR-10", "housing", "digits", "cancer", "moons", "circles", "table", "wine")
BINARY = ("moons", "circles", "cancer")
IMAGES = ("MNIST", "CIFAR-10", "digits")


@cache
def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of one data set, standardized: 570 to 2,000 rows, or as many as there are."""
    if name in ("MNIST", "CIFAR-10"):
        data = load_mnist(1500, 500, 7, min_std=0.2) if name == "MNIST" else load_cifar10()
        return data.x_train[:1500], data.y_train[:1500]
    if name == "housing":
        data = load_california_housing(3)
        return data.x_train[:2000], data.y_train[:2000]
    rng = np.random.default_rng(11)
    if name == "moons":
        x, y = toys.make_moons(800, noise=0.2, random_state=5)
    elif name == "circles":
        x, y = toys.make_circles(800, noise=0.08, factor=0.5, random_state=6)
    elif name == "table":  # noisy: the columns explain a third of the target
        x = rng.normal(size=(1500, 20))
        y = x[:, 0] + np.abs(x[:, 1]) + x[:, 2] * x[:, 3] + 2 * rng.normal(size=1500)
        return x.astype(np.float32), ((y - y.mean()) / y.std())[:, None].astype(np.float32)
    else:
        load = {"digits": toys.load_digits, "cancer": toys.load_breast_cancer}
        x, y = load.get(name, toys.load_wine)(return_X_y=True)
        order = rng.permutation(len(x))
        x, y = x[order], y[order]
    std = x.std(axis=0)
    x = ((x - x.mean(axis=0)) / np.where(std == 0, 1, std)).astype(np.float32)
    return (x, y[:, None].astype(np.float32)) if name in BINARY else (x, y.astype(np.int64))


@dataclass
class Case:
    """A network with everything that trains it, and the causes that `diagnose` should name."""

    name: str
    kind: str  # healthy, sick, double
    expected: tuple[str, ...]
    data: str
    network: Network
    loss: Loss
    x: np.ndarray
    y: np.ndarray
    optimizer: object
    batches: Callable[[], Iterator]
    base: str = ""  # the setting that it was made from, in words


@dataclass
class Draft:
    """What a case is made of, before a fault changes it."""

    rng: np.random.Generator
    data: str
    hidden: list[int]
    activation: str
    method: type
    lr: float
    x: np.ndarray
    y: np.ndarray
    batch_size: int = 64
    dense: type = Dense
    act: type | None = None
    norm: type | None = None
    dropout: Callable[[], Layer] | None = None
    init: Callable[[np.random.Generator, int, int], np.ndarray] | None = None
    settings: dict = field(default_factory=dict)
    edit: list[Callable[[Network], None]] = field(default_factory=list)
    last: list[Layer] = field(default_factory=list)
    first: list[Layer] = field(default_factory=list)
    loss: Loss | None = None
    batches: Callable | None = None
    linear: bool = False

    @property
    def outputs(self) -> int:
        """Units of the last layer."""
        return int(self.y.max()) + 1 if self.y.ndim == 1 else 1

    def build(self) -> tuple[Network, Loss]:
        """The network before its first step, and its loss."""
        sizes = [self.x.shape[1], *self.hidden, self.outputs]
        act = self.act or ACTIVATIONS[self.activation]
        gain = 1.0 if self.activation in ("tanh", "sigmoid") else 2.0
        layers: list[Layer] = list(self.first)
        for k, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            last = k == len(self.hidden)
            # the dense layer with the fault stands in the middle, where there is one
            layer = self.dense(fan_in, fan_out, np.sqrt(gain / fan_in), self.rng)
            if self.init is not None:
                layer.params["W"] = self.init(self.rng, fan_in, fan_out)
            layers.append(layer)
            if last:
                break
            if self.norm is not None:
                layers.append(self.norm(fan_out))
            if not self.linear:
                layers.append(act())
            if self.dropout is not None:
                layers.append(self.dropout())
        layers += self.last
        network = Network(layers, dtype=self.settings.get("dtype", np.float32))
        for change in self.edit:
            change(network)
        return network, self.loss or self.usual_loss()

    def usual_loss(self) -> Loss:
        """The loss that fits the targets."""
        if self.y.ndim == 1:
            return SoftmaxCrossEntropy()
        return BinaryCrossEntropy() if self.data in BINARY else MeanSquaredError()

    def words(self) -> str:
        """The setting in a few words."""
        size = "-".join(map(str, self.hidden)) or "no hidden layer"
        return f"{self.data}, {size}, {self.activation}, {self.method.__name__} {self.lr:.2g}"

    def finish(self, name: str, kind: str, expected: tuple[str, ...]) -> Case:
        """The case that this draft has become."""
        network, loss = self.build()
        decay = {k: v for k, v in self.settings.items() if k != "dtype"}
        optimizer = self.method(self.lr, **decay)
        seed, x, y = int(self.rng.integers(1 << 30)), self.x, self.y
        if self.batches is None:

            def batches():
                return minibatches(x, y, self.batch_size, np.random.default_rng(seed))
        else:

            def batches():
                return self.batches(x, y)

        parts = (network, loss, x, y, optimizer, batches, self.words())
        return Case(name, kind, expected, self.data, *parts)


def draft(seed: int, *, data=DATA, depth=(1, 4), activations=tuple(ACTIVATIONS), methods=None):
    """A healthy setting, drawn at random from these choices."""
    rng = np.random.default_rng(seed)
    name = str(rng.choice(data))
    x, y = data_of(name)
    hidden = [int(rng.choice([24, 32, 48, 64, 96]))] * int(rng.integers(depth[0], depth[1] + 1))
    activation = str(rng.choice(activations))
    if activation == "sigmoid":  # deeper ones vanish: that is a fault
        hidden = hidden[:2]
    methods = methods or list(RATES)
    method = methods[int(rng.integers(len(methods)))]
    lr = RATES[method] * float(2 ** rng.uniform(-1, 1))
    if activation == "sigmoid":
        lr *= 4
    return Draft(rng, name, hidden, activation, method, lr, x, y)
