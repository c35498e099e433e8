"""Each layer on its own: values, gradients, memory, extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.gradient_check import numerical_gradient, relative_error
from course_utils.layers import BatchNorm, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, Tanh

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
MAKERS = {
    "Dense": lambda: Dense(3, 4, rng=np.random.default_rng(1)),
    "ReLU": ReLU,
    "LeakyReLU": lambda: LeakyReLU(0.2),
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "Dropout": lambda: Dropout(0.4, rng=np.random.default_rng(1)),
    "BatchNorm": lambda: BatchNorm(3),
}


def prepared(name):
    """A layer with parameters and buffers away from their special start values."""
    layer, rng = MAKERS[name](), np.random.default_rng(7)
    for array in layer.params.values():
        array += 0.5 * rng.normal(size=array.shape)
    for array in layer.buffers.values():
        array += rng.uniform(0.5, 1.5, array.shape)
    return layer


def same_mask(layer, x, training):
    """A forward pass that draws the same dropout mask each time."""
    if isinstance(layer, Dropout):
        layer.rng = np.random.default_rng(5)
    return layer.forward(x, training=training)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_gradients_match_finite_differences(name, training):
    layer, rng = prepared(name), np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    x[np.abs(x) < 0.01] = 0.5  # away from the kink
    grad_output = rng.normal(size=same_mask(layer, x, training).shape)

    def loss(inputs):
        return float(np.sum(same_mask(layer, inputs, training) * grad_output))

    def loss_with(parameter):
        def f(value):
            layer.params[parameter] = value
            return loss(x)

        return f

    same_mask(layer, x, training)
    grad_input = layer.backward(grad_output)
    assert grad_input.shape == x.shape
    assert relative_error(grad_input, numerical_gradient(loss, x)) < 1e-8
    for parameter in layer.params:
        gradient, start = layer.grads[parameter].copy(), layer.params[parameter].copy()
        assert gradient.shape == start.shape
        assert relative_error(gradient, numerical_gradient(loss_with(parameter), start)) < 1e-8
        layer.params[parameter] = start


@pytest.mark.parametrize("name", MAKERS)
def test_backward_overwrites_and_changes_nothing_else(name):
    layer, rng = prepared(name), np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    output = layer.forward(x, training=True)
    grad_output = rng.normal(size=output.shape)
    before = [x.copy(), grad_output.copy(), *(p.copy() for p in layer.params.values())]
    memory = [id(g) for g in layer.grads.values()]

    first_input = layer.backward(grad_output).copy()
    first = [g.copy() for g in layer.grads.values()]
    second_input = layer.backward(grad_output)

    np.testing.assert_array_equal(first_input, second_input)
    for once, twice in zip(first, layer.grads.values(), strict=True):
        np.testing.assert_array_equal(once, twice)
    assert [id(g) for g in layer.grads.values()] == memory
    for old, new in zip(before, [x, grad_output, *layer.params.values()], strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", MAKERS)
def test_parameter_gradients_are_those_of_backward(name):
    one, other, rng = prepared(name), prepared(name), np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    grad_output = rng.normal(size=one.forward(x, training=True).shape)
    other.forward(x, training=True)
    one.backward(grad_output)
    other.parameter_gradients(grad_output)
    assert one.grads.keys() == other.grads.keys()
    for key in one.grads:
        np.testing.assert_array_equal(one.grads[key], other.grads[key])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAKERS)
def test_extremes_stay_finite_and_keep_the_dtype(name, dtype, training):
    layer = MAKERS[name]()
    for tensors in (layer.params, layer.grads, layer.buffers):
        for key, array in list(tensors.items()):
            tensors.tie(key, array.astype(dtype))
    x = np.array([[1000, -1000, 0], [-1000, 1000, 1e-30], [0, -0.0, 1000]], dtype=dtype)
    output = layer.forward(x, training=training)
    grad_input = layer.backward(np.ones_like(output))
    assert output.dtype == dtype
    assert grad_input.dtype == dtype
    assert np.isfinite(output).all()
    assert np.isfinite(grad_input).all()


@pytest.mark.parametrize("name", MAKERS)
def test_integers_are_computed_as_floats(name):
    pixels = np.array([[0, 1, 255], [3, 200, 9]], dtype=np.uint8)
    of_integers = MAKERS[name]().forward(pixels, training=True)
    of_floats = MAKERS[name]().forward(pixels.astype(np.float64), training=True)
    np.testing.assert_array_equal(of_integers, of_floats)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "LeakyReLU(0.2)", "Sigmoid", "Tanh"])
def test_activations_match_pytorch(name, recorded):
    case = {key: np.array(value) for key, value in recorded["layers"][name].items()}
    layer = {"LeakyReLU": LeakyReLU}.get(name, MAKERS[name.split("(")[0]])()
    np.testing.assert_allclose(layer.forward(case["x"]), case["output"], **CLOSE)
    np.testing.assert_allclose(layer.backward(case["grad_output"]), case["grad_input"], **CLOSE)


def test_dense_matches_pytorch(recorded):
    case = {key: np.array(value) for key, value in recorded["layers"]["Dense"].items()}
    layer = Dense(3, 2)
    layer.params.update(W=case["W"], b=case["b"])
    np.testing.assert_allclose(layer.forward(case["x"]), case["output"], **CLOSE)
    np.testing.assert_allclose(layer.backward(case["grad_output"]), case["grad_input"], **CLOSE)
    np.testing.assert_allclose(layer.grads["W"], case["dW"], **CLOSE)
    np.testing.assert_allclose(layer.grads["b"], case["db"], **CLOSE)


def test_batch_norm_matches_pytorch_in_training_and_at_inference(recorded):
    case = recorded["layers"]["BatchNorm"]
    layer = BatchNorm(3)
    layer.params.update(gamma=case["gamma"], beta=case["beta"])
    for step in case["passes"]:
        output = layer.forward(np.array(step["x"]), training=step["mode"] == "train")
        grad_input = layer.backward(np.array(step["grad_output"]))
        np.testing.assert_allclose(output, step["output"], **CLOSE)
        np.testing.assert_allclose(grad_input, step["grad_input"], **CLOSE)
        np.testing.assert_allclose(layer.grads["gamma"], step["dgamma"], **CLOSE)
        np.testing.assert_allclose(layer.grads["beta"], step["dbeta"], **CLOSE)
        for name in ("running_mean", "running_var"):
            np.testing.assert_allclose(layer.buffers[name], step[name], **CLOSE)


class RecordedMask(np.random.Generator):
    """A generator whose next numbers keep exactly the entries that PyTorch kept."""

    def __init__(self, kept):
        super().__init__(np.random.PCG64(0))
        self.kept = np.array(kept)

    def random(self, size=None, **unused):
        return np.where(self.kept, 0.0, 0.999)


def test_dropout_matches_pytorch_given_its_mask(recorded):
    case = recorded["layers"]["Dropout"]
    layer = Dropout(case["rate"])
    layer.rng = RecordedMask(case["kept"])
    x, grad_output = np.array(case["x"]), np.array(case["grad_output"])
    np.testing.assert_allclose(layer.forward(x, training=True), case["output"], **CLOSE)
    np.testing.assert_allclose(layer.backward(grad_output), case["grad_input"], **CLOSE)
    np.testing.assert_array_equal(layer.forward(x), case["output_eval"])


def test_dropout_keeps_the_stated_share_and_the_mean(rng):
    layer = Dropout(0.3, rng=rng)
    ones = np.ones((400, 500))
    output = layer.forward(ones, training=True)
    np.testing.assert_allclose(np.unique(output), [0, 1 / 0.7])
    assert abs(np.mean(output == 0) - 0.3) < 0.005
    assert abs(output.mean() - 1) < 0.01
    np.testing.assert_array_equal(layer.backward(ones), output)


def test_dropout_draws_a_new_mask_each_time_and_none_at_inference(rng):
    layer, x = Dropout(0.5, rng=rng), np.ones((20, 20))
    assert not np.array_equal(layer.forward(x, training=True), layer.forward(x, training=True))
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    np.testing.assert_array_equal(Dropout(0.0, rng=rng).forward(x, training=True), x)


def test_relu_passes_no_gradient_at_zero():
    layer = ReLU()
    np.testing.assert_array_equal(layer.forward(np.array([[-1.0, 0.0, 2.0]])), [[0, 0, 2]])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 3))), [[0, 0, 1]])


def test_batch_norm_normalizes_the_batch_in_training(rng):
    layer = BatchNorm(3, eps=0.0)
    output = layer.forward(5 + 3 * rng.normal(size=(50, 3)), training=True)
    np.testing.assert_allclose(output.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(output.var(axis=0), 1, rtol=1e-12)


def test_batch_norm_keeps_running_averages_with_the_unbiased_variance(rng):
    x = rng.normal(size=(4, 2))
    layer = BatchNorm(2, momentum=0.25)
    layer.forward(x, training=True)
    np.testing.assert_allclose(layer.buffers["running_mean"], 0.25 * x.mean(axis=0))
    np.testing.assert_allclose(layer.buffers["running_var"], 0.75 + 0.25 * x.var(axis=0, ddof=1))


def test_batch_norm_at_inference_treats_each_row_alone_and_learns_nothing(rng):
    layer, x = BatchNorm(3), rng.normal(size=(8, 3))
    layer.forward(x, training=True)
    before = {name: array.copy() for name, array in layer.buffers.items()}
    together = layer.forward(x)
    one_by_one = np.concatenate([layer.forward(row[None]) for row in x])
    np.testing.assert_array_equal(together, one_by_one)
    for name, array in before.items():
        np.testing.assert_array_equal(layer.buffers[name], array)


@pytest.mark.parametrize(
    ("init", "std"), [("he", np.sqrt(2 / 400)), ("glorot", np.sqrt(2 / 700)), (0.3, 0.3), (0, 0)]
)
def test_dense_starts_with_the_stated_spread_and_zero_biases(init, std):
    layer = Dense(400, 300, init=init, rng=np.random.default_rng(0))
    weights = layer.params["W"]
    assert weights.std() == pytest.approx(std, rel=0.01)
    assert abs(weights.mean()) <= std * 0.01
    assert not layer.params["b"].any()


def test_dense_draws_its_weights_from_the_generator_it_is_given():
    first, second = (Dense(4, 3, rng=np.random.default_rng(3)).params["W"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, Dense(4, 3, rng=np.random.default_rng(4)).params["W"])
    assert not np.array_equal(Dense(4, 3).params["W"], Dense(4, 3).params["W"])


def test_assigning_a_parameter_copies_into_its_memory():
    layer = Dense(2, 2, rng=np.random.default_rng(0))
    memory, mine = layer.params["W"], np.ones((2, 2))
    layer.params["W"] = mine
    assert layer.params["W"] is memory
    mine[:] = 5
    np.testing.assert_array_equal(memory, 1)
    layer.params.update(W=np.full((2, 2), 3.0), b=[1, 2])
    np.testing.assert_array_equal(memory, 3)
    np.testing.assert_array_equal(layer.params["b"], [1, 2])


@given(st.permutations(range(6)), st.sampled_from(sorted(MAKERS.keys() - {"Dropout"})))
def test_the_order_of_the_batch_does_not_matter(order, name):
    layer, rng = prepared(name), np.random.default_rng(1)
    x = rng.normal(size=(6, 3))
    output = layer.forward(x, training=True)
    grad_output = rng.normal(size=output.shape)
    grad_input = layer.backward(grad_output)
    gradients = [g.copy() for g in layer.grads.values()]
    np.testing.assert_allclose(layer.forward(x[order], training=True), output[order], atol=1e-12)
    np.testing.assert_allclose(layer.backward(grad_output[order]), grad_input[order], atol=1e-12)
    for old, new in zip(gradients, layer.grads.values(), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_repr_says_what_the_layer_is(name):
    expected = {
        "Dense": "Dense(3, 4)",
        "LeakyReLU": "LeakyReLU(0.2)",
        "Dropout": "Dropout(0.4)",
        "BatchNorm": "BatchNorm(3)",
    }
    assert repr(MAKERS[name]()) == expected.get(name, f"{name}()")
