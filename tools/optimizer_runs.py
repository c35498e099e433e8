"""One training of the optimizer comparison, and the grid of all of them.

`tools/sweep.py` runs the grid; notebook 11 shows the same training in plain cells.
"""

import time
from functools import cache

import numpy as np

from course_utils.datasets import Dataset, load_california_housing, load_mnist
from course_utils.losses import MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from course_utils.training import Callback, Run, evaluate, fit

# Part of the name of every stored run: another text runs everything anew.
VERSION = "1"

METHODS = {m.__name__: m for m in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW)}
BATCH_SIZE = 128
EPOCHS = {"housing": 20, "MNIST": 4}
WATCH_EVERY = {"housing": 50, "MNIST": 25}  # updates between two looks at the validation data

TUNING_SEEDS = range(5)
JUDGING_SEEDS = range(100, 112)  # fresh: none of them had a say in the choice of a rate


def rates(low: int, high: int) -> list[float]:
    """Two rates a decade, from 10**low to 10**high, with three digits."""
    return [float(f"{10 ** (k / 2):.3g}") for k in range(2 * low, 2 * high + 1)]


# nine rates over four decades for each, around the rates that are usual for it
RATES = {
    "SGD": rates(-3, 1),
    "Momentum": rates(-4, 0),
    "Nesterov": rates(-4, 0),
    "AdaGrad": rates(-4, 0),
    "RMSProp": rates(-5, -1),
    "Adam": rates(-5, -1),
    "AdamW": rates(-5, -1),
}


@cache
def data_of(task: str) -> Dataset:
    """The data of a task, loaded once in each worker process."""
    if task == "MNIST":
        return load_mnist(10_000, val_size=5_000, min_std=0.3)
    return load_california_housing()


def build(task: str, seed: int) -> Network:
    """The network of notebook 07 with its quiet last layer, or that of notebook 09."""
    rng = np.random.default_rng([seed, 0])
    if task == "housing":
        return mlp([8, 64, 32, 1], rng=rng)
    network = mlp([784, 256, 128, 64, 10], rng=rng)
    network.layers[-1].params["W"] *= 0.1
    return network


class Watch(Callback):
    """Validation loss every so many updates, and the processor time of the updates alone."""

    def __init__(self, x: np.ndarray, y: np.ndarray, every: int) -> None:
        self.x, self.y, self.every = x, y, every
        self.steps, self.losses, self.looking = [], [], 0.0

    def on_start(self, run: Run) -> None:
        self._look(run)

    def on_step(self, run: Run) -> None:
        if run.step % self.every == 0:
            self._look(run)

    def _look(self, run: Run) -> None:
        start = time.thread_time()
        loss, _ = evaluate(run.network, run.loss, self.x, self.y)
        self.steps.append(run.step)
        self.losses.append(loss)
        self.looking += time.thread_time() - start


def train_once(
    task: str, optimizer: str, lr: float, stage: str, seed: int, epochs: int | None = None
) -> dict:
    """Train with one setting. The seed fixes the start and the order of the data, for all alike.

    `epochs` is that of the task in EPOCHS unless given. The test data are looked at in the stage
    "judge" only. Raises TrainingDiverged.
    """
    epochs = EPOCHS[task] if epochs is None else epochs
    data, network = data_of(task), build(task, seed)
    loss = SoftmaxCrossEntropy() if task == "MNIST" else MeanSquaredError()
    watch = Watch(data.x_val, data.y_val, WATCH_EVERY[task])
    start = time.thread_time()
    history = fit(
        network,
        loss,
        METHODS[optimizer](lr=lr),
        (data.x_train, data.y_train),
        epochs=epochs,
        batch_size=BATCH_SIZE,
        rng=np.random.default_rng([seed, 1]),
        callbacks=[watch],
        progress=False,
    )
    seconds = time.thread_time() - start - watch.looking
    updates = epochs * -(-len(data.x_train) // BATCH_SIZE)
    val_loss, val_accuracy = evaluate(network, loss, data.x_val, data.y_val)
    measured = {
        "train_loss": history.train_loss[-1],
        "val_loss": val_loss,
        "best_val_loss": min([*watch.losses, val_loss]),
        "val_accuracy": val_accuracy,
        "updates": updates,
        "ms_per_update": 1000 * seconds / updates,
        "step": [*watch.steps, updates],
        "val_curve": [*watch.losses, val_loss],
    }
    if stage == "judge":
        test_loss, test_accuracy = evaluate(network, loss, data.x_test, data.y_test)
        measured |= {"test_loss": test_loss, "test_accuracy": test_accuracy}
    return measured
