"""Keeping the best network and stopping early: when, which network, and after which endings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.layers import BatchNorm, Dense, ReLU
from course_utils.losses import MeanSquaredError, SoftmaxCrossEntropy
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, Adam
from course_utils.training import (
    Callback,
    EarlyStopping,
    KeepBest,
    Run,
    TrainingDiverged,
    TrainingInterrupted,
    evaluate,
    fit,
)

LOSS = SoftmaxCrossEntropy()
losses = st.lists(st.integers(0, 12).map(lambda tenth: tenth / 10), min_size=1, max_size=25)


def drive(callback, values, monitor="val_loss", ending=None):
    """A training in which epoch k ends with values[k - 1] and all parameters equal to k."""
    network = Network([Dense(1, 1), BatchNorm(1)], dtype=np.float64)
    data = np.zeros((2, 1)), np.zeros((2, 1))
    run = Run(network, MeanSquaredError(), SGD(0.1), data, data, epochs=len(values))
    callback.on_start(run)
    for value in values:
        run.epoch += 1
        for array in network._state().values():
            array[...] = run.epoch
        getattr(run.history, monitor).append(value)
        callback.on_epoch(run)
        if run.stop:
            break
    callback.on_end(run)
    return run


def train(network, train_data, val, callbacks, epochs=30, loss=LOSS, optimizer=None, seed=0):
    return fit(
        *(network, loss, optimizer or Adam(0.03), train_data, val),
        epochs=epochs,
        batch_size=16,
        rng=np.random.default_rng(seed),
        callbacks=callbacks,
        progress=False,
    )


@pytest.fixture
def noisy(rng):
    """Forty examples with labels that mean nothing, and fifty others: learning them is harmful."""
    x = rng.normal(size=(90, 5))
    y = rng.integers(0, 2, size=90)
    return (x[:40], y[:40]), (x[40:], y[40:])


def with_batch_norm(seed=0):
    rng = np.random.default_rng(seed)
    layers = [Dense(5, 16, rng=rng), BatchNorm(16), ReLU(), Dense(16, 2, rng=rng)]
    return Network(layers)


@given(losses)
def test_the_first_of_the_lowest_losses_is_kept(values):
    keep = KeepBest()
    run = drive(keep, values)
    assert keep.best_epoch == 1 + values.index(min(values))
    assert keep.best == min(values)
    for array in run.network._state().values():
        assert (array == keep.best_epoch).all()


@given(losses)
def test_the_first_of_the_highest_accuracies_is_kept(values):
    keep = KeepBest("val_accuracy")
    drive(keep, values, "val_accuracy")
    assert keep.best_epoch == 1 + values.index(max(values))


@given(losses, st.integers(1, 5))
def test_it_stops_when_patience_epochs_brought_nothing_new(values, patience):
    early = EarlyStopping(patience)
    run = drive(early, values)
    expected = next(
        (
            epoch
            for epoch in range(patience + 1, len(values) + 1)
            if min(values[epoch - patience : epoch]) >= min(values[: epoch - patience])
        ),
        None,
    )
    assert run.epoch == (expected or len(values))
    assert (run.stop is not None) == (expected is not None)


def test_patience_counts_epochs_in_a_row():
    run = drive(EarlyStopping(2), [5, 6, 4, 5, 3, 4, 2, 3, 3, 9])
    assert run.epoch == 9


def test_gains_of_at_most_min_delta_are_no_progress_but_the_best_is_kept():
    early = EarlyStopping(3, min_delta=0.5)
    run = drive(early, [4.0, 3.5, 3.75, 3.75, 1.0])
    assert run.epoch == 4
    assert early.best_epoch == 2
    assert (run.network.theta == 2).all()


def test_small_gains_add_up_to_progress():
    assert drive(EarlyStopping(3, min_delta=0.5), [4.0, 3.75, 3.5, 3.25, 3.0, 2.75]).stop is None


def test_accuracy_must_rise():
    early = EarlyStopping(2, monitor="train_accuracy")
    run = drive(early, [0.5, 0.6, 0.4, 0.3, 0.9], "train_accuracy")
    assert (run.epoch, early.best_epoch) == (4, 2)


def test_the_reason_says_what_was_watched_and_which_epoch_was_best():
    run = drive(EarlyStopping(2), [3, 2, 4, 4])
    assert run.stop == "no progress of val_loss for 2 epochs, the best was epoch 2"


def test_a_reason_of_another_callback_stays():
    class Enough(EarlyStopping):
        def on_epoch(self, run):
            run.stop = "enough"
            super().on_epoch(run)

    assert drive(Enough(1), [1, 2]).stop == "enough"
    early = EarlyStopping(1)
    run = drive(early, [1])
    run.stop = "enough"
    run.history.val_loss.append(2)
    early.on_epoch(run)
    assert run.stop == "enough"


def test_one_object_serves_several_trainings():
    early = EarlyStopping(2)
    drive(early, [0.1, 0.2, 0.3])
    run = drive(early, [5, 4, 6, 3])
    assert run.stop is None
    assert (early.best, early.best_epoch) == (3, 4)
    untouched = Run(mlp([1, 1], rng=0), LOSS, SGD(1), (None, None), (None, None), epochs=1)
    before = untouched.network.theta.copy()
    early.on_start(untouched)
    early.on_end(untouched)
    assert early.best_epoch is None
    np.testing.assert_array_equal(untouched.network.theta, before)


@pytest.mark.parametrize("build", [lambda: mlp([5, 32, 2], rng=0), with_batch_norm])
def test_a_training_that_overfits_is_stopped_and_ends_with_its_best_network(build, noisy):
    train_data, val = noisy
    early, network = EarlyStopping(patience=4), build()
    history = train(network, train_data, val, [early], epochs=200)
    assert len(history) == early.best_epoch + 4 < 200
    assert history.stopped.startswith("no progress of val_loss for 4 epochs")
    assert early.best == min(history.val_loss) < history.val_loss[-1]
    assert evaluate(network, LOSS, *val)[0] == pytest.approx(early.best, rel=1e-6)
    until_best = build()
    train(until_best, train_data, val, [], epochs=early.best_epoch)
    for name, array in until_best._state().items():
        np.testing.assert_array_equal(network._state()[name], array)


def test_keeping_the_best_changes_nothing_else(noisy):
    train_data, val = noisy
    plain = train(with_batch_norm(), train_data, val, [])
    kept = train(with_batch_norm(), train_data, val, [KeepBest()])
    assert (kept.train_loss, kept.val_loss) == (plain.train_loss, plain.val_loss)
    assert kept.stopped is None


def test_the_best_network_can_be_trained_on(noisy):
    """What is put back lies in the network's one vector: the optimizer still moves it."""
    train_data, val = noisy
    network = with_batch_norm()
    train(network, train_data, val, [KeepBest()], epochs=5)
    before = network.theta.copy()
    train(network, train_data, val, [], epochs=1)
    assert (network.theta != before).mean() > 0.9
    assert np.shares_memory(network.theta, network.layers[0].params["W"])


