"""The filter demo of notebook 13, without a browser."""

import numpy as np
import pytest

from course_utils.gradient_check import numerical_gradient
from course_utils.widgets import FilterExplorer
from course_utils.widgets.filter_pad import FilterPad
from course_utils.widgets.filters import FILTERS, OWN, STEPS, answer

PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
PLACE = {"photo": 1, "row": 5, "column": 20, "filter": OWN}
F = np.arange(9.0).reshape(3, 3) - 3


@pytest.fixture(scope="module")
def demo():
    return FilterExplorer(PHOTOS)


def numbers(demo, panel):
    return [float(text.get_text()) for text in demo._numbers[panel]]


def test_the_map_is_a_cross_correlation():
    photo = PHOTOS[0].mean(axis=2)
    found = answer(photo, F)
    assert found.shape == (30, 30)
    assert found[4, 7] == pytest.approx(np.sum(photo[4:7, 7:10] * F))


def test_forward_shows_nine_pixels_and_their_sum(demo):
    text = demo.update(step=0, weights=F, **PLACE)
    patch = demo.photos[1][4:7, 19:22]
    assert numbers(demo, 0) == pytest.approx(patch.ravel(), abs=0.006)
    assert numbers(demo, 1) == list(F.ravel())
    assert f"{np.sum(patch * F):.2f}" in text
    assert demo._box.get_bbox().bounds == (18.5, 3.5, 3, 3)
    assert demo._place.get_bbox().bounds == (18.5, 3.5, 1, 1)
    assert np.array_equal(demo._map.get_array(), answer(demo.photos[1], F))


def test_what_the_steps_call_gradients_are_the_gradients(demo):
    """Of the one number in the square, with respect to the filter and to the photo."""
    photo = demo.photos[1].copy()
    dF = numerical_gradient(lambda weights: answer(photo, weights)[4, 19], F.copy())
    demo.update(step=1, weights=F, **PLACE)
    assert numbers(demo, 0) == pytest.approx(dF.ravel(), abs=0.006)

    small = photo[:8, 16:24]
    dX = numerical_gradient(lambda pixels: answer(pixels, F)[4, 3], small.copy())
    demo.update(step=2, weights=F, **PLACE)
    colored = demo._photo_gradient.get_array()[..., 3] > 0
    assert np.array_equal(np.argwhere(colored)[[0, -1]], [[4, 19], [6, 21]])
    assert np.allclose(dX[4:7, 3:6], F) and np.count_nonzero(np.round(dX, 6)) == 8


def test_seen_from_a_pixel_the_filter_is_turned(demo):
    demo.update(step=3, weights=F, **PLACE)
    pixel = np.zeros((32, 32))
    pixel[5, 20] = 1  # what a change of this pixel does to the nine sums around it
    around = answer(pixel, F)[3:6, 18:21]
    assert numbers(demo, 1) == list(around.ravel())
    assert demo._box.get_bbox().bounds == (19.5, 4.5, 1, 1)
    assert demo._place.get_bbox().bounds == (17.5, 2.5, 3, 3)


def test_every_step_says_what_it_shows(demo):
    said = {demo.update(step=step, weights=F, **PLACE) for step in range(len(STEPS))}
    assert len(said) == len(STEPS)


@pytest.mark.parametrize("name", FILTERS)
def test_a_chosen_filter_goes_to_the_pad(name):
    demo = FilterExplorer(PHOTOS)
    demo.controls["filter"].value = name
    assert np.array_equal(demo.settings["weights"], FILTERS[name])
    assert demo.settings["filter"] == name
    assert np.array_equal(demo._map.get_array(), answer(demo.photos[0], np.array(FILTERS[name])))


def test_a_painted_filter_is_your_own_and_reset_brings_the_first_one_back():
    demo = FilterExplorer(PHOTOS)
    demo.controls["weights"].value = np.eye(3)
    assert demo.settings["filter"] == OWN
    assert np.array_equal(demo._map.get_array(), answer(demo.photos[0], np.eye(3)))
    demo.reset()
    first = next(iter(FILTERS))
    assert demo.settings["filter"] == first
    assert np.array_equal(demo.settings["weights"], FILTERS[first])


def test_a_filter_of_zeros_and_the_edges_of_the_photo_are_fine(demo):
    for row, column in ((1, 1), (30, 30)):
        place = PLACE | {"row": row, "column": column}
        for step in range(len(STEPS)):
            demo.update(step=step, weights=np.zeros((3, 3)), **place)
            demo.png()


@pytest.mark.parametrize("photos", [PHOTOS[0], PHOTOS / 255, PHOTOS[..., :1]])
def test_what_are_no_photos_is_an_error_that_says_what_came(photos):
    with pytest.raises(ValueError, match="expected \\(N, 32, 32, 3\\) of uint8"):
        FilterExplorer(photos)


def test_the_picture_has_a_text(demo):
    data, metadata = demo._repr_mimebundle_()
    assert "image/png" in data and "filter" in metadata["image/png"]["alt"]
    assert repr(demo).startswith("FilterExplorer: photo=")


def test_the_pad_sends_and_gets_nine_numbers_row_by_row():
    pad = FilterPad(value=F)
    assert pad.get_state("value")["value"] == list(F.ravel())
    pad.set_state({"value": list(range(9))})
    assert np.array_equal(pad.value, np.arange(9).reshape(3, 3))


@pytest.mark.parametrize("value", [np.zeros((2, 3)), np.zeros(9), np.full((3, 3), np.nan)])
def test_the_pad_takes_no_other_filter(value):
    pad = FilterPad()
    with pytest.raises(ValueError, match="value h"):
        pad.value = value
    assert np.array_equal(pad.value, np.zeros((3, 3)))
