"""Working on copies: what looks at a network must leave it, and its generators, as they are.

Everything here expects a network that nobody else uses.
"""

import copy
from collections.abc import Callable

import numpy as np

from course_utils.losses import Loss
from course_utils.network import Network
from course_utils.optimizers import Optimizer


def generators_of(network: Network) -> list[np.random.Generator]:
    """Every generator that a layer draws from, each once."""
    found = {
        id(value): value
        for layer in network.layers
        for value in vars(layer).values()
        if isinstance(value, np.random.Generator)
    }
    return list(found.values())


def repeatable(network: Network) -> Callable[[np.ndarray, bool], np.ndarray]:
    """A forward pass for which dropout draws the same masks at every call."""
    generators = generators_of(network)
    states = [rng.bit_generator.state for rng in generators]

    def forward(x: np.ndarray, training: bool) -> np.ndarray:
        for rng, state in zip(generators, states, strict=True):
            rng.bit_generator.state = state
        return network.forward(x, training=training)

    return forward


def loss_in_training(network: Network, loss: Loss, x: np.ndarray, y: np.ndarray) -> float:
    """The loss as a training sees it; the network's averages and generators stay."""
    value, _ = loss(repeatable(copy.deepcopy(network))(x, True), y)
    return float(value)


def pieces_of(network: Network) -> list[slice]:
    """Where the parameters of each layer stand in `theta`; an empty slice if it has none."""
    sizes = [sum(array.size for array in layer.params.values()) for layer in network.layers]
    return [slice(end - n, end) for n, end in zip(sizes, np.cumsum(sizes), strict=True)]


def at_rate(optimizer: Optimizer, factor: float, **changes: float) -> Optimizer:
    """A copy of the optimizer, state and all, with a rate `factor` times as high."""
    twin = copy.deepcopy(optimizer)
    if factor != 1:
        twin.lr = twin.lr * factor
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin


def spread(x: np.ndarray, y: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` rows at equal distances, so that sorted data keep all their classes."""
    chosen = np.linspace(0, len(x) - 1, min(len(x), most)).astype(int)
    return x[chosen], y[chosen]


def size_of(a: np.ndarray) -> float:
    """The root mean square of all entries."""
    return float(np.sqrt(np.mean(np.square(a, dtype=np.float64))))
