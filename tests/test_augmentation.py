"""Flips and shifts: which pictures come out, that labels stay, where chance comes from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.augmentation import flips, shifts
from course_utils.layers import Dense, Flatten
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network
from course_utils.optimizers import SGD
from course_utils.training import evaluate, fit, minibatches

MAKERS = {"flips": flips, "shifts": lambda: shifts(2)}


def batch(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 6, 5, 3)).astype(np.float32), rng.integers(0, 10, n)


@pytest.mark.parametrize("name", MAKERS)
def test_labels_and_the_data_stay_what_they_were(name):
    x, y = batch()
    x_before, y_before = x.copy(), y.copy()
    changed, labels = MAKERS[name]()(x, y, np.random.default_rng(1))
    assert labels is y
    assert changed.shape == x.shape and changed.dtype == x.dtype
    assert not np.shares_memory(changed, x)
    assert not np.array_equal(changed, x)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize("name", MAKERS)
def test_chance_comes_from_the_generator_that_is_given(name):
    x, y = batch()
    change = MAKERS[name]()
    first, again, other = (change(x, y, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(change(x, y, rng)[0], first)
    assert not np.array_equal(change(x, y, rng)[0], first), "each epoch sees another picture"


def test_flips_mirror_half_of_the_images_left_to_right():
    x, y = batch(2000)
    flipped, _ = flips()(x, y, np.random.default_rng(3))
    mirrored = (flipped == x[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (flipped == x).all(axis=(1, 2, 3))
    assert (mirrored ^ kept).all()
    assert abs(mirrored.mean() - 0.5) < 0.05


@given(st.integers(1, 4), st.integers(0, 1000))
def test_shifts_move_each_image_by_up_to_the_stated_pixels(pixels, seed):
    x, y = batch(12, seed)
    shifted, _ = shifts(pixels)(x, y, np.random.default_rng(seed))
    moves = range(-pixels, pixels + 1)
    height, width = x.shape[1:3]
    for before, after in zip(x, shifted, strict=True):
        wide = np.pad(before, ((pixels, pixels), (pixels, pixels), (0, 0)))
        assert any(
            np.array_equal(wide[pixels + r :][:height, pixels + c :][:, :width], after)
            for r in moves
            for c in moves
        )


def test_every_shift_is_equally_likely():
    n, pixels = 5000, 1
    x = np.zeros((n, 5, 5, 1))
    x[:, 2, 2] = 1
    shifted, _ = shifts(pixels)(x, np.zeros(n, int), np.random.default_rng(0))
    where = shifted.mean(axis=0)[..., 0]
    assert where.sum() == pytest.approx(1)
    np.testing.assert_allclose(where[1:4, 1:4], 1 / 9, atol=0.02)
    assert not where[0].any() and not where[4].any()


def images_and_network():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 4, 4, 1)), rng.integers(0, 3, 20)
    return x, y, Network([Flatten(), Dense(16, 3, rng=rng)])


def train(network, x, y, augment, epochs=2, seed=5):
    settings = {"epochs": epochs, "batch_size": 8, "progress": False, "augment": augment}
    settings["last_batch"] = "keep"
    rng = np.random.default_rng(seed)
    return fit(network, SoftmaxCrossEntropy(), SGD(0.1), (x, y), rng=rng, **settings)


def test_fit_applies_the_changes_in_their_order_with_its_own_generator():
    x, y, network = images_and_network()
    seen = []

    def look(x_batch, y_batch, rng):
        seen.append((x_batch.copy(), y_batch.copy()))
        return x_batch, y_batch

    train(network, x, y, [flips(), shifts(1), look], epochs=1)
    rng = np.random.default_rng(5)
    batches = iter(minibatches(x, y, 8, rng, last_batch="keep"))
    for x_seen, y_seen in seen:
        x_batch, y_batch = next(batches)
        x_batch, y_batch = flips()(x_batch, y_batch, rng)
        x_batch, y_batch = shifts(1)(x_batch, y_batch, rng)
        np.testing.assert_array_equal(x_seen, x_batch)
        np.testing.assert_array_equal(y_seen, y_batch)
    assert len(seen) == 3


def test_fit_learns_from_the_changed_batches_and_measures_the_data_as_they_are():
    x, y, network = images_and_network()
    x_before = x.copy()
    history = train(network, x, y, [shifts(2)])
    np.testing.assert_array_equal(x, x_before)
    loss, accuracy = evaluate(network, SoftmaxCrossEntropy(), x, y)
    assert history.train_loss[-1] == loss and history.train_accuracy[-1] == accuracy
    _, _, plain = images_and_network()
    train(plain, x, y, [])
    assert not np.array_equal(plain.theta, network.theta)


def test_without_changes_nothing_is_drawn():
    x, y, with_none = images_and_network()
    _, _, without = images_and_network()
    train(with_none, x, y, ())
    fit(
        *(without, SoftmaxCrossEntropy(), SGD(0.1), (x, y)),
        epochs=2,
        batch_size=8,
        rng=np.random.default_rng(5),
        last_batch="keep",
        progress=False,
    )
    np.testing.assert_array_equal(with_none.theta, without.theta)


def test_a_change_may_change_the_labels_too():
    x, y, network = images_and_network()

    def only_class_one(x_batch, y_batch, rng):
        return x_batch, np.ones_like(y_batch)

    train(network, x, y, [only_class_one], epochs=30)
    assert (network.predict(x) == 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shifts(0), "pixels is 0, expected at least 1"),
        (lambda: shifts(1.5), "pixels is 1.5 (float), expected a whole number"),
        (
            lambda: flips()(np.ones((4, 3072)), np.zeros(4), np.random.default_rng(0)),
            "x has shape (4, 3072), expected images (N, H, W, C): rows of pixels? "
            "x.reshape(-1, 32, 32, 3)",
        ),
        (
            lambda: shifts(2)(np.ones((4, 9)), np.zeros(4), np.random.default_rng(0)),
            "x has shape (4, 9), expected images (N, H, W, C)",
        ),
        (
            lambda: train(images_and_network()[2], *images_and_network()[:2], flips()),
            "augment is one flip, expected a list of them, such as [flips(), shifts(2)]",
        ),
        (
            lambda: train(images_and_network()[2], *images_and_network()[:2], ["flips"]),
            "augment[0] is 'flips', expected a function, such as flips()",
        ),
    ],
)
def test_what_is_refused_is_told_what_was_expected(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert message in str(error.value)
