"""Training: batches, measurement, clipping, and what `fit` promises."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.layers import BatchNorm, Dense, Dropout, ReLU
from course_utils.losses import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, Adam, Momentum
from course_utils.schedules import ReduceOnPlateau, constant, linear_warmup, step_decay
from course_utils.training import (
    Callback,
    History,
    TrainingDiverged,
    TrainingInterrupted,
    clip_gradient_norm,
    evaluate,
    fit,
    minibatches,
    steps_per_epoch,
)

LOSS = SoftmaxCrossEntropy()
LISTS = [
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
    "gradient_norm",
    "seconds",
]


def quick_fit(moons, *, network=None, optimizer=None, val=None, epochs=3, seed=0, **options):
    """A short quiet run, epochs of seven steps; returns the network and its history."""
    if network is None:
        network = mlp([2, 8, 2], rng=np.random.default_rng(seed))
    optimizer = optimizer or SGD(0.1)
    settings = {"epochs": epochs, "batch_size": 32, "rng": np.random.default_rng(seed)}
    settings |= {"progress": False, "last_batch": "keep"} | options
    return network, fit(network, LOSS, optimizer, moons, val, **settings)


class Recorder(Callback):
    """Writes down which method is called, and where the run stands."""

    def __init__(self):
        self.calls, self.losses, self.epochs = [], [], []

    def on_start(self, run):
        self.calls.append("start")

    def on_step(self, run):
        self.calls.append("step")
        self.losses.append(run.batch_loss)

    def on_epoch(self, run):
        self.calls.append("epoch")
        self.epochs.append((run.step, run.epoch, len(run.history)))

    def on_end(self, run):
        self.calls.append("end")


class Interrupt(Callback):
    """Ctrl-C at a chosen step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, run):
        if run.step == self.step:
            raise KeyboardInterrupt


def sizes_of(n, batch_size, rule):
    x, y = np.arange(n)[:, None] * np.ones((1, 2)), np.arange(n)
    return [len(b) for _, b in minibatches(x, y, batch_size, np.random.default_rng(0), rule)]


