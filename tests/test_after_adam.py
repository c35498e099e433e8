"""Lion, schedule-free AdamW and Muon: the paths of their authors' packages, and what is theirs."""

import copy
import inspect
import json

import numpy as np
import pytest

from course_utils.losses import SoftmaxCrossEntropy
from course_utils.network import convnet, mlp
from course_utils.optimizers import SGD, AdamW, Lion, Muon, ScheduleFreeAdamW, newton_schulz
from course_utils.training import Callback, KeepBest, TrainingInterrupted, evaluate, fit

LOSS = SoftmaxCrossEntropy()
# the matrices of the recorded vector: shapes (4, 6), (6,), (6, 3), (3,), (5, 5)
MATRICES = [(0, 4, 6), (30, 6, 3), (51, 5, 5)]
WIDTH = 2 * 3 + 2  # of a small vector: a matrix (2, 3) and two more numbers


def small(optimizer, lr=0.1, **settings):
    """One of the three for a vector of eight, the first six of which are a matrix."""
    return Muon(lr, [(0, 2, 3)], **settings) if optimizer is Muon else optimizer(lr, **settings)


ALL = [Lion, Muon, ScheduleFreeAdamW]
SAME_SETTINGS = {
    "Lion": Lion(0.01),
    "Lion, betas, weight decay": Lion(0.02, 0.8, 0.95, weight_decay=0.1),
    "ScheduleFreeAdamW": ScheduleFreeAdamW(0.05),
    "ScheduleFreeAdamW, warm-up": ScheduleFreeAdamW(0.05, warmup_steps=30),
    "ScheduleFreeAdamW, betas, eps, weight decay": ScheduleFreeAdamW(
        0.05, 0.7, 0.95, eps=0.01, weight_decay=0.1
    ),
    "Muon": Muon(0.05, MATRICES),
    "Muon, original scale": Muon(0.02, MATRICES, scale="original"),
    "Muon, momentum, weight decay": Muon(0.05, MATRICES, momentum=0.8, weight_decay=0.1),
}


@pytest.fixture(scope="module")
def authors(root):
    """What the authors' packages computed, see tests/reference/record_after_adam.py."""
    path = root / "tests" / "reference" / "after_adam.json"
    return json.loads(path.read_text(encoding="utf-8"))


def paths_of(optimizer, recorded, dtype=np.float64):
    """The vector after every recorded step, and the point it would be measured at."""
    case = recorded["case"]
    curvature, theta = np.array(case["curvature"], dtype), np.array(case["start"], dtype)
    trained, measured = [], []
    for step, noise in enumerate(np.array(case["noise"], dtype), start=1):
        if step - 1 == case["halved_at"]:
            optimizer.lr *= 0.5
        optimizer.step(theta, curvature * theta + noise)
        if step % recorded["every"] == 0:
            trained.append(theta.copy())
            optimizer.to_evaluation_point(theta)
            measured.append(theta.copy())
            optimizer.to_training_point(theta)
    return np.array(trained), np.array(measured)


def test_every_recorded_path_is_compared(authors):
    assert authors["paths"].keys() == SAME_SETTINGS.keys()
    assert len(authors["case"]["noise"]) == 200


@pytest.mark.parametrize("name", SAME_SETTINGS)
def test_200_steps_match_the_authors_package(name, authors):
    trained, measured = paths_of(copy.deepcopy(SAME_SETTINGS[name]), authors)
    expected = authors["paths"][name]
    if name.startswith("Lion"):
        np.testing.assert_allclose(trained, expected, rtol=0, atol=1e-9)
    elif name.startswith("Muon"):
        np.testing.assert_allclose(trained, expected["float64"], rtol=0, atol=1e-9)
    else:
        np.testing.assert_allclose(trained, expected["y"], rtol=0, atol=1e-9)
        np.testing.assert_allclose(measured, expected["x"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in SAME_SETTINGS if name.startswith("Muon")])
def test_the_stock_muon_of_pytorch_differs_by_its_rounding(name, authors):
    """It runs Newton-Schulz in bfloat16, of 8 bits: about 1% of a step's length."""
    path, _ = paths_of(copy.deepcopy(SAME_SETTINGS[name]), authors)
    stock = np.array(authors["paths"][name]["stock"])
    moved = np.linalg.norm(path - authors["case"]["start"], axis=1)
    apart = np.linalg.norm(path - stock, axis=1) / moved
    print(f"{name}: {apart.max():.2%} of the way")
    assert 1e-5 < apart.max() < 0.03


