"""Time one epoch of the course against scikit-learn, PyTorch and the matrix products alone.

All train in this process, in turn, on the same 20,000 digits in mini-batches of 64.

The network is 784-256-128-64-10 with ReLU, float32 everywhere, the optimizer is Adam. The last row
does nothing but the matrix products of the epoch, into memory that is there: nothing that calls
them can be faster. PyTorch is left out where it is not installed.

    python benchmarks/library_speed.py [--rounds 3]
"""

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from course_utils.datasets import load_mnist
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import Adam
from course_utils.training import fit, minibatches, steps_per_epoch

try:
    import torch
except ImportError:
    torch = None

SIZES = [784, 256, 128, 64, 10]
BATCH = 64
EXAMPLES = 20_000


def course(x, y) -> Callable[[], None]:
    """An epoch as `fit` does it: updates, the checks, then loss and accuracy of all examples."""
    network, optimizer = mlp(SIZES, rng=np.random.default_rng(0)), Adam()
    rng = np.random.default_rng(1)
    settings = {"epochs": 1, "batch_size": BATCH, "rng": rng, "progress": False}
    return lambda: fit(network, SoftmaxCrossEntropy(), optimizer, (x, y), **settings)


def course_updates(x, y) -> Callable[[], None]:
    """The updates of an epoch without the checks and without the evaluation at its end."""
    network, optimizer = mlp(SIZES, rng=np.random.default_rng(0)), Adam()
    loss, rng = SoftmaxCrossEntropy(), np.random.default_rng(1)

    def epoch():
        for x_batch, y_batch in minibatches(x, y, BATCH, rng):
            _, gradient = loss(network.forward(x_batch, training=True), y_batch)
            network.backward(gradient, input_gradient=False)
            optimizer.step(network.theta, network.grad)

    return epoch


def scikit_learn(x, y) -> Callable[[], None]:
    """An epoch of `MLPClassifier`: one call of `partial_fit`."""
    model = MLPClassifier(SIZES[1:-1], batch_size=BATCH, alpha=0.0, random_state=0)
    return lambda: model.partial_fit(x, y, classes=np.arange(SIZES[-1]))


def pytorch(x, y) -> Callable[[], None]:
    """An epoch in PyTorch on the processor, batches cut from one shuffled index."""
    torch.manual_seed(0)
    layers = []
    for fan_in, fan_out in pairwise(SIZES):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer, loss = torch.optim.Adam(network.parameters()), torch.nn.CrossEntropyLoss()
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def epoch():
        for chosen in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(network(x[chosen]), y[chosen]).backward()
            optimizer.step()

    return epoch


def matrix_products(x, y) -> Callable[[], None]:
    """The matrix products of an epoch: Z = X W, dW = X^T dZ, and dX = dZ W^T after layer 1."""
    rng = np.random.default_rng(0)
    layers = []
    for fan_in, fan_out in pairwise(SIZES):
        shapes = [(BATCH, fan_in), (fan_in, fan_out), (BATCH, fan_out)]
        layers.append([rng.random(shape, dtype=np.float32) for shape in shapes])
    results = [[np.empty_like(array) for array in layer] for layer in layers]

    def epoch():
        for _ in range(steps_per_epoch(len(x), BATCH)):
            for i, ((a, w, dz), (da, dw, z)) in enumerate(zip(layers, results, strict=True)):
                np.matmul(a, w, out=z)
                np.matmul(a.T, dz, out=dw)
                if i > 0:
                    np.matmul(dz, w.T, out=da)

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description="An epoch here, elsewhere, and its lower bound.")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each, in turn")
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore", ConvergenceWarning)

    data = load_mnist(min_std=0.3)
    x, y = data.x_train[:EXAMPLES], data.y_train[:EXAMPLES].astype(np.int64)
    makers = {
        "course, fit": course,
        "course, updates only": course_updates,
        "scikit-learn": scikit_learn,
        "PyTorch": pytorch,
        "matrix products alone": matrix_products,
    }
    if torch is None:
        del makers["PyTorch"]
        print("PyTorch is not installed: make install EXTRAS=requirements-torch.txt")

    print(f"NumPy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"{'-'.join(map(str, SIZES))}, batch {BATCH}, Adam, {len(x):,} digits; {rounds} epochs")
    print(f"{'threads':7}  {'':22}{'s an epoch':>11}  to the products")
    for threads in (1, 2):
        with threadpool_limits(threads):
            if torch is not None:
                torch.set_num_threads(threads)
            epochs = {name: make(x, y) for name, make in makers.items()}
            seconds = {name: [] for name in epochs}
            for _ in range(rounds + 1):
                for name, epoch in epochs.items():
                    start = time.perf_counter()
                    epoch()
                    seconds[name].append(time.perf_counter() - start)
        bound = median(seconds["matrix products alone"][1:])
        for name, times in seconds.items():
            middle = median(times[1:])  # the first epoch warms up
            print(f"{threads:7d}  {name:22}{middle:11.2f}  {middle / bound:5.1f}x")


if __name__ == "__main__":
    main()
