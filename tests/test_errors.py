"""Bad input: every error names what came and what was expected, in the words of the course.

One line a case: what is done wrong, the type of the error, and what its message must say.
"""

import re

import numpy as np
import pytest

from course_utils.gradient_check import check_gradients, numerical_gradient, relative_error
from course_utils.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Tanh,
)
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from course_utils.schedules import (
    ReduceOnPlateau,
    constant,
    cosine,
    cosine_restarts,
    exponential_decay,
    linear_warmup,
    step_decay,
)
from course_utils.training import clip_gradient_norm, evaluate, fit, minibatches

X, Y = np.ones((6, 4)), np.array([0, 1, 2, 0, 1, 2])
NAN = np.where(np.arange(24).reshape(6, 4) == 9, np.nan, X)
MSE, BCE, SOFTMAX = MeanSquaredError(), BinaryCrossEntropy(), SoftmaxCrossEntropy()
COLUMN, FLAT = np.zeros((4, 1)), np.zeros(4)


def rng():
    return np.random.default_rng(0)


def network():
    return mlp([4, 5, 3], rng=rng())


def train(net=None, loss=SOFTMAX, optimizer=None, data=(X, Y), val=None, **options):
    settings = {"epochs": 1, "batch_size": 4, "rng": rng(), "progress": False} | options
    return fit(net or network(), loss, optimizer or SGD(0.1), data, val, **settings)


def after_forward(layer, features, grad_shape):
    layer.forward(np.ones((5, features)), training=True)
    return layer.backward(np.ones(grad_shape))


def after_step(optimizer, theta):
    optimizer.step(np.ones(3), np.ones(3))
    optimizer.step(theta, np.ones(theta.shape))


def after_network_forward(grad_shape):
    net = network()
    net.forward(X)
    return net.backward(np.ones(grad_shape))


# --- name: (what is done, type of error, words of the message in their order) ---
LAYERS = {
    "a picture that is not flat": (
        lambda: network().forward(np.ones((2, 28, 28))),
        ValueError,
        ["x has shape (2, 28, 28), expected (N, 4)", "forget to flatten"],
    ),
    "one example as a vector": (
        lambda: network().forward(np.ones(4)),
        ValueError,
        ["x has shape (4,), expected (N, 4)", "forget to flatten", "x[None, :]", "(1, 4)"],
    ),
    "another number of features": (
        lambda: network().forward(np.ones((2, 7))),
        ValueError,
        ["x has shape (2, 7), expected (N, 4)"],
    ),
    "an empty batch": (
        lambda: network().forward(np.ones((0, 4))),
        ValueError,
        ["x is an empty batch of shape (0, 4)", "at least one row"],
    ),
    "words": (
        lambda: network().forward(np.array([["a", "b", "c", "d"]])),
        TypeError,
        ["x has dtype <U1", "expected numbers"],
    ),
    "NaN pixels": (
        lambda: network().forward(NAN),
        ValueError,
        ["x holds 1 values that are NaN or infinite", "index (2, 1)", "finite"],
    ),
    "an infinite pixel": (
        lambda: network().forward(np.where(np.isnan(NAN), np.inf, NAN)),
        ValueError,
        ["x holds 1 values", "(2, 1)"],
    ),
    "NaN in predict": (lambda: network().predict(NAN), ValueError, ["x holds 1 values"]),
    "predict in batches of none": (
        lambda: network().predict(X, batch_size=0),
        ValueError,
        ["batch_size is 0, expected at least 1"],
    ),
    "Dense alone, vector": (
        lambda: Dense(4, 2).forward(np.ones(4)),
        ValueError,
        ["x has shape (4,), expected (N, 4)"],
    ),
    "ReLU alone, vector": (
        lambda: ReLU().forward(np.ones(4)),
        ValueError,
        ["x has shape (4,), expected (N, D)"],
    ),
    "BatchNorm with other features": (
        lambda: BatchNorm(3).forward(np.ones((5, 4))),
        ValueError,
        ["x has shape (5, 4), expected (N, 3)"],
    ),
    "BatchNorm with one row": (
        lambda: BatchNorm(3).forward(np.ones((1, 3)), training=True),
        ValueError,
        ["x has shape (1, 3)", "at least 2 rows"],
    ),
    "no units": (lambda: Dense(4, 0), ValueError, ["fan_out is 0, expected at least 1"]),
    "half a unit": (lambda: Dense(2.5, 1), TypeError, ["fan_in is 2.5 (float)", "whole number"]),
    "an unknown init": (
        lambda: Dense(4, 2, init="xavier"),
        ValueError,
        ["init is 'xavier'", "'he', 'glorot'", "number"],
    ),
    "a negative std": (lambda: Dense(4, 2, init=-1), ValueError, ["init is -1", ">= 0"]),
    "a slope of 1": (lambda: LeakyReLU(1.0), ValueError, ["slope is 1", "[0, 1)"]),
    "dropping everything": (lambda: Dropout(1.0), ValueError, ["rate is 1", "[0, 1)"]),
    "a negative dropout rate": (lambda: Dropout(-0.1), ValueError, ["rate is -0.1", "[0, 1)"]),
    "no features": (lambda: BatchNorm(0), ValueError, ["features is 0"]),
    "batch norm momentum": (
        lambda: BatchNorm(2, momentum=1.5),
        ValueError,
        ["momentum is 1.5", "[0, 1]"],
    ),
    "batch norm eps": (lambda: BatchNorm(2, eps=-1e-5), ValueError, ["eps is -1e-05", ">= 0"]),
    "a parameter of another shape": (
        lambda: Dense(4, 2).params.update(W=np.ones((2, 4))),
        ValueError,
        ["W is given shape (2, 4), expected (4, 2)"],
    ),
    "a parameter that is not there": (
        lambda: Dense(4, 2).params.update(w=np.ones((4, 2))),
        KeyError,
        ["no array named 'w'", "['W', 'b']"],
    ),
}
for make, outputs in (
    (lambda: Dense(4, 2), 2),
    (ReLU, 4),
    (LeakyReLU, 4),
    (Sigmoid, 4),
    (Tanh, 4),
    (lambda: Dropout(0.5), 4),
    (lambda: BatchNorm(4), 4),
):
    said = repr(make())
    LAYERS[f"{said}: backward first"] = (
        lambda make=make: make().backward(np.ones((5, 4))),
        RuntimeError,
        [said, "backward was called before forward"],
    )
    for shape in ((5, outputs + 1), (4, outputs), (outputs,), (5, 1)):
        LAYERS[f"{said}: grad_output {shape}"] = (
            lambda make=make, shape=shape: after_forward(make(), 4, shape),
            ValueError,
            [said, f"grad_output has shape {shape}, expected (5, {outputs})"],
        )

