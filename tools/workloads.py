"""The six small problems of the optimizer comparison: data, network, loss, and how long to train.

They differ in kind: regression and classification, shallow and deep, convolutions, an
ill-conditioned problem without hidden layer, and classes of very unequal size. No batch is shorter
than the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from course_utils.datasets import load_california_housing, load_cifar10, load_mnist
from course_utils.layers import Dense
from course_utils.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, convnet, mlp

Pair = tuple[np.ndarray, np.ndarray]
LOOKS = 20  # at the validation data, evenly over the updates, besides the one at the start


@dataclass(frozen=True)
class Data:
    """Pairs (x, y) of the three parts."""

    train: Pair
    val: Pair
    test: Pair


@dataclass(frozen=True)
class Workload:
    """One problem. `build` makes its network from a generator, `load` its data.

    `target` is a validation loss, fixed before the comparison: see `optimizer_runs.fix_targets`.
    `matrices` says which weights Muon takes for hidden ones.
    """

    load: Callable[[], Data]
    build: Callable[[np.random.Generator], Network]
    loss: Loss
    batch_size: int
    epochs: int
    target: float
    matrices: Callable[[Network], list] = Network.matrices


def chance(workload: Workload, data: Data, part: str = "val") -> float:
    """The loss of the best constant output on a part of the data: of knowing nothing."""
    _, y = getattr(data, part)
    if isinstance(workload.loss, MeanSquaredError):
        return float(np.mean((y - y.mean(axis=0)) ** 2))
    shares = np.unique(y, return_counts=True)[1] / y.size
    return float(-np.sum(shares * np.log(shares)))


def _first(x: np.ndarray, y: np.ndarray, rows: int) -> Pair:
    return x[:rows], y[:rows]


# ------------------------------------------------------------------ data


def _housing() -> Data:
    data = load_california_housing()
    return Data(
        _first(data.x_train, data.y_train, 96 * 128),
        _first(data.x_val, data.y_val, 2000),
        (data.x_test, data.y_test),
    )


def _digits(rows: int) -> Data:
    data = load_mnist(rows, val_size=2000, min_std=0.3)
    return Data(
        (data.x_train, data.y_train),
        (data.x_val, data.y_val),
        _first(data.x_test, data.y_test, 5000),
    )


def _pictures_of_digits() -> Data:
    """Digits as they are, 0 for paper and 1 for ink: input and target of the autoencoder."""
    data = load_mnist(32 * 128, val_size=1000, min_std=0.3)
    parts = {}
    for split in ("train", "val", "test"):
        x = data.images(split)[: 2000 if split == "test" else None]
        x = x.reshape(len(x), -1).astype(np.float32) / 255
        parts[split] = (x, x)
    return Data(**parts)


def _photos() -> Data:
    """CIFAR-10 at half its resolution, 16 x 16: the mean of every four pixels."""
    data = load_cifar10()

    def halved(x: np.ndarray) -> np.ndarray:
        return x.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4)).astype(np.float32)

    return Data(
        (halved(data.x_train[: 150 * 32]), data.y_train[: 150 * 32]),
        (halved(data.x_val[:500]), data.y_val[:500]),
        (halved(data.x_test[:1000]), data.y_test[:1000]),
    )


def _products() -> Data:
    """Housing: is the price above the median? From all products of two features, standardized.

    Latitude and longitude, rooms and bedrooms go together: the inputs are nearly dependent.
    """
    data = load_california_housing()
    median = np.median(data.y_train)
    first, second = np.triu_indices(data.x_train.shape[1])

    def features(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x, x[:, first] * x[:, second]], axis=1)

    mean, std = features(data.x_train).mean(axis=0), features(data.x_train).std(axis=0)

    def part(x, y, rows=None):
        wide = ((features(x) - mean) / std).astype(np.float32)
        return wide[:rows], (y > median).astype(np.float32)[:rows]

    return Data(
        part(data.x_train, data.y_train, 96 * 128),
        part(data.x_val, data.y_val, 2000),
        part(data.x_test, data.y_test),
    )


def _long_tail() -> Data:
    """Digits whose classes are of very unequal size in training: 2,500 zeros, 20 nines.

    Each class has .58 times the images of the one before; validation and test have all alike.
    """
    data = load_mnist(30_000, val_size=2000, min_std=0.3)
    kept = [
        np.flatnonzero(data.y_train == label)[: round(2500 * 0.58**label)] for label in range(10)
    ]
    rows = np.sort(np.concatenate(kept))
    rows = rows[: len(rows) // 64 * 64]
    return Data(
        (data.x_train[rows], data.y_train[rows]),
        (data.x_val, data.y_val),
        _first(data.x_test, data.y_test, 5000),
    )


# ------------------------------------------------------------------ networks


def _quiet(network: Network) -> Network:
    """With a last layer of a tenth: the first outputs say nothing loudly, see notebook 07."""
    network.layers[-1].params["W"] *= 0.1
    return network


def _single_layer(rng: np.random.Generator) -> Network:
    network = Network([Dense(44, 1, rng=rng)])
    network.theta[:] = 0.0
    return network


def _with_input_layer(network: Network) -> list:
    return network.matrices(input_layer=True)


def _all_matrices(network: Network) -> list:
    return network.matrices(input_layer=True, output_layer=True)


WORKLOADS = {
    "housing": Workload(
        load=_housing,
        build=lambda rng: mlp([8, 64, 32, 1], rng=rng),
        loss=MeanSquaredError(),
        batch_size=128,
        epochs=10,
        target=0.358,
    ),
    "digits": Workload(
        load=lambda: _digits(64 * 128),
        build=lambda rng: _quiet(mlp([784, 128, 64, 10], rng=rng)),
        loss=SoftmaxCrossEntropy(),
        batch_size=128,
        epochs=5,
        target=0.159,
    ),
    "autoencoder": Workload(
        load=_pictures_of_digits,
        build=lambda rng: mlp([784, 128, 64, 16, 64, 128, 784], activation="tanh", rng=rng),
        loss=MeanSquaredError(),
        batch_size=128,
        epochs=10,
        target=0.0299,
    ),
    "photos": Workload(
        load=_photos,
        build=lambda rng: convnet((16, 16, 3), [8, 16, 32], 10, rng=rng),
        loss=SoftmaxCrossEntropy(),
        batch_size=32,
        epochs=2,
        target=1.55,
    ),
    "products": Workload(
        load=_products,
        build=_single_layer,
        loss=BinaryCrossEntropy(),
        batch_size=128,
        epochs=10,
        target=0.387,
        matrices=_all_matrices,
    ),
    "long tail": Workload(
        load=_long_tail,
        build=lambda rng: _quiet(mlp([784, 64, 10], rng=rng)),
        loss=SoftmaxCrossEntropy(),
        batch_size=64,
        epochs=4,
        target=0.653,
        matrices=_with_input_layer,
    ),
}


@cache
def data_of(name: str) -> Data:
    """The data of a workload, loaded once in each worker process."""
    data = WORKLOADS[name].load()
    rows, size = len(data.train[0]), WORKLOADS[name].batch_size
    if rows % size:
        raise ValueError(f"{name} has {rows} rows: a batch would be shorter than {size}")
    return data
