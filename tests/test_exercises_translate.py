"""Exceptions are told in the words of the exercise: the line, the shapes, what is missing."""

import exercise_cells
import pytest

from course_utils.exercises.attempt import run
from course_utils.exercises.engine import find
from course_utils.exercises.translate import explain

HEAD = "def f(X, W, dZ):\n    "
# code of a function that stops, and what must be said
STOPS = {
    "truth of an array": ("return X if X > 0 else 0", "want one yes or no"),
    "a product that does not fit": ("return X @ dZ", "(6, 4) and (6, 3) do not fit"),
    "the product that would fit": ("return X @ dZ", "`X.T @ dZ` would fit"),
    "entry by entry": ("return X + W", "do not fit entry by entry"),
    "None": ("a = None\n    return a.sum()", "`a` is None"),
    "None in a sum": ("a = None\n    return a + X", "`a` is None"),
    "not defined": ("return dz.sum()", "Do you mean `dZ`?"),
    "out of bounds": ("return X[6]", "no index 6 in an axis of length 6"),
    "an array is called": ("return X(0)", "is an array, and not a function"),
    "a number is called": ("return 2(X)", "is a number, and not a function"),
    "no such axis": ("return X.sum(axis=2)", "no axis 2 in an array with 2"),
    "a method of NumPy": ("return X.maximum(0)", "Is it a function of NumPy"),
    "one number is wanted": ("import math\n    return math.exp(X)", "one number is wanted"),
    "a list": ("return [1, 2] - X[0, 0] * [1]", "`Type"),
    "a power": ("return 2.0 ^ 2", "A power is written `**`"),
    "read before it is set": ("for k in X:\n        a = a + 1", "read before it has a value"),
    "reshape": ("return X.reshape(5, 5)", "24 values do not fill the shape (5,5)"),
    "np.max of two": ("import numpy\n    return np.max(0, X)", "np.maximum"),
}


def stopped(body, name="f"):
    function = exercise_cells.written(HEAD + body)[name]
    arguments = find("02.2").own_cases[0]
    outcome = run(lambda: function(*arguments))
    assert outcome.raised is not None
    return explain(outcome.raised, ("X", "W", "dZ"))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("slip", STOPS)
def test_an_exception_is_told_in_words(slip):
    body, words = STOPS[slip]
    told = stopped(body)
    assert words in told, told
    assert "gufunc" not in told
    assert f"line {2 + body.count(chr(10))}" in told.lower()


def test_the_objects_own_names_are_told():
    code = """
class My:
    def __init__(self):
        self.velocity = 0.0

    def step(self):
        return velocity

    def other(self):
        return self.velocty
"""
    one = exercise_cells.written(code)["My"]()
    assert "`self.velocity`" in explain(run(one.step).raised)
    assert "Do you mean `self.velocity`?" in explain(run(one.other).raised)


def test_an_endless_loop_a_way_out_and_a_hostile_error_are_told():
    code = """
def endless():
    while True:
        pass

def leaves():
    raise SystemExit

class Odd(Exception):
    def __str__(self):
        raise ValueError

def odd():
    raise Odd
"""
    names = exercise_cells.written(code)
    assert "Does a loop ever stop?" in explain(run(names["endless"], 0.1).raised)
    assert "A function ends with `return`" in explain(run(names["leaves"]).raised)
    assert "It stopped with `Odd`" in explain(run(names["odd"]).raised)


def test_under_observe_exceptions_are_told_too():
    code = """
def my_batches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        yield x(order[first : first + batch_size]), y
"""
    verdict = find("04.1").judge(exercise_cells.written(code)["my_batches"])
    assert "In line 5" in verdict.message
    assert "is an array, and not a function" in verdict.message
