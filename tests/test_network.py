"""The network: one memory for all parameters, the way forward and back, files and copies."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.layers import BatchNorm, Conv2D, Dense, Dropout, ReLU, Tanh
from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import Network, convnet, memory_batches, mlp
from course_utils.optimizers import Adam


def assert_one_memory(network):
    """Every parameter is a view of theta, every gradient a view of grad, in order and complete."""
    start = 0
    for layer in network.layers:
        for name, array in layer.params.items():
            gradient = layer.grads[name]
            assert np.shares_memory(array, network.theta)
            assert np.shares_memory(gradient, network.grad)
            end = start + array.size
            np.testing.assert_array_equal(array.ravel(), network.theta[start:end])
            network.theta[start], network.grad[start] = 12.5, -3.25
            assert array.flat[0] == 12.5
            assert gradient.flat[0] == -3.25
            start = end
    assert start == network.theta.size == network.grad.size
    assert network.theta.flags.c_contiguous


def trained_a_little(network, rng):
    """Parameters and batch-norm buffers away from their start, gradients in `grad`."""
    x, y = rng.normal(size=(12, 4)), rng.integers(0, 3, 12)
    optimizer = Adam(0.05)
    for _ in range(3):
        _, grad_outputs = SoftmaxCrossEntropy()(network.forward(x, training=True), y)
        network.backward(grad_outputs)
        optimizer.step(network.theta, network.grad)
    return x, y


def test_theta_and_views_are_one_memory_from_the_start(every_layer):
    assert_one_memory(every_layer)


def test_theta_and_views_stay_one_memory_through_training(every_layer, rng):
    trained_a_little(every_layer, rng)
    assert every_layer.grad.any()
    assert_one_memory(every_layer)


def test_theta_and_views_stay_one_memory_after_assignment(every_layer):
    layer = every_layer.layers[0]
    layer.params["W"] = np.full((4, 6), 2.0)
    layer.params.update(b=np.arange(6.0))
    np.testing.assert_array_equal(every_layer.theta[:24], 2)
    np.testing.assert_array_equal(every_layer.theta[24:30], np.arange(6))
    assert_one_memory(every_layer)


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda network: pickle.loads(pickle.dumps(network)),
        lambda network: network.astype(np.float64),
        lambda network: network.astype(np.float32),
    ],
    ids=["deepcopy", "pickle", "astype float64", "astype float32"],
)
def test_a_copy_is_whole_and_independent(copied, every_layer, rng):
    x, _ = trained_a_little(every_layer, rng)
    twin = copied(every_layer)
    tolerance = 1e-12 if twin.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(twin.forward(x), every_layer.forward(x), rtol=tolerance, atol=1e-5)
    np.testing.assert_allclose(twin.grad, every_layer.grad, rtol=1e-6, atol=1e-9)

    before, buffers = every_layer.theta.copy(), every_layer.layers[1].buffers
    running = buffers["running_mean"].copy()
    twin.theta[:] = 0
    twin.forward(x, training=True)
    np.testing.assert_array_equal(every_layer.theta, before)
    np.testing.assert_array_equal(buffers["running_mean"], running)
    assert_one_memory(twin)
    assert_one_memory(every_layer)


def test_astype_gives_the_dtype_everywhere(every_layer, rng):
    twin = every_layer.astype(np.float32)
    output = twin.forward(rng.normal(size=(3, 4)), training=True)
    gradient = twin.backward(np.ones((3, 3)))
    arrays = [output, gradient, twin.theta, twin.grad, *twin.layers[1].buffers.values()]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    assert every_layer.dtype == np.float64


def test_a_network_is_float32_by_default(rng):
    network = Network([Dense(3, 2, rng=rng), BatchNorm(2)])
    assert network.dtype == np.float32
    assert network.forward(np.ones((2, 3))).dtype == np.float32


def test_forward_is_one_layer_after_the_other(every_layer, rng):
    x = rng.normal(size=(5, 4))
    by_hand = x
    for layer in every_layer.layers:
        by_hand = layer.forward(by_hand)
    np.testing.assert_array_equal(every_layer.forward(x), by_hand)


def test_backward_fills_grad_with_or_without_the_input_gradient(every_layer, rng):
    trained_a_little(every_layer, rng)
    full = every_layer.grad.copy()
    grad_outputs = rng.normal(size=(12, 3))
    grad_x = every_layer.backward(grad_outputs)
    assert grad_x.shape == (12, 4)
    full = every_layer.grad.copy()
    every_layer.grad[:] = np.nan
    assert every_layer.backward(grad_outputs, input_gradient=False) is None
    np.testing.assert_array_equal(every_layer.grad, full)


def test_dropout_and_batch_norm_hear_whether_it_is_training(rng):
    network = Network([BatchNorm(3), Dropout(0.5, rng=rng)], dtype=np.float64)
    x = 5 + rng.normal(size=(40, 3))
    assert (network.forward(x, training=True) == 0).any()
    assert not (network.forward(x) == 0).any()


@given(st.permutations(range(8)))
def test_the_order_of_the_batch_does_not_change_the_gradient(order):
    rng = np.random.default_rng(3)
    layers = [Dense(4, 6, rng=rng), BatchNorm(6), Tanh(), Dense(6, 3, rng=rng)]
    network, loss = Network(layers, dtype=np.float64), SoftmaxCrossEntropy()
    x, y = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    value, grad_outputs = loss(network.forward(x, training=True), y)
    network.backward(grad_outputs)
    gradient = network.grad.copy()
    moved_value, grad_outputs = loss(network.forward(x[order], training=True), y[order])
    network.backward(grad_outputs)
    assert moved_value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(network.grad, gradient, atol=1e-13)


def test_predict_gives_class_indices_whatever_the_batch_size(every_layer, rng):
    x = rng.normal(size=(11, 4))
    expected = every_layer.forward(x).argmax(axis=1)
    for batch_size in (1, 4, 11, 1000):
        np.testing.assert_array_equal(every_layer.predict(x, batch_size=batch_size), expected)


def test_predict_gives_the_outputs_of_a_network_with_one_output(rng):
    network = mlp([4, 3, 1], rng=rng)
    x = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(network.predict(x), network.forward(x))


def test_named_parameters_are_in_the_order_of_theta(every_layer):
    names = [name for name, _ in every_layer.named_parameters()]
    assert names == ["0.W", "0.b", "1.gamma", "1.beta", "3.W", "3.b", "6.W", "6.b", "9.W", "9.b"]
    arrays = [array.ravel() for _, array in every_layer.named_parameters()]
    np.testing.assert_array_equal(np.concatenate(arrays), every_layer.theta)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load_give_the_same_network(dtype, every_layer, rng, tmp_path):
    network = every_layer.astype(dtype)
    x, _ = trained_a_little(network, rng)
    path = tmp_path / "network.npz"
    network.save(path)
    other = every_layer.astype(dtype)
    assert not np.array_equal(other.theta, network.theta)
    other.load(path)
    np.testing.assert_array_equal(other.theta, network.theta)
    for name, array in network.layers[1].buffers.items():
        np.testing.assert_array_equal(other.layers[1].buffers[name], array)
    np.testing.assert_array_equal(other.forward(x), network.forward(x))
    assert_one_memory(other)


def test_save_replaces_the_old_file_and_leaves_no_other(rng, tmp_path):
    path = tmp_path / "weights.npz"
    mlp([3, 2], rng=rng).save(path)
    newest = mlp([3, 2], rng=rng)
    newest.save(str(path))
    assert [p.name for p in tmp_path.iterdir()] == ["weights.npz"]
    loaded = mlp([3, 2], rng=rng)
    loaded.load(path)
    np.testing.assert_array_equal(loaded.theta, newest.theta)


def test_a_refused_file_changes_nothing(rng, tmp_path):
    path = tmp_path / "other.npz"
    mlp([3, 4, 2], rng=rng).save(path)
    network = mlp([3, 5, 2], rng=rng)
    before = network.theta.copy()
    with pytest.raises(ValueError, match="has shape"):
        network.load(path)
    np.testing.assert_array_equal(network.theta, before)


def test_restore_goes_back_to_a_snapshot(every_layer, rng):
    x = rng.normal(size=(12, 4))
    outputs, snapshot = every_layer.forward(x), every_layer.snapshot()
    every_layer.forward(x, training=True)  # moves the running statistics of batch norm
    every_layer.theta += 1
    assert not np.allclose(every_layer.forward(x), outputs)
    every_layer.restore(snapshot)
    np.testing.assert_array_equal(every_layer.forward(x), outputs)
    assert_one_memory(every_layer)


def test_a_refused_snapshot_changes_nothing(rng):
    network, other = mlp([3, 4, 2], rng=rng), mlp([3, 5, 2], rng=rng)
    before = network.theta.copy()
    with pytest.raises(ValueError, match=r"the snapshot: 0.W has shape \(3, 5\), expected"):
        network.restore(other.snapshot())
    with pytest.raises(ValueError, match="the snapshot holds the arrays"):
        network.restore(mlp([3, 2], rng=rng).snapshot())
    np.testing.assert_array_equal(network.theta, before)


def test_mlp_builds_the_usual_stack():
    network = mlp([6, 5, 4, 3], activation="tanh", rng=np.random.default_rng(0))
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Dense", "Tanh", "Dense", "Tanh", "Dense"]
    assert network.theta.size == 6 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3


@pytest.mark.parametrize(
    ("activation", "init", "std"),
    [
        ("relu", None, np.sqrt(2 / 300)),
        ("leaky_relu", None, np.sqrt(2 / 300)),
        ("sigmoid", None, np.sqrt(2 / 500)),
        ("tanh", None, np.sqrt(2 / 500)),
        ("tanh", "he", np.sqrt(2 / 300)),
        ("relu", 0.5, 0.5),
    ],
)
def test_mlp_initializes_to_suit_the_activation(activation, init, std):
    network = mlp([300, 200, 200], activation, rng=np.random.default_rng(0), init=init)
    assert network.layers[0].params["W"].std() == pytest.approx(std, rel=0.02)


def test_mlp_is_reproducible_from_its_generator():
    first, second = (mlp([5, 4, 3], rng=np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first.theta, second.theta)


def test_a_network_without_parameters_works():
    network = Network([ReLU()])
    np.testing.assert_array_equal(network.forward(np.array([[-1.0, 2.0]])), [[0, 2]])
    np.testing.assert_array_equal(network.backward(np.ones((1, 2))), [[0, 1]])
    assert network.backward(np.ones((1, 2)), input_gradient=False) is None
    assert network.theta.size == 0


def test_repr_names_layers_parameters_and_dtype(rng):
    assert repr(mlp([784, 256, 10], rng=rng)) == (
        "Network([Dense(784, 256), ReLU(), Dense(256, 10)]): 203,530 parameters, float32"
    )


def images(n=5, shape=(8, 9, 2), seed=0):
    return np.random.default_rng(seed).normal(size=(n, *shape))


def test_convnet_builds_the_usual_stack():
    network = convnet((32, 32, 3), [24, 48, 96], 10, rng=np.random.default_rng(0))
    block = ["Conv2D", "MaxPool2D", "BatchNorm", "ReLU"]
    assert [type(layer).__name__ for layer in network.layers] == [*3 * block, "Flatten", "Dense"]
    assert network.theta.size == 68_194 and network.dtype == np.float32
    assert all("b" not in layer.params for layer in network.layers if isinstance(layer, Conv2D))
    assert network.forward(images(2, (32, 32, 3))).shape == (2, 10)


@pytest.mark.parametrize("shape", [(8, 8, 1), (11, 8, 2), (9, 15, 3)])
def test_convnet_takes_images_of_odd_sizes(shape):
    network = convnet(shape, [4, 5], 3, kernel_size=5, dropout=0.2, rng=np.random.default_rng(0))
    assert network.forward(images(3, shape), training=True).shape == (3, 3)
    assert "Dropout(0.2), Dense" in repr(network)


def test_convnet_is_reproducible_from_its_generator():
    first, again, other = (
        convnet((8, 8, 1), [4], 3, rng=np.random.default_rng(seed)).theta for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((32, 32), [8], 3), r"image_shape is \(32, 32\), expected \(H, W, C\)"),
        (((32, 32, 3), [], 3), "channels is empty"),
        (((7, 32, 3), [8, 8, 8], 3), "3 blocks halve it to nothing, expected at least 8 pixels"),
        (((8, 8, 3), [8, 0], 3), "channels_out is 0"),
        (((8, 8, 3), [8], 0), "fan_out is 0"),
    ],
)
def test_convnet_refuses_what_makes_no_network(arguments, message):
    with pytest.raises(ValueError, match=message):
        convnet(*arguments)


def test_a_network_of_images_is_whole_like_any_other(tmp_path):
    network = convnet((8, 9, 2), [3, 4], 3, rng=np.random.default_rng(0)).astype(np.float64)
    x, y = images(30), np.arange(30) % 3
    assert_one_memory(network.astype(np.float64))
    optimizer = Adam(0.01)
    for _ in range(3):
        _, grad_outputs = SoftmaxCrossEntropy()(network.forward(x, training=True), y)
        with_input = network.backward(grad_outputs)
        gradient = network.grad.copy()
        assert network.backward(grad_outputs, input_gradient=False) is None
        np.testing.assert_array_equal(network.grad, gradient)
        assert with_input.shape == x.shape
        optimizer.step(network.theta, network.grad)
    network.save(tmp_path / "net.npz")
    other = convnet((8, 9, 2), [3, 4], 3, rng=np.random.default_rng(1)).astype(np.float64)
    other.load(tmp_path / "net.npz")
    np.testing.assert_array_equal(other.forward(x), network.forward(x))
    np.testing.assert_array_equal(copy.deepcopy(network).forward(x), network.forward(x))
    np.testing.assert_array_equal(network.predict(x), network.forward(x).argmax(axis=1))


def test_inference_sees_a_few_images_at_a_time(monkeypatch):
    network = convnet((32, 32, 3), [4], 3, rng=np.random.default_rng(0))
    x, sizes = images(250, (32, 32, 3)), []
    forward = Network.forward

    def watched(self, x, training=False):
        sizes.append(len(x))
        return forward(self, x, training)

    monkeypatch.setattr(Network, "forward", watched)
    few = network.predict(x)
    assert sum(sizes) == 250 and max(sizes) == 97
    np.testing.assert_array_equal(network.predict(x, batch_size=250), few)
    assert sizes[-1] == 250


def test_memory_batches_hold_everything_once_in_order():
    for x in (np.zeros((2500, 3)), np.zeros((7, 300, 300, 3)), np.zeros((250, 32, 32, 3))):
        rows = np.arange(len(x))
        np.testing.assert_array_equal(np.concatenate([rows[s] for s in memory_batches(x)]), rows)
    assert len(list(memory_batches(np.zeros((2500, 3))))) == 3
    assert len(list(memory_batches(np.zeros((7, 400, 400, 3))))) == 7


def test_a_network_of_images_says_what_it_expected():
    network = convnet((8, 8, 3), [4], 3, rng=np.random.default_rng(0))
    for call in (network.forward, network.predict):
        with pytest.raises(ValueError, match=r"x.reshape\(-1, 8, 8, 3\)"):
            call(np.zeros((5, 192)))
    with pytest.raises(ValueError, match=r"expected \(N, 64\)"):
        network.forward(np.zeros((5, 12, 8, 3)))