LOSSES = {
    "labels out of range": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.array([0, 1, 4])),
        ValueError,
        ["targets range from 0 to 4", "from 0 to 3"],
    ),
    "negative labels": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.array([0, -1, 2])),
        ValueError,
        ["targets range from -1 to 2", "from 0 to 3"],
    ),
    "one-hot labels": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.eye(4)[:3]),
        ValueError,
        ["targets has shape (3, 4), expected (3,)", "not one-hot"],
    ),
    "labels as a column": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.zeros((3, 1), int)),
        ValueError,
        ["targets has shape (3, 1), expected (3,)"],
    ),
    "float labels": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.zeros(3)),
        TypeError,
        ["targets has dtype float64", "integer class indices"],
    ),
    "too few labels": (
        lambda: SOFTMAX(np.zeros((3, 4)), np.zeros(2, int)),
        ValueError,
        ["outputs has 3 rows, targets has 2"],
    ),
    "no examples": (
        lambda: SOFTMAX(np.zeros((0, 4)), np.zeros(0, int)),
        ValueError,
        ["outputs is an empty batch of shape (0, 4)"],
    ),
    "logits as a vector": (
        lambda: SOFTMAX(np.zeros(4), np.zeros(4, int)),
        ValueError,
        ["outputs has shape (4,), expected (N, D)"],
    ),
    "accuracy is as strict": (
        lambda: SOFTMAX.accuracy(np.zeros((3, 4)), np.array([0, 1, 9])),
        ValueError,
        ["targets range from 0 to 9"],
    ),
    "a probability above 1": (
        lambda: BCE(COLUMN, COLUMN + 2),
        ValueError,
        ["targets range from 2 to 2", "[0, 1]"],
    ),
    "NaN targets": (lambda: BCE(COLUMN, COLUMN + np.nan), ValueError, ["nan", "[0, 1]"]),
    "BCE accuracy with a flat target": (
        lambda: BCE.accuracy(COLUMN, FLAT),
        ValueError,
        ["targets has shape (4,), outputs has shape (4, 1)"],
    ),
}
for loss in (MSE, BCE):
    LOSSES[f"{loss!r}: flat targets"] = (
        lambda loss=loss: loss(COLUMN, FLAT),
        ValueError,
        ["targets has shape (4,), outputs has shape (4, 1)", "broadcast", "reshape((4, 1))"],
    )
    LOSSES[f"{loss!r}: flat outputs"] = (
        lambda loss=loss: loss(FLAT, COLUMN),
        ValueError,
        ["targets has shape (4, 1), outputs has shape (4,)", "broadcast", "reshape((4,))"],
    )
    LOSSES[f"{loss!r}: one target for all"] = (
        lambda loss=loss: loss(COLUMN, np.zeros((1, 1))),
        ValueError,
        ["targets has shape (1, 1), outputs has shape (4, 1)"],
    )
    LOSSES[f"{loss!r}: nothing"] = (
        lambda loss=loss: loss(np.zeros((0, 1)), np.zeros((0, 1))),
        ValueError,
        ["outputs is an empty batch of shape (0, 1)"],
    )
