"""The photo explorer of notebook 08, without a browser."""

import numpy as np
import pytest

from course_utils.datasets import load_cifar10
from course_utils.network import mlp
from course_utils.widgets import PhotoExplorer
from course_utils.widgets.photos import move_photo

PHOTO = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def demo():
    rng = np.random.default_rng(1)
    network = mlp([3072, 16, 10], rng=rng)
    return PhotoExplorer(network, load_cifar10(), [3, 5, 8], rng.permutation(3072))


def test_a_shift_moves_the_pixels_and_repeats_the_edge():
    moved = move_photo(PHOTO, shift_x=3, shift_y=-2)
    assert np.array_equal(moved[:-2, 3:], PHOTO[2:, :-3])
    assert (moved[:-2, :3] == PHOTO[2:, :1]).all()
    assert (moved[-2:, 3:] == PHOTO[-1, :-3]).all()


def test_without_a_change_the_photo_stays_and_the_callers_array_is_its_own():
    before = PHOTO.copy()
    same = move_photo(PHOTO)
    assert np.array_equal(same, PHOTO)
    same[:] = 0
    assert np.array_equal(before, PHOTO)


def test_brightness_is_a_factor_and_stops_at_white():
    assert (move_photo(PHOTO, brightness=0.0) == 0).all()
    brighter = move_photo(PHOTO, brightness=2.0)
    assert np.array_equal(brighter, np.minimum(2 * PHOTO.astype(int), 255))


@pytest.mark.parametrize("photo", [PHOTO / 255, PHOTO[..., 0], PHOTO.reshape(-1)])
def test_what_is_no_photo_is_an_error_that_says_what_came(photo):
    with pytest.raises(ValueError, match="expected one photo"):
        move_photo(photo)


def test_a_negative_brightness_is_an_error():
    with pytest.raises(ValueError, match="brightness is -1"):
        move_photo(PHOTO, brightness=-1)


def test_shuffled_photo_and_shuffled_weights_give_the_same_probabilities(demo):
    straight, shuffled = (demo.probabilities(demo.photos[0], s) for s in (False, True))
    np.testing.assert_allclose(straight, shuffled, atol=1e-5)
    assert straight.sum() == pytest.approx(1)


def test_the_picture_shows_what_the_network_gets(demo):
    settings = {"shift_x": 2, "shift_y": 0, "brightness": 1.0}
    demo.update(example=1, shuffled=False, **settings)
    assert np.array_equal(demo._image.get_array(), move_photo(demo.photos[1], 2))
    demo.update(example=1, shuffled=True, **settings)
    shown = np.asarray(demo._image.get_array()).reshape(-1)
    assert np.array_equal(shown, move_photo(demo.photos[1], 2).reshape(-1)[demo.order])


def test_the_readout_names_the_true_class_and_the_answer(demo):
    text = demo.update(example=0, shuffled=False, shift_x=0, shift_y=0, brightness=1.0)
    p = demo.probabilities(demo.photos[0])
    names = demo.data.class_names
    assert f"It is: {names[demo.labels[0]]}." in text
    assert names[int(p.argmax())] in text and f"{100 * p.max():.1f}%" in text


def test_an_order_that_leaves_something_out_is_an_error(demo):
    with pytest.raises(ValueError, match="not a permutation"):
        PhotoExplorer(demo.network, demo.data, [0], np.zeros(3072, int))
