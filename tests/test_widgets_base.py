"""The base of the demos: artists move in place, one picture, no leaks."""

import base64
import gc
import io
import tracemalloc

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils.widgets.base import Demo, choice, slider, switch


class Line(Demo):
    alt = "A line."

    def make_controls(self):
        return {
            "slope": slider("slope", 1.0, -3, 3, 0.1),
            "color": choice("color", "blue", ["blue", "red"]),
            "wide": switch("wide"),
        }

    def draw(self, figure):
        axes = figure.add_subplot(xlim=(0, 1), ylim=(-3, 3))
        (self.line,) = axes.plot([0, 1], [0, 1])
        self.draws = getattr(self, "draws", 0) + 1
        return [self.line]

    def update(self, slope, color, wide):
        self.line.set_data([0, 1], [0, slope])
        self.line.set(color=color, linewidth=6 if wide else 2)
        return f"slope {slope:g}"


class SmallLine(Line):
    width, height = 240, 100


def pixels(demo):
    return np.asarray(Image.open(io.BytesIO(demo._picture.value)))


def test_a_change_of_a_control_moves_the_artist_and_the_picture():
    demo = Line()
    before = pixels(demo)
    demo.controls["slope"].value = -2.0
    assert list(demo.line.get_ydata()) == [0, -2.0]
    assert (pixels(demo) != before).any()
    assert demo._readout.value == "slope -2"


def test_the_picture_is_that_of_a_full_drawing():
    demo = Line()
    demo.controls["slope"].value = 2.5
    moved = pixels(demo)
    demo.redraw_background()
    demo.render()
    assert np.array_equal(moved, pixels(demo))


def test_set_renders_once_and_reset_goes_back():
    demo = Line()
    start = pixels(demo)
    pictures = []
    demo._picture.observe(lambda change: pictures.append(change.new), names="value")
    demo.set(slope=-1.0, color="red", wide=True)
    assert len(pictures) == 1
    demo.box.children[0].children[-1].click()
    assert demo.settings == {"slope": 1.0, "color": "blue", "wide": False}
    assert np.array_equal(pixels(demo), start)


def test_an_unknown_control_is_named():
    with pytest.raises(ValueError, match=r"no control named \['rate'\].*slope"):
        Line().set(rate=1)


def test_the_saved_notebook_has_a_picture_and_a_stable_text():
    data, metadata = Line()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == "Line: slope=1.0, color='blue', wide=False"
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.size == (Line.width, Line.height)
    assert metadata["image/png"]["alt"].startswith("A line.")


def test_a_thousand_updates_leave_nothing_behind():
    demo = SmallLine()
    slopes = np.linspace(-3, 3, 1001)
    for slope in slopes[:200]:
        demo.set(slope=slope)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for slope in slopes[::-1]:
            demo.set(slope=slope)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1_000_000  # one picture kept per update would be tens of megabytes
    assert demo.draws == 1
    assert len(demo.figure.axes) == 1 and len(demo.figure.axes[0].lines) == 1
    assert plt.get_fignums() == []


def test_the_live_picture_has_a_text_for_those_who_cannot_see_it():
    demo = Line()
    texts = [part.value for part in demo.box.children if isinstance(part, widgets.HTML)]
    assert any("A line." in text for text in texts)
    assert demo._picture.tooltip is None  # with one, the browser shows no picture