@pytest.mark.parametrize("optimizer", ALL)
def test_defaults_are_those_of_the_authors(optimizer):
    wanted = {
        "Lion": {"lr": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0},
        "ScheduleFreeAdamW": {
            "lr": 2.5e-3,
            "beta1": 0.9,
            "beta2": 0.999,
            "eps": 1e-8,
            "weight_decay": 0.0,
            "warmup_steps": 0,
        },
        "Muon": {
            "momentum": 0.95,
            "weight_decay": 0.0,
            "scale": "match_rms_adamw",
            "adam_ratio": 1.0,
            "beta1": 0.9,
            "beta2": 0.95,
            "eps": 1e-8,
        },
    }[optimizer.__name__]
    parameters = inspect.signature(optimizer).parameters
    assert {k: p.default for k, p in parameters.items() if p.default is not p.empty} == wanted
    assert next(iter(parameters)) == "lr"


# ------------------------------------------------------------------ what all optimizers promise


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", ALL)
def test_step_changes_theta_in_place_and_never_the_gradient(optimizer, decay, rng):
    theta, gradient = rng.normal(size=WIDTH), rng.normal(size=WIDTH)
    view, before, start = theta[:], gradient.copy(), theta.copy()
    assert small(optimizer, weight_decay=decay).step(theta, gradient) is None
    np.testing.assert_array_equal(gradient, before)
    np.testing.assert_array_equal(view, theta)
    assert (theta != start).all()


@pytest.mark.parametrize("optimizer", ALL)
def test_float32_stays_float32_and_follows_the_float64_path(optimizer, rng):
    start, noise = rng.normal(size=WIDTH), rng.normal(size=(30, WIDTH))
    ends = []
    for dtype in (np.float32, np.float64):
        theta, moving = start.astype(dtype), small(optimizer, lr=0.01)
        for g in noise.astype(dtype):
            moving.step(theta, theta + g)
        assert theta.dtype == dtype
        assert {getattr(moving, name).dtype for name in moving.state_names} == {np.dtype(dtype)}
        ends.append(theta)
    np.testing.assert_allclose(*ends, atol=2e-5)


@pytest.mark.parametrize("optimizer", ALL)
def test_a_rate_of_zero_leaves_theta_where_it_is(optimizer, rng):
    theta, moving = rng.normal(size=WIDTH), small(optimizer, lr=0.0)
    before = theta.copy()
    for _ in range(3):
        moving.step(theta, rng.normal(size=WIDTH))
        moving.to_evaluation_point(theta)
        np.testing.assert_allclose(theta, before, rtol=1e-14)
        moving.to_training_point(theta)


@pytest.mark.parametrize("optimizer", ALL)
def test_every_optimizer_finds_the_bottom_of_a_bowl(optimizer, rng):
    theta, moving = rng.normal(size=WIDTH), small(optimizer, lr=0.02)
    for step in range(1500):
        if optimizer is not ScheduleFreeAdamW:
            moving.lr = 0.02 * (1 - step / 1500)  # a step that does not shrink cannot settle
        moving.step(theta, theta * np.linspace(1, 3, WIDTH))
    moving.to_evaluation_point(theta)
    assert np.linalg.norm(theta) < 0.03


@pytest.mark.parametrize("optimizer", ALL)
def test_a_zero_gradient_moves_nothing(optimizer, rng):
    theta, moving = rng.normal(size=WIDTH), small(optimizer)
    before = theta.copy()
    moving.step(theta, np.zeros(WIDTH))
    np.testing.assert_array_equal(theta, before)


@pytest.mark.parametrize("optimizer", ALL)
def test_a_vector_of_another_size_is_refused_and_nothing_changes(optimizer, rng):
    theta, moving = rng.normal(size=WIDTH), small(optimizer)
    moving.step(theta, rng.normal(size=WIDTH))
    state = {name: getattr(moving, name).copy() for name in moving.state_names}
    with pytest.raises(ValueError, match="make a new optimizer"):
        moving.step(np.zeros(WIDTH + 1), np.zeros(WIDTH + 1))
    assert moving.t == 1
    for name, kept in state.items():
        np.testing.assert_array_equal(getattr(moving, name), kept)


