"""Each optimizer: the path PyTorch takes, the state it keeps, the memory it leaves alone."""

import copy
import inspect

import numpy as np
import pytest

from course_utils.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp

ALL = [SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW]
DECAY = {"weight_decay": 0.05}
SAME_SETTINGS = {
    "SGD": SGD(0.1),
    "SGD, weight decay": SGD(0.1, **DECAY),
    "Momentum": Momentum(0.05),
    "Momentum, 0.5, weight decay": Momentum(0.1, momentum=0.5, **DECAY),
    "Nesterov": Nesterov(0.05),
    "Nesterov, 0.7, weight decay": Nesterov(0.05, momentum=0.7, **DECAY),
    "AdaGrad": AdaGrad(0.3),
    "AdaGrad, eps, weight decay": AdaGrad(0.3, eps=0.01, **DECAY),
    "RMSProp": RMSProp(0.05),
    "RMSProp, 0.99, eps, weight decay": RMSProp(0.05, decay=0.99, eps=0.01, **DECAY),
    "Adam": Adam(0.1),
    "Adam, betas, eps": Adam(0.1, beta1=0.7, beta2=0.95, eps=0.01),
    "Adam, weight decay": Adam(0.1, **DECAY),
    "AdamW": AdamW(0.1),
    "AdamW, betas, eps, weight decay": AdamW(0.1, 0.7, 0.95, 0.01, weight_decay=0.2),
}


def path_of(optimizer, case, dtype=np.float64):
    """The path over the recorded quadratic with the recorded noise; the rate is halved half way."""
    curvature = np.array(case["curvature"], dtype)
    theta, path = np.array(case["start"], dtype), []
    for step, noise in enumerate(np.array(case["noise"], dtype)):
        if step == case["halved_at"]:
            optimizer.lr *= 0.5
        optimizer.step(theta, curvature * theta + noise)
        path.append(theta.copy())
    return np.array(path)


def test_every_recorded_path_is_compared(recorded):
    assert recorded["optimizers"]["paths"].keys() == SAME_SETTINGS.keys()


