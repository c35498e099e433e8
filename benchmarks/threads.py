"""Time an epoch with one and with two threads, idle and with two busy programs beside it.

Each setting is a process of its own, as a notebook is; the settings take turns. The course gives
matrix products one thread, and this shows why: course_utils/__init__.py.

    python benchmarks/threads.py [--rounds 5]
    python benchmarks/threads.py --notebooks [--rounds 1]    # each notebook instead of an epoch
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from course_utils import THREAD_VARIABLES

BUSY_PROGRAMS = 2
BUSY_SECONDS = 3600  # they end by themselves, should this program be killed
BUSY = f"import time; end = time.time() + {BUSY_SECONDS}\nwhile time.time() < end: pass"
ROOT = Path(__file__).resolve().parents[1]
REPLICATE = ROOT / "tools" / "replicate.py"
MACHINES = {1: "here", 2: "threads-2"}

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


def seconds_of_notebook(name: str, threads: int) -> float:
    """Wall-clock seconds of all cells of a notebook in a new kernel with so many threads."""
    machine = MACHINES[threads]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(REPLICATE), name, "--draws", "0", "--machines", machine]
        # it ends with 1 if a claim fails, as one about time may beside busy programs
        subprocess.run([*command, "--out", folder], capture_output=True, check=False)
        (result,) = Path(folder).glob("runs/*/*/*.json")
        return json.loads(result.read_text(encoding="utf-8"))["seconds"]


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


def compare(measure: Callable[[int], float], rounds: int) -> list[float]:
    """Median seconds with 1 and 2 threads alone, then with 1 and 2 beside busy programs."""
    medians = []
    for number in (0, BUSY_PROGRAMS):
        with busy_programs(number):
            pairs = [[measure(threads) for threads in (1, 2)] for _ in range(rounds)]
        medians += [median(times) for times in zip(*pairs, strict=True)]
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="5 for an epoch, 1 for notebooks")
    parser.add_argument("--notebooks", nargs="*", metavar="NN", help="these, or all of them")
    options = parser.parse_args()
    measures = {"epoch": seconds_of_an_epoch}
    if options.notebooks is not None:
        numbers = sorted(path.name[:2] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
        measures = {
            name: partial(seconds_of_notebook, name) for name in options.notebooks or numbers
        }
    rounds = options.rounds or (1 if options.notebooks is not None else 5)
    load = f", load before it {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {os.cpu_count()} processors{load}; seconds")
    print("            alone                  beside two busy programs")
    print("          1 thread  2 threads      1 thread  2 threads      busy/alone with one thread")
    for name, measure in measures.items():
        one, two, one_busy, two_busy = compare(measure, rounds)
        times = f"{one:8.2f} {two:10.2f} {one_busy:13.2f} {two_busy:10.2f}"
        print(f"{name:9} {times} {one_busy / one:16.1f}", flush=True)


if __name__ == "__main__":
    main()
