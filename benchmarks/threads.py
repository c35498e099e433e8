"""Time an epoch with one and with two threads, idle and with two busy programs beside it.

Each setting is a process of its own, as a notebook is; the settings take turns. The course gives
matrix products one thread, and this shows why: course_utils/__init__.py.

    python benchmarks/threads.py [--rounds 5]
"""

import argparse
import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from course_utils import THREAD_VARIABLES

BUSY_PROGRAMS = 2
BUSY_SECONDS = 600  # they end by themselves, should this program be killed
BUSY = f"import time; end = time.time() + {BUSY_SECONDS}\nwhile time.time() < end: pass"

# Prints the seconds of one epoch on 10,000 digits, after a short one to warm up.
EPOCH = """
import time
import numpy as np
from course_utils.datasets import load_mnist
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import mlp
from course_utils.optimizers import Adam
from course_utils.training import fit

data = load_mnist()
rng = np.random.default_rng(0)
network, optimizer = mlp([784, 128, 64, 10], rng=rng), Adam(1e-3)
for n in (1_000, 10_000):
    train = (data.x_train[:n], data.y_train[:n])
    start = time.perf_counter()
    fit(network, SoftmaxCrossEntropy(), optimizer, train, epochs=1, batch_size=64, rng=rng,
        progress=False)
    seconds = time.perf_counter() - start
print(seconds)
"""


def seconds_of_an_epoch(threads: int) -> float:
    """Wall-clock seconds of one epoch in a new process with so many threads."""
    settings = dict.fromkeys(THREAD_VARIABLES, str(threads))
    done = subprocess.run(
        [sys.executable, "-c", EPOCH],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@contextlib.contextmanager
def busy_programs(number: int) -> Iterator[None]:
    """Within it, so many other programs each keep a core busy."""
    programs = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(number)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    load = f", load before it {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {os.cpu_count()} processors{load}")
    print("beside it         1 thread   2 threads   ratio")
    for number in (0, BUSY_PROGRAMS):
        with busy_programs(number):
            pairs = [[seconds_of_an_epoch(threads) for threads in (1, 2)] for _ in range(rounds)]
        one, two = (median(times) for times in zip(*pairs, strict=True))
        print(f"{number} busy programs  {one:7.2f} s  {two:8.2f} s  {two / one:6.1f}")


if __name__ == "__main__":
    main()
