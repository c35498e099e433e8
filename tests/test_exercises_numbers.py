"""Numbers: units, digits, signs, places, and what follows from an earlier slip."""

import ast
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from course_utils.exercises.cells import Cell
from course_utils.exercises.engine import Function, Goal, Mistake, Numbers, exercises_of, find
from course_utils.exercises.record import notebooks
from course_utils.exercises.verdict import CORRECT, HINT, NOT_ATTEMPTED, WRONG

WORKED = [
    exercise
    for number in notebooks()
    for exercise in exercises_of(number)
    if isinstance(exercise, Numbers) and exercise.working
]


@pytest.mark.parametrize("exercise", WORKED, ids=lambda exercise: exercise.id)
def test_the_working_gives_the_answer(exercise):
    assert exercise.judge(exercise.working()).status == CORRECT


def numbers(**more):
    def working():
        side = 6.0
        area = side**2
        half = area / 2
        share = half / 50
        return {"area": area, "half": half, "share": share}

    return Numbers(
        "99.7",
        "Areas",
        "o",
        answer={"area": 36.0, "half": 18.0, "share": 0.36},
        mistakes=more.pop("mistakes", []),
        insight="i",
        digits="three decimals",
        **more,
    )


# (answers beside the right ones, words of the message)
RELATED = {
    "sign": ({"area": -36.0}, "wrong sign"),
    "percent": ({"share": 36.0}, "`share` has the value that belongs to `area`"),
    "percent of another": ({"half": 1800.0}, "100 times too large"),
    "power of ten": ({"area": 36000.0}, "1,000 times too large"),
    "twice": ({"half": 36.5}, ""),
    "half": ({"share": 0.18}, "half of what it should be"),
    "MiB": ({"area": 36 / 1.048576}, "MiB"),
    "rounded": ({"share": 0.4}, ""),
    "exchanged": ({"area": 18.0, "half": 36.0}, "`area` and `half` have changed places"),
    "upside down": ({"share": 1 / 0.36}, "upside down"),
    "rest": ({"share": 0.64}, "1 minus"),
}


@pytest.mark.parametrize("slip", [name for name, (_, words) in RELATED.items() if words])
def test_a_number_is_related_to_the_right_one(slip):
    wrong, words = RELATED[slip]
    verdict = numbers().judge({"area": 36.0, "half": 18.0, "share": 0.36} | wrong)
    assert verdict.status == HINT, verdict
    assert words in verdict.message, verdict


def test_rounding_too_early_says_how_many_digits_are_asked():
    verdict = find("01.1").judge(z=0.5, p=0.62, L=0.4741, dz=-0.3775)
    assert verdict.status == HINT
    assert "rounded too early" in verdict.message and "four decimals" in verdict.message
    assert "everything is rounded away" in find("03.4").judge(0.0).message


@pytest.mark.parametrize("kind", [Fraction, Decimal, np.float64, np.int64, np.float32])
def test_numbers_of_all_kinds_are_numbers(kind):
    assert find("00.1").judge(kind(7)).status == CORRECT
    assert find("00.1").judge(kind(6)).status == HINT


def test_a_decimal_comma_is_read_and_told():
    verdict = find("01.1").judge(z=(0, 5), p=0.6225, L=0.4741, dz=-0.3775)
    assert verdict.status == HINT
    assert "decimal sign is the point, `0.5`. The number itself is right" in verdict.message
    assert "The number itself is not right" in find("03.4").judge(0, 2).message


@pytest.mark.parametrize(
    ("typed", "words"),
    [((203, 530), "Leave it out"), ((203, 531), "Neither of these"), ((203, 5), "`203.5`")],
)
def test_a_comma_between_thousands_is_no_decimal_comma(typed, words):
    verdict = find("01.5").judge(typed)
    assert verdict.status == HINT
    assert words in verdict.message
    assert ("is right." in verdict.message) == (typed in ((203, 530), (203, 531)))


def test_a_number_rounded_too_early_is_not_taken_for_a_neighbor():
    right = find("03.1").right
    verdict = find("03.1").judge(x20=1.98, f20=3.00)
    assert verdict.status == HINT
    assert round(right["x20"], 2) == 1.98
    assert "rounded too early" in verdict.message
    assert "21 steps" not in verdict.message


def test_what_follows_from_a_known_mistake_gets_no_sentence_of_its_own():
    right = find("04.3").right
    verdict = find("04.3").judge(right | {"calmer_batch": 512, "scaled_rate": 0.2})
    assert "square root of the batch size" in verdict.message
    assert "square-root rule" not in verdict.message
    alone = find("04.3").judge(right | {"scaled_rate": 0.2})
    assert "square-root rule" in alone.message