def test_repr_shows_the_settings_and_no_state():
    assert repr(Lion(0.01)) == "Lion(lr=0.01, weight_decay=0, beta1=0.9, beta2=0.99)"
    moving = Muon(0.01, [(0, 2, 3)])
    before = repr(moving)
    moving.step(np.ones(WIDTH), np.ones(WIDTH))
    assert repr(moving) == before
    assert "scale='match_rms_adamw', adam_ratio=1, beta1=0.9, beta2=0.95" in before


# ------------------------------------------------------------------ Lion


def test_lion_moves_every_entry_by_the_rate_whatever_the_gradient(rng):
    theta, moving = np.zeros(5), Lion(0.01)
    for scale in (1.0, 1e-6, 1e6):
        before = theta.copy()
        moving.step(theta, scale * rng.normal(size=5))
        np.testing.assert_allclose(np.abs(theta - before), 0.01, rtol=1e-12)


# ------------------------------------------------------------------ Muon


def test_newton_schulz_keeps_the_vectors_and_levels_the_values(rng):
    for shape in [(6, 6), (4, 9), (9, 4), (1, 5), (128, 64)]:
        matrix = rng.normal(size=shape)
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        levelled = u.T @ newton_schulz(matrix) @ vt.T
        np.testing.assert_allclose(levelled, np.diag(np.diag(levelled)), atol=1e-10)
        large = s / np.linalg.norm(s) > 0.005
        assert (np.diag(levelled)[large] > 0.67).all()
        assert (np.diag(levelled) < 1.14).all()


def test_newton_schulz_leaves_no_trace_of_the_scale_and_none_of_the_argument(rng):
    matrix = rng.normal(size=(3, 5))
    before = matrix.copy()
    np.testing.assert_allclose(newton_schulz(1e4 * matrix), newton_schulz(matrix), rtol=1e-9)
    np.testing.assert_allclose(newton_schulz(matrix.T), newton_schulz(matrix).T, rtol=1e-12)
    np.testing.assert_array_equal(matrix, before)
    assert not newton_schulz(np.zeros((3, 5))).any()
    assert newton_schulz(matrix.astype(np.float32)).dtype == np.float32


def test_newton_schulz_says_what_it_needs():
    with pytest.raises(ValueError, match=r"matrix is \(3,\), expected an array of shape \(m, n\)"):
        newton_schulz(np.ones(3))
    with pytest.raises(ValueError, match="steps is -1"):
        newton_schulz(np.ones((2, 2)), steps=-1)


def test_muon_orthogonalizes_hidden_matrices_and_moves_the_rest_by_adamw(rng):
    network = mlp([4, 6, 5, 3], rng=rng)
    (start, rows, columns), *others = network.matrices()
    assert (rows, columns, others) == (6, 5, [])
    gradient = rng.normal(size=network.theta.size).astype(np.float32)
    theta, by_adam = network.theta.copy(), network.theta.copy()
    Muon(0.1, network.matrices()).step(theta, gradient)
    AdamW(0.1, 0.9, 0.95, weight_decay=0.0).step(by_adam, gradient)
    inside = np.zeros(theta.size, bool)
    inside[start : start + rows * columns] = True
    np.testing.assert_array_equal(theta[~inside], by_adam[~inside])
    step = (network.theta - theta)[inside].reshape(rows, columns)
    values = np.linalg.svd(step, compute_uv=False) / (0.1 * 0.2 * np.sqrt(6))
    assert (values > 0.65).all()
    assert (values < 1.14).all()


def test_an_entry_moves_as_far_as_with_adam_or_by_the_original_scale(rng):
    gradient = rng.normal(size=60 * 20)
    moved = {}
    for scale in ("match_rms_adamw", "original"):
        for rows, columns in ((60, 20), (20, 60)):
            theta = np.zeros(1200)
            Muon(1.0, [(0, rows, columns)], scale=scale).step(theta, gradient)
            moved[scale, rows] = np.sqrt(np.mean(theta**2))
    assert moved["match_rms_adamw", 60] == pytest.approx(0.2, rel=0.15)
    assert moved["match_rms_adamw", 20] == pytest.approx(0.2, rel=0.15)
    # fan_out / fan_in is 3 one way; the other way the factor stays at 1
    ratio = moved["original", 20] / moved["original", 60]
    assert ratio == pytest.approx(np.sqrt(3), rel=0.15)


