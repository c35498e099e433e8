"""Train 3072-1024-512-10 on all 50,000 CIFAR-10 images, and print what notebook 08 states.

Eight epochs of Adam with a rate that falls along a cosine; 5,000 images are held out to validate.

Needs the full set in `data/cache`: `--download` fetches it once (170 MB). Without it the script
says so and ends well, so that all benchmarks can run offline. It trains for some minutes and stays
under 2 GB of memory.

    python benchmarks/cifar10_full.py [--lr 0.0003] [--epochs 8] [--seeds 1] [--download]
"""

import argparse
import resource
import sys
import time

import numpy as np

from course_utils.data_files import FULL_CIFAR10_URL
from course_utils.datasets import DataError, data_directory, load_cifar10
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import Adam
from course_utils.schedules import cosine
from course_utils.training import evaluate, fit, steps_per_epoch

SIZES = [3072, 1024, 512, 10]
BATCH = 128


def is_stored() -> bool:
    """Whether the full set, or the archive it is made from, lies in the cache already."""
    cache = data_directory() / "cache"
    archive = FULL_CIFAR10_URL.rpartition("/")[2]
    return any((cache / name).exists() for name in ("cifar10.npz", archive))


def build(seed: int):
    """The network with a quiet last layer: its first loss is ln 10, as in notebook 08."""
    network = mlp(SIZES, rng=np.random.default_rng(seed))
    network.layers[-1].params["W"] *= 0.1
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description="Notebook 08 on the full CIFAR-10.")
    parser.add_argument("--lr", type=float, default=3e-4, help="Adam's rate at the start")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--download", action="store_true", help="fetch the full set if need be")
    options = parser.parse_args()

    if not (options.download or is_stored()):
        print(
            "All 50,000 photos are not stored here yet: "
            'make bench BENCH=cifar10_full ARGS="--download" fetches them once (170 MB).'
        )
        return
    try:
        data = load_cifar10(full=True)
    except DataError as problem:
        sys.exit(f"{problem}")
    print(f"{data}\nAdam {options.lr:g}, cosine to 0, batch {BATCH}, {options.epochs} epochs")

    loss = SoftmaxCrossEntropy()
    steps = options.epochs * steps_per_epoch(len(data.x_train), BATCH)
    for seed in range(options.seeds):
        network, start = build(seed), time.perf_counter()
        history = fit(
            *(network, loss, Adam(options.lr)),
            *((data.x_train, data.y_train), (data.x_val, data.y_val)),
            epochs=options.epochs,
            batch_size=BATCH,
            rng=np.random.default_rng(seed + 1),
            schedule=cosine(options.lr, steps),
        )
        seconds = time.perf_counter() - start
        _, accuracy = evaluate(network, loss, data.x_test, data.y_test)
        print(
            f"seed {seed}: training {history.train_accuracy[-1]:.1%}, "
            f"validation {history.val_accuracy[-1]:.1%}, test {accuracy:.2%}, {seconds:.0f} s"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024  # bytes there, kB on Linux
    print(f"peak memory {peak / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
