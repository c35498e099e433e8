"""Train the convolutions of notebook 13 on the shipped photos, or on all 50,000 of CIFAR-10.

The usual stack with AdamW, warm-up and cosine; flips and shifts of two pixels; a tenth of the
training photos is held out. Every choice was made on these, never on the test photos.

`--photos shipped`: 24-48-96 channels, batch 64, 20 epochs over 9,000 photos, tested on 2,000.
`--photos all`: 32-64-128 channels, batch 128, 12 epochs over 45,000 photos, tested on 10,000. It
needs the full set in `data/cache`: `--download` fetches it once (170 MB). Without it the script
says so and ends well, so that all benchmarks can run offline.

    python benchmarks/cifar10_convolution.py --photos shipped [--seeds 5] [--workers 2]
    python benchmarks/cifar10_convolution.py --photos all [--epochs 12] [--workers 2] [--download]
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from course_utils.augmentation import flips, shifts
from course_utils.data_files import FULL_CIFAR10_URL
from course_utils.datasets import DataError, data_directory, load_cifar10
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet, memory_batches
from course_utils.optimizers import AdamW
from course_utils.parallel import in_parallel
from course_utils.schedules import cosine, linear_warmup
from course_utils.training import Callback, Run, evaluate, fit

IMAGE = (32, 32, 3)
WARMUP = 2  # epochs
# what --photos stands for, where no other option says otherwise
SETTINGS = {
    "shipped": {"channels": [24, 48, 96], "batch": 64, "epochs": 20},
    "all": {"channels": [32, 64, 128], "batch": 128, "epochs": 12},
}


def is_stored() -> bool:
    """Whether the full set, or the archive it is made from, lies in the cache already."""
    cache = data_directory() / "cache"
    archive = FULL_CIFAR10_URL.rpartition("/")[2]
    return any((cache / name).exists() for name in ("cifar10.npz", archive))


def images(data, split: str) -> tuple[np.ndarray, np.ndarray]:
    """A split as images (N, 32, 32, 3), the same memory as the rows, and its labels."""
    return getattr(data, f"x_{split}").reshape(-1, *IMAGE), getattr(data, f"y_{split}")


def build(channels, dropout: float, seed: int) -> Network:
    """The network with a quiet last layer: its first loss is ln 10, as in notebook 08."""
    network = convnet(IMAGE, channels, 10, dropout=dropout, rng=np.random.default_rng(seed))
    network.layers[-1].params["W"] *= 0.1
    return network


class Progress(Callback):
    """One line an epoch."""

    def on_epoch(self, run: Run) -> None:
        h = run.history
        print(
            f"  epoch {run.epoch:2d}: training {h.train_accuracy[-1]:.1%}, "
            f"validation {h.val_accuracy[-1]:.1%} (loss {h.val_loss[-1]:.3f}), "
            f"updates {h.seconds[-1]:.0f} s",
            flush=True,
        )


def train(network: Network, data, options, seed: int):
    """The whole training; its history."""
    (x, y), val = images(data, "train"), images(data, "val")
    steps_an_epoch = -(-len(x) // options.batch)
    falling = cosine(options.lr, max(1, (options.epochs - WARMUP) * steps_an_epoch))
    with in_parallel(network, options.workers) as fast:
        return fit(
            *(fast, SoftmaxCrossEntropy(), AdamW(options.lr, weight_decay=options.weight_decay)),
            *((x, y), val),
            epochs=options.epochs,
            batch_size=options.batch,
            rng=np.random.default_rng(seed + 1000),
            schedule=linear_warmup(WARMUP * steps_an_epoch, falling),
            augment=[flips(), shifts(2)],
            measured_rows=len(val[0]),
            callbacks=[Progress()],
            progress=False,
        )


def accuracy_over_flips(network: Network, x: np.ndarray, y: np.ndarray) -> float:
    """Of the sum of the outputs for each photo and its mirror image."""
    correct = 0
    for few in memory_batches(x):
        outputs = network.forward(x[few]) + network.forward(x[few][:, :, ::-1])
        correct += int(np.sum(outputs.argmax(axis=1) == y[few]))
    return correct / len(x)


def main() -> None:
    parser = argparse.ArgumentParser(description="Convolutions on CIFAR-10, in plain NumPy.")
    parser.add_argument("--photos", choices=list(SETTINGS), default="all")
    parser.add_argument("--channels", type=int, nargs="+", help="of each block")
    parser.add_argument("--batch", type=int, help="photos in a mini-batch")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--lr", type=float, default=3e-3, help="AdamW's rate after the warm-up")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--dropout", type=float, default=0.0, help="before the last layer")
    parser.add_argument("--workers", type=int, default=2, help="threads, each with part of a batch")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="append one line a run to this file")
    parser.add_argument("--download", action="store_true", help="fetch the full set if need be")
    options = parser.parse_args()
    for name, value in SETTINGS[options.photos].items():
        if getattr(options, name) is None:
            setattr(options, name, value)

    if options.photos == "all" and not (options.download or is_stored()):
        print(
            "All 50,000 photos are not stored here yet: "
            'make bench BENCH=cifar10_convolution ARGS="--download" fetches them once (170 MB).'
        )
        return
    try:
        data = load_cifar10(full=options.photos == "all")
    except DataError as problem:
        sys.exit(f"{problem}")
    print(
        f"{data}\nAdamW {options.lr:g}, weight decay {options.weight_decay:g}, {WARMUP} epochs of "
        f"warm-up, cosine to 0, batch {options.batch}, {options.epochs} epochs, "
        f"dropout {options.dropout:g}, "
        f"{options.workers} workers"
    )
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        network = build(options.channels, options.dropout, seed)
        wall, cpu = time.perf_counter(), time.process_time()
        history = train(network, data, options, seed)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        x, y = images(data, "test")
        _, accuracy = evaluate(network, SoftmaxCrossEntropy(), x, y)
        over_flips = accuracy_over_flips(network, x, y)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024  # bytes there, kB on Linux
        print(
            f"seed {seed}, {'-'.join(map(str, options.channels))}, {network.theta.size:,} "
            f"parameters: validation {history.val_accuracy[-1]:.1%}, test {accuracy:.2%}, "
            f"{over_flips:.2%} over flips; training {wall:.0f} s ({sum(history.seconds):.0f} s "
            f"without the measurements), {cpu:.0f} s of processor time; peak {peak / 1e9:.2f} GB",
            flush=True,
        )
        if options.json:
            row = {**vars(options), "json": None, "seed": seed, "wall": wall, "cpu": cpu}
            row |= {"validation": history.val_accuracy[-1], "test": accuracy}
            row |= {"test_over_flips": over_flips, "peak_bytes": peak}
            with options.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
