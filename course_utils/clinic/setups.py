"""One training of the clinic: all that it is made of in one `Setup`, and `fit` to carry it out.

Every one is trained live, on real data, with the `fit` of the course.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course_utils.clinic.bugs import DividesAgain, DropsAlways, NormalizesByBatch, Uphill
from course_utils.datasets import Dataset, load_california_housing, load_mnist
from course_utils.diagnostics import Report, inspect
from course_utils.layers import BatchNorm, Dense, Dropout, Layer
from course_utils.losses import Loss, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import ACTIVATIONS, Network
from course_utils.optimizers import SGD
from course_utils.training import Callback, History, TrainingDiverged, fit, minibatches

TRAIN_SIZE, VAL_SIZE = 2000, 1000
BATCH_SIZE = 64


class InOrder(np.random.Generator):
    """A generator whose permutation leaves everything in its place: the shuffle, forgotten."""

    def permutation(self, n: int) -> np.ndarray:
        """The numbers 0 to n - 1, in order."""
        return np.arange(n)


class BatchLosses(Callback):
    """Keeps the loss of every mini-batch, as it was before its update, in `losses`, and the
    norms of the gradients of the first one, for each dense layer, in `first_gradients`."""

    def on_start(self, run):
        self.losses: list[float] = []
        self.first_gradients: list[float] = []

    def on_step(self, run):
        if not self.losses:
            dense = [layer for layer in run.network.layers if isinstance(layer, Dense)]
            self.first_gradients = [_norm(layer.grads.values()) for layer in dense]
        self.losses.append(run.batch_loss)


def _norm(arrays: Iterable[np.ndarray]) -> float:
    return float(np.linalg.norm([np.linalg.norm(array) for array in arrays]))


@dataclass(frozen=True)
class Setup:
    """Everything one training is made of. Each remedy changes one field; the defaults are healthy.

    `data`: "MNIST" or "housing". `standardized`: else pixels of 0 to 255, or degrees and people.
    `aligned`: else the images were shuffled and the labels were not. `sorted`: the examples come
    by class. `shuffled`: every epoch in a new order. `init`: a word or a std for `Dense`, or
    "uniform" for weights and biases in +-1 / sqrt(fan_in). `bias`: the first value of the hidden
    biases. `norm`: "batch" for batch norm before each activation. `dropout`: its rate after each
    activation. `switch`: these two obey `training`. `averaged_once`, `downhill`: the gradient is
    right.
    """

    data: str = "MNIST"
    standardized: bool = True
    aligned: bool = True
    sorted: bool = False
    shuffled: bool = True
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    init: str | float = "he"
    bias: float = 0.0
    norm: str = "none"
    dropout: float = 0.0
    switch: bool = True
    averaged_once: bool = True
    downhill: bool = True
    lr: float = 0.05
    epochs: int = 10


@dataclass(frozen=True)
class Outcome:
    """A training that is over.

    `steps`: the loss of each mini-batch before its update. `first_gradients`: of each dense
    layer, the norm of its gradient in the first of these. `diverged`: the message of
    `TrainingDiverged`, or None.
    """

    network: Network
    history: History
    steps: list[float]
    first_gradients: list[float]
    diverged: str | None


def load_data(seed: int = 0) -> dict[str, Dataset]:
    """The real data of all patients: 2,000 images of MNIST, and California housing."""
    return {
        "MNIST": load_mnist(TRAIN_SIZE, VAL_SIZE, seed, min_std=0.3),
        "housing": load_california_housing(seed),
    }


def examples(setup: Setup, datasets: Mapping[str, Dataset]) -> tuple:
    """Training and validation data ((x, y), (x_val, y_val)) as this setup hands them to `fit`."""
    data, parts = datasets[setup.data], []
    for split, size in (("train", TRAIN_SIZE), ("val", VAL_SIZE)):
        x, y = (getattr(data, f"{name}_{split}")[:size] for name in "xy")
        if not setup.standardized:
            x = data.denormalize(x) * (255 if data.pixels else 1)
        parts.append((x, y))
    (x, y), val = parts
    if setup.sorted:
        order = np.argsort(np.ravel(y), kind="stable")
        x, y = x[order], y[order]
    if not setup.aligned:
        x = x[np.random.default_rng(0).permutation(len(x))]
    return (x, y), val


def build(setup: Setup, seed: int, inputs: int) -> Network:
    """The network of this setup before its first step."""
    rng = np.random.default_rng(seed)
    dense = Dense if setup.averaged_once else DividesAgain
    sizes = [inputs, *setup.hidden, 10 if setup.data == "MNIST" else 1]
    init = "he" if setup.init == "uniform" else setup.init
    layers: list[Layer] = []
    for position, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        layer = dense(fan_in, fan_out, init, rng)
        layers.append(layer)
        if setup.init == "uniform":
            reach = fan_in**-0.5
            layer.params["W"] = rng.uniform(-reach, reach, (fan_in, fan_out))
            layer.params["b"] = rng.uniform(-reach, reach, fan_out)
        if position == len(setup.hidden):
            break
        layer.params["b"] += setup.bias
        if setup.norm == "batch":
            layers.append((BatchNorm if setup.switch else NormalizesByBatch)(fan_out))
        layers.append(ACTIVATIONS[setup.activation]())
        if setup.dropout:
            layers.append((Dropout if setup.switch else DropsAlways)(setup.dropout, rng))
    return Network(layers)


def loss_of(setup: Setup) -> Loss:
    """The loss of this setup."""
    if setup.data == "housing":
        return MeanSquaredError()
    return SoftmaxCrossEntropy() if setup.downhill else Uphill()


def order_of(setup: Setup, seed: int) -> np.random.Generator:
    """What draws the order of the examples."""
    return (np.random.Generator if setup.shuffled else InOrder)(np.random.PCG64(seed))


def train(setup: Setup, datasets: Mapping[str, Dataset], seed: int = 0) -> Outcome:
    """Train from the beginning to the end, or to where it breaks."""
    (x, y), val = examples(setup, datasets)
    network, recorder = build(setup, seed, x.shape[1]), BatchLosses()
    settings = {"epochs": setup.epochs, "batch_size": BATCH_SIZE, "rng": order_of(setup, seed)}
    parts = (network, loss_of(setup), SGD(setup.lr), (x, y), val)
    try:
        history, end = fit(*parts, **settings, callbacks=[recorder], progress=False), None
    except TrainingDiverged as error:
        history, end = error.history, str(error)
    return Outcome(network, history, recorder.losses, recorder.first_gradients, end)


def examine(setup: Setup, datasets: Mapping[str, Dataset], seed: int = 0) -> Report:
    """Inspect the network of this setup before its first step, with its optimizer and batches."""
    (x, y), _ = examples(setup, datasets)
    return inspect(
        build(setup, seed, x.shape[1]),
        loss_of(setup),
        x,
        y,
        optimizer=SGD(setup.lr),
        batches=minibatches(x, y, BATCH_SIZE, order_of(setup, seed)),
    )
