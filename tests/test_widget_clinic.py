"""The consulting room hides the cause, judges a signed diagnosis once, and trains what it shows."""

import time

import numpy as np
import pytest

from course_utils import clinic
from course_utils.widgets import Clinic
from course_utils.widgets.clinic import CAUSES, EPOCHS, HEALTHY, LOOKS, NOTHING, PATIENTS, UNKNOWN


@pytest.fixture(scope="module")
def datasets():
    return clinic.load_data()


@pytest.fixture
def room(datasets):
    return Clinic(datasets)


def first_with(causes):
    return next(k for k in range(1, PATIENTS + 1) if set(clinic.draw_case(k).causes) == set(causes))


def test_the_patients_are_of_all_kinds():
    causes = [clinic.draw_case(k).causes for k in range(1, PATIENTS + 1)]
    numbers = [len(found) for found in causes]
    assert min(map(numbers.count, (0, 1, 2))) >= 6
    assert {cause for found in causes for cause in found} == set(CAUSES)
    assert clinic.draw_case(7) == clinic.draw_case(7)


@pytest.mark.parametrize("look", LOOKS)
def test_no_examination_tells_the_cause(room, look):
    patient = first_with({"dead units"})
    room.set(patient=patient, look=look)
    shown = room._readout.value + room._text.get_text() + room._axes.get_ylabel()
    assert "dead units" not in shown
    assert "0 right, 0 in part, 0 wrong, 0 false alarm" in room._readout.value


def test_a_signed_diagnosis_is_judged_and_counted_once(room):
    patient = first_with({"rate too low"})
    room.set(patient=patient, first="dead units", sign=True)
    assert "<b>wrong</b>" in room._readout.value and "It is: rate too low" in room._readout.value
    room.set(first="rate too low")
    assert "0 right, 0 in part, 1 wrong" in room._readout.value  # the truth was known by then


def test_two_faults_and_none(room):
    pair = ("misaligned labels", "dead units")
    room.set(patient=first_with(pair), first=pair[1], sign=True)
    assert "<b>in part</b>" in room._readout.value
    room.set(sign=False)
    healthy = first_with(())
    room.set(patient=healthy, first="rate too high", sign=True)
    assert "<b>false alarm</b>" in room._readout.value
    other = next(k for k in range(healthy + 1, 61) if not clinic.draw_case(k).causes)
    room.set(patient=other, first=HEALTHY, second=NOTHING)
    assert "1 right, 1 in part, 0 wrong, 1 false alarm" in room._readout.value


def test_signing_needs_a_diagnosis(room):
    room.set(first=UNKNOWN, sign=True)
    assert "Choose a diagnosis before you sign" in room._readout.value
    assert "0 right" in room._readout.value


def test_the_curve_is_the_training_of_the_package(room, datasets):
    patient = first_with({"wrong gradient"})
    room.set(patient=patient, look="loss")
    setup = clinic.draw_case(patient).setup
    steps = clinic.train(clinic.Setup(**{**vars(setup), "epochs": EPOCHS}), datasets).steps
    drawn = room._sick.get_ydata()
    assert len(drawn) == len(steps)
    np.testing.assert_allclose(drawn[:10], steps[:10])
    assert len(room._break.get_xdata()) == 1
    assert len(room._treated.get_ydata()) == 0


def test_the_treatment_of_what_was_named_is_shown_and_takes_less_than_two_seconds(room):
    room.set(patient=first_with({"dead units"}), look="loss")
    start = time.process_time()
    room.set(first="dead units", sign=True)
    assert time.process_time() - start < 2
    treated = room._treated.get_ydata()
    assert np.mean(treated[-10:]) < 1 < np.mean(room._sick.get_ydata()[-10:])


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_can_be_cured(cause, datasets):
    case = clinic.draw_case(first_with({cause}))
    cured = clinic.train(case.cured, datasets)
    assert cured.diverged is None
    if case.setup.data == "MNIST":
        assert cured.history.val_accuracy[-1] > 0.75
    else:
        assert cured.history.val_loss[-1] < 0.7


def test_layers_are_those_of_the_report(room, datasets):
    patient = first_with({"vanishing gradients"})
    room.set(patient=patient, look="gradients")
    report = clinic.examine(clinic.draw_case(patient).setup, datasets)
    norms = [la.gradient_norm for la in report.layers if la.gain is not None]
    np.testing.assert_allclose(room._layers.get_ydata(), norms, rtol=1e-5)
    assert norms[-1] > 1e3 * norms[0]


def test_nothing_is_trained_or_examined_twice_without_need(room, monkeypatch):
    calls = []
    for name in ("train", "examine"):
        original = getattr(clinic, name)
        monkeypatch.setattr(clinic, name, lambda *a, f=original: calls.append(a) or f(*a))
    room.set(patient=first_with({"dead units"}), look="loss")
    room.set(look="gradients")
    room.set(look="step sizes")
    room.set(look="loss")
    assert len(calls) == 2