def test_the_rate_of_adamw_follows_in_proportion(rng):
    theta, moving = np.zeros(WIDTH), small(Muon, lr=0.5, adam_ratio=0.1)
    moving.step(theta, np.ones(WIDTH))
    np.testing.assert_allclose(theta[6:], -0.05, rtol=1e-6)
    moving.lr = 0.0
    before = theta.copy()
    moving.step(theta, np.ones(WIDTH))
    np.testing.assert_array_equal(theta, before)


def test_a_network_names_its_hidden_matrices():
    network = mlp([4, 6, 5, 3], rng=0)
    everything = network.matrices(input_layer=True, output_layer=True)
    assert everything == [(0, 4, 6), (30, 6, 5), (65, 5, 3)]
    assert network.matrices() == everything[1:2]
    assert network.matrices(input_layer=True) == everything[:2]
    assert network.matrices(output_layer=True) == everything[1:]
    for (start, rows, columns), layer in zip(everything, network.layers[::2], strict=True):
        part = network.theta[start : start + rows * columns].reshape(rows, columns)
        np.testing.assert_array_equal(part, layer.params["W"])
    single = mlp([4, 3], rng=0)
    assert single.matrices() == single.matrices(input_layer=True) == []
    assert single.matrices(True, True) == [(0, 4, 3)]


def test_the_filters_of_a_convolution_are_a_matrix_too(rng):
    """W is (kernel * kernel * channels_in, channels_out); the first convolution is the input."""
    network = convnet((8, 8, 3), [4, 6], 5, rng=rng)
    ((start, rows, columns),) = network.matrices()
    assert (rows, columns) == (3 * 3 * 4, 6)
    hidden = [array for _, array in network.named_parameters() if array.shape == (rows, columns)]
    part = network.theta[start : start + rows * columns].reshape(rows, columns)
    np.testing.assert_array_equal(part, hidden[0])
    x, y = rng.normal(size=(40, 8, 8, 3)).astype(np.float32), rng.integers(0, 5, 40)
    before = evaluate(network, LOSS, x, y)[0]
    options = {"epochs": 10, "batch_size": 20, "rng": rng, "progress": False}
    fit(network, LOSS, Muon(0.02, network.matrices()), (x, y), **options)
    assert evaluate(network, LOSS, x, y)[0] < 0.5 * before


@pytest.mark.parametrize(
    ("matrices", "message"),
    [
        ([], "matrices is empty"),
        ([(0, 2)], r"matrices holds \(0, 2\), expected \(start, rows, columns\)"),
        ([(0, 2, 3), (5, 2, 3)], "start is 5, expected at least 6"),
        ([(0, 0, 3)], "rows is 0"),
    ],
)
def test_muon_refuses_matrices_that_are_none(matrices, message):
    with pytest.raises(ValueError, match=message):
        Muon(0.1, matrices)


def test_muon_refuses_another_scale_and_a_vector_without_its_matrices():
    with pytest.raises(ValueError, match="scale is 'spectral', expected"):
        Muon(0.1, [(0, 2, 3)], scale="spectral")
    moving = Muon(0.1, [(0, 2, 3)])
    with pytest.raises(ValueError, match="a matrix ends at 6"):
        moving.step(np.ones(5), np.ones(5))
    with pytest.raises(ValueError, match="expected the flat vector"):
        moving.step(np.ones((2, 3)), np.ones((2, 3)))
    assert moving.t == 0


# ------------------------------------------------------------------ schedule-free


def test_the_evaluation_point_is_the_mean_of_all_z(rng):
    theta, moving, visited = rng.normal(size=4), ScheduleFreeAdamW(0.1), []
    for _ in range(25):
        moving.step(theta, theta + rng.normal(size=4))
        visited.append(moving.z.copy())
    # the start is the first z; the newest one counts from its own step on
    y = theta.copy()
    moving.to_evaluation_point(theta)
    x = theta.copy()
    np.testing.assert_allclose(y, 0.1 * moving.z + 0.9 * x, rtol=1e-12)
    np.testing.assert_allclose(x, np.mean(visited, axis=0), rtol=1e-10)


def test_there_and_back_is_the_same_bits_and_both_ways_may_be_asked_twice(rng):
    theta, moving = rng.normal(size=50).astype(np.float32), ScheduleFreeAdamW(0.1)
    moving.to_evaluation_point(theta)  # before the first step nothing happens
    for _ in range(5):
        moving.step(theta, rng.normal(size=50).astype(np.float32))
    before = theta.copy()
    moving.to_evaluation_point(theta)
    x = theta.copy()
    assert not np.array_equal(x, before)
    moving.to_evaluation_point(theta)
    np.testing.assert_array_equal(theta, x)
    moving.to_training_point(theta)
    np.testing.assert_array_equal(theta, before)
    moving.to_training_point(theta)
    np.testing.assert_array_equal(theta, before)