def test_a_relation_is_no_second_hint():
    verdict = find("02.1").judge(a=0.7858, loss=0.2410, dw=-0.2142, db=-0.2142, w_new=0.4786)
    assert "dw and db are not the same" in verdict.message
    assert "1 minus" not in verdict.message


@pytest.mark.parametrize(
    ("code", "words"), [("2 + 3 + 1", "a plus stands"), ("2**3 + 1", "a power stands")]
)
def test_small_whole_numbers_are_explained_by_the_cell_that_gave_them(code, words):
    cell = Cell(ast.parse(f"z = {code}"), {}, targets={"answer": "z"})
    assert words in find("00.1").judge(eval(code), cell=cell).message
    assert words not in find("00.1").judge(eval(code)).message


@pytest.mark.parametrize(("code", "words"), [("2 * 3", "add at the end"), ("2 * (3 + 1)", "8 is")])
def test_a_known_mistake_that_the_cell_shows_keeps_its_hint(code, words):
    cell = Cell(ast.parse(f"z = {code}"), {}, targets={"answer": "z"})
    assert words in find("00.1").judge(eval(code), cell=cell).message


def test_an_entry_that_is_none_is_not_taken_for_a_lost_value():
    code = "median_a = [300, 340, None, 320, 360][2]\nmedian_b = 290"
    targets = {"median_a": "median_a", "median_b": "median_b"}
    verdict = find("11.3").judge(
        median_a=None, median_b=290, cell=Cell(ast.parse(code), {}, targets=targets)
    )
    assert verdict.status == WRONG
    assert "in order" in verdict.message
    assert "print" not in verdict.message


def test_a_value_on_the_way_is_named():
    verdict = find("01.1").judge(z=0.2, p=0.6225, L=0.4741, dz=-0.3775)
    assert "weighted sum alone" in verdict.message
    verdict = find("08.1").judge(values=3072, parameters=308_310, megabytes=24_576)
    assert "`photo_in_bytes`, a value on the way" in verdict.message


def test_what_follows_from_an_earlier_slip_is_no_second_mistake():
    z = 1.7
    p = 1 / (1 + math.exp(-z))
    verdict = find("01.1").judge(z=z, p=p, L=-math.log(p), dz=p - 1)
    assert verdict.message == "Your z is too large. One of the two inputs is negative."


def test_moves_may_be_given_with_their_sign():
    right = find("05.1").right
    assert find("05.1").judge({name: tuple(-np.array(v)) for name, v in right.items()}).solved
    one = {name: tuple(-np.array(v)) for name, v in right.items() if name == "adam_moves"}
    assert not find("05.1").judge(right | one).solved


def test_none_is_told_and_dots_are_not_attempted():
    assert find("00.1").judge(None).status == WRONG
    assert "print" in find("00.1").judge(None).message
    assert find("00.1").judge(...).status == NOT_ATTEMPTED


@pytest.mark.parametrize("value", [5e-324, -5e-324, 1e308, 10**400, float("nan"), float("inf"), ""])
def test_odd_values_are_judged(value):
    assert not find("00.1").judge(value).solved
    assert not find("10.2").judge(factor=value, arrives=value, keeping=value).solved
    holds_itself = []
    holds_itself.append(holds_itself)
    assert not find("00.1").judge(holds_itself).solved


def test_the_size_that_is_told_never_contradicts_the_number():
    exercise = Numbers("99.8", "One", "o", answer=0.0948, mistakes=[], insight="i")
    for value, words in ((0.08, "a little too small"), (0.5, "several times too large")):
        assert words in exercise.judge(value).message
    assert "more than 100" in exercise.judge(17.3).message


# ---------------------------------------------------------------- experiments with a goal


def test_what_was_measured_stands_behind_a_demand():
    exercise = Function(
        "99.9",
        "Below",
        "o",
        reference=lambda: 0.1,
        cases=lambda rng: [()],
        observe=lambda function: {
            "below 1": Goal(function() < 1, f"it is {function()}"),
            "above 0": Goal(function() > 0),
        },
        mistakes=[Mistake(lambda: 2.0, "Too large.")],
        insight="i",
    )
    assert exercise.judge(lambda: 0.7).solved
    assert exercise.judge(lambda: -1.0).message == "This does not hold yet: above 0."
    assert exercise.judge(lambda: 3.0).message == "Too large."