LOSSES["softmax: one column of outputs, flat targets of another length"] = (
    lambda: SOFTMAX(COLUMN, np.zeros(3, int)),
    ValueError,
    ["outputs has 4 rows, targets has 3"],
)

OPTIMIZERS = {}
for kind in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW):
    name = kind.__name__
    OPTIMIZERS |= {
        f"{name}: negative lr": (
            lambda kind=kind: kind(lr=-0.1),
            ValueError,
            ["lr is -0.1, expected a finite number >= 0"],
        ),
        f"{name}: NaN lr": (lambda kind=kind: kind(lr=np.nan), ValueError, ["lr is nan", ">= 0"]),
        f"{name}: infinite lr": (lambda kind=kind: kind(lr=np.inf), ValueError, ["lr is inf"]),
        f"{name}: lr as text": (
            lambda kind=kind: kind(lr="0.1"),
            TypeError,
            ["lr is '0.1' (str), expected a number"],
        ),
        f"{name}: negative lr later": (
            lambda kind=kind: setattr(kind(lr=0.1), "lr", -1),
            ValueError,
            ["lr is -1, expected a finite number >= 0"],
        ),
        f"{name}: negative weight decay": (
            lambda kind=kind: kind(lr=0.1, weight_decay=-1e-4),
            ValueError,
            ["weight_decay is -0.0001", ">= 0"],
        ),
        f"{name}: theta of another size": (
            lambda kind=kind: after_step(kind(lr=0.1), np.ones(5)),
            ValueError,
            ["theta has shape (5,)", name, "(3,)", "new optimizer"],
        ),
        f"{name}: theta of another shape": (
            lambda kind=kind: after_step(kind(lr=0.1), np.ones((3, 1))),
            ValueError,
            ["theta has shape (3, 1)", "(3,)"],
        ),
        f"{name}: grad of another shape": (
            lambda kind=kind: kind(lr=0.1).step(np.ones(3), np.ones(1)),
            ValueError,
            ["grad has shape (1,), theta has shape (3,)"],
        ),
        f"{name}: grad as a column": (
            lambda kind=kind: kind(lr=0.1).step(np.ones(3), np.ones((3, 1))),
            ValueError,
            ["grad has shape (3, 1), theta has shape (3,)"],
        ),
        f"{name}: theta a list": (
            lambda kind=kind: kind(lr=0.1).step([1.0, 2.0], np.ones(2)),
            TypeError,
            ["theta is list, expected a NumPy array of floats"],
        ),
        f"{name}: theta a number": (
            lambda kind=kind: kind(lr=0.1).step(1.0, np.ones(1)),
            TypeError,
            ["theta is float, expected a NumPy array"],
        ),
        f"{name}: integer theta": (
            lambda kind=kind: kind(lr=0.1).step(np.array([1, 2]), np.ones(2)),
            TypeError,
            ["theta is dtype int64, expected a NumPy array of floats", "in place"],
        ),
        f"{name}: grad a list": (
            lambda kind=kind: kind(lr=0.1).step(np.ones(2), [1.0, 2.0]),
            TypeError,
            ["grad is list, expected a NumPy array"],
        ),
    }
