"""A claim prints its sentence when it holds, and stops with the numbers when it does not."""

import numpy as np
import pytest

from course_utils.claims import ClaimError, claim


@pytest.mark.parametrize("condition", [True, np.bool_(True)])
def test_a_true_claim_prints_its_sentence(condition, capsys):
    assert claim("two and two are four", condition, total=4) is None
    assert capsys.readouterr().out == "✓ two and two are four\n"


@pytest.mark.parametrize("condition", [False, np.bool_(False)])
def test_a_false_claim_stops_and_shows_what_was_measured(condition, capsys):
    with pytest.raises(ClaimError) as caught:
        claim("Adam reaches 96.5%", condition, accuracy=0.91, epochs=20)
    assert isinstance(caught.value, AssertionError)
    for expected in ("✗ Adam reaches 96.5%", "accuracy = 0.91", "epochs = 20"):
        assert expected in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("condition", [1, None, "yes", np.array([True, True]), np.array(True)])
def test_what_is_not_one_truth_value_is_refused(condition):
    with pytest.raises(TypeError, match=r"expected one bool.*allclose"):
        claim("something", condition)


def test_a_claim_about_this_run_says_so(capsys):
    claim("seed 0 gives three", True, here=True)
    assert capsys.readouterr().out == "✓ in this run: seed 0 gives three\n"
    with pytest.raises(ClaimError) as caught:
        claim("seed 0 gives three", False, here=True, found=4)
    assert str(caught.value) == "✗ in this run: seed 0 gives three\n    found = 4"


def test_the_mark_is_one_truth_value():
    """`here=3` is a number that was measured, given under the name of the mark."""
    with pytest.raises(TypeError, match=r"the mark `here` .* is int, expected one bool"):
        claim("something", True, here=3)
