"""Trains the network of notebook 13 with and without augmentation, and writes the results.

Each seed fixes the first weights and the order of the photos for all three ways, so that they make
pairs. Stop it whenever you like: it goes on where it was. One run takes about a minute and a half.

    python tools/convolution_runs.py                        # all fifteen, to data/results/
    python tools/convolution_runs.py --seeds 1 --epochs 1 --out build/trial
"""

import argparse
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sweep import whole_number, write_csv

from course_utils.augmentation import flips, shifts
from course_utils.data_files import data_directory
from course_utils.datasets import Dataset, load_cifar10
from course_utils.experiments import OK, sweep
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import convnet
from course_utils.optimizers import AdamW
from course_utils.schedules import cosine, linear_warmup
from course_utils.training import evaluate, minibatches

RUN_FILE = "convolution_runs.csv.gz"
# Part of the name of every stored run: another text runs everything anew.
VERSION = "convolution 1"

AUGMENT = {
    "none": [],
    "flips": [flips()],
    "flips and shifts": [flips(), shifts(2)],
}
SEEDS = range(5)
EPOCHS, BATCH_SIZE, RATE = 10, 60, 0.003  # 60 divides 9,000: no short last batch
CHANNELS = [16, 32, 64]


@cache
def photos() -> Dataset:
    """The shipped photos, read once in each worker process."""
    return load_cifar10()


def train_once(augment: str, seed: int, epochs: int = EPOCHS) -> dict:
    """Train as notebook 13 does, but in one thread, and measure once, at the end: one row."""
    data, cross_entropy, rng = photos(), SoftmaxCrossEntropy(), np.random.default_rng(seed + 1)
    network = convnet((32, 32, 3), CHANNELS, 10, rng=np.random.default_rng(seed))
    network.layers[-1].params["W"] *= 0.1
    steps = epochs * -(-len(data.x_train) // BATCH_SIZE)
    rising = max(1, steps // 10)
    schedule = linear_warmup(rising, then=cosine(RATE, steps - rising))
    optimizer, step = AdamW(lr=RATE), 0
    for _ in range(epochs):
        for x, y in minibatches(images(data.x_train), data.y_train, BATCH_SIZE, rng):
            for change in AUGMENT[augment]:
                x, y = change(x, y, rng)
            optimizer.lr = schedule(step)
            _, gradient = cross_entropy(network.forward(x, training=True), y)
            network.backward(gradient, input_gradient=False)
            optimizer.step(network.theta, network.grad)
            step += 1
    measured = {}
    for part in ("train", "val", "test"):
        x, y = images(getattr(data, f"x_{part}")), getattr(data, f"y_{part}")
        loss, measured[f"{part}_accuracy"] = evaluate(network, cross_entropy, x, y)
    return measured | {"test_loss": loss}


def images(rows: np.ndarray) -> np.ndarray:
    """Rows of 3,072 numbers as photos (N, 32, 32, 3)."""
    return rows.reshape(-1, 32, 32, 3)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The trainings behind section 11 of notebook 13.")
    parser.add_argument("--out", type=Path, help="folder (default: data/results)")
    parser.add_argument("--seeds", type=whole_number(len(SEEDS)), default=len(SEEDS))
    parser.add_argument("--epochs", type=whole_number(), default=EPOCHS)
    parser.add_argument("--jobs", type=whole_number(), default=1)
    options = parser.parse_args(arguments)
    grid = {"augment": list(AUGMENT), "epochs": [options.epochs]}
    out = options.out or data_directory() / "results"
    folder = options.out and options.out / "runs"  # else in the cache of the data folder
    out.mkdir(parents=True, exist_ok=True)
    tables = []
    for seed in SEEDS[: options.seeds]:  # one after the other: what is written has whole pairs
        table = sweep(train_once, grid, [seed], n_jobs=options.jobs, folder=folder, version=VERSION)
        failed = table[table["status"] != OK]
        if len(failed):
            print(f"{len(failed)} runs failed, the first with {failed.iloc[0]['reason']!r}")
            return 1
        tables.append(table.drop(columns=["status", "reason"]))
        write_csv(pd.concat(tables), out / RUN_FILE)
    table = pd.concat(tables)
    print(
        table.groupby("augment", sort=False)["test_accuracy"].agg(["mean", "min", "max"]).round(3)
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