for kind, setting in (
    (Momentum, "momentum"),
    (Nesterov, "momentum"),
    (RMSProp, "decay"),
    (Adam, "beta1"),
    (Adam, "beta2"),
    (AdamW, "beta1"),
    (AdamW, "beta2"),
):
    for value in (1.0, -0.1, 1.5, np.nan):
        OPTIMIZERS[f"{kind.__name__}: {setting}={value}"] = (
            lambda kind=kind, setting=setting, value=value: kind(lr=0.1, **{setting: value}),
            ValueError,
            [f"{setting} is {value:g}, expected a number in [0, 1)"],
        )
for kind in (AdaGrad, RMSProp, Adam, AdamW):
    OPTIMIZERS[f"{kind.__name__}: negative eps"] = (
        lambda kind=kind: kind(lr=0.1, eps=-1e-8),
        ValueError,
        ["eps is -1e-08", ">= 0"],
    )

NETWORKS = {
    "no layers": (lambda: Network([]), ValueError, ["layers is empty", "at least one"]),
    "a class for a layer": (
        lambda: Network([Dense(2, 2), ReLU]),
        TypeError,
        ["layers[1] is", "ReLU", "expected a Layer"],
    ),
    "a layer twice": (
        lambda: Network([Dense(2, 2)] * 2),
        ValueError,
        ["twice", "separate objects"],
    ),
    "an unknown activation": (
        lambda: mlp([4, 3], activation="swish"),
        ValueError,
        ["activation is 'swish'", "relu", "tanh"],
    ),
    "only one size": (lambda: mlp([4]), ValueError, ["sizes is [4]", "input and an output"]),
    "a size of 0": (lambda: mlp([4, 0, 2]), ValueError, ["fan_out is 0"]),
    "mlp, unknown init": (lambda: mlp([4, 3], init="kaiming"), ValueError, ["init is 'kaiming'"]),
    "backward first": (
        lambda: network().backward(np.ones((6, 3))),
        RuntimeError,
        ["Dense(5, 3)", "backward was called before forward"],
    ),
    "gradient of another shape": (
        lambda: after_network_forward((6, 4)),
        ValueError,
        ["grad_output has shape (6, 4), expected (6, 3)"],
    ),
    "gradient of another batch": (
        lambda: after_network_forward((5, 3)),
        ValueError,
        ["grad_output has shape (5, 3), expected (6, 3)"],
    ),
    "layers that do not fit": (
        lambda: Network([Dense(4, 5), Dense(6, 3)]).forward(X),
        ValueError,
        ["x has shape (6, 5), expected (N, 6)"],
    ),
}

