"""The layers that look at images: values, gradients, shapes, memory, what they refuse."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import load_cifar10
from course_utils.diagnostics import diagnose, inspect
from course_utils.gradient_check import check_gradients, numerical_gradient, relative_error
from course_utils.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
    convolution,
)
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet
from course_utils.optimizers import AdamW

CLOSE = {"rtol": 1e-12, "atol": 1e-13}
SETTINGS = [
    {},
    {"kernel_size": 5},
    {"kernel_size": 2},
    {"kernel_size": 1},
    {"padding": "valid"},
    {"padding": 2},
    {"stride": 2},
    {"padding": "valid", "stride": 2},
    {"kernel_size": 4, "padding": 1, "stride": 3},
    {"kernel_size": 2, "stride": 3},  # some pixels are seen by no window
    {"bias": False},
]
MAKERS = {
    **{
        f"Conv2D {settings}": lambda settings=settings: Conv2D(
            2, 3, rng=np.random.default_rng(1), **settings
        )
        for settings in SETTINGS
    },
    "MaxPool2D": MaxPool2D,
    "MaxPool2D(3)": lambda: MaxPool2D(3),
    "AveragePool2D": AveragePool2D,
    "AveragePool2D(3)": lambda: AveragePool2D(3),
    "GlobalAveragePool": GlobalAveragePool,
    "Flatten": Flatten,
    "BatchNorm": lambda: BatchNorm(2),
    "Dropout": lambda: Dropout(0.4, rng=np.random.default_rng(1)),
    "ReLU": ReLU,
    "LeakyReLU": lambda: LeakyReLU(0.2),
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
}
SHAPE = (3, 7, 6, 2)


@pytest.fixture(scope="module")
def recorded(root):
    """What PyTorch computed, see tests/reference/record_torch_images.py."""
    path = root / "tests" / "reference" / "torch_images.json"
    return json.loads(path.read_text(encoding="utf-8"))


def prepared(name):
    """A layer with parameters and buffers away from their special start values."""
    layer, rng = MAKERS[name](), np.random.default_rng(7)
    for array in layer.params.values():
        array += 0.5 * rng.normal(size=array.shape)
    for array in layer.buffers.values():
        array += rng.uniform(0.5, 1.5, array.shape)
    return layer


def same_mask(layer, x, training):
    if isinstance(layer, Dropout):
        layer.rng = np.random.default_rng(5)
    return layer.forward(x, training=training)


def pixel_by_pixel(x, W, b, kernel_size, before, after, stride):
    """Convolution as its definition says it: a sum for each output number."""
    x = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    n, height, width, _ = x.shape
    rows = range(0, height - kernel_size + 1, stride)
    cols = range(0, width - kernel_size + 1, stride)
    z = np.empty((n, len(rows), len(cols), W.shape[1]))
    for example, r, c, f in np.ndindex(z.shape):
        top, left = rows[r], cols[c]
        window = x[example, top : top + kernel_size, left : left + kernel_size]
        z[example, r, c, f] = np.sum(window.ravel() * W[:, f]) + b[f]
    return z


@pytest.mark.parametrize("settings", SETTINGS[:-1], ids=str)
def test_a_convolution_is_what_its_definition_says(settings, rng):
    layer, x = Conv2D(2, 3, rng=rng, **settings), rng.normal(size=SHAPE)
    layer.params["b"] = rng.normal(size=3)
    size = (layer.kernel_size, layer.before, layer.after, layer.stride)
    expected = pixel_by_pixel(x, layer.params["W"], layer.params["b"], *size)
    np.testing.assert_allclose(layer.forward(x), expected, **CLOSE)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_gradients_match_finite_differences(name, training):
    layer, rng = prepared(name), np.random.default_rng(0)
    x = rng.permutation(np.linspace(-3, 3, 252)).reshape(SHAPE)  # no two are near each other
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
    x = rng.normal(size=SHAPE)
    output = layer.forward(x, training=True)
    grad_output = rng.normal(size=output.shape)
    before = [x.copy(), output.copy(), grad_output.copy(), *map(np.copy, layer.params.values())]
    memory = [id(g) for g in layer.grads.values()]

    first_input = layer.backward(grad_output).copy()
    first = [g.copy() for g in layer.grads.values()]
    second_input = layer.backward(grad_output)
    layer.parameter_gradients(grad_output)

    np.testing.assert_array_equal(first_input, second_input)
    for once, again in zip(first, layer.grads.values(), strict=True):
        np.testing.assert_array_equal(once, again)
    assert [id(g) for g in layer.grads.values()] == memory
    for old, new in zip(before, [x, output, grad_output, *layer.params.values()], strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAKERS)
def test_extremes_stay_finite_and_keep_the_dtype(name, dtype, training):
    layer = MAKERS[name]()
    for tensors in (layer.params, layer.grads, layer.buffers):
        for key, array in list(tensors.items()):
            tensors.tie(key, array.astype(dtype))
    x = np.resize(np.array([1000, -1000, 0, 1e-30, -0.0], dtype), SHAPE)
    output = layer.forward(x, training=training)
    grad_input = layer.backward(np.ones_like(output))
    assert output.dtype == grad_input.dtype == dtype
    assert np.isfinite(output).all() and np.isfinite(grad_input).all()


@pytest.mark.parametrize("name", MAKERS)
def test_integers_are_computed_as_floats(name, rng):
    pixels = rng.integers(0, 256, SHAPE).astype(np.uint8)
    of_integers = MAKERS[name]().forward(pixels, training=True)
    of_floats = MAKERS[name]().forward(pixels.astype(np.float64), training=True)
    np.testing.assert_array_equal(of_integers, of_floats)


def test_convolutions_match_pytorch(recorded):
    assert len(recorded["convolutions"]) >= 10
    for case in recorded["convolutions"]:
        layer = Conv2D(*case["channels"], **case["settings"])
        layer.params.update(W=case["W"], b=case["b"])
        said = f"{case['settings']} on {np.shape(case['x'])}"
        np.testing.assert_allclose(layer.forward(np.array(case["x"])), case["output"], **CLOSE)
        grad_input = layer.backward(np.array(case["grad_output"]))
        np.testing.assert_allclose(grad_input, case["grad_input"], err_msg=said, **CLOSE)
        for name in ("W", "b"):
            expected = case[f"d{name}"]
            np.testing.assert_allclose(layer.grads[name], expected, err_msg=said, **CLOSE)


def test_pooling_matches_pytorch_also_where_pixels_are_equal(recorded):
    makers = {
        "MaxPool2D": MaxPool2D,
        "AveragePool2D": AveragePool2D,
        "GlobalAveragePool": GlobalAveragePool,
    }
    for name, case in recorded["pools"].items():
        kind, _, rest = name.partition("(")
        size = rest.partition(")")[0]
        layer = makers[kind](int(size)) if size else makers[kind]()
        output = layer.forward(np.array(case["x"]))
        np.testing.assert_allclose(output, case["output"], err_msg=name, **CLOSE)
        grad_input = layer.backward(np.array(case["grad_output"]))
        np.testing.assert_allclose(grad_input, case["grad_input"], err_msg=name, **CLOSE)


def test_batch_norm_matches_pytorch_in_training_and_at_inference(recorded):
    case = recorded["BatchNorm"]
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


@pytest.mark.parametrize(
    ("settings", "height", "width"),
    [
        ({}, 7, 6),
        ({"kernel_size": 4}, 7, 6),
        ({"stride": 2}, 4, 3),
        ({"kernel_size": 5, "stride": 3}, 3, 2),
        ({"padding": "valid"}, 5, 4),
        ({"padding": "valid", "stride": 2}, 3, 2),
        ({"padding": 0}, 5, 4),
        ({"padding": 2}, 9, 8),
    ],
    ids=str,
)
def test_the_size_of_the_output(settings, height, width, rng):
    output = Conv2D(2, 5, rng=rng, **settings).forward(rng.normal(size=SHAPE))
    assert output.shape == (3, height, width, 5)


def test_a_dense_layer_is_a_convolution_with_a_filter_as_large_as_the_image(rng):
    x = rng.normal(size=(4, 5, 5, 2))
    dense, whole = Dense(50, 3, rng=rng), Conv2D(2, 3, kernel_size=5, padding="valid", rng=rng)
    whole.params.update(dense.params)
    flat = Flatten()
    np.testing.assert_allclose(whole.forward(x)[:, 0, 0], dense.forward(flat.forward(x)), **CLOSE)
    grad_output = rng.normal(size=(4, 3))
    grad_input = whole.backward(grad_output[:, None, None])
    np.testing.assert_allclose(grad_input, flat.backward(dense.backward(grad_output)), **CLOSE)
    np.testing.assert_allclose(whole.grads["W"], dense.grads["W"], **CLOSE)


@given(st.integers(1, 40), st.integers(10, 22))
def test_how_many_images_are_computed_at_a_time_changes_nothing(n, power):
    rng = np.random.default_rng(n)
    x, W = rng.normal(size=(n, 9, 9, 3)), rng.normal(size=(27, 4))
    expected = convolution.convolve(x, W, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "COLUMN_BYTES", 2**power)
        np.testing.assert_allclose(convolution.convolve(x, W, 3), expected, **CLOSE)
        layer = Conv2D(3, 4, padding="valid", bias=False)
        layer.params["W"] = W
        grad_output = rng.normal(size=layer.forward(x).shape)
        layer.backward(grad_output)
    few = layer.grads["W"].copy()
    layer.backward(grad_output)
    np.testing.assert_allclose(layer.grads["W"], few, **CLOSE)


def test_the_columns_never_fill_the_memory(rng):
    """All columns of this batch at once would take 9 times the memory of its images."""
    x = rng.normal(size=(64, 32, 32, 16)).astype(np.float32)
    layer = Conv2D(16, 16, rng=rng)
    for tensors in (layer.params, layer.grads):
        for key, array in list(tensors.items()):
            tensors.tie(key, array.astype(np.float32))
    tracemalloc.start()
    layer.backward(layer.forward(x, training=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * x.nbytes


def test_an_image_that_is_moved_has_an_output_that_is_moved(rng):
    layer, x = Conv2D(1, 2, rng=rng), np.zeros((1, 12, 12, 1))
    x[0, 3:6, 3:6] = rng.normal(size=(3, 3, 1))
    moved = np.roll(x, (4, 3), axis=(1, 2))
    expected = np.roll(layer.forward(x), (4, 3), axis=(1, 2))
    np.testing.assert_allclose(layer.forward(moved), expected, atol=1e-14)


@given(st.permutations(range(5)), st.sampled_from(sorted(MAKERS.keys() - {"Dropout"})))
def test_the_order_of_the_batch_does_not_matter(order, name):
    layer, rng = prepared(name), np.random.default_rng(1)
    x = rng.normal(size=(5, *SHAPE[1:]))
    output = layer.forward(x, training=True)
    grad_output = rng.normal(size=output.shape)
    grad_input = layer.backward(grad_output)
    np.testing.assert_allclose(layer.forward(x[order], training=True), output[order], atol=1e-12)
    np.testing.assert_allclose(layer.backward(grad_output[order]), grad_input[order], atol=1e-12)


def test_of_equal_pixels_the_first_wins_alone():
    layer = MaxPool2D(2)
    layer.forward(np.ones((1, 4, 2, 1)))
    expected = np.array([[7, 0], [0, 0], [5, 0], [0, 0]])[None, ..., None]
    np.testing.assert_array_equal(layer.backward(np.array([7, 5]).reshape(1, 2, 1, 1)), expected)
    layer.forward(np.array([[0, 1], [1, 1]])[None, ..., None])
    expected = np.array([[0, 3], [0, 0]])[None, ..., None]
    np.testing.assert_array_equal(layer.backward(np.full((1, 1, 1, 1), 3.0)), expected)


def test_pixels_that_fill_no_window_get_no_gradient(rng):
    for layer in (MaxPool2D(2), AveragePool2D(2)):
        output = layer.forward(rng.normal(size=(2, 5, 7, 3)))
        assert output.shape == (2, 2, 3, 3)
        grad_input = layer.backward(np.ones_like(output))
        assert not grad_input[:, 4].any() and not grad_input[:, :, 6].any()
        np.testing.assert_allclose(grad_input.sum(), output.size)


def test_dropout_drops_whole_channels(rng):
    layer, x = Dropout(0.3, rng=rng), np.ones((200, 4, 5, 10))
    output = layer.forward(x, training=True)
    assert (output == output[:, :1, :1]).all()
    np.testing.assert_allclose(np.unique(output), [0, 1 / 0.7])
    assert abs(np.mean(output == 0) - 0.3) < 0.04
    np.testing.assert_array_equal(layer.backward(x), output)
    np.testing.assert_array_equal(layer.forward(x), x)


def test_batch_norm_normalizes_each_channel_over_all_pixels(rng):
    layer = BatchNorm(3, eps=0.0)
    output = layer.forward(5 + 3 * rng.normal(size=(4, 6, 5, 3)), training=True)
    np.testing.assert_allclose(output.mean(axis=(0, 1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(output.var(axis=(0, 1, 2)), 1, rtol=1e-12)


def test_batch_norm_sees_an_image_as_its_pixels(rng):
    images, rows = BatchNorm(3), BatchNorm(3)
    x, grad_output = rng.normal(size=(2, 4, 6, 5, 3))
    expected = rows.forward(x.reshape(-1, 3), training=True).reshape(x.shape)
    np.testing.assert_allclose(images.forward(x, training=True), expected, **CLOSE)
    expected = rows.backward(grad_output.reshape(-1, 3)).reshape(x.shape)
    np.testing.assert_allclose(images.backward(grad_output), expected, **CLOSE)
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(images.buffers[name], rows.buffers[name], **CLOSE)


@pytest.mark.parametrize(
    ("init", "std"), [("he", np.sqrt(2 / 180)), ("glorot", np.sqrt(2 / (180 + 720))), (0.3, 0.3)]
)
def test_weights_start_with_the_stated_spread(init, std):
    layer = Conv2D(20, 80, init=init, rng=np.random.default_rng(0))
    assert layer.params["W"].shape == (180, 80)
    assert layer.params["W"].std() == pytest.approx(std, rel=0.02)
    assert not layer.params["b"].any()
    again = Conv2D(20, 80, init=init, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.params["W"], again.params["W"])


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Conv2D(3, 8), "Conv2D(3, 8)"),
        (
            Conv2D(3, 8, 5, "valid", 2),
            "Conv2D(3, 8, kernel_size=5, padding='valid', stride=2)",
        ),
        (MaxPool2D(3), "MaxPool2D(3)"),
        (AveragePool2D(), "AveragePool2D(2)"),
        (GlobalAveragePool(), "GlobalAveragePool()"),
        (Flatten(), "Flatten()"),
    ],
)
def test_repr_says_what_the_layer_is(layer, said):
    assert repr(layer) == said


@pytest.mark.parametrize("training", [True, False])
def test_a_network_of_all_layers_passes_the_gradient_check(training, rng):
    layers = [
        Conv2D(2, 3, rng=rng),
        MaxPool2D(),
        BatchNorm(3),
        ReLU(),
        Conv2D(3, 4, kernel_size=2, stride=2, padding=1, rng=rng),
        Dropout(0.2, rng=rng),
        AveragePool2D(2),
        LeakyReLU(),
        Flatten(),
        Dense(4, 3, rng=rng),
    ]
    x, y = rng.normal(size=(4, 10, 7, 2)), np.array([0, 1, 2, 1])
    report = check_gradients(Network(layers), SoftmaxCrossEntropy(), x, y, training=training)
    assert report.passed(1e-6), str(report)
    assert report.skipped < 5


def test_the_gradient_check_leaves_out_where_another_pixel_becomes_the_largest():
    """Both pixels of the window grow with w, but from equal values: max is not smooth there."""
    layers = [Conv2D(1, 1, kernel_size=1, bias=True), MaxPool2D(2), Flatten(), Dense(1, 2, rng=0)]
    network = Network(layers, dtype=np.float64)
    network.layers[0].params["W"] = [[0.0]]  # with w = 0 all pixels are equal
    x = np.array([[1.0, -2.0], [3.0, 0.5]])[None, ..., None]
    report = check_gradients(network, SoftmaxCrossEntropy(), x, np.array([1]))
    assert report["0.W"].skipped == 1 and "1 entries lie at a ReLU or pooling kink" in str(report)
    assert report["0.b"].skipped == 0 and report["0.b"].relative_error < 1e-6


ROWS, IMAGES = np.ones((4, 3072)), np.ones((2, 8, 8, 3))
REFUSED = {
    "rows for a convolution": (
        lambda: Conv2D(3, 8).forward(ROWS),
        "x has shape (4, 3072), expected images (N, H, W, 3): rows of pixels? "
        "x.reshape(-1, 32, 32, 3)",
    ),
    "channels first": (
        lambda: Conv2D(3, 8).forward(np.ones((2, 3, 8, 8))),
        "x has shape (2, 3, 8, 8), expected images (N, H, W, 3): channels first? Here they are "
        "last, x.transpose(0, 2, 3, 1)",
    ),
    "one image": (
        lambda: Conv2D(3, 8).forward(IMAGES[0]),
        "x has shape (8, 8, 3), expected images (N, H, W, 3): one image is x[None]",
    ),
    "gray images": (
        lambda: Conv2D(1, 8).forward(np.ones((5, 28, 28))),
        "x has shape (5, 28, 28), expected images (N, H, W, 1): gray images need a channel, "
        "x[..., None]",
    ),
    "other channels": (
        lambda: Conv2D(4, 8).forward(IMAGES),
        "x has shape (2, 8, 8, 3), expected images (N, H, W, 4)",
    ),
    "no images": (
        lambda: Conv2D(3, 8).forward(IMAGES[:0]),
        "x is an empty batch of shape (0, 8, 8, 3), expected (N, H, W, 3)",
    ),
    "words": (
        lambda: Conv2D(3, 8).forward(np.full((2, 8, 8, 3), "a")),
        "x has dtype <U1, expected numbers of shape (N, H, W, 3)",
    ),
    "images smaller than a filter": (
        lambda: Conv2D(3, 8, padding="valid").forward(np.ones((2, 8, 2, 3))),
        "x has shape (2, 8, 2, 3), expected images of at least 3 x 3",
    ),
    "images smaller than a window": (
        lambda: MaxPool2D(2).forward(np.ones((2, 1, 8, 3))),
        "x has shape (2, 1, 8, 3), expected images of at least 2 x 2",
    ),
    "rows for a pool": (
        lambda: MaxPool2D(2).forward(ROWS),
        "x has shape (4, 3072), expected images (N, H, W, C): rows of pixels?",
    ),
    "rows for a global pool": (
        lambda: GlobalAveragePool().forward(ROWS),
        "x has shape (4, 3072), expected images (N, H, W, C): rows of pixels?",
    ),
    "images for a dense layer": (
        lambda: Dense(192, 10).forward(IMAGES),
        "x has shape (2, 8, 8, 3), expected (N, 192): did you forget to flatten?",
    ),
    "other channels for batch norm": (
        lambda: BatchNorm(4).forward(IMAGES),
        "x has shape (2, 8, 8, 3), expected images (N, H, W, 4)",
    ),
    "an image without a batch": (
        lambda: ReLU().forward(IMAGES[0]),
        "x has shape (8, 8, 3), expected (N, D) or (N, H, W, C); one example is x[None]",
    ),
    "one pixel for batch norm": (
        lambda: BatchNorm(3).forward(np.ones((1, 1, 1, 3)), training=True),
        "x has shape (1, 1, 1, 3): batch norm in training needs at least 2 rows",
    ),
    "an unknown padding": (
        lambda: Conv2D(3, 8, padding="full"),
        "padding is 'full', expected 'same', 'valid' or a number of pixels",
    ),
    "too much padding": (
        lambda: Conv2D(3, 8, padding=3),
        "padding is 3, expected less than kernel_size 3",
    ),
    "negative padding": (
        lambda: Conv2D(3, 8, padding=-1),
        "padding is -1, expected at least 0",
    ),
    "no stride": (lambda: Conv2D(3, 8, stride=0), "stride is 0, expected at least 1"),
    "no channels": (lambda: Conv2D(0, 8), "channels_in is 0, expected at least 1"),
    "an unknown start": (
        lambda: Conv2D(3, 8, init="xavier"),
        "init is 'xavier', expected one of ['he', 'glorot'] or a number",
    ),
    "no window": (lambda: MaxPool2D(0), "size is 0, expected at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_what_was_expected(name):
    call, message = REFUSED[name]
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("name", MAKERS)
def test_backward_refuses_another_shape_and_a_start_without_forward(name):
    layer = MAKERS[name]()
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(np.ones(SHAPE))
    output = layer.forward(np.ones(SHAPE), training=True)
    with pytest.raises(ValueError, match=r"expected .*, the shape of the last output"):
        layer.backward(np.ones((*output.shape[:-1], output.shape[-1] + 1)))


@pytest.fixture(scope="module")
def photos():
    data = load_cifar10()
    return data.x_train[:1000].reshape(-1, 32, 32, 3), data.y_train[:1000]


def small(rng=0):
    return convnet((32, 32, 3), [6, 8], 10, rng=np.random.default_rng(rng))


def test_a_healthy_network_of_images_has_no_findings(photos):
    report = inspect(small(), SoftmaxCrossEntropy(), *photos, optimizer=AdamW(0.003))
    assert diagnose(report) == []
    gains = {layer.name: layer.gain for layer in report.layers if layer.gain is not None}
    assert list(gains) == ["Conv2D(3, 6)", "Conv2D(6, 8)", "Dense(512, 10)"]
    assert all(0.5 < gain < 3 for gain in gains.values())


def test_a_sick_network_of_images_is_diagnosed_by_name(photos):
    x, y = photos[0][:200], photos[1][:200]

    def causes(network):
        found = diagnose(inspect(network, SoftmaxCrossEntropy(), x, y))
        return {finding.cause: finding.layers for finding in found}

    equal = small()
    equal.layers[4].params["W"][...] = 0.1
    assert causes(equal)["equal weights"] == (4,)
    dead = small()
    dead.layers[2].params["beta"][...] = -50
    assert 3 in causes(dead)["dead units"]

    class TwiceTheGradient(Conv2D):
        def backward(self, grad_output):
            return 2 * super().backward(grad_output)

    layers = small().layers
    layers[4] = TwiceTheGradient(6, 8, bias=False, rng=np.random.default_rng(0))
    assert causes(Network(layers))["wrong gradient"] == (0, 2)
