"""One pass through a copy of the network, looked at layer by layer.

What comes out of each layer, how strong its gradient is, and how it behaves at inference.
"""

import copy
from itertools import pairwise

import numpy as np

from course_utils.diagnostics.copies import pieces_of, size_of
from course_utils.layers import Layer, Sigmoid, Tanh
from course_utils.losses import Loss
from course_utils.network import Network

FEWEST_ROWS = 100  # with fewer, chance alone lets a unit seem dead
NEARLY = 0.05  # units whose weights differ by less of their size are copies
LINEAR = 1e-4  # deviation from a straight line, relative to the outputs
TRIED = 5.0  # size of the random inputs on which a straight line is looked for


def switch_gaps(network: Network, x: np.ndarray) -> list[float]:
    """Of each layer: does it, at inference, give one row always the same outputs?"""
    gaps, half = [], -(-len(x) // 2)
    x = x.astype(network.dtype)
    for layer in network.layers:
        out = layer.forward(x)
        again, alone = layer.forward(x) - out, layer.forward(x[:half]) - out[:half]
        gap = max(size_of(again), size_of(alone))
        gaps.append(gap / size_of(out) if gap > 0 else 0.0)
        x = out
    return gaps


def one_pass(network: Network, loss: Loss, optimizer, x, y) -> tuple[float, list, list[dict]]:
    """Forward and back as in training, and one step: loss, outputs, the numbers of each layer.

    The list of outputs begins with x itself.
    """
    outputs = [x.astype(network.dtype)]
    gains: list[float | None] = []
    for layer in network.layers:
        before = outputs[-1]
        outputs.append(layer.forward(before, training=True))
        gains.append(_gain(layer, before, outputs[-1]))
    value, grad_outputs = loss(outputs[-1], y)
    network.backward(grad_outputs)
    layers, copies, theta = [], _copies(network), network.theta.copy()
    if optimizer is not None:
        copy.deepcopy(optimizer).step(network.theta, network.grad)
    straight = _linear_between(network, outputs)
    for index, (layer, piece) in enumerate(zip(network.layers, pieces_of(network), strict=True)):
        out = outputs[index + 1]
        numbers = {"mean": float(np.mean(out, dtype=float)), "std": float(np.std(out, dtype=float))}
        numbers |= {"gain": gains[index], "copies": copies.get(index)}
        numbers["linear_to_next"] = index in straight
        if not layer.params and len(x) >= FEWEST_ROWS and not isinstance(layer, (Sigmoid, Tanh)):
            zero = (out == 0).all(axis=tuple(range(out.ndim - 1)))
            numbers["dead"] = float(np.mean(zero))
        if isinstance(layer, (Sigmoid, Tanh)):
            middle, reach = (0.5, 0.49) if isinstance(layer, Sigmoid) else (0.0, 0.98)
            numbers["saturated"] = float(np.mean(np.abs(out - middle) > reach))
        if not layer.params and hasattr(layer, "rate") and out.shape == outputs[index].shape:
            came = outputs[index] != 0
            numbers["dropped"] = float(1 - np.mean(out[came] != 0)) if came.any() else None
        if layer.params:
            numbers["gradient_norm"] = float(np.linalg.norm(network.grad[piece]))
            numbers["weight_norm"] = norm = float(np.linalg.norm(theta[piece]))
            if optimizer is not None and norm > 0:
                moved = network.theta[piece] - theta[piece]
                numbers["update_ratio"] = float(np.linalg.norm(moved)) / norm
        layers.append(numbers)
    return value, outputs, layers


def work_of(network: Network, outputs: list[np.ndarray]) -> float:
    """Multiplications that one row costs on its way forward."""
    rows, work = len(outputs[0]), 0.0
    for layer, out in zip(network.layers, outputs[1:], strict=True):
        if "W" in layer.params:
            work += layer.params["W"].size * out[0].size / out.shape[-1]
    return work if rows else 0.0


def weighted(network: Network) -> list[tuple[int, Layer]]:
    """The layers that multiply by a matrix W, with their places."""
    return [(i, la) for i, la in enumerate(network.layers) if np.ndim(la.params.get("W")) == 2]


def _gain(layer: Layer, before: np.ndarray, out: np.ndarray) -> float | None:
    """How much larger the weights make what comes in, without the biases."""
    if np.ndim(layer.params.get("W")) != 2:
        return None
    return size_of(out - layer.params.get("b", 0)) / size_of(before) if before.any() else 0.0


def _copies(network: Network) -> dict[int, float]:
    """Of each hidden layer with weights: the fraction of units that nearly equal another one."""
    found = {}
    for (index, layer), (_, after) in pairwise(weighted(network)):
        incoming = layer.params["W"].T.astype(np.float64)
        units = incoming
        if layer.params["W"].shape[1] == after.params["W"].shape[0]:
            units = np.hstack([incoming, after.params["W"]])
        both = np.mean(_has_twin(units))
        alone = np.mean(_has_twin(incoming)) if incoming.any() and len(incoming) > 4 else 0.0
        found[index] = float(max(both, alone if alone > 0.9 else 0.0))
    return found


def _has_twin(units: np.ndarray) -> np.ndarray:
    """Of each row: is there another one that differs by less than 5% of its size?"""
    squares = np.sum(units**2, axis=1)
    distance = squares[:, None] + squares - 2 * units @ units.T
    np.fill_diagonal(distance, np.inf)
    return np.maximum(distance.min(axis=1), 0) <= NEARLY**2 * squares + 1e-12 * squares.max()


def _linear_between(network: Network, outputs: list[np.ndarray]) -> set[int]:
    """Places of weights from which only straight lines lead to the next weights.

    f is a straight line with an offset if f(a + b) + f(0) = f(a) + f(b), for any a and b.
    """
    found, rng = set(), np.random.default_rng(0)
    for (index, _), (following, _) in pairwise(weighted(network)):
        shape = (4, *outputs[index + 1].shape[1:])
        a, b = (TRIED * rng.normal(size=shape) for _ in range(2))
        zero = np.zeros(shape)
        between = copy.deepcopy(network.layers[index + 1 : following])

        def f(z, between=between):
            z = z.astype(network.dtype)
            for layer in between:
                z = layer.forward(z)
            return z.astype(np.float64)

        bent = f(a + b) + f(zero) - f(a) - f(b)
        if size_of(bent) <= LINEAR * size_of(f(a)):
            found.add(index)
    return found
