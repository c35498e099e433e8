"""Every patient's cause is found, healthy networks are left alone, and looking changes nothing."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_moons

from course_utils import clinic, layers
from course_utils.clinic import bugs
from course_utils.data_files import data_directory
from course_utils.datasets import load_cifar10
from course_utils.diagnostics import FIRST_TRIES, diagnose, inspect
from course_utils.layers import BatchNorm, Dense, Dropout, ReLU
from course_utils.losses import (
    BinaryCrossEntropy,
    Loss,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from course_utils.network import Network, mlp
from course_utils.optimizers import SGD, AdaGrad, Adam, Momentum, RMSProp
from course_utils.training import evaluate, fit, minibatches

SEEDS = range(5)
PATIENTS = {patient.name: patient for patient in clinic.PATIENTS}


@pytest.fixture(scope="module")
def datasets():
    return clinic.load_data()


@pytest.fixture(scope="module")
def real_data(datasets):
    """name -> (x, y, loss, outputs): subsets of the real data of the course, and two moons."""
    rows = slice(0, 1500)
    mnist, housing, cifar = datasets["MNIST"], datasets["housing"], load_cifar10()
    x, y = make_moons(600, noise=0.15, random_state=3)
    return {
        "MNIST": (mnist.x_train[rows], mnist.y_train[rows], SoftmaxCrossEntropy(), 10),
        "housing": (housing.x_train[rows], housing.y_train[rows], MeanSquaredError(), 1),
        "CIFAR-10": (cifar.x_train[rows], cifar.y_train[rows], SoftmaxCrossEntropy(), 10),
        "moons": (x - x.mean(axis=0), y[:, None].astype(float), BinaryCrossEntropy(), 1),
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", PATIENTS)
def test_the_cause_is_named_and_no_other(name, seed, datasets):
    patient = PATIENTS[name]
    findings = diagnose(clinic.examine(patient.sick, datasets, seed))
    assert [finding.cause for finding in findings] == [patient.cause]
    assert diagnose(clinic.examine(patient.cured, datasets, seed)) == []


@pytest.mark.parametrize("name", PATIENTS)
def test_a_finding_says_where_which_number_and_what_to_try(name, datasets):
    patient = PATIENTS[name]
    (finding,) = diagnose(clinic.examine(patient.sick, datasets))
    assert any(character.isdigit() for character in finding.evidence)
    assert finding.first_try == FIRST_TRIES[patient.cause]
    assert str(finding).startswith(patient.cause) and "First try: " in str(finding)
    assert finding.sure in ("certain", "likely", "possible") and finding.otherwise
    assert np.isfinite(finding.number) or finding.cause == "rate too high"
    in_layers = {
        *("vanishing gradients", "weights too large", "dead units", "rate too high"),
        *("averaged twice", "no inference switch", "equal weights", "wrong gradient"),
    }
    assert bool(finding.layers) == (patient.cause in in_layers)


def test_the_layers_that_are_named_are_the_faulty_ones(datasets):
    found = {
        name: diagnose(clinic.examine(PATIENTS[name].sick, datasets))[0].layers
        for name in ("never at rest", "one by one", "all alike", "deep sigmoid")
    }
    assert found["never at rest"] == (2, 5)
    assert found["one by one"] == (1, 4)
    assert found["all alike"] == (0, 2)
    assert 0 in found["deep sigmoid"] and 12 not in found["deep sigmoid"]


@pytest.mark.parametrize("name", PATIENTS)
def test_one_change_cures(name, datasets):
    """One field differs, the sick one fails, and with the change it learns."""
    patient = PATIENTS[name]
    changed = [
        field.name
        for field in fields(clinic.Setup)
        if getattr(patient.sick, field.name) != getattr(patient.cured, field.name)
    ]
    assert len(changed) == 1
    sick, cured = clinic.train(patient.sick, datasets), clinic.train(patient.cured, datasets)
    assert cured.diverged is None
    assert len(cured.history) == patient.cured.epochs
    if patient.sick.data == "MNIST":
        assert cured.history.val_accuracy[-1] > 0.8
    else:
        assert cured.history.val_loss[-1] < 0.7
    if sick.diverged is None and name != "one by one":
        assert sick.history.val_loss[-1] > 1.5 * cured.history.val_loss[-1]
    if sick.diverged is None and name != "rate too high":
        # also where the failed network itself is looked at, not a fresh one
        (x, y), _ = clinic.examples(patient.sick, datasets)
        findings = diagnose(
            inspect(
                sick.network,
                clinic.loss_of(patient.sick),
                x,
                y,
                optimizer=SGD(patient.sick.lr),
                batches=minibatches(x, y, 64, clinic.order_of(patient.sick, 0)),
            )
        )
        assert [finding.cause for finding in findings] == [patient.cause]


def test_the_first_loss_of_a_patient_is_that_of_its_report(datasets):
    setup = PATIENTS["deep sigmoid"].sick
    (x, y), _ = clinic.examples(setup, datasets)
    value, _ = evaluate(clinic.build(setup, 0, 784), clinic.loss_of(setup), x[::2], y[::2])
    assert clinic.examine(setup, datasets).loss == pytest.approx(value, rel=0.02)


HEALTHY = [
    (data, activation, hidden, optimizer)
    for data in ("MNIST", "housing", "CIFAR-10", "moons")
    for activation, hidden, optimizer in (
        ("relu", (64,), "SGD"),
        ("relu", (50,) * 6, "Adam"),
        ("tanh", (50,) * 4, "Momentum"),
        ("sigmoid", (50, 50), "Adam"),
        ("leaky_relu", (50,) * 3, "SGD"),
    )
]
OPTIMIZERS = {
    "SGD": lambda: SGD(0.02),
    "Momentum": lambda: Momentum(0.002),
    "Adam": lambda: Adam(0.001),
}


@pytest.mark.parametrize("data, activation, hidden, optimizer", HEALTHY)
def test_healthy_networks_get_no_finding(data, activation, hidden, optimizer, real_data):
    """20 networks, before and after training."""
    x, y, loss, outputs = real_data[data]
    network = mlp([x.shape[1], *hidden, outputs], activation, rng=len(hidden))
    optimizer = OPTIMIZERS[optimizer]()
    for epochs in (0, 6):
        if epochs:
            rng = np.random.default_rng(1)
            fit(network, loss, optimizer, (x, y), epochs=6, batch_size=64, rng=rng, progress=False)
        batches = minibatches(x, y, 64, np.random.default_rng(2))
        report = inspect(network, loss, x, y, optimizer=optimizer, batches=batches)
        assert diagnose(report) == [], report


def test_dropout_and_batch_norm_that_obey_are_healthy(datasets):
    for change in ({"dropout": 0.5}, {"norm": "batch"}, {"dropout": 0.3, "norm": "batch"}):
        setup = replace(clinic.Setup(), **change)
        assert diagnose(clinic.examine(setup, datasets)) == []


def test_looking_changes_nothing(rng):
    network = Network(
        [Dense(6, 8, rng=rng), BatchNorm(8), ReLU(), Dropout(0.5, rng=rng), Dense(8, 3, rng=rng)]
    )
    x, y = rng.normal(size=(150, 6)).astype(np.float32), rng.integers(0, 3, 150)
    optimizer, loss = Adam(0.01), SoftmaxCrossEntropy()
    fit(network, loss, optimizer, (x, y), epochs=1, batch_size=30, rng=rng, progress=False)
    outputs = network.forward(x[:20])
    before = network.snapshot()
    kept = (network.grad.copy(), optimizer.m.copy(), optimizer.v.copy(), x.copy(), y.copy())
    caches = [layer.__dict__.get("x", layer.__dict__.get("cache")) for layer in network.layers]
    state = rng.bit_generator.state

    inspect(network, loss, x, y, optimizer=optimizer)

    after = network.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    now = (network.grad, optimizer.m, optimizer.v, x, y)
    assert all(map(np.array_equal, kept, now))
    assert optimizer.t == 5
    assert rng.bit_generator.state == state
    for layer, cache in zip(network.layers, caches, strict=True):
        assert layer.__dict__.get("x", layer.__dict__.get("cache")) is cache
    network.backward(np.ones_like(outputs))  # the caches still fit this batch


def test_dead_means_zero_for_every_example():
    """A unit that is off for most, and on for one example, is alive."""
    layer = Dense(1, 4, init=0.0, rng=0)
    layer.params["W"] = [[1.0, 1.0, -1.0, 0.0]]
    layer.params["b"] = [-98.5, -200.0, -0.5, 0.0]
    x = np.arange(100.0)[:, None] / 1.0
    report = inspect(Network([layer, ReLU()]), MeanSquaredError(), x, np.zeros((100, 4)))
    assert report.layers[1].dead == 0.75


def test_the_numbers_of_a_layer(rng):
    dense = Dense(2, 2, rng=rng)
    dense.params["W"], dense.params["b"] = [[3.0, 0.0], [0.0, 4.0]], [1.0, 1.0]
    network = Network([dense], dtype=np.float64)
    x, y = rng.normal(size=(400, 2)), np.zeros((400, 2))
    report = inspect(network, MeanSquaredError(), x, y, optimizer=SGD(0.1))
    (layer,) = report.layers
    out = network.forward(x)
    assert layer.mean == pytest.approx(out.mean())
    assert layer.std == pytest.approx(out.std())
    assert layer.gain == pytest.approx(np.linalg.norm(out - 1) / np.linalg.norm(x))
    value, gradient = MeanSquaredError()(out, y)
    network.backward(gradient)
    assert report.loss == pytest.approx(value)
    assert layer.gradient_norm == pytest.approx(np.linalg.norm(network.grad))
    assert layer.weight_norm == pytest.approx(np.sqrt(9 + 16 + 2))
    assert layer.update_ratio == pytest.approx(0.1 * layer.gradient_norm / layer.weight_norm)
    assert layer.slope_ratio == pytest.approx(1, abs=1e-6)
    assert layer.dead is layer.saturated is None


def test_the_loss_by_chance(rng):
    x, y = rng.normal(size=(200, 3)), np.arange(200) % 4
    assert inspect(mlp([3, 4]), SoftmaxCrossEntropy(), x, y).chance == pytest.approx(np.log(4))
    half = (y % 2)[:, None].astype(float)
    assert inspect(mlp([3, 1]), BinaryCrossEntropy(), x, half).chance == pytest.approx(np.log(2))
    assert inspect(mlp([3, 1]), MeanSquaredError(), x, half).chance == pytest.approx(0.25)


def test_what_was_not_measured_is_not_judged(datasets):
    setup = PATIENTS["rate too high"].sick
    (x, y), _ = clinic.examples(setup, datasets)
    network = clinic.build(setup, 0, 784)
    report = inspect(network, clinic.loss_of(setup), x, y)
    assert report.probe is None and report.sorted_share is None
    assert diagnose(report) == []
    assert "pass optimizer=" in str(report) and "pass batches=" in str(report)
    few = inspect(network, clinic.loss_of(setup), x[:50], y[:50])
    assert few.agreement is None and few.layers[1].dead is None


def test_a_loss_of_the_students_own(rng):
    class AbsoluteError(Loss):
        def __call__(self, outputs, targets):
            error = outputs - targets
            return float(np.abs(error).mean()), np.sign(error) / error.size

    x = rng.normal(size=(300, 3))
    report = inspect(mlp([3, 16, 1], rng=0), AbsoluteError(), x, x[:, :1], optimizer=SGD(0.01))
    assert report.chance is None
    assert diagnose(report) == []


def test_a_gradient_that_is_wrong_in_one_layer_is_found_there(datasets):
    class NoMask(ReLU):
        def backward(self, grad_output):
            return grad_output

    rng = np.random.default_rng(0)
    network = Network([Dense(784, 30, rng=rng), NoMask(), Dense(30, 10, rng=rng)])
    data = datasets["MNIST"]
    (finding,) = diagnose(inspect(network, SoftmaxCrossEntropy(), data.x_train, data.y_train))
    assert (finding.cause, finding.layers) == ("wrong gradient", (0,))


def test_two_causes_at_once_are_both_named(datasets):
    setup = clinic.Setup(aligned=False, bias=-5.0)
    causes = [finding.cause for finding in diagnose(clinic.examine(setup, datasets))]
    assert causes == ["misaligned labels", "dead units"]


def test_a_network_that_has_diverged_is_refused_in_words():
    network = mlp([3, 4, 2], rng=0)
    network.theta[:5] = np.nan
    x, y = np.zeros((10, 3)), np.zeros(10, dtype=int)
    with pytest.raises(ValueError, match="5 parameters that are NaN or infinite: it has diverged"):
        inspect(network, SoftmaxCrossEntropy(), x, y)


@pytest.mark.parametrize(
    "x, y, message",
    [
        (np.zeros(3), np.zeros(1, int), "x has shape .3,., expected .N, 3."),
        (np.zeros((10, 3)), np.zeros(9, int), "x has 10 rows, y has 9"),
        (np.zeros((10, 4)), np.zeros(10, int), "x has shape .10, 4., expected .N, 3."),
        (np.full((10, 3), np.inf), np.zeros(10, int), "x holds 30 values that are NaN or inf"),
        (np.zeros((10, 3)), np.full(10, 2), "targets range from 2 to 2, expected class indices"),
    ],
)
def test_an_error_stays_the_error_it_is(x, y, message):
    """Nothing is caught, so no mistake of another kind is called a diverged training."""
    with pytest.raises(ValueError, match=message):
        inspect(mlp([3, 4, 2], rng=0), SoftmaxCrossEntropy(), x, y)


def test_a_healthy_network_gets_one_line_on_what_was_looked_at(datasets):
    found = diagnose(clinic.examine(clinic.Setup(), datasets))
    assert found == []
    assert str(found).startswith("Nothing found. Looked at 1000 rows")
    assert "50 updates of a copy" in str(found).replace("\n  ", " ")


@pytest.mark.parametrize("bug", clinic.PLANTED, ids=lambda bug: bug.name)
def test_every_planted_bug_is_found(bug, datasets):
    data = datasets["MNIST"]
    assert clinic.examined(bug, data.x_train[:, 390:410], data.y_train)


@pytest.mark.parametrize("bug", clinic.SOUND, ids=lambda bug: bug.name)
def test_the_same_networks_without_a_bug_are_healthy(bug, datasets):
    data = datasets["MNIST"]
    assert clinic.examined(bug, data.x_train[:, 390:410], data.y_train) == []


def test_a_gradient_that_is_half_missing_has_a_slope_of_1_and_is_found(datasets):
    network = mlp([784, 30, 10], rng=0)
    network.layers[0].__class__ = bugs.HalfFrozen
    data = datasets["MNIST"]
    report = inspect(network, SoftmaxCrossEntropy(), data.x_train, data.y_train)
    assert report.layers[0].slope_ratio == pytest.approx(1, abs=1e-6)
    (finding,) = diagnose(report)
    assert (finding.cause, finding.layers, finding.sure) == ("missing gradient", (0,), "certain")


def small_data(datasets, rows=600):
    data = datasets["MNIST"]
    return data.x_train[:rows], data.y_train[:rows]


def findings_of(network, x, y, optimizer, loss=None, seed=0, **more):
    batches = minibatches(x, y, 64, np.random.default_rng(seed))
    loss = loss or SoftmaxCrossEntropy()
    return diagnose(inspect(network, loss, x, y, optimizer=optimizer, batches=batches, **more))


@pytest.mark.parametrize("factor", [0.0, 0.01])
@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.002)], ids=repr)
def test_a_last_layer_that_starts_small_is_healthy(factor, optimizer, datasets):
    network = mlp([784, 40, 40, 10], rng=0)
    network.layers[-1].params["W"] *= factor
    assert findings_of(network, *small_data(datasets), optimizer) == []


@pytest.mark.parametrize("optimizer", [SGD(0.0), AdaGrad(0.05), RMSProp(0.003)], ids=repr)
def test_long_first_steps_and_a_warm_up_from_0_are_no_alarm(optimizer, datasets):
    assert findings_of(mlp([784, 40, 40, 10], rng=1), *small_data(datasets), optimizer) == []


@pytest.mark.parametrize("seed", range(6))
def test_labels_shuffled_with_a_usual_seed_are_misaligned(seed, datasets):
    """The permutation test must not draw the very permutation that had mixed them."""
    x, y = small_data(datasets, 1200)
    x = x[np.random.default_rng(seed).permutation(len(x))]
    found = findings_of(mlp([784, 20, 10], rng=0), x, y, SGD(0.05))
    assert [finding.cause for finding in found] == ["misaligned labels"]


@pytest.mark.parametrize("columns, r2, rows", [(40, 0.3, 200), (60, 0.15, 1000), (200, 0.3, 600)])
def test_noisy_tables_are_not_misaligned(columns, r2, rows):
    for seed in range(5):
        rng = np.random.default_rng([columns, seed])
        x = rng.normal(size=(rows, columns)).astype(np.float32)
        signal = x @ rng.normal(size=columns)
        y = np.sqrt(r2) * signal / signal.std() + np.sqrt(1 - r2) * rng.normal(size=rows)
        network, y = mlp([columns, 16, 1], rng=seed), y[:, None].astype(np.float32)
        assert findings_of(network, x, y, Adam(0.002), MeanSquaredError()) == []


def test_validation_rows_that_are_training_rows_are_found(datasets):
    x, y = small_data(datasets)
    data, network = datasets["MNIST"], mlp([784, 20, 10], rng=0)
    val = (np.concatenate([data.x_val[:80], x[:20]]), np.concatenate([data.y_val[:80], y[:20]]))
    (finding,) = findings_of(network, x, y, SGD(0.05), val=val)
    assert (finding.cause, finding.number) == ("training rows in validation", 0.2)
    assert findings_of(network, x, y, SGD(0.05), val=(data.x_val, data.y_val)) == []


def test_batches_are_looked_at_and_never_without_end(datasets):
    x, y = small_data(datasets)
    network = mlp([784, 20, 10], rng=0)
    for_ever = ((x[:64], y[:64]) for _ in iter(int, 1))
    report = inspect(network, SoftmaxCrossEntropy(), x, y, batches=for_ever)
    assert [finding.cause for finding in diagnose(report)] == ["one batch"]
    with pytest.raises(ValueError, match="batches is empty"):
        inspect(network, SoftmaxCrossEntropy(), x, y, batches=[])


@pytest.mark.skipif(not hasattr(layers, "Conv2D"), reason="no layers for images here")
def test_images_are_inspected_as_rows_are(rng):
    network = Network(
        [layers.Conv2D(1, 4, rng=rng), ReLU(), layers.Flatten(), Dense(8 * 8 * 4, 3, rng=rng)]
    )
    x = rng.normal(size=(200, 8, 8, 1)).astype(np.float32)
    y = (x[:, :4].mean(axis=(1, 2, 3)) > 0).astype(int) + (x.mean(axis=(1, 2, 3)) > 0)
    assert findings_of(network, x, y, Adam(0.005)) == []
    network.layers[0].params["W"][...] = 0
    assert findings_of(network, x, y, Adam(0.005))[0].cause == "equal weights"


def test_the_published_grid_reaches_what_it_must():
    """On the half that set no threshold; the numbers stand in notebook 10."""
    table = pd.read_csv(data_directory() / "results" / "clinic_grid.csv.gz")
    held_out = table[(table["half"] == "held out") & (table["kind"] != "undecided")]
    assert (table["kind"] != "undecided").sum() >= 150 and len(held_out) >= 75
    share = held_out.groupby("kind")["verdict"].value_counts(normalize=True)
    assert share["sick"].get("exact", 0) >= 0.95
    assert share["sick"].get("wrong name", 0) <= 0.02
    assert share["healthy"].get("false alarm", 0) <= 0.01
    assert share["comparison, well tuned"].get("false alarm", 0) <= 0.02


def test_alarms_at_settings_in_between_name_the_right_side():
    """54 of 55, says notebook 10: above the best rate "too high", below it "too low"."""
    results = data_directory() / "results"
    grid = pd.read_csv(results / "clinic_grid.csv.gz")
    alarms = grid[(grid["kind"] == "comparison, between") & (grid["verdict"] == "false alarm")]
    runs = pd.read_csv(results / "comparison_runs.csv.gz")
    runs = runs[(runs["stage"] == "tune") & (runs["schedule"] == "constant")]
    looks = runs[[f"val_{look}" for look in range(1, 6)]]
    runs = runs.assign(loss=looks.clip(upper=runs["chance"], axis=0).mean(axis=1))
    means = runs.groupby(["workload", "method", "trial"]).agg({"lr": "first", "loss": "mean"})
    best = means.loc[means.groupby(["workload", "method"])["loss"].idxmin(), "lr"].droplevel(
        "trial"
    )
    right = 0
    for name, found in zip(alarms["name"], alarms["found"], strict=True):
        workload, method, rate = name.rsplit(" ", 2)
        side = "rate too high" if float(rate) > best[workload, method] else "rate too low"
        right += found == side
    assert (right, len(alarms)) == (54, 55)