TRAINING = {
    "mismatched lengths": (
        lambda: train(data=(X, Y[:5])),
        ValueError,
        ["train x has 6 rows, train y has 5"],
    ),
    "mismatched validation": (
        lambda: train(val=(X[:2], Y)),
        ValueError,
        ["val x has 2 rows, val y has 6"],
    ),
    "no training data": (
        lambda: train(data=(X[:0], Y[:0])),
        ValueError,
        ["train x is an empty batch of shape (0, 4)"],
    ),
    "training data of another width": (
        lambda: train(data=(X[:, :3], Y)),
        ValueError,
        ["train x has shape (6, 3), expected (N, 4)"],
    ),
    "NaN pixels": (
        lambda: train(data=(NAN, Y)),
        ValueError,
        ["train x holds 1 values that are NaN", "(2, 1)"],
    ),
    "NaN in the validation data": (
        lambda: train(val=(NAN, Y)),
        ValueError,
        ["val x holds 1 values that are NaN"],
    ),
    "NaN targets": (
        lambda: train(loss=MSE, net=mlp([4, 4]), data=(X, NAN)),
        ValueError,
        ["train y holds 1 values that are NaN"],
    ),
    "x without y": (lambda: train(data=X), TypeError, ["train is ndarray", "pair (x, y)"]),
    "labels out of range": (
        lambda: train(data=(X, Y + 1)),
        ValueError,
        ["targets range from", "from 0 to 2"],
    ),
    "flat targets for one output": (
        lambda: train(net=mlp([4, 1]), loss=MSE, data=(X, np.ones(6))),
        ValueError,
        ["targets has shape (6,), outputs has shape (6, 1)"],
    ),
    "a rule for the last batch": (
        lambda: train(last_batch="pad"),
        ValueError,
        ["last_batch is 'pad'", "keep", "drop", "merge"],
    ),
    "nothing left after dropping": (
        lambda: train(batch_size=64, last_batch="drop"),
        ValueError,
        ["batch_size is 64", "no batch of 6 rows"],
    ),
    "no epochs": (lambda: train(epochs=0), ValueError, ["epochs is 0, expected at least 1"]),
    "half an epoch": (lambda: train(epochs=0.5), TypeError, ["epochs is 0.5 (float)"]),
    "an empty mini-batch": (lambda: train(batch_size=0), ValueError, ["batch_size is 0"]),
    "a negative batch": (lambda: train(batch_size=-4), ValueError, ["batch_size is -4"]),
    "a seed for a generator": (
        lambda: train(rng=0),
        TypeError,
        ["rng is int", "numpy.random.Generator", "default_rng(0)"],
    ),
    "a negative norm": (lambda: train(clip_norm=-1), ValueError, ["clip_norm is -1", ">= 0"]),
    "plateau without validation": (
        lambda: train(schedule=ReduceOnPlateau(0.1)),
        ValueError,
        ["val is None", "pass val=(x, y)"],
    ),
    "the optimizer of another network": (
        lambda: [train(net=mlp([4, n, 3]), optimizer=o) for o in [Adam()] for n in (5, 6)],
        ValueError,
        ["theta has shape (51,)", "Adam", "(43,)"],
    ),
    "minibatches of none": (lambda: minibatches(X, Y, 0, rng()), ValueError, ["batch_size is 0"]),
    "minibatches without rng": (lambda: minibatches(X, Y, 2, None), TypeError, ["rng is NoneType"]),
    "minibatches, lengths": (
        lambda: minibatches(X, Y[:4], 2, rng()),
        ValueError,
        ["x has 6 rows, y has 4"],
    ),
    "minibatches of nothing": (
        lambda: minibatches(X[:0], Y[:0], 2, rng()),
        ValueError,
        ["x is an empty data set"],
    ),
    "evaluate, lengths": (
        lambda: evaluate(network(), SOFTMAX, X, Y[:4]),
        ValueError,
        ["x has 6 rows, y has 4"],
    ),
    "evaluate nothing": (
        lambda: evaluate(network(), SOFTMAX, X[:0], Y[:0]),
        ValueError,
        ["x is an empty batch"],
    ),
    "evaluate in batches of -5": (
        lambda: evaluate(network(), SOFTMAX, X, Y, batch_size=-5),
        ValueError,
        ["batch_size is -5, expected at least 1"],
    ),
    "clip to a negative norm": (
        lambda: clip_gradient_norm(np.ones(3), -1.0),
        ValueError,
        ["max_norm is -1", ">= 0"],
    ),
    "clip to NaN": (
        lambda: clip_gradient_norm(np.ones(3), np.nan),
        ValueError,
        ["max_norm is nan"],
    ),
}

SCHEDULES = {
    "negative lr": (lambda: constant(-1), ValueError, ["lr is -1", ">= 0"]),
    "no steps": (lambda: cosine(0.1, 0), ValueError, ["steps is 0, expected at least 1"]),
    "cosine below 0": (lambda: cosine(0.1, 5, final=-1), ValueError, ["final is -1"]),
    "a factor above 1": (lambda: step_decay(0.1, 5, 2), ValueError, ["factor is 2", "[0, 1]"]),
    "every 0 steps": (lambda: step_decay(0.1, 0), ValueError, ["every is 0"]),
    "growing decay": (lambda: exponential_decay(0.1, 1.1), ValueError, ["factor is 1.1"]),
    "no period": (lambda: cosine_restarts(0.1, 0), ValueError, ["period is 0"]),
    "shrinking": (lambda: cosine_restarts(0.1, 5, growth=0), ValueError, ["growth is 0"]),
    "restarts": (lambda: cosine_restarts(0.1, 5, restarts=-1), ValueError, ["restarts is -1"]),
    "warm up to a number": (
        lambda: linear_warmup(5, 0.1),
        TypeError,
        ["then is 0.1, expected a schedule", "constant(0.1)"],
    ),
    "warm up from above": (
        lambda: linear_warmup(5, constant(0.1), start=2),
        ValueError,
        ["start is 2", "[0, 1]"],
    ),
    "step -1": (lambda: cosine(0.1, 5)(-1), ValueError, ["step is -1, expected at least 0"]),
    "step 1.5": (lambda: cosine(0.1, 5)(1.5), TypeError, ["step is 1.5 (float)", "whole number"]),
    "a plateau that never falls": (
        lambda: ReduceOnPlateau(0.1, factor=1.0),
        ValueError,
        ["factor is 1", "[0, 1)"],
    ),
    "patience -1": (lambda: ReduceOnPlateau(0.1, patience=-1), ValueError, ["patience is -1"]),
    "a floor above the start": (
        lambda: ReduceOnPlateau(0.1, lowest=0.5),
        ValueError,
        ["lowest is 0.5", "[0, 0.1]"],
    ),
    "plateau told NaN": (
        lambda: ReduceOnPlateau(0.1).update(np.nan),
        ValueError,
        ["val_loss is nan", "finite"],
    ),
}