@pytest.mark.parametrize("name", SAME_SETTINGS)
def test_path_matches_pytorch(name, recorded):
    case = recorded["optimizers"]
    path = path_of(copy.deepcopy(SAME_SETTINGS[name]), case)
    np.testing.assert_allclose(path, case["paths"][name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("optimizer", ALL)
def test_defaults_are_those_of_the_course(optimizer):
    wanted = {
        "SGD": {"weight_decay": 0.0},
        "Momentum": {"momentum": 0.9, "weight_decay": 0.0},
        "Nesterov": {"momentum": 0.9, "weight_decay": 0.0},
        "AdaGrad": {"eps": 1e-10, "weight_decay": 0.0},
        "RMSProp": {"decay": 0.9, "eps": 1e-8, "weight_decay": 0.0},
        "Adam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
        "AdamW": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
    }[optimizer.__name__]
    parameters = inspect.signature(optimizer).parameters
    defaults = {k: p.default for k, p in parameters.items() if p.default is not p.empty}
    assert defaults == wanted
    assert next(iter(parameters)) == "lr"


@pytest.mark.parametrize("optimizer", ALL)
@pytest.mark.parametrize("shape", [(), (2,), (3, 4)])
def test_any_shape_moves_as_its_entries_do(optimizer, shape, rng):
    theta = rng.normal(size=shape)
    flat, whole, one = theta.reshape(-1).copy(), optimizer(lr=0.1), optimizer(lr=0.1)
    for _ in range(3):
        gradient = rng.normal(size=shape)
        whole.step(theta, np.asarray(gradient))
        one.step(flat, np.asarray(gradient).reshape(-1))
    np.testing.assert_array_equal(theta.reshape(-1), flat)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", ALL)
def test_step_changes_theta_in_place_and_never_the_gradient(optimizer, decay, rng):
    theta, gradient = rng.normal(size=5), rng.normal(size=5)
    view, before = theta[:], gradient.copy()
    assert optimizer(lr=0.1, weight_decay=decay).step(theta, gradient) is None
    np.testing.assert_array_equal(gradient, before)
    np.testing.assert_array_equal(view, theta)


@pytest.mark.parametrize("optimizer", ALL)
def test_float32_stays_float32_and_follows_the_float64_path(optimizer, recorded):
    case = recorded["optimizers"]
    single = path_of(optimizer(lr=0.05), case, np.float32)
    double = path_of(optimizer(lr=0.05), case, np.float64)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, atol=2e-5)
    kept = optimizer(lr=0.05)
    kept.step(np.ones(2, np.float32), np.ones(2, np.float32))
    assert {getattr(kept, name).dtype for name in kept.state_names} <= {np.dtype(np.float32)}


@pytest.mark.parametrize("optimizer", ALL)
def test_a_rate_of_zero_leaves_theta_where_it_is(optimizer, rng):
    theta = rng.normal(size=4)
    before = theta.copy()
    optimizer(lr=0.0).step(theta, rng.normal(size=4))
    np.testing.assert_array_equal(theta, before)


@pytest.mark.parametrize("optimizer", ALL)
def test_every_optimizer_finds_the_bottom_of_a_bowl(optimizer):
    theta = np.array([2.0, -1.5])
    moving = optimizer(lr=0.5 if optimizer is AdaGrad else 0.02)
    for _ in range(1500):
        moving.step(theta, theta * [1.0, 3.0])
    assert np.linalg.norm(theta) < 0.03


@pytest.mark.parametrize(
    ("optimizer", "first_step"),
    [
        (SGD(0.1), 0.1 * np.array([4.0, -0.001])),
        (Momentum(0.1), 0.1 * np.array([4.0, -0.001])),
        (Nesterov(0.1), 0.19 * np.array([4.0, -0.001])),
        (AdaGrad(0.1), [0.1, -0.1]),
        (RMSProp(0.1), np.array([0.1, -0.1]) / np.sqrt(0.1)),
        (Adam(0.1), [0.1, -0.1]),
        (AdamW(0.1), [0.1, -0.1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_first_step_is_the_one_the_equations_give(optimizer, first_step):
    """Adaptive methods make a step of lr whatever the gradient's size, Adam thanks to m_hat."""
    theta = np.zeros(2)
    optimizer.step(theta, np.array([4.0, -0.001]))
    np.testing.assert_allclose(-theta, first_step, rtol=1e-4)
    assert optimizer.t == 1


def test_momentum_ends_at_lr_over_one_minus_mu():
    theta, optimizer = np.zeros(1), Momentum(0.1, momentum=0.9)
    for _ in range(300):
        before = theta.copy()
        optimizer.step(theta, np.ones(1))
    np.testing.assert_allclose(before - theta, 1.0, rtol=1e-9)
    np.testing.assert_allclose(optimizer.velocity, 10.0, rtol=1e-9)


def test_momentum_is_the_averaged_form_at_lr_times_one_minus_mu(rng):
    theta, averaged, velocity = np.ones(3), np.ones(3), np.zeros(3)
    optimizer, beta = Momentum(0.1 * (1 - 0.8), momentum=0.8), 0.8
    for _ in range(20):
        g = rng.normal(size=3)
        optimizer.step(theta, g)
        velocity = beta * velocity + (1 - beta) * g
        averaged -= 0.1 * velocity
    np.testing.assert_allclose(theta, averaged, rtol=1e-12)


def test_state_can_be_read_by_name_before_and_after():
    gradient = np.array([2.0, -1.0])
    optimizer = Adam(0.1)
    assert optimizer.m is None
    assert optimizer.v is None
    optimizer.step(np.zeros(2), gradient)
    np.testing.assert_allclose(optimizer.m, 0.1 * gradient)
    np.testing.assert_allclose(optimizer.v, 0.001 * gradient**2)
    for kind, name, expected in (
        (Momentum, "velocity", gradient),
        (Nesterov, "velocity", gradient),
        (AdaGrad, "v", gradient**2),
        (RMSProp, "v", 0.1 * gradient**2),
    ):
        optimizer = kind(0.1)
        assert getattr(optimizer, name) is None
        optimizer.step(np.zeros(2), gradient)
        np.testing.assert_allclose(getattr(optimizer, name), expected)


def test_decoupled_decay_never_enters_the_moments():
    theta, gradient = np.array([10.0]), np.array([1.0])
    decoupled, coupled = AdamW(0.1, weight_decay=0.5), Adam(0.1, weight_decay=0.5)
    decoupled.step(theta.copy(), gradient)
    coupled.step(theta.copy(), gradient)
    np.testing.assert_allclose(decoupled.m, 0.1)
    np.testing.assert_allclose(coupled.m, 0.6)


def test_repr_shows_the_settings_and_no_state():
    optimizer = Adam(0.01)
    expected = "Adam(lr=0.01, weight_decay=0, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert repr(optimizer) == expected
    optimizer.step(np.zeros(2), np.ones(2))
    assert repr(optimizer) == expected
