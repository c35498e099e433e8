"""How long a demo takes from a changed setting to a finished picture, in the kernel.

Prints the median and the slowest tenth of 1,000 changes for every demo of `course_utils.widgets`,
and by how much the memory of the process grew during the last 900 of them. A demo that trains at
each change gets as many changes as fit into 20 seconds.

    python benchmarks/widget_speed.py
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
from ipywidgets import Dropdown, FloatLogSlider

from course_utils import style, widgets
from course_utils.data_files import data_directory
from course_utils.datasets import load_california_housing, load_cifar10, load_mnist
from course_utils.graph import squared_neuron
from course_utils.network import mlp
from course_utils.widgets.base import Demo
from course_utils.widgets.drawing_pad import SIDE, DrawingPad

CHANGES, MOST_SECONDS = 1000, 20
TARGET_MS = 40


def demos() -> list[Demo]:
    """One demo of each kind, made as its notebook makes it."""
    houses, digits = load_california_housing(), load_mnist(train_size=1000, val_size=10)
    x, y = houses.x_train[:, 0].astype(float), houses.y_train[:, 0].astype(float)
    network = mlp([784, 256, 128, 64, 10], rng=0)
    runs = pd.read_csv(data_directory() / "results" / "comparison_runs.csv.gz").fillna({"val_5": 9})
    special = {
        "BackpropStepper": lambda: widgets.BackpropStepper(squared_neuron(0.5, 2.0, -1.0, 1.5, 2)),
        "BestLineGame": lambda: widgets.BestLineGame(x, (y - y.mean()) / y.std()),
        "ComparisonExplorer": lambda: widgets.ComparisonExplorer(
            runs[runs.stage == "tune"].rename(columns={"val_5": "loss"})
        ),
        "DigitMover": lambda: widgets.DigitMover(network, digits, range(10)),
        "DigitPad": lambda: widgets.DigitPad(network, digits),
        "PhotoExplorer": lambda: widgets.PhotoExplorer(
            mlp([3072, 256, 10], rng=0), load_cifar10(), range(10), np.arange(3072)[::-1]
        ),
        "FilterExplorer": lambda: widgets.FilterExplorer(load_cifar10().images("test")[:8]),
        "BatchSizeExplorer": lambda: widgets.BatchSizeExplorer(x[:1000], 2 * x[:1000] + 1),
        "ScheduleDesigner": lambda: widgets.ScheduleDesigner(
            (houses.x_train[:2000], houses.y_train[:2000]),
            (houses.x_val[:1500], houses.y_val[:1500]),
        ),
    }
    return [special.get(name, getattr(widgets, name))() for name in widgets.__all__]


def resident_megabytes() -> float:
    """Memory of this process that is in use now; NaN where the system does not tell (not Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def values_of(control) -> list | None:
    """Values to set a control to, more than any demo keeps results of; None for a box to tick."""
    if isinstance(control, DrawingPad):
        return [np.eye(SIDE, k=k, dtype=np.float32) for k in range(-9, 10)]
    if isinstance(control, Dropdown):
        return list(control.options)
    if not hasattr(control, "step"):
        return None
    spaced = np.logspace if isinstance(control, FloatLogSlider) else np.linspace
    values = spaced(control.min, control.max, 70)
    if isinstance(control.value, int):
        values = np.unique(np.round(values).astype(int))
    return values.tolist()


def change_times(demo: Demo) -> tuple[np.ndarray, float]:
    """Seconds of each change of the first slider, else of the pad or the first list of words, and
    the growth of memory in megabytes after the first tenth of the changes."""
    controls = sorted(demo.controls.items(), key=lambda item: not hasattr(item[1], "step"))
    name, values = next((n, found) for n, c in controls if (found := values_of(c)))
    times, began = [], time.perf_counter()
    for i in range(CHANGES):
        if i == CHANGES // 10:
            before = resident_megabytes()
        start = time.perf_counter()
        demo.set(**{name: values[i % len(values)]})
        times.append(time.perf_counter() - start)
        if time.perf_counter() - began > MOST_SECONDS:
            break
    growth = resident_megabytes() - before if len(times) > CHANGES // 10 else float("nan")
    return np.array(times), growth


def main() -> None:
    style.use()
    print(f"target: a median of at most {TARGET_MS} ms where nothing is trained, and no growth")
    print(f"{'demo':22} {'median ms':>10} {'90% below':>11} {'growth MB':>10}")
    for demo in demos():
        seconds, growth = change_times(demo)
        median, slow = 1000 * np.percentile(seconds, [50, 90])
        print(f"{type(demo).__name__:22} {median:10.1f} {slow:11.1f} {growth:10.1f}")


if __name__ == "__main__":
    main()