@pytest.mark.parametrize("rule", ["keep", "merge"])
@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), seed=st.integers(0, 5))
def test_minibatches_hold_every_example_once(rule, n, batch_size, seed):
    x, y = np.arange(n)[:, None] * np.ones((1, 2)), np.arange(n)
    batches = list(minibatches(x, y, batch_size, np.random.default_rng(seed), rule))
    np.testing.assert_array_equal(np.sort(np.concatenate([b for _, b in batches])), y)
    for x_batch, y_batch in batches:
        np.testing.assert_array_equal(x_batch[:, 0], y_batch)
    full, rest = divmod(n, batch_size)
    sizes = [len(b) for _, b in batches]
    if rule == "keep" or full == 0:
        assert sizes == [batch_size] * full + ([rest] if rest else [])
    else:
        assert sizes == [batch_size] * (full - 1) + [batch_size + rest]
    assert len(sizes) == steps_per_epoch(n, batch_size, rule)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_dropping_leaves_out_other_examples_each_epoch(n, batch_size, seed):
    n = max(n, batch_size)
    y, rng = np.arange(n), np.random.default_rng(seed)
    epochs = [[b for _, b in minibatches(y[:, None], y, batch_size, rng, "drop")] for _ in range(9)]
    for batches in epochs:
        assert [len(b) for b in batches] == [batch_size] * (n // batch_size)
        assert len(batches) == steps_per_epoch(n, batch_size, "drop")
        assert len(set(np.concatenate(batches))) == n - n % batch_size
    if 0 < n % batch_size < n / 2 and n > 10:
        left_out = [frozenset(y) - set(np.concatenate(batches)) for batches in epochs]
        assert len(set(left_out)) > 1


def test_the_rules_differ_in_the_last_batch_only():
    assert sizes_of(10_000, 128, "keep") == [128] * 78 + [16]
    assert sizes_of(10_000, 128, "drop") == [128] * 78
    assert sizes_of(10_000, 128, "merge") == [128] * 77 + [144]
    y = np.arange(203)
    keep, drop, merge = (
        [b for _, b in minibatches(y[:, None], y, 32, np.random.default_rng(3), rule)]
        for rule in ("keep", "drop", "merge")
    )
    for k in range(5):
        np.testing.assert_array_equal(keep[k], drop[k])
        np.testing.assert_array_equal(keep[k], merge[k])
    np.testing.assert_array_equal(np.concatenate(keep[5:]), merge[5])


def test_merging_is_the_default():
    y = np.arange(203)
    assert [len(b) for _, b in minibatches(y[:, None], y, 32, np.random.default_rng(0))] == [
        *[32] * 5,
        43,
    ]
    assert steps_per_epoch(203, 32) == 6


@pytest.mark.parametrize(("rule", "steps"), [("keep", 14), ("drop", 12), ("merge", 12)])
def test_fit_makes_the_steps_that_are_counted(rule, steps, moons):
    recorder = Recorder()
    quick_fit(moons, epochs=2, last_batch=rule, callbacks=[recorder])
    assert recorder.calls.count("step") == steps == 2 * steps_per_epoch(203, 32, rule)


def test_batch_norm_never_sees_one_example_unless_it_is_kept(rng):
    """65 rows in batches of 32 leave one over: batch norm has no variance of one example."""
    x, y = rng.normal(size=(65, 2)), rng.integers(0, 2, 65)
    sizes = []

    class Sizes(BatchNorm):
        def forward(self, x, training=False):
            sizes.append(len(x)) if training else None
            return super().forward(x, training)

    for rule, smallest in (("merge", 32), ("drop", 32)):
        sizes.clear()
        network = Network([Dense(2, 4, rng=rng), Sizes(4), ReLU(), Dense(4, 2, rng=rng)])
        options = {"epochs": 2, "batch_size": 32, "rng": rng, "progress": False}
        fit(network, LOSS, SGD(0.1), (x, y), last_batch=rule, **options)
        assert min(sizes) == smallest
    network = Network([Dense(2, 4, rng=rng), BatchNorm(4), ReLU(), Dense(4, 2, rng=rng)])
    with pytest.raises(ValueError, match="batch"):
        fit(network, LOSS, SGD(0.1), (x, y), last_batch="keep", **options)


def test_an_optimizer_of_your_own_needs_a_rate_and_a_step(moons):
    class Plain:
        lr = 0.1

        def step(self, theta, grad):
            theta -= self.lr * grad

    own, _ = quick_fit(moons, optimizer=Plain())
    ours, _ = quick_fit(moons, optimizer=SGD(0.1))
    np.testing.assert_allclose(own.theta, ours.theta, rtol=1e-4, atol=1e-6)


def test_minibatches_have_new_contents_each_epoch(rng):
    x, y = np.zeros((60, 1)), np.arange(60)
    first, second = (
        [frozenset(b.tolist()) for _, b in minibatches(x, y, 10, rng)] for _ in range(2)
    )
    assert not set(first) & set(second)
    same = [b for _, b in minibatches(x, y, 10, np.random.default_rng(1))]
    again = [b for _, b in minibatches(x, y, 10, np.random.default_rng(1))]
    np.testing.assert_array_equal(same, again)


def test_minibatches_are_copies(rng):
    x, y = np.ones((6, 2)), np.arange(6)
    for x_batch, y_batch in minibatches(x, y, 4, rng):
        x_batch[:] = 0
        y_batch[:] = 0
    assert x.all()
    np.testing.assert_array_equal(y, np.arange(6))


@pytest.mark.parametrize("batch_size", [1, 7, 50, 203, 1000])
def test_evaluate_equals_one_big_batch(batch_size, moons, rng):
    x, y = moons
    network = mlp([2, 5, 2], rng=rng).astype(np.float64)
    outputs = network.forward(x)
    loss, accuracy = evaluate(network, LOSS, x, y, batch_size=batch_size)
    assert loss == pytest.approx(LOSS(outputs, y)[0], rel=1e-12)
    assert accuracy == pytest.approx(LOSS.accuracy(outputs, y), rel=1e-12)


def test_evaluate_is_inference_and_changes_nothing(moons, rng):
    layers = [Dense(2, 6, rng=rng), BatchNorm(6), Dropout(0.5, rng=rng), Dense(6, 2, rng=rng)]
    network = Network(layers)
    before = copy.deepcopy(network._state())
    assert evaluate(network, LOSS, *moons) == evaluate(network, LOSS, *moons)
    for name, array in network._state().items():
        np.testing.assert_array_equal(array, before[name])


def test_evaluate_a_regression_has_no_accuracy(rng):
    network, x = mlp([2, 1], rng=rng), rng.normal(size=(5, 2))
    loss, accuracy = evaluate(network, MeanSquaredError(), x, network.forward(x) + 2)
    assert loss == pytest.approx(4, rel=1e-6)
    assert np.isnan(accuracy)


def test_clipping_matches_pytorch(recorded):
    case = recorded["clipping"]
    for max_norm in ("0.5", "100.0"):
        gradient = np.array(case["gradient"])
        norm = clip_gradient_norm(gradient, float(max_norm))
        assert norm == pytest.approx(case[max_norm]["norm"], rel=1e-12)
        # PyTorch adds 1e-6 to the norm before it divides
        np.testing.assert_allclose(gradient, case[max_norm]["clipped"], rtol=2e-6)


@given(st.floats(0.01, 100), st.integers(0, 50))
def test_clipping_keeps_the_direction_and_bounds_the_length(max_norm, seed):
    gradient = np.random.default_rng(seed).normal(size=7) * 3
    before = gradient.copy()
    norm = clip_gradient_norm(gradient, max_norm)
    assert norm == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(gradient) == pytest.approx(min(norm, max_norm))
    np.testing.assert_allclose(gradient * norm, before * min(norm, max_norm), rtol=1e-9)


def test_fit_learns_two_moons(moons, rng):
    network = mlp([2, 16, 2], rng=rng)
    _, history = quick_fit(moons, network=network, optimizer=Adam(0.03), epochs=40)
    assert history.train_accuracy[-1] > 0.98
    assert history.train_loss[-1] < 0.1 < history.train_loss[0]


def test_fit_finds_the_line_of_least_squares(rng):
    x = rng.normal(size=(120, 1))
    y = 3 * x - 1 + 0.1 * rng.normal(size=(120, 1))
    network = Network([Dense(1, 1, rng=rng)], dtype=np.float64)
    options = {"epochs": 200, "batch_size": 120, "rng": rng, "progress": False}
    fit(network, MeanSquaredError(), SGD(0.1), (x, y), **options)
    slope, intercept = np.polyfit(x[:, 0], y[:, 0], 1)
    np.testing.assert_allclose(network.theta, [slope, intercept], rtol=1e-8)


def test_fit_learns_a_binary_target(moons, rng):
    x, y = moons
    network = mlp([2, 16, 1], rng=rng)
    options = {"epochs": 40, "batch_size": 32, "rng": rng, "progress": False}
    history = fit(network, BinaryCrossEntropy(), Adam(0.03), (x, y[:, None]), **options)
    assert history.train_accuracy[-1] > 0.98


@pytest.mark.parametrize("rule", ["keep", "drop", "merge"])
def test_fit_takes_the_steps_of_a_loop_written_out(rule, moons):
    """The same updates as forward, loss, backward, step over the same mini-batches."""
    x, y = moons
    network, _ = quick_fit(moons, optimizer=Momentum(0.05), epochs=2, seed=5, last_batch=rule)
    by_hand = mlp([2, 8, 2], rng=np.random.default_rng(5))
    optimizer, rng = Momentum(0.05), np.random.default_rng(5)
    for _ in range(2):
        for x_batch, y_batch in minibatches(x, y, 32, rng, rule):
            _, grad_outputs = LOSS(by_hand.forward(x_batch, training=True), y_batch)
            by_hand.backward(grad_outputs)
            optimizer.step(by_hand.theta, by_hand.grad)
    np.testing.assert_array_equal(network.theta, by_hand.theta)


def test_fit_is_reproducible_from_its_seeds(moons):
    first, first_history = quick_fit(moons, seed=1)
    again, again_history = quick_fit(moons, seed=1)
    other, _ = quick_fit(moons, seed=2)
    np.testing.assert_array_equal(first.theta, again.theta)
    assert first_history.train_loss == again_history.train_loss
    assert not np.array_equal(first.theta, other.theta)


def test_fit_trains_in_training_mode_and_measures_at_inference(moons, rng):
    layers = [Dense(2, 6, rng=rng), BatchNorm(6), ReLU(), Dropout(0.5, rng=rng)]
    network = Network([*layers, Dense(6, 2, rng=rng)])
    network, history = quick_fit(moons, network=network, val=moons, epochs=2)
    assert network.layers[1].buffers["running_mean"].any()
    assert history.train_loss == history.val_loss  # one data set, no dropout in between
    assert evaluate(network, LOSS, *moons)[0] == history.train_loss[-1]


def test_history_is_measured_after_the_last_update(moons, rng):
    x, y = moons
    val = x[:50] + 0.1, y[:50]
    network, history = quick_fit(moons, val=val, epochs=3)
    last = history.train_loss[-1], history.train_accuracy[-1]
    assert evaluate(network, LOSS, x, y) == last
    assert evaluate(network, LOSS, *val) == (history.val_loss[-1], history.val_accuracy[-1])
    assert [len(getattr(history, name)) for name in LISTS] == [3] * len(LISTS)
    assert len(history) == 3
    assert history.stopped is None
    assert all(s > 0 for s in history.seconds)


def test_fewer_rows_can_be_measured_and_all_are_trained_on(moons):
    x, y = moons
    whole, all_rows = quick_fit(moons, val=moons)
    network, few = quick_fit(moons, val=moons, measured_rows=40)
    assert np.array_equal(network.theta, whole.theta)
    assert few.val_loss == all_rows.val_loss
    assert (
        evaluate(network, LOSS, x[:40], y[:40])[0] == few.train_loss[-1] != all_rows.train_loss[-1]
    )
    with pytest.raises(ValueError, match="measured_rows"):
        quick_fit(moons, measured_rows=0)


def test_history_without_validation_data_is_nan_there(moons):
    _, history = quick_fit(moons, epochs=2)
    assert np.isnan(history.val_loss + history.val_accuracy).all()


def test_history_becomes_a_table(moons):
    _, history = quick_fit(moons, val=moons, epochs=3)
    frame = history.to_frame()
    assert list(frame.columns) == LISTS
    assert list(frame.index) == [1, 2, 3]
    assert frame.index.name == "epoch"
    assert frame["val_loss"].tolist() == history.val_loss


def test_the_gradient_norm_is_the_mean_before_clipping(moons):
    norms = []

    class Norms(Callback):
        def on_step(self, run):
            norms.append(np.linalg.norm(run.network.grad))

    _, history = quick_fit(moons, epochs=1, callbacks=[Norms()])
    assert history.gradient_norm[0] == pytest.approx(np.mean(norms), rel=1e-6)
    unclipped = history.gradient_norm[0]
    norms.clear()
    still = SGD(0.0)
    _, history = quick_fit(moons, epochs=1, callbacks=[Norms()], clip_norm=1e-3, optimizer=still)
    assert max(norms) < 1.001e-3
    assert history.gradient_norm[0] == pytest.approx(unclipped, rel=0.5)


def test_the_schedule_sets_the_rate_of_each_update_from_step_0(moons):
    rates = []

    class Rates(Callback):
        def on_step(self, run):
            rates.append(run.optimizer.lr)

    schedule = step_decay(0.1, every=7, factor=0.5)
    _, history = quick_fit(moons, epochs=2, schedule=schedule, callbacks=[Rates()])
    assert rates == [schedule(step) for step in range(14)]  # 203 examples are 7 batches of 32
    assert history.lr == [rates[6], rates[13]]


@pytest.mark.parametrize("warm", [False, True])
def test_a_plateau_schedule_is_told_the_validation_loss(warm, moons):
    plateau = ReduceOnPlateau(0.1, factor=0.5, patience=0, threshold=1.0)  # nothing is progress
    schedule = linear_warmup(3, plateau) if warm else plateau
    _, history = quick_fit(moons, val=moons, epochs=4, schedule=schedule)
    assert history.lr == pytest.approx([0.1, 0.1, 0.05, 0.025])


def test_callbacks_are_called_in_order(moons):
    recorder = Recorder()
    quick_fit(moons, epochs=2, callbacks=[recorder])
    assert recorder.calls == ["start", *(["step"] * 7 + ["epoch"]) * 2, "end"]
    assert recorder.epochs == [(7, 1, 1), (14, 2, 2)]
    assert np.isfinite(recorder.losses).all()


def test_a_callback_sees_the_parts_of_the_training(moons):
    val = moons[0][:20], moons[1][:20]
    seen = []

    class Look(Callback):
        def on_start(self, run):
            assert (run.step, run.epoch, len(run.history)) == (0, 0, 0)
            seen.append(run)

        def on_end(self, run):
            assert run.history.stopped is None
            seen.append(run)

    optimizer = SGD(0.1)
    network, history = quick_fit(moons, optimizer=optimizer, val=val, epochs=2, callbacks=[Look()])
    first, last = seen
    assert first is last
    assert (last.network, last.loss, last.optimizer) == (network, LOSS, optimizer)
    assert last.history is history
    assert (last.epochs, last.epoch, last.step) == (2, 2, 14)
    for data, given_data in ((last.train, moons), (last.val, val)):
        np.testing.assert_array_equal(data[0], given_data[0])
        np.testing.assert_array_equal(data[1], given_data[1])


def test_callbacks_are_called_in_the_order_of_the_list(moons):
    order = []

    class Named(Callback):
        def __init__(self, name):
            self.name = name

        def on_start(self, run):
            order.append(("start", self.name))

        def on_epoch(self, run):
            order.append(("epoch", self.name))

        def on_end(self, run):
            order.append(("end", self.name))

    quick_fit(moons, epochs=1, callbacks=[Named("a"), Named("b")])
    assert order == [(when, name) for when in ("start", "epoch", "end") for name in "ab"]


def test_an_error_of_a_callback_reaches_the_caller_after_the_end(moons):
    class Fails(Callback):
        def on_epoch(self, run):
            raise OSError("disk full")

    recorder = Recorder()
    with pytest.raises(OSError, match="disk full"):
        quick_fit(moons, epochs=3, callbacks=[recorder, Fails()])
    assert recorder.calls.count("epoch") == 1
    assert recorder.calls[-1] == "end"


def test_a_callback_can_stop_training(moons):
    class Enough(Callback):
        def on_epoch(self, run):
            run.stop = "good enough"

    _, history = quick_fit(moons, epochs=50, callbacks=[Enough()])
    assert len(history) == 1
    assert history.stopped == "good enough"


@pytest.mark.parametrize(("step", "epochs"), [(1, 0), (7, 0), (10, 1), (14, 1), (15, 2)])
def test_ctrl_c_leaves_network_and_history_usable(step, epochs, moons):
    recorder, history = Recorder(), History()
    network = mlp([2, 4, 2], rng=0)
    options = {"epochs": 5, "batch_size": 32, "rng": np.random.default_rng(0), "progress": False}
    options |= {"callbacks": [Interrupt(step), recorder], "history": history, "last_batch": "keep"}
    with pytest.raises(TrainingInterrupted) as caught:
        fit(network, LOSS, SGD(0.1), moons, **options)
    assert (caught.value.step, caught.value.epoch) == (step, epochs)
    assert caught.value.history is history
    assert history.stopped == f"interrupted after {step} steps"
    assert recorder.calls[-1] == "end"
    assert {len(getattr(history, name)) for name in LISTS} == {epochs}
    assert len(history.to_frame()) == epochs
    assert np.isfinite(evaluate(network, LOSS, *moons)).all()


def test_ctrl_c_during_the_measurement_leaves_whole_epochs(moons):
    class Impatient(SoftmaxCrossEntropy):
        calls = 0

        def accuracy(self, outputs, targets):
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().accuracy(outputs, targets)

    options = {"epochs": 5, "batch_size": 32, "rng": np.random.default_rng(0), "progress": False}
    history = History()
    with pytest.raises(TrainingInterrupted):
        fit(mlp([2, 4, 2], rng=0), Impatient(), SGD(0.1), moons, history=history, **options)
    assert {len(getattr(history, name)) for name in LISTS} == {1}
    assert len(history.to_frame()) == 1


def test_one_ctrl_c_ends_a_loop_of_trainings(moons):
    """As one press of Stop must: the rates that wait are not trained."""
    tried = []
    with pytest.raises(KeyboardInterrupt):
        for rate in (0.1, 0.2, 0.4):
            tried.append(rate)
            quick_fit(moons, epochs=2, callbacks=[Interrupt(3)])
    assert tried == [0.1]


def test_a_history_to_fill_is_the_one_returned_and_must_be_empty(moons):
    history = History()
    _, returned = quick_fit(moons, epochs=2, history=history)
    assert returned is history
    assert len(history) == 2
    with pytest.raises(ValueError, match="holds 2 epochs already"):
        quick_fit(moons, epochs=2, history=history)
    assert len(history) == 2
    with pytest.raises(TypeError, match="history is list"):
        quick_fit(moons, epochs=2, history=[])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_says_where_and_carries_the_history(dtype, rng):
    x = rng.normal(size=(64, 3))
    y = x.sum(axis=1, keepdims=True)
    network, recorder = mlp([3, 1], rng=rng).astype(dtype), Recorder()
    options = {"epochs": 500, "batch_size": 16, "rng": rng, "progress": False}
    options["callbacks"] = [recorder]
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, MeanSquaredError(), SGD(1.2), (x, y), **options)
    error = caught.value
    assert not np.isfinite(error.loss)
    assert error.epoch - 1 <= len(error.history) <= error.epoch
    assert (error.epoch - 1) * 4 < error.step <= error.epoch * 4
    assert error.history.stopped == f"diverged at step {error.step}"
    assert recorder.calls[-1] == "end"
    for expected in (f"step {error.step}", f"epoch {error.epoch}", "lr 1.2", "clip_norm"):
        assert expected in str(error)