CHECKS = {
    "relative error of two shapes": (
        lambda: relative_error(np.ones((3, 1)), np.ones(3)),
        ValueError,
        ["a has shape (3, 1), b has shape (3,)"],
    ),
    "eps 0": (lambda: numerical_gradient(np.sum, np.ones(2), eps=0), ValueError, ["eps is 0"]),
    "check with a negative eps": (
        lambda: check_gradients(network(), SOFTMAX, X, Y, eps=-1e-5),
        ValueError,
        ["eps is -1e-05"],
    ),
    "nothing to check": (
        lambda: check_gradients(Network([ReLU()]), MSE, X, X),
        ValueError,
        ["no parameters to check"],
    ),
}

CASES = {
    f"{group} / {name}": case
    for group, cases in {
        "layers": LAYERS,
        "losses": LOSSES,
        "optimizers": OPTIMIZERS,
        "networks": NETWORKS,
        "training": TRAINING,
        "schedules": SCHEDULES,
        "checks": CHECKS,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", CASES)
def test_the_error_says_what_came_and_what_was_expected(case):
    wrong, kind, words = CASES[case]
    with pytest.raises(kind) as caught:
        wrong()
    assert type(caught.value) is kind
    message = str(caught.value)
    assert re.search(".*".join(map(re.escape, words)), message), message


def stored(tmp_path, content):
    path = tmp_path / "weights.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    return path


def good_arrays():
    return dict(network()._state())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["no complete npz file"]),
        (b"not an archive at all", ["no complete npz file", "that `save` wrote"]),
        ({}, ["holds the arrays []", "0.W", "another build"]),
        (good_arrays() | {"9.W": np.ones(2)}, ["holds the arrays", "9.W", "expected"]),
        (good_arrays() | {"0.W": np.ones((5, 4))}, ["0.W has shape (5, 4), expected (4, 5)"]),
        ({k: v for k, v in good_arrays().items() if k != "2.b"}, ["expected", "2.b"]),
        (good_arrays() | {"0.b": np.array([{}] * 5)}, ["pickle"]),
    ],
    ids=["empty", "text", "no arrays", "one too many", "other shape", "one missing", "pickled"],
)
def test_a_bad_file_is_refused_and_nothing_changes(content, words, tmp_path):
    net = network()
    before = net.theta.copy()
    with pytest.raises(ValueError, match=".*".join(map(re.escape, words))):
        net.load(stored(tmp_path, content))
    np.testing.assert_array_equal(net.theta, before)


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "weights.npz"
    network().save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"weights\.npz is no complete npz file"):
        network().load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        network().load(tmp_path / "nowhere.npz")


def test_a_layer_must_say_how_it_works():
    for call in (Layer().forward, Layer().backward):
        with pytest.raises(NotImplementedError):
            call(X)


def test_a_refused_step_leaves_theta_and_state_as_they_were():
    theta, optimizer = np.ones(3), Adam(0.1)
    optimizer.step(theta, np.ones(3))
    before, m = theta.copy(), optimizer.m.copy()
    with pytest.raises(ValueError, match="grad has shape"):
        optimizer.step(theta, np.ones(4))
    np.testing.assert_array_equal(theta, before)
    np.testing.assert_array_equal(optimizer.m, m)
    assert optimizer.t == 1
