"""The consulting room trains what it says, cures with the right tick, and moves its artists."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils import clinic
from course_utils.widgets import Clinic
from course_utils.widgets.clinic import EPOCHS, NAMES, REMEDIES

BY_NAME = {patient.name: title for title, patient in NAMES.items()}
CURES = {
    "deep sigmoid": "norm",
    "loud weights": "he",
    "biases of -5": "biases",
    "rate too high": "rate",
    "rate too low": "rate",
    "forgotten shuffle": "shuffle",
    "shuffled apart": "align",
    "raw housing": "scale",
    "averaged twice": "average",
    "never at rest": "obey",
    "all alike": "he",
    "uphill": "sign",
    "one by one": "obey",
}


@pytest.fixture(scope="module")
def room():
    return Clinic(clinic.load_data())


@pytest.fixture(autouse=True)
def nobody_is_treated(room):
    room.reset()


def test_the_curve_is_the_training_of_the_package(room):
    room.set(patient=BY_NAME["uphill"])
    patient = NAMES[room.settings["patient"]]
    setup = replace(patient.sick, epochs=EPOCHS)
    steps = clinic.train(setup, clinic.load_data()).steps
    drawn = room._sick.get_ydata()
    assert len(drawn) == len(steps)
    np.testing.assert_allclose(drawn[:10], steps[:10])
    assert f"broke at step {len(steps) + 1}" in room._readout.value


@pytest.mark.parametrize("name", CURES)
def test_every_patient_is_cured_by_one_tick(room, name):
    room.set(patient=BY_NAME[name], diagnosis=True, **{CURES[name]: True})
    assert "<b>treated" in room._readout.value
    assert "diagnose finds: nothing" in room._readout.value
    assert "broke" not in room._readout.value
    assert len(room._now.get_ydata()) > 0


def test_each_remedy_is_the_patients_own_change_or_none():
    for name, remedy in CURES.items():
        patient = NAMES[BY_NAME[name]]
        assert REMEDIES[remedy][1] == patient.change
    assert set(CURES) == {patient.name for patient in clinic.PATIENTS}


def test_a_remedy_that_is_not_needed_changes_nothing(room):
    room.set(patient=BY_NAME["rate too high"], sign=True, diagnosis=True)
    assert "untreated" in room._readout.value
    assert "rate too high" in room._readout.value
    assert len(room._now.get_ydata()) == 0


def test_the_gradients_are_those_of_the_dense_layers(room):
    room.set(patient=BY_NAME["deep sigmoid"])
    gradients = room._ill_norms.get_ydata()
    assert len(gradients) == 7
    assert gradients[-1] > 1e3 * gradients[0]


def test_the_gradients_are_those_of_the_first_mini_batch(room):
    room.set(patient=BY_NAME["rate too high"])
    setup = NAMES[room.settings["patient"]].sick
    (x, y), _ = clinic.examples(setup, clinic.load_data())
    network = clinic.build(setup, 0, 784)
    batch, targets = next(clinic.minibatches(x, y, 64, clinic.order_of(setup, 0)))
    _, gradient = clinic.loss_of(setup)(network.forward(batch, training=True), targets)
    network.backward(gradient)
    named = [np.append(la.grads["W"], la.grads["b"]) for la in network.layers if la.params]
    drawn = room._ill_norms.get_ydata()
    np.testing.assert_allclose(drawn, [np.linalg.norm(both) for both in named], rtol=1e-5)


def test_what_is_drawn_stays_inside_the_picture(room):
    for name in ("raw housing", "loud weights"):
        room.set(patient=BY_NAME[name])
        assert np.isfinite(room._sick.get_ydata()).all()
        assert len(room._break.get_xdata()) == 1
        assert room.png().startswith(b"\x89PNG")


def test_the_background_is_drawn_once(room):
    background = room._background
    room.set(patient=BY_NAME["biases of -5"])
    assert room._background is background


def test_nothing_is_trained_twice_without_need(room, monkeypatch):
    room.set(patient=BY_NAME["rate too low"])
    calls = []
    original = clinic.train
    monkeypatch.setattr(clinic, "train", lambda *a: calls.append(a) or original(*a))
    room.set(diagnosis=True)
    assert calls == []
    room.set(rate=True)
    assert len(calls) == 1
    room.set(rate=False)
    assert len(calls) == 1