def test_divergence_names_the_step_whose_loss_it_was(moons):
    """The third batch of the second epoch: step 10, not taken; one epoch is in the history."""

    class Breaks(SoftmaxCrossEntropy):
        batches = 0

        def __call__(self, outputs, targets):
            value, gradient = super().__call__(outputs, targets)
            self.batches += len(targets) < 100  # not those of the measurement
            return (np.nan if self.batches == 10 else value), gradient

    recorder, options = Recorder(), {"epochs": 3, "batch_size": 32, "progress": False}
    options |= {"rng": np.random.default_rng(0), "callbacks": [recorder]}
    with pytest.raises(TrainingDiverged) as caught:
        fit(mlp([2, 4, 2], rng=0), Breaks(), SGD(0.1), moons, **options)
    assert (caught.value.step, caught.value.epoch) == (10, 2)
    assert len(caught.value.history) == 1
    assert recorder.calls.count("step") == 9


def test_divergence_in_the_last_update_is_seen_too(rng):
    x = rng.normal(size=(8, 2))
    network = mlp([2, 1], rng=rng)
    options = {"epochs": 1, "batch_size": 8, "rng": rng, "progress": False}
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, MeanSquaredError(), SGD(1e38), (x, x[:, :1]), **options)
    assert caught.value.step == 1
    assert len(caught.value.history) == 1


def test_a_validation_loss_that_is_not_finite_is_divergence(moons):
    class Broken(SoftmaxCrossEntropy):
        def __call__(self, outputs, targets):
            value, gradient = super().__call__(outputs, targets)
            return (np.inf if len(targets) == 3 else value), gradient

    val = moons[0][:3], moons[1][:3]
    options = {"epochs": 2, "batch_size": 32, "rng": np.random.default_rng(0), "progress": False}
    with pytest.raises(TrainingDiverged) as caught:
        fit(mlp([2, 4, 2], rng=0), Broken(), SGD(0.1), moons, val, **options)
    assert len(caught.value.history) == 1


def test_fit_changes_no_data(moons):
    x, y = moons
    before = x.copy(), y.copy()
    quick_fit(moons, val=moons)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_progress_can_be_shown_and_silenced(moons, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    quick_fit(moons, epochs=1)
    assert capsys.readouterr().err == ""
    quick_fit(moons, epochs=1, progress=True, schedule=constant(0.1))
    shown = capsys.readouterr()
    assert shown.out == ""
