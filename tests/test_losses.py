"""Each loss: value, gradient, extremes, and what it must not depend on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.gradient_check import numerical_gradient, relative_error
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy

LOSSES = {
    "MeanSquaredError": MeanSquaredError(),
    "BinaryCrossEntropy": BinaryCrossEntropy(),
    "SoftmaxCrossEntropy": SoftmaxCrossEntropy(),
}
logits = arrays(np.float64, (5, 4), elements=st.floats(-50, 50))
labels = arrays(np.int64, (5,), elements=st.integers(0, 3))


def example(name, rng, rows=5):
    """Outputs and targets that fit the loss."""
    if name == "SoftmaxCrossEntropy":
        return rng.normal(size=(rows, 4)), rng.integers(0, 4, rows)
    targets = rng.random((rows, 1))
    return rng.normal(size=(rows, 1)), targets


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_matches_finite_differences(name, rng):
    loss = LOSSES[name]
    outputs, targets = example(name, rng)
    value, gradient = loss(outputs, targets)
    assert isinstance(value, float)
    assert gradient.shape == outputs.shape
    numerical = numerical_gradient(lambda z: loss(z, targets)[0], outputs)
    assert relative_error(gradient, numerical) < 1e-8


@pytest.mark.parametrize(
    "case",
    [
        "MeanSquaredError",
        "MeanSquaredError, two outputs",
        "BinaryCrossEntropy",
        "SoftmaxCrossEntropy",
        "SoftmaxCrossEntropy, far apart",
    ],
)
def test_losses_match_pytorch(case, recorded):
    numbers = recorded["losses"][case]
    outputs, targets = np.array(numbers["outputs"]), np.array(numbers["targets"])
    value, gradient = LOSSES[case.split(",")[0]](outputs, targets)
    assert value == pytest.approx(numbers["value"], rel=1e-12)
    np.testing.assert_allclose(gradient, numbers["gradient"], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_carries_the_only_mean(name, rng):
    """Every row twice: the same loss, and each row's gradient half as large."""
    loss = LOSSES[name]
    outputs, targets = example(name, rng)
    value, gradient = loss(outputs, targets)
    value2, gradient2 = loss(np.concatenate([outputs] * 2), np.concatenate([targets] * 2))
    assert value2 == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradient2[:5], gradient / 2, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_give_the_exact_limits(dtype):
    z = np.array([[1000, -1000], [-1000, 1000]], dtype=dtype)
    value, gradient = SoftmaxCrossEntropy()(z, np.array([0, 1]))
    assert value == 0.0
    assert not gradient.any()
    value, gradient = SoftmaxCrossEntropy()(z, np.array([1, 0]))
    assert value == 2000.0
    np.testing.assert_array_equal(gradient, [[0.5, -0.5], [-0.5, 0.5]])
    assert gradient.dtype == dtype

    z = np.array([[1000], [-1000], [1000], [-1000]], dtype=dtype)
    value, gradient = BinaryCrossEntropy()(z, np.array([[1], [0], [0], [1]]))
    assert value == 500.0
    np.testing.assert_array_equal(gradient, [[0], [0], [0.25], [-0.25]])
    assert gradient.dtype == dtype


def test_a_confident_right_answer_still_has_a_loss():
    """log(1 + exp(-40)) is 4.2e-18; a formula with a difference of large numbers gives 0."""
    for z, y in ((40.0, 1.0), (-40.0, 0.0)):
        value, _ = BinaryCrossEntropy()(np.array([[z]]), np.array([[y]]))
        assert value == pytest.approx(np.exp(-40), rel=1e-12)


def test_mean_squared_error_is_the_mean_without_a_half():
    value, gradient = MeanSquaredError()(np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]]))
    assert value == 2.5  # (1 + 4) / 2
    np.testing.assert_array_equal(gradient, [[1.0], [2.0]])  # 2 (y_hat - y) / N


@given(logits, labels, st.floats(-100, 100))
def test_softmax_ignores_a_shift(z, y, shift):
    value, gradient = SoftmaxCrossEntropy()(z, y)
    moved_value, moved_gradient = SoftmaxCrossEntropy()(z + shift, y)
    assert moved_value == pytest.approx(value, rel=1e-9, abs=1e-11)
    np.testing.assert_allclose(moved_gradient, gradient, atol=1e-11)


def test_each_row_is_shifted_by_its_own_maximum():
    z = np.array([[1000.0, 999.0], [-1000.0, -1001.0]])
    value, gradient = SoftmaxCrossEntropy()(z, np.array([0, 0]))
    assert value == pytest.approx(np.log1p(np.exp(-1)), rel=1e-12)
    np.testing.assert_allclose(gradient[0], gradient[1], rtol=1e-12)


@given(logits, labels)
def test_the_softmax_gradient_of_a_row_sums_to_zero(z, y):
    value, gradient = SoftmaxCrossEntropy()(z, y)
    assert value >= 0
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)
    assert (gradient[np.arange(5), y] <= 0).all()


@given(logits, labels, st.permutations(range(5)))
def test_the_order_of_the_batch_does_not_matter(z, y, order):
    value, gradient = SoftmaxCrossEntropy()(z, y)
    moved_value, moved_gradient = SoftmaxCrossEntropy()(z[order], y[order])
    assert moved_value == pytest.approx(value, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(moved_gradient, gradient[order], atol=1e-15)


def test_two_classes_are_the_binary_case(rng):
    z, y = rng.normal(size=(6, 1)), rng.integers(0, 2, 6)
    binary, binary_gradient = BinaryCrossEntropy()(z, y[:, None])
    softmax, softmax_gradient = SoftmaxCrossEntropy()(np.concatenate([0 * z, z], axis=1), y)
    assert binary == pytest.approx(softmax, rel=1e-12)
    np.testing.assert_allclose(binary_gradient[:, 0], softmax_gradient[:, 1], rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_changes_neither_outputs_nor_targets(name, rng):
    outputs, targets = example(name, rng)
    before = outputs.copy(), targets.copy()
    _, gradient = LOSSES[name](outputs, targets)
    assert not np.shares_memory(gradient, outputs)
    np.testing.assert_array_equal(outputs, before[0])
    np.testing.assert_array_equal(targets, before[1])


def test_accuracy_counts_right_answers():
    z = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [5.0, 0.0, 1.0], [0.0, 1.0, 9.0]])
    assert SoftmaxCrossEntropy().accuracy(z, np.array([0, 1, 2, 2])) == 0.75
    logit, target = np.array([[2.0], [-1.0], [0.5]]), np.array([[1], [0], [0]])
    assert BinaryCrossEntropy().accuracy(logit, target) == pytest.approx(2 / 3)
    assert np.isnan(MeanSquaredError().accuracy(logit, target))


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32_and_integers_become_floats(name, rng):
    outputs, targets = example(name, rng)
    _, gradient = LOSSES[name](outputs.astype(np.float32), targets)
    assert gradient.dtype == np.float32
    _, gradient = LOSSES[name](np.round(outputs).astype(int), np.round(targets).astype(int))
    assert gradient.dtype == np.float64
