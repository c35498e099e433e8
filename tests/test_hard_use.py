"""What fuzzing the course found: wrong input is refused in its words, and nothing moves."""

import copy
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course_utils import plots, widgets
from course_utils.gradient_check import numerical_gradient, relative_error
from course_utils.graph import Graph
from course_utils.landscapes import QUADRATIC_BOWL
from course_utils.layers import Conv2D, Dense, Dropout, ReLU
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, Adam, AdamW, Lion, Momentum, ScheduleFreeAdamW
from course_utils.schedules import constant, cosine_restarts, linear_warmup
from course_utils.training import KeepBest, clip_gradient_norm, evaluate, fit, minibatches

STATEFUL = [Adam, AdamW, Momentum, Lion, ScheduleFreeAdamW]


@pytest.fixture
def data(rng):
    x = rng.normal(size=(64, 2))
    return x, (x[:, 0] > 0).astype(int)


def train(data, network=None, loss=None, optimizer=None, **options):
    network = mlp([2, 4, 2], rng=0) if network is None else network
    settings = {"epochs": 1, "batch_size": 8, "rng": np.random.default_rng(0), "progress": False}
    loss = SoftmaxCrossEntropy() if loss is None else loss
    fit(network, loss, optimizer or SGD(0.1), data, **settings | options)
    return network


# ------------------------------------------------------------------ optimizers


@pytest.mark.parametrize("kind", STATEFUL)
def test_small_integers_as_gradients_do_not_overflow(kind):
    ours, floats = kind(0.1), kind(0.1)
    theta, other = np.ones(3), np.ones(3)
    for value in (16, 1, 200):
        ours.step(theta, np.full(3, value, np.uint8))
        floats.step(other, np.full(3, float(value)))
    assert np.array_equal(theta, other)


@pytest.mark.parametrize(
    "grad",
    [np.ones(2) * 1j, np.array([1, None], object), np.array(["a", "b"]), np.array([True, False])],
    ids=["complex", "object", "text", "bool"],
)
@pytest.mark.parametrize("kind", STATEFUL)
def test_a_refused_gradient_moves_nothing(kind, grad):
    optimizer, theta = kind(0.1), np.zeros(2)
    optimizer.step(theta, np.ones(2))
    before = copy.deepcopy(vars(optimizer))
    where = theta.copy()
    with pytest.raises(TypeError, match="expected real numbers"):
        optimizer.step(theta, grad)
    assert np.array_equal(theta, where)
    for name, value in vars(optimizer).items():
        assert np.array_equal(value, before[name]), name


def test_read_only_parameters_are_refused_before_anything_moves():
    optimizer, theta = Adam(0.1), np.zeros(2)
    theta.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        optimizer.step(theta, np.ones(2))
    assert optimizer.t == 0 and optimizer.m is None


@pytest.mark.parametrize("rate", [np.True_, True, "0.1", None, 1j, 10**400, float("nan")])
def test_a_rate_is_a_finite_number(rate):
    with pytest.raises((TypeError, ValueError), match="lr is"):
        SGD(rate)


def test_one_optimizer_for_two_trainings_is_said(data):
    shared = Adam(0.01)
    network = train(data, optimizer=shared)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(data, network, optimizer=shared)  # going on is no second training
        plain = SGD(0.01)
        train(data, optimizer=plain)
        train(data, optimizer=plain)  # has no state to bring along
    with pytest.warns(UserWarning, match="16 steps with another network"):
        train(data, optimizer=shared)


# ------------------------------------------------------------------ networks and layers


def test_a_layer_of_a_living_network_is_copied(data):
    layers = [Dense(2, 4, rng=0), ReLU(), Dense(4, 2, rng=1)]
    alone = Network(copy.deepcopy(layers))
    plain = Network(layers)
    other = Network([*layers[:2], Dropout(0.5, rng=0), layers[2]])
    train(data, other)
    assert np.array_equal(plain.theta, alone.theta)
    train(data, plain)
    train(data, alone)
    assert np.array_equal(plain.theta, alone.theta)
    assert plain.layers == layers and not set(other.layers) & set(layers)


def test_layers_of_a_network_that_is_gone_are_taken():
    layers = [Dense(2, 2, rng=0)]
    Network(layers)
    assert Network(layers).layers == layers


def test_copies_and_pickles_of_networks_stay_whole():
    network = mlp([2, 4, 2], rng=0)
    twin = copy.deepcopy(network)
    twin.theta[:] = 0
    assert all(not layer.params["W"].any() for layer in (twin.layers[0], twin.layers[2]))
    assert network.layers[0].params["W"].any()


@pytest.mark.parametrize("dtype", [int, bool, complex])
def test_a_network_holds_floats(dtype):
    with pytest.raises(TypeError, match="expected a type of floats"):
        Network([Dense(2, 2, rng=0)], dtype=dtype)


@pytest.mark.parametrize(
    "make", [lambda rng: Dense(2, 2, rng=rng), lambda rng: Conv2D(1, 1, rng=rng)]
)
@pytest.mark.parametrize("rng", ["0", 1.5, True, -1, [1]])
def test_a_generator_is_none_a_number_or_a_generator(make, rng):
    with pytest.raises(TypeError, match="expected None, a whole number"):
        make(rng)


def test_a_refused_snapshot_changes_nothing():
    network = mlp([2, 4, 2], rng=0)
    before, bad = network.theta.copy(), network.snapshot()
    bad["2.W"] = np.full(bad["2.W"].shape, "x")
    with pytest.raises(ValueError, match=r"2\.W has no numbers"):
        network.restore(bad)
    assert np.array_equal(network.theta, before)


