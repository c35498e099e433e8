"""How a wrong value is related to the right one is named, and only if it holds in every case."""

import numpy as np
import pytest

from course_utils.exercises.engine import Function, Mistake
from course_utils.exercises.relations import relation
from course_utils.exercises.verdict import CORRECT, HINT, WRONG

RNG = np.random.default_rng(3)
CASES = [(RNG.normal(size=shape),) for shape in ((4, 3), (5, 2), (1, 3), (7, 4))]
RIGHT = [x.T.copy() @ x for (x,) in CASES]


def said(change, right=RIGHT):
    return relation("dW", [change(value) for value in right], right, CASES, ("x",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (np.negative, "wrong sign"),
        (np.abs, "lost its sign"),
        (lambda right: 2 * right, "twice"),
        (lambda right: right / 2, "half"),
        (lambda right: -2 * right, "twice as large as it should be, with the wrong sign"),
        (lambda right: 5 * right, "5 times"),
        (lambda right: right / 8, "0.125 times"),
        (lambda right: 100 * right, "percent"),
        (lambda right: 1 - right, "1 minus"),
        (np.square, "square"),
        (np.reciprocal, "upside down"),
        (np.exp, "Is a logarithm missing"),
        (lambda right: right + 1, "1 too large"),
        (lambda right: right[::-1], "reverse"),
        (lambda right: right[None], "another shape"),
        (lambda right: 0 * right + 4, "the same whatever comes in"),
    ],
)
def test_a_relation_has_a_name(change, words):
    assert words in said(change)


def test_a_transposed_matrix_is_named_where_its_shape_tells():
    right = [x for (x,) in CASES]
    sentence = relation("dW", [x.T for x in right], right)
    assert "transposed" in sentence


@pytest.mark.parametrize(("axis", "what"), [(0, "rows"), (1, "columns")])
def test_a_factor_that_follows_the_size_is_named(axis, what):
    sizes = [x.shape[axis] for (x,) in CASES]
    many = [value * size for value, size in zip(RIGHT, sizes, strict=True)]
    few = [value / size for value, size in zip(RIGHT, sizes, strict=True)]
    assert f"by the number of {what}" in relation("dW", many, RIGHT, CASES, ("x",))
    assert f"by the number of {what} once too" in relation("dW", few, RIGHT, CASES, ("x",))


def test_an_argument_handed_back_is_named():
    right = [2.5 * x + 1 for (x,) in CASES]
    sentence = relation("the result", [x for (x,) in CASES], right, CASES, ("x",))
    assert sentence == "the result is `x`, just as it came in."


def test_nothing_is_said_of_a_relation_that_fails_in_one_case():
    almost = [-value for value in RIGHT]
    almost[-1] = RIGHT[-1] + 0.3
    assert relation("dW", almost, RIGHT, CASES, ("x",)) is None


@pytest.mark.parametrize("change", [lambda right: right + 0.37, lambda right: 2.345 * right])
def test_nothing_is_said_where_nothing_is_known(change):
    assert said(change) is None


def test_nothing_is_said_of_a_single_number():
    assert relation("z", [4.0], [2.0]) is None


def test_the_right_value_is_never_told():
    for change in (np.negative, np.square, lambda right: right + 1):
        assert not any(f"{value:.4g}" in said(change) for value in RIGHT[0].ravel())


def exercise(**more):
    return Function(
        "99.1",
        "Twice",
        "double",
        reference=lambda x, y: (2 * x, x @ y),
        cases=lambda rng: [(rng.normal(size=(n, 3)), rng.normal(size=3)) for n in (4, 2)],
        names=("a", "b"),
        mistakes=[Mistake(lambda x, y: (-2 * x, x @ y), "The known one.")],
        insight="",
        **more,
    )


def test_the_check_prefers_a_known_mistake_and_names_the_part_that_is_wrong():
    one = exercise()
    assert one.judge(lambda x, y: (2 * x, x @ y)).status == CORRECT
    known = one.judge(lambda x, y: (-2 * x, x @ y))
    assert (known.status, known.message) == (HINT, "The known one.")
    related = one.judge(lambda x, y: (2 * x, -x @ y))
    assert related.status == HINT and str(related.message).startswith("b has the wrong sign")
    unknown = one.judge(lambda x, y: (2 * x, x @ y + 0.37))
    assert unknown.status == WRONG and str(unknown.message).startswith("2 of 2 entries")


def test_a_demand_that_is_not_met_is_named():
    one = Function(
        "99.2",
        "Sorted",
        "sort",
        reference=sorted,
        cases=lambda rng: [(rng.normal(size=5).tolist(),)],
        observe=lambda function, x: {"it is sorted": function(x) == sorted(x)},
        mistakes=[],
        insight="",
    )
    verdict = one.judge(lambda x: x)
    assert (verdict.status, verdict.message) == (HINT, "This does not hold yet: it is sorted.")