def test_a_step_from_the_evaluation_point_is_refused(rng):
    theta, moving = rng.normal(size=4), ScheduleFreeAdamW(0.1)
    moving.step(theta, theta)
    moving.to_evaluation_point(theta)
    before, z = theta.copy(), moving.z.copy()
    with pytest.raises(RuntimeError, match="call to_training_point"):
        moving.step(theta, theta)
    assert moving.t == 1
    np.testing.assert_array_equal(theta, before)
    np.testing.assert_array_equal(moving.z, z)


def test_settings_out_of_range_are_refused():
    for settings, message in (
        ({"beta1": 0.0}, "beta1 is 0"),
        ({"warmup_steps": -1}, "warmup_steps is -1"),
        ({"lr": -1}, "lr is -1"),
    ):
        with pytest.raises(ValueError, match=message):
            ScheduleFreeAdamW(**settings)


class Look(Callback):
    """Measures after every step, as a callback that draws a curve would."""

    def __init__(self, data):
        self.data, self.losses, self.at_epoch = data, [], []

    def on_step(self, run):
        with run.measured() as network:
            self.losses.append(evaluate(network, LOSS, *self.data)[0])

    def on_epoch(self, run):
        self.at_epoch.append(evaluate(run.network, LOSS, *self.data)[0])


def trained(data, optimizer, callbacks=(), epochs=3):
    network = mlp([2, 8, 2], rng=np.random.default_rng(0))
    options = {"epochs": epochs, "batch_size": 32, "rng": np.random.default_rng(1)}
    history = fit(network, LOSS, optimizer, data, callbacks=callbacks, progress=False, **options)
    return network, history


def test_fit_trains_at_y_and_measures_and_ends_at_x(moons):
    moving, look = ScheduleFreeAdamW(0.05), Look(moons)
    network, history = trained(moons, moving, [look])
    assert history.train_loss == look.at_epoch
    assert history.train_loss[-1] == evaluate(network, LOSS, *moons)[0] == look.losses[-1]
    x = network.theta.copy()
    moving.to_training_point(network.theta)
    np.testing.assert_allclose(network.theta, 0.1 * moving.z + 0.9 * x, atol=1e-6)


@pytest.mark.parametrize("make", [lambda: SGD(0.1), lambda: ScheduleFreeAdamW(0.05)])
def test_looking_does_not_change_the_training(make, moons):
    plain, first = trained(moons, make())
    watched, second = trained(moons, make(), [Look(moons)])
    np.testing.assert_array_equal(plain.theta, watched.theta)
    assert first.train_loss == second.train_loss


def test_training_in_two_parts_is_training_in_one(moons):
    whole, _ = trained(moons, ScheduleFreeAdamW(0.05), epochs=4)
    network, moving = mlp([2, 8, 2], rng=np.random.default_rng(0)), ScheduleFreeAdamW(0.05)
    rng = np.random.default_rng(1)
    for _ in range(2):
        fit(network, LOSS, moving, moons, epochs=2, batch_size=32, rng=rng, progress=False)
    np.testing.assert_array_equal(network.theta, whole.theta)


def test_the_best_network_is_kept_at_the_point_that_was_measured(moons):
    best = KeepBest("train_loss")
    network, history = trained(moons, ScheduleFreeAdamW(0.3), [best], epochs=8)
    assert evaluate(network, LOSS, *moons)[0] == min(history.train_loss)


def test_an_interrupt_leaves_the_network_at_the_evaluation_point(moons):
    class Interrupt(Callback):
        def on_step(self, run):
            if run.step == 9:
                raise KeyboardInterrupt

    moving, network = ScheduleFreeAdamW(0.05), mlp([2, 8, 2], rng=np.random.default_rng(0))
    options = {"epochs": 3, "batch_size": 32, "rng": np.random.default_rng(1), "progress": False}
    with pytest.raises(TrainingInterrupted):
        fit(network, LOSS, moving, moons, callbacks=[Interrupt()], **options)
    with pytest.raises(RuntimeError, match="evaluation point"):
        moving.step(network.theta, network.grad)