def test_ctrl_c_leaves_the_best_network(noisy):
    class Interrupt(Callback):
        def on_step(self, run):
            if run.epoch == 25:
                raise KeyboardInterrupt

    train_data, val = noisy
    keep, network = KeepBest(), with_batch_norm()
    with pytest.raises(TrainingInterrupted) as caught:
        train(network, train_data, val, [keep, Interrupt()], epochs=60)
    history = caught.value.history
    assert history.stopped.startswith("interrupted")
    assert len(history) == 25
    assert keep.best_epoch < 25
    assert evaluate(network, LOSS, *val)[0] == pytest.approx(min(history.val_loss), rel=1e-6)


def test_ctrl_c_before_the_first_epoch_leaves_the_network_there_is(noisy):
    class Interrupt(Callback):
        def on_step(self, run):
            raise KeyboardInterrupt

    keep, network = KeepBest(), with_batch_norm()
    before = network.theta.copy()
    with pytest.raises(TrainingInterrupted):
        train(network, *noisy, [keep, Interrupt()])
    assert keep.best_epoch is None
    assert (network.theta != before).any()


def test_divergence_leaves_the_best_network_and_is_still_raised(rng):
    x = rng.normal(size=(64, 3))
    y = x.sum(axis=1, keepdims=True)

    class RaiseTheRate(Callback):
        def on_epoch(self, run):
            run.optimizer.lr = 0.05 if run.epoch < 6 else 3.0

    network, early = mlp([3, 1], rng=rng), EarlyStopping(patience=500)
    with pytest.raises(TrainingDiverged) as caught:
        train(
            *(network, (x, y), (x, y), [early, RaiseTheRate()]),
            epochs=500,
            loss=MeanSquaredError(),
            optimizer=SGD(0.05),
        )
    assert early.best_epoch == 6
    assert np.isfinite(network.theta).all()
    loss = evaluate(network, MeanSquaredError(), x, y)[0]
    assert loss == pytest.approx(caught.value.history.val_loss[5], rel=1e-5)


def test_without_validation_data_it_refuses_before_the_first_update(noisy):
    network = with_batch_norm()
    before = network.theta.copy()
    with pytest.raises(ValueError, match=r"val is None, but val_loss is monitored: pass val="):
        train(network, noisy[0], None, [EarlyStopping(3)])
    np.testing.assert_array_equal(network.theta, before)
    history = train(network, noisy[0], None, [KeepBest("train_loss")], epochs=2)
    assert len(history) == 2


def test_an_accuracy_that_does_not_exist_is_refused(rng):
    x = rng.normal(size=(32, 2))
    with pytest.raises(ValueError, match="val_accuracy is NaN for MeanSquaredError"):
        train(
            *(mlp([2, 1], rng=rng), (x, x[:, :1]), (x, x[:, :1])),
            [KeepBest("val_accuracy")],
            loss=MeanSquaredError(),
        )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"patience": 0}, ValueError, "patience is 0, expected at least 1"),
        ({"patience": 2.5}, TypeError, "patience is 2.5"),
        ({"patience": 3, "min_delta": -1}, ValueError, "min_delta is -1"),
        ({"patience": 3, "monitor": "loss"}, ValueError, "monitor is 'loss', expected one of"),
    ],
)
def test_settings_are_checked(settings, error, message):
    with pytest.raises(error, match=message):
        EarlyStopping(**settings)
