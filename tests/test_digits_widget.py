"""The digit that is pushed around: the image changes as asked, and the bars tell the truth."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from course_utils.datasets import load_mnist
from course_utils.network import mlp
from course_utils.widgets import DigitMover, DigitPad
from course_utils.widgets.digits import move_digit, place_like_mnist


@pytest.fixture(scope="module")
def data():
    return load_mnist(train_size=2_000, val_size=500, min_std=0.3)


@pytest.fixture(scope="module")
def demo(data):
    network = mlp([784, 16, 10], rng=np.random.default_rng(0))
    return DigitMover(network, data, examples=[4, 7, 2])


@pytest.fixture
def block():
    """A bright block of 4 x 8 pixels in the middle of 28 x 28."""
    image = np.zeros((28, 28), np.uint8)
    image[12:16, 10:18] = 200
    return image


def test_without_a_change_the_image_is_the_same(data):
    image = data.images("test")[0]
    assert np.array_equal(move_digit(image), image)


def test_a_shift_goes_right_and_down_and_lets_paper_in(data):
    image = data.images("test")[3]
    moved = move_digit(image, shift_x=3, shift_y=-2)
    assert np.array_equal(moved[:-2, 3:], image[2:, :-3])
    assert not moved[:, :3].any() and not moved[-2:].any()


def test_a_turn_by_90_degrees_is_counterclockwise(data):
    image = data.images("test")[5]
    difference = move_digit(image, angle=90).astype(int) - np.rot90(image)
    assert abs(difference).max() <= 1


def test_size_scales_the_ink(block):
    twice = move_digit(block, size=1.5)
    assert twice.sum() == pytest.approx(2.25 * block.sum(), rel=0.1)


@pytest.mark.parametrize("thickness, rows", [(2.0, 6), (-2.0, 2)])
def test_a_stroke_gains_or_loses_as_many_pixels_as_asked(block, thickness, rows):
    changed = move_digit(block, thickness=thickness)
    assert (changed[:, 14] > 100).sum() == rows


@pytest.mark.parametrize(
    "image, settings, message",
    [
        (np.zeros((28, 28)), {}, "uint8"),
        (np.zeros(784, np.uint8), {}, "one gray image"),
        (np.zeros((28, 28), np.uint8), {"size": 0}, "size is 0"),
    ],
)
def test_what_is_no_image_is_refused(image, settings, message):
    with pytest.raises(ValueError, match=message):
        move_digit(image, **settings)


def test_the_unmoved_digit_gets_what_the_network_says_of_the_test_image(demo, data):
    logits = demo.network.forward(data.x_test[[7]])[0].astype(float)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert demo.probabilities(data.images("test")[7]) == pytest.approx(expected, abs=1e-4)


def test_the_bars_and_the_words_are_those_of_the_moved_digit(demo):
    text = demo.update(example=1, shift_x=4, shift_y=0, angle=20, size=1.2, thickness=1.0)
    image = move_digit(demo.images[1], 4, 0, 20, 1.2, 1.0)
    probabilities = demo.probabilities(image)
    assert np.array_equal(demo._image.get_array(), image)
    assert [bar.get_height() for bar in demo._bars] == pytest.approx(probabilities)
    assert f"{100 * probabilities.max():.1f}%" in text
    verdict = "✓ right" if probabilities.argmax() == demo.labels[1] else "× wrong"
    assert verdict in text and f"It is a {demo.labels[1]}." in text


def test_a_moved_slider_changes_the_picture_and_reset_brings_it_back(demo):
    before = demo._picture.value
    demo.controls["shift_x"].value = 6
    after = demo._picture.value
    demo.set(shift_x=0)
    pixels = [np.asarray(Image.open(BytesIO(png))) for png in (before, after, demo.png())]
    assert (pixels[0] != pixels[1]).any()
    assert np.array_equal(pixels[0], pixels[2])


def test_a_test_image_that_is_placed_again_hardly_changes(data):
    """MNIST holds its images so already: a box of 20 pixels, the mass in the middle."""
    images = data.images("test")[:200]
    placed = np.array([place_like_mnist(image) for image in images])
    same = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, placed, strict=True)]
    assert np.mean(np.array(same) > 0.999) > 0.95


def test_a_small_drawing_in_a_corner_is_enlarged_and_centered():
    ink = np.zeros((28, 28), np.uint8)
    ink[1:6, 2:5] = 255
    placed = place_like_mnist(ink)
    rows, columns = np.nonzero(placed)
    assert np.ptp(rows) + 1 == 20 and np.ptp(columns) + 1 == 12
    assert rows.mean() == pytest.approx(14, abs=0.5)
    assert columns.mean() == pytest.approx(14, abs=0.5)


def test_an_empty_pad_stays_empty_and_says_nothing(data):
    assert not place_like_mnist(np.zeros((28, 28), np.uint8)).any()
    pad = DigitPad(mlp([784, 16, 10], rng=np.random.default_rng(0)), data)
    assert pad._readout.value.startswith("Draw a digit")
    assert all(bar.get_height() == 0 for bar in pad._bars)


def test_the_pad_asks_the_network_about_what_is_drawn(data):
    network = mlp([784, 16, 10], rng=np.random.default_rng(0))
    pad = DigitPad(network, data, start=data.images("test")[0] / 255)
    as_drawn = pad.probabilities(data.images("test")[0])
    pad.set(placed=False)
    assert [bar.get_height() for bar in pad._bars] == pytest.approx(list(as_drawn))
    assert f"{100 * as_drawn.max():.1f}%" in pad._readout.value
