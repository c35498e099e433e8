"""A cell that makes a demo can be run again and again: each run keeps at most 1 MB."""

import gc
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from course_utils import clinic, widgets
from course_utils.data_files import data_directory
from course_utils.datasets import load_cifar10, load_mnist
from course_utils.graph import squared_neuron
from course_utils.network import mlp
from course_utils.widgets.base import Demo, open_boxes

MOST = 1_000_000  # bytes a run
CELLS = {
    "BackpropStepper": "widgets.BackpropStepper(graph)",
    "BatchSizeExplorer": "widgets.BatchSizeExplorer(x[:, 0], y[:, 0])",
    "BestLineGame": "widgets.BestLineGame(x[:, 0], y[:, 0])",
    "BoundaryExplorer": "widgets.BoundaryExplorer()",
    "Clinic": "widgets.Clinic(datasets)",
    "ComparisonExplorer": "widgets.ComparisonExplorer(runs)",
    "DigitMover": "widgets.DigitMover(reader, mnist, range(10))",
    "DigitPad": "widgets.DigitPad(reader, mnist)",
    "FilterExplorer": "widgets.FilterExplorer(cifar.images('test')[:8])",
    "FirstNeuron": "widgets.FirstNeuron()",
    "LearningRateExplorer": "widgets.LearningRateExplorer()",
    "LossExplorer": "widgets.LossExplorer()",
    "OptimizerPlayground": "widgets.OptimizerPlayground()",
    "PhotoExplorer": "widgets.PhotoExplorer(viewer, cifar, range(10), np.arange(3072))",
    "ScheduleDesigner": "widgets.ScheduleDesigner((x, y), (x, y))",
}


@pytest.fixture(scope="module")
def names():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 8)).astype(np.float32)
    mnist, cifar = load_mnist(200, 100), load_cifar10()
    table = pd.read_csv(data_directory() / "results" / "comparison_runs.csv.gz")
    return {
        "widgets": widgets,
        "np": np,
        "x": x,
        "y": x[:, :1] + 1,
        "graph": squared_neuron(w1=0.5, x1=2.0, w2=-1.0, x2=1.5, b=2.0),
        "datasets": clinic.load_data(),
        "runs": table[table["stage"] == "tune"]
        .rename(columns={"val_5": "loss"})
        .fillna({"loss": 9}),
        "mnist": mnist,
        "cifar": cifar,
        "reader": mlp([784, 16, 10], rng=0),
        "viewer": mlp([3072, 16, 10], rng=0),
    }


def test_every_demo_is_tried():
    demos = {name for name in widgets.__all__ if issubclass(getattr(widgets, name), Demo)}
    assert demos == set(CELLS)


@pytest.mark.parametrize("name", CELLS)
def test_a_run_of_its_cell_keeps_at_most_a_megabyte(name, names):
    cell, kept = compile(f"demo = {CELLS[name]}", f"<cell of {name}>", "exec"), []
    others = {id(box) for box in open_boxes()}  # left open by other tests

    def run():
        exec(cell, names)
        kept.append(names["demo"])  # as IPython's Out does

    run()
    run()
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(3):
            run()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # the last two hold the same: one was closed for the other; what was traced is at most one more
    living = sum(demo is names["demo"] for demo in kept)
    assert living == 1
    assert grown < 3 * MOST + held_by(names["demo"])
    mine = [box for box in open_boxes() if box.demo_class == name and id(box) not in others]
    assert len(mine) == 1
    names.pop("demo").close()


def held_by(demo):
    """Bytes of the one demo that is alive: pictures, and what it has computed to show them."""
    width, height = demo.figure.canvas.get_width_height()
    return 3 * 4 * width * height + sum(
        value.nbytes for value in vars(demo).values() if isinstance(value, np.ndarray)
    )


def test_two_demos_of_one_cell_live_side_by_side():
    names = {"widgets": widgets}
    exec(compile("a, b = widgets.FirstNeuron(), widgets.FirstNeuron()", "<pair>", "exec"), names)
    assert "closed" not in repr(names["a"]) + repr(names["b"])
    many = [widgets.FirstNeuron() for _ in range(2)]
    assert "closed" not in repr(many[0])
    for demo in (names["a"], names["b"], *many):
        demo.close()


def test_a_closed_demo_says_so_and_shows_no_picture():
    demo = widgets.FirstNeuron()
    demo.close()
    assert repr(demo).endswith("(closed)")
    assert set(demo._repr_mimebundle_()) == {"text/plain"}


@pytest.mark.parametrize("name", CELLS)
def test_reset_brings_back_the_settings_and_the_picture(name, names):
    demo = eval(CELLS[name], dict(names))
    start, picture = demo.settings, demo._picture.value
    for control in demo.controls.values():
        if hasattr(control, "max") and control.value != control.max:
            control.value = control.max
            break
        others = [value for value in getattr(control, "options", ()) if value != control.value]
        if others:
            control.value = others[0]
            break
    demo.reset()
    assert all(np.array_equal(demo.settings[setting], value) for setting, value in start.items())
    assert demo._picture.value == picture
    demo.close()
