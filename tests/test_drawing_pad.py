"""The drawing pad without a browser: its value, its errors, its way to the page and back."""

import numpy as np
import pytest

from course_utils.widgets.base import Demo, slider
from course_utils.widgets.drawing_pad import DrawingPad


class Ink(Demo):
    def make_controls(self):
        return {"pad": DrawingPad(), "shift": slider("shift", 0, -3, 3, 1, whole=True)}

    def draw(self, figure):
        self.image = figure.add_subplot().imshow(np.zeros((28, 28)), vmin=0, vmax=1)
        return [self.image]

    def update(self, pad, shift):
        self.image.set_data(np.roll(pad, shift, axis=1))
        return f"ink {pad.sum():.0f}"


def from_the_page(pad, grays):
    """What the browser sends: 784 bytes."""
    pad.set_state({"value": memoryview(grays.astype(np.uint8).tobytes())})


def test_an_empty_pad_is_28_by_28_zeros():
    value = DrawingPad().value
    assert value.shape == (28, 28) and value.dtype == np.float32 and not value.any()


def test_what_is_drawn_arrives_as_gray_values_in_rows():
    pad, grays = DrawingPad(), np.zeros((28, 28))
    grays[3, 20] = 255
    grays[4, 20] = 51
    from_the_page(pad, grays)
    assert pad.value[3, 20] == 1 and pad.value[4, 20] == pytest.approx(0.2)
    assert pad.value.sum() == pytest.approx(1.2)


def test_the_way_to_the_page_and_back_changes_nothing():
    grays = np.arange(784).reshape(28, 28) % 256
    pad, other = DrawingPad(), DrawingPad()
    pad.value = grays / 255
    from_the_page(other, np.frombuffer(pad.get_state("value")["value"], np.uint8))
    assert np.array_equal(pad.value, other.value)


def test_clear_takes_all_ink_away():
    pad = DrawingPad(value=np.ones((28, 28)))
    pad.clear()
    assert not pad.value.any()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(784), r"shape \(784,\), expected \(28, 28\)"),
        (np.full((28, 28), 255.0), "divide by 255"),
        (np.full((28, 28), np.nan), "expected 0 to 1"),
    ],
)
def test_a_wrong_value_is_named(value, message):
    with pytest.raises(ValueError, match=message):
        DrawingPad().value = value


def test_a_demo_follows_the_pen_and_reset_clears_it():
    demo = Ink()
    start = demo._picture.value
    from_the_page(demo.controls["pad"], np.full((28, 28), 255))
    assert demo._readout.value == "ink 784" and demo._picture.value != start
    demo.reset()
    assert demo._readout.value == "ink 0" and demo._picture.value == start


def test_in_a_demo_the_pad_stands_beside_the_picture_and_not_in_the_text():
    demo = Ink()
    pad = demo.controls["pad"]
    assert pad not in demo.box.children[0].children
    assert any(pad in getattr(part, "children", ()) for part in demo.box.children)
    assert repr(demo) == "Ink: shift=0"
