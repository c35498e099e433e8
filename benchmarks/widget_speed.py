"""How long a demo takes from a changed setting to a finished picture, in the kernel.

Prints the median and the slowest tenth of 1,000 changes for every demo of `course_utils.widgets`,
and by how much the memory of the process grew during the last 900 of them.

    python benchmarks/widget_speed.py
"""

import time
from pathlib import Path

import numpy as np

from course_utils import style, widgets
from course_utils.datasets import load_california_housing, load_mnist
from course_utils.graph import squared_neuron
from course_utils.network import mlp
from course_utils.widgets.base import Demo

CHANGES, WARM_UP = 1000, 100
TARGET_MS = 40


def demos() -> list[Demo]:
    """One demo of each kind, made as its notebook makes it."""
    houses, digits = load_california_housing(), load_mnist(train_size=1000, val_size=10)
    x, y = houses.x_train[:, 0].astype(float), houses.y_train[:, 0].astype(float)
    special = {
        "BackpropStepper": lambda: widgets.BackpropStepper(squared_neuron(0.5, 2.0, -1.0, 1.5, 2)),
        "BestLineGame": lambda: widgets.BestLineGame(x, (y - y.mean()) / y.std()),
        "DigitMover": lambda: widgets.DigitMover(
            mlp([784, 256, 128, 64, 10], rng=0), digits, range(10)
        ),
        "BatchSizeExplorer": lambda: widgets.BatchSizeExplorer(x[:1000], 2 * x[:1000] + 1),
    }
    return [special.get(name, getattr(widgets, name))() for name in widgets.__all__]


def resident_megabytes() -> float:
    """Memory of this process that is in use now; NaN where the system does not tell (not Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def change_times(demo: Demo) -> tuple[np.ndarray, float]:
    """Seconds of each of `CHANGES` changes of the first control that is a number, and the growth
    of memory in megabytes after the warm-up."""
    name, control = next((n, c) for n, c in demo.controls.items() if hasattr(c, "step"))
    low, high = control.min, control.max
    if type(control).__name__ == "FloatLogSlider":
        values = np.logspace(low, high, 7)
    else:
        values = np.linspace(low, high, 7)
    if isinstance(control.value, int):
        values = np.round(values).astype(int)
    times = []
    for i in range(CHANGES):
        if i == WARM_UP:
            before = resident_megabytes()
        value = values[i % len(values)].item()
        start = time.perf_counter()
        demo.set(**{name: value})
        times.append(time.perf_counter() - start)
    return np.array(times), resident_megabytes() - before


def main() -> None:
    style.use()
    print(f"target: a median of at most {TARGET_MS} ms, and no growth")
    print(f"{'demo':22} {'median ms':>10} {'90 % below':>11} {'growth MB':>10}")
    for demo in demos():
        seconds, growth = change_times(demo)
        median, slow = 1000 * np.percentile(seconds, [50, 90])
        print(f"{type(demo).__name__:22} {median:10.1f} {slow:11.1f} {growth:10.1f}")


if __name__ == "__main__":
    main()
