"""Time one training step of the course against the same step in its textbook form.

Both run in this process, in turn, after a check that they walk the same path.

The network is 784-256-128-64-10 with ReLU, the batch has 64 images, the optimizer is Adam. The
textbook form keeps NumPy's default float64, its state in dictionaries with an entry for each
layer's W and b, makes a new array for every result, takes the mean over the batch in each layer,
and computes the gradient of the inputs, which nobody reads. Its matrix products are the same
calls over the whole batch.

    python benchmarks/step_speed.py [--rounds 20]
"""

import argparse
import platform
import time
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils.layers import Dense
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import Adam

SIZES = [784, 256, 128, 64, 10]
BATCH = 64
LR = 1e-3


class Textbook:
    """The step as books write it, line by line from the equations."""

    def __init__(self, weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
        self.depth = len(weights)
        self.params = {}
        for i in range(self.depth):
            self.params[f"W{i + 1}"] = weights[i].astype(np.float64)
            self.params[f"b{i + 1}"] = biases[i].astype(np.float64)
        self.m = {key: np.zeros_like(value) for key, value in self.params.items()}
        self.v = {key: np.zeros_like(value) for key, value in self.params.items()}
        self.t = 0

    def forward(self, x):
        cache = {"A0": x}
        for i in range(1, self.depth + 1):
            z = np.dot(cache[f"A{i - 1}"], self.params[f"W{i}"]) + self.params[f"b{i}"]
            cache[f"Z{i}"] = z
            cache[f"A{i}"] = np.maximum(0, z) if i < self.depth else z
        return cache

    def loss(self, logits, one_hot):
        exp = np.exp(logits - np.max(logits, axis=1, keepdims=True))
        p = exp / np.sum(exp, axis=1, keepdims=True)
        value = -np.sum(one_hot * np.log(p + 1e-15)) / len(logits)
        return value, p - one_hot  # the mean is taken in each layer, as most books do

    def backward(self, cache, dz):
        grads = {}
        for i in range(self.depth, 0, -1):
            grads[f"W{i}"] = np.dot(cache[f"A{i - 1}"].T, dz) / len(dz)
            grads[f"b{i}"] = np.sum(dz, axis=0) / len(dz)
            da = np.dot(dz, self.params[f"W{i}"].T)
            if i > 1:
                dz = da * (cache[f"Z{i - 1}"] > 0)
        return grads

    def adam(self, grads, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.t += 1
        for key, g in grads.items():
            self.m[key] = beta1 * self.m[key] + (1 - beta1) * g
            self.v[key] = beta2 * self.v[key] + (1 - beta2) * g**2
            m_hat = self.m[key] / (1 - beta1**self.t)
            v_hat = self.v[key] / (1 - beta2**self.t)
            self.params[key] = self.params[key] - lr * m_hat / (np.sqrt(v_hat) + eps)

    def step(self, x, one_hot):
        cache = self.forward(x)
        value, dz = self.loss(cache[f"A{self.depth}"], one_hot)
        self.adam(self.backward(cache, dz), LR)
        return value


class Course:
    """What `fit` does with each mini-batch."""

    def __init__(self, network: Network) -> None:
        self.network, self.loss, self.optimizer = network, SoftmaxCrossEntropy(), Adam(LR)

    def step(self, x, labels):
        network = self.network
        value, grad_outputs = self.loss(network.forward(x, training=True), labels)
        if not np.isfinite(value):
            raise FloatingPointError(f"the loss became {value}")
        network.backward(grad_outputs, input_gradient=False)
        np.linalg.norm(network.grad)
        self.optimizer.step(network.theta, network.grad)
        return value


def textbook_from(network: Network) -> Textbook:
    """The textbook form, started from the weights of `network`."""
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    return Textbook([d.params["W"] for d in dense], [d.params["b"] for d in dense])


def check_same_path(network: Network, x: np.ndarray, labels: np.ndarray, steps: int = 5) -> None:
    """Raise unless both forms reach the same parameters: in float64, where rounding is small."""
    one_hot = np.eye(SIZES[-1])[labels]
    course, textbook = Course(network.astype(np.float64)), textbook_from(network)
    single = Course(network.astype(np.float32))
    for _ in range(steps):
        losses = course.step(x, labels), textbook.step(x, one_hot), single.step(x, labels)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)
    np.testing.assert_allclose(losses[2], losses[1], rtol=1e-4)
    ours = [array for _, array in course.network.named_parameters()]
    for mine, theirs in zip(ours, textbook.params.values(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


def time_steps(step, *batch, steps: int) -> list[float]:
    """The time of each of `steps` steps in a row, in ms, after three that are not counted."""
    times = []
    for _ in range(steps + 3):
        start = time.perf_counter()
        step(*batch)
        times.append((time.perf_counter() - start) * 1e3)
    return times[3:]


def compare(rounds: int, steps: int = 20) -> tuple[float, float]:
    """The median time in ms of the textbook's step and of the course's, in turns of `steps`."""
    rng = np.random.default_rng(0)
    network = mlp(SIZES, rng=rng)
    x = rng.random((BATCH, SIZES[0]), dtype=np.float32)
    labels = rng.integers(0, SIZES[-1], BATCH)
    check_same_path(network, x, labels)

    x64, one_hot = x.astype(np.float64), np.eye(SIZES[-1])[labels]
    textbook, course = textbook_from(network), Course(network)
    theirs, ours = [], []
    for _ in range(rounds):
        theirs += time_steps(textbook.step, x64, one_hot, steps=steps)
        ours += time_steps(course.step, x, labels, steps=steps)
    return median(theirs), median(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description="Textbook step against the course's step.")
    parser.add_argument("--rounds", type=int, default=20, help="turns of 20 steps of each form")
    rounds = parser.parse_args().rounds
    print(f"NumPy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"one step of {'-'.join(map(str, SIZES))}, batch {BATCH}, Adam; median of {20 * rounds}")
    print("threads  textbook      course  ratio")
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            theirs, ours = compare(rounds)
        print(f"{threads:7d}  {theirs:5.2f} ms  {ours:7.2f} ms  {theirs / ours:4.1f}x")


if __name__ == "__main__":
    main()