def test_parameters_are_finite():
    layer = Dense(2, 2, rng=0)
    with pytest.raises(ValueError, match="NaN"):
        layer.params.update(W=np.full((2, 2), np.nan))


# ------------------------------------------------------------------ data


MASKED = np.ma.masked_array(np.ones((4, 2)), np.eye(4, 2))


@pytest.mark.parametrize(
    "use",
    [
        lambda: mlp([2, 2], rng=0).forward(MASKED),
        lambda: MeanSquaredError()(MASKED, np.ones((4, 2))),
        lambda: BinaryCrossEntropy()(np.ones((4, 2)), MASKED),
        lambda: next(minibatches(MASKED, np.ones(4), 2, np.random.default_rng(0))),
    ],
)
def test_a_mask_is_never_ignored(use):
    with pytest.raises(TypeError, match="masked array"):
        use()


def test_ragged_lists_are_named():
    with pytest.raises(ValueError, match="ragged"):
        mlp([2, 2], rng=0).forward([[1, 2], [3]])


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_lists_and_tables_make_batches(kind, rng):
    x = np.arange(8.0).reshape(4, 2)
    batches = list(minibatches(kind(x), [0, 1, 2, 3], 2, rng))
    assert sorted(np.concatenate([x for x, _ in batches])[:, 0]) == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "train y is None"),
        (np.array([0] * 63 + [7]), "train y: targets range from 0 to 7"),
        (np.array([None] * 64), "train y: targets has dtype object"),
        (np.zeros((64, 1), int), "class indices, not one-hot"),
    ],
)
def test_wrong_targets_are_found_before_the_first_update(data, y, words):
    network = mlp([2, 4, 2], rng=0)
    before = network.theta.copy()
    with pytest.raises((TypeError, ValueError), match=words):
        train((data[0], y), network)
    assert np.array_equal(network.theta, before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": SoftmaxCrossEntropy}, "loss is the class SoftmaxCrossEntropy"),
        ({"optimizer": Adam}, "optimizer is the class Adam"),
        ({"callbacks": KeepBest()}, "callbacks is one KeepBest, expected a list"),
        ({"callbacks": [KeepBest]}, "is the class KeepBest"),
        ({"schedule": 0.1}, "expected a function, such as constant"),
    ],
)
def test_what_fit_is_given_is_named(data, options, words):
    with pytest.raises(TypeError, match=words):
        train(data, **options)


def test_evaluate_names_a_class(data):
    with pytest.raises(TypeError, match="expected an object"):
        evaluate(mlp([2, 2], rng=0), SoftmaxCrossEntropy, *data)


def test_accuracy_of_a_binary_target_refuses_what_the_loss_refuses():
    with pytest.raises(ValueError, match="range from 0 to 3"):
        BinaryCrossEntropy().accuracy(np.zeros((2, 1)), np.array([[3.0], [0.0]]))


# ------------------------------------------------------------------ numbers


def test_a_norm_whose_square_overflows_is_clipped():
    grad = np.array([3e20, 4e20], np.float32)
    assert np.isclose(clip_gradient_norm(grad, 1.0), 5e20)
    assert np.allclose(grad, [0.6, 0.8])


def test_a_floor_is_a_number():
    with pytest.raises(ValueError, match="floor is nan"):
        relative_error(1.0, 2.0, floor=float("nan"))


def test_a_function_of_one_number_is_asked_for():
    with pytest.raises(TypeError, match="f gives tuple, expected one number"):
        numerical_gradient(lambda x: (x.sum(), x), np.ones(2))


def test_a_billion_steps_of_equal_periods_take_no_time():
    rate = cosine_restarts(0.1, period=7)
    assert rate(7 * 10**9 + 3) == rate(3)
    assert cosine_restarts(0.1, period=7, restarts=2)(10**12) == 0.0
    assert cosine_restarts(0.1, period=7, restarts=2)(20) == rate(6)


def test_a_schedule_that_gives_nan_is_named():
    with pytest.raises(ValueError, match=r"then\(0\) is nan"):
        linear_warmup(2, then=lambda step: float("nan"))
    assert linear_warmup(2, then=constant(0.1))(5) == 0.1


def test_points_of_a_grid_are_counted():
    with pytest.raises(TypeError, match=r"points is 2\.5"):
        QUADRATIC_BOWL.grid(2.5)


def test_an_empty_graph_says_so_and_a_refused_node_is_not_kept():
    with pytest.raises(ValueError, match="the graph is empty"):
        Graph().backward()
    graph = Graph()
    graph.input("a", 1.0)
    with pytest.raises(TypeError):
        graph.apply("b", "add", "a")
    assert list(graph.nodes) == ["a"]


# ------------------------------------------------------------------ figures and demos


def test_a_figure_that_is_refused_leaves_none_open():
    before = plt.get_fignums()
    with pytest.raises(Exception):  # noqa: B017, any of them
        plots.rank_lines(pd.DataFrame({"a": [1]}, index=["no method"]), "x", "title")
    assert plt.get_fignums() == before


def test_a_refused_setting_moves_no_control():
    demo = widgets.LearningRateExplorer()
    before, picture = demo.settings, demo._picture.value
    first = next(iter(demo.controls))
    with pytest.raises(ValueError, match=f"{first} cannot be set to 'x'"):
        demo.set(**{first: "x"})
    assert demo.settings == before and demo._picture.value == picture
