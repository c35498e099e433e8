"""Processor time of an update with each optimizer, as a multiple of an update with Adam.

An update is forward, loss, backward and the optimizer's step, as in `fit`; the step alone is shown
beside it. All take turns in one process, so that a busy machine disturbs all alike.

    python benchmarks/optimizer_speed.py [--rounds 30]
"""

import argparse
import time
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Lion,
    Momentum,
    Muon,
    Nesterov,
    Optimizer,
    RMSProp,
    ScheduleFreeAdamW,
)

SIZES, BATCH, REPEATS = [784, 256, 128, 64, 10], 128, 5
MOST = 2.0  # times the update with Adam: what Lion and Muon may cost


def optimizers(network: Network) -> dict[str, Optimizer]:
    """One of each, at a rate that leaves the network where it is: only the work counts."""
    classic = (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW)
    found = {kind.__name__: kind(lr=1e-9) for kind in (*classic, Lion, ScheduleFreeAdamW)}
    found["Muon"] = Muon(1e-9, network.matrices())
    found["Muon, input layer, too"] = Muon(1e-9, network.matrices(input_layer=True))
    return found


def milliseconds(work) -> float:
    """Processor time of one call, all threads of this process together."""
    start = time.process_time()
    for _ in range(REPEATS):
        work()
    return 1000 * (time.process_time() - start) / REPEATS


def measure(rounds: int) -> dict[str, tuple[float, float, float]]:
    """For each optimizer: milliseconds of the step, of the update, and the update over Adam's."""
    rng = np.random.default_rng(0)
    network, loss = mlp(SIZES, rng=rng), SoftmaxCrossEntropy()
    x, y = rng.normal(size=(BATCH, SIZES[0])).astype(np.float32), rng.integers(0, 10, BATCH)

    def gradient():
        _, grad_outputs = loss(network.forward(x, training=True), y)
        network.backward(grad_outputs, input_gradient=False)

    gradient()
    moving = optimizers(network)
    seen = {name: ([], []) for name in moving}
    for _ in range(rounds):
        for name, optimizer in moving.items():

            def step(optimizer=optimizer):
                optimizer.step(network.theta, network.grad)

            def update(step=step):
                gradient()
                step()

            seen[name][0].append(milliseconds(step))
            seen[name][1].append(milliseconds(update))
    of_adam = np.array(seen["Adam"][1])
    return {
        name: (median(steps), median(updates), median(np.array(updates) / of_adam))
        for name, (steps, updates) in seen.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help=f"of {REPEATS} calls each (30)")
    rounds = parser.parse_args().rounds
    with threadpool_limits(limits=1):
        measure(2)  # the first calls pay for memory and libraries
        found = measure(rounds)
    print(f"{'-'.join(map(str, SIZES))}, batches of {BATCH}, one thread, median of {rounds} rounds")
    print(f"{'':24}{'step, ms':>10}{'update, ms':>12}{'update / Adam':>15}")
    for name, (step, update, ratio) in found.items():
        print(f"{name:24}{step:10.2f}{update:12.2f}{ratio:15.2f}")
    slow = [name for name in ("Lion", "Muon") if found[name][2] > MOST]
    print(f"more than {MOST:g} times Adam: {', '.join(slow) or 'neither Lion nor Muon'}")


if __name__ == "__main__":
    main()
