"""After a failure the check reads the code and says which line, which name, and why."""

import gc

import exercise_cells
import numpy as np
import pytest

import course_utils.exercises.search as search
from course_utils.exercises.engine import Function, Mistake, find
from course_utils.exercises.verdict import CORRECT, HINT, MOST_CHARACTERS, NOT_ATTEMPTED, WRONG


def judged(id, code, name, names=None):
    return find(id).judge(exercise_cells.written(code, names)[name])


# (id, name, code, words that must stand in the message)
READ = {
    "an argument that is never used": (
        "02.3",
        "relu_backward",
        "def relu_backward(Z, dA):\n    return np.tanh(dA) ** 3 * 1.7",
        "`Z` is never used",
    ),
    "a variable of the notebook": (
        "01.2",
        "layer",
        "def layer(X, W, b):\n    return np.maximum(0, X @ W1 + b)",
        "`W1` is a variable of the notebook",
    ),
    "a size written in": (
        "01.4",
        "bce_gradient",
        "def bce_gradient(z, y):\n    return (1 / (1 + np.exp(-z)) - y) / 8",
        "written in",
    ),
    "no return": ("01.2", "layer", "def layer(X, W, b):\n    A = X @ W + b", "hands nothing back"),
    "print": ("01.2", "layer", "def layer(X, W, b):\n    print(X @ W + b)", "prints its result"),
    "no return under observe": (
        "05.5",
        "make",
        "def make():\n    best = object()",
        "hands nothing back",
    ),
    "a class for an object": (
        "05.5",
        "make",
        "class Mine:\n    def step(self, theta, grad):\n        theta -= grad\n\n"
        "def make():\n    return Mine",
        "You return the class `Mine` itself",
    ),
    "a local name for the object's own": (
        "05.2",
        "My",
        """
class My:
    def __init__(self, lr, mu=0.9):
        self.lr, self.mu, self.velocity = lr, mu, None

    def step(self, theta, grad):
        if self.velocity is None:
            self.velocity = np.zeros_like(theta)
        velocity = self.mu * self.velocity + grad
        theta -= self.lr * velocity
""",
        "`velocity` in `step` is a local name",
    ),
    "state on the class": (
        "05.2",
        "My",
        """
class My:
    velocity = 0.0

    def __init__(self, lr, mu=0.9):
        self.lr, self.mu = lr, mu

    def step(self, theta, grad):
        My.velocity = self.mu * My.velocity + grad
        theta -= self.lr * My.velocity
""",
        "belongs to the class",
    ),
    "an attribute that is never read": (
        "05.2",
        "My",
        """
class My:
    def __init__(self, lr, mu=0.9):
        self.lr, self.mu, self.velocity = lr, mu, 0.0

    def step(self, theta, grad):
        self.velocity = 0.37 * self.velocity + np.sin(grad) ** 3
        theta -= self.lr * self.velocity
""",
        "`self.mu` is set in line 4 and never read",
    ),
    "return for yield": (
        "04.1",
        "my_batches",
        """
def my_batches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        return x[order[first : first + batch_size]], y[order[first : first + batch_size]]
""",
        "`yield` gives one after the other",
    ),
}


@pytest.mark.parametrize("slip", READ)
def test_the_code_is_read_after_a_failure(slip):
    id, name, code, words = READ[slip]
    verdict = judged(id, code, name)
    assert verdict.status == HINT, verdict
    assert words in verdict.message, verdict


def test_what_looks_odd_in_a_right_answer_is_not_mentioned():
    code = """
def bce_gradient(z, y):
    unused, half = 17, 0.5
    return np.add(half * np.tanh(half * z) + half, -y) / z.shape[0]
"""
    verdict = judged("01.4", code, "bce_gradient", {"W1": 3})
    assert verdict.status == CORRECT


def test_the_lines_with_dots_are_named():
    code = """
def dense_backward(X, W, dZ):
    dX = dZ @ W.T
    dW = X.T @ dZ
    db = ...
    return dX, dW, db
"""
    verdict = judged("02.2", code, "dense_backward")
    assert verdict.status == NOT_ATTEMPTED
    assert "line 5 (`db = ...`)" in verdict.message


def test_the_given_code_unchanged_is_not_attempted_and_changed_is():
    (here,) = [here for here in exercise_cells.in_notebooks() if here.id == "02.4"]
    assert find("02.4").judge(exercise_cells.written(here.stub)["backward_pass"]).status == (
        NOT_ATTEMPTED
    )
    changed = here.stub.replace("(dA1 > 0)", "(dA1 >= 0)")
    verdict = find("02.4").judge(exercise_cells.written(changed)["backward_pass"])
    assert verdict.status == HINT
    assert "`Z1` is never used" in verdict.message or "`dA1` stands" in verdict.message


# ---------------------------------------------------------------- one change mends it

MENDED = {
    "wrong axis": ("exp.sum(axis=0, keepdims=True)", "runs along the wrong axis"),
    "no axis": ("exp.sum()", "without an axis"),
    "no keepdims": ("exp.sum(axis=1)", "is lost"),
    "mean for sum": ("exp.mean(axis=1, keepdims=True)", "mean where a sum is due"),
}


@pytest.mark.parametrize("slip", MENDED)
def test_the_change_that_mends_an_answer_names_the_slip_and_its_line(slip):
    text, words = MENDED[slip]
    exercise = Function(
        "99.3",
        "Softmax",
        "o",
        reference=find("01.3").reference,
        cases=find("01.3").cases,
        mistakes=[],
        insight="i",
    )
    code = f"""
def softmax(Z):
    exp = np.exp(Z - Z.max(axis=1, keepdims=True))
    return exp / {text}
"""
    verdict = exercise.judge(exercise_cells.written(code)["softmax"])
    assert verdict.status == HINT
    assert verdict.message.startswith(f"Line 4, `{text}`: "), verdict
    assert words in verdict.message


TWO = {
    "in two lines": (
        "02.2",
        """
def dense_backward(X, W, dZ):
    dX = -dZ @ W.T
    dW = X.T @ dZ
    db = dZ.max(axis=0)
    return dX, dW, db
""",
        ("sign", "sum"),
    ),
}


@pytest.mark.parametrize("slip", TWO)
def test_two_slips_are_both_named(slip):
    id, code, places = TWO[slip]
    exercise = Function(
        "99.4",
        "Dense",
        "o",
        reference=find(id).reference,
        cases=find(id).cases,
        mistakes=[],
        insight="i",
        names=find(id).names,
    )
    verdict = exercise.judge(exercise_cells.written(code)["dense_backward"])
    assert verdict.status == HINT
    assert all(place in verdict.message for place in places), verdict


# ---------------------------------------------------------------- order and form

FORMS = {
    "another order": (lambda x, y: (x @ y, 2 * x), "a and b have changed places"),
    "one of them": (lambda x, y: x @ y, "You return b alone"),
    "an array": (lambda x, y: np.vstack([x] * 7), "One array of shape"),
    "too many": (lambda x, y: (2 * x, x @ y, x), "You return 3 values. Asked are 2 values"),
    "arguments": (lambda y, x: (2 * x, x @ y), "come in another order"),
}


@pytest.mark.parametrize("form", FORMS)
def test_right_values_in_the_wrong_form_are_seen_before_any_mistake(form):
    answer, words = FORMS[form]
    exercise = Function(
        "99.5",
        "Twice",
        "o",
        reference=lambda x, y: (2 * x, x @ y),
        cases=lambda rng: [(rng.normal(size=(n, 3)), rng.normal(size=3)) for n in (4, 2)],
        names=("a", "b"),
        mistakes=[],
        insight="i",
    )
    verdict = exercise.judge(answer)
    assert verdict.status == HINT
    assert words in verdict.message, verdict


# ---------------------------------------------------------------- never a wrong diagnosis


# (id, name, code, words that stand in the message, words that must not)
CERTAIN = {
    "a 1 too many in a count is no fraction": (
        "11.2",
        "standard_errors",
        "def standard_errors(a, b):\n"
        "    n = len(a) - 1\n"
        "    paired = np.sqrt(np.var(a - b, ddof=1) / n)\n"
        "    return paired, np.sqrt(np.var(a, ddof=1) / n + np.var(b, ddof=1) / n)",
        "`- 1` is too much",
        "`/` is due",
    ),
    "a 1 too many in a sum is no product": (
        "01.3",
        "my_softmax",
        "def my_softmax(Z):\n"
        "    exp = np.exp(Z - Z.max(axis=1, keepdims=True))\n"
        "    return exp / (exp.sum(axis=1, keepdims=True) + 1)",
        "`+ 1` is too much",
        "is due",
    ),
    "a function that the answer has not": (
        "06.3",
        "dropout",
        "def dropout(x, grad_output, u, rate, training):\n"
        "    mask = training * (u < 1 - rate) / (1 - rate)\n"
        "    return x * mask, grad_output * mask",
        "out",
        "log",
    ),
    "the right name, never set again": (
        "09.4",
        "my_early_stop",
        "def my_early_stop(val_losses, patience):\n"
        "    best, best_epoch = np.inf, 0\n"
        "    for epoch, loss in enumerate(val_losses, start=1):\n"
        "        if loss < best:\n"
        "            best_epoch = epoch\n"
        "        if epoch - best_epoch >= patience:\n"
        "            break\n"
        "    return epoch, best_epoch",
        "`best` never got a new value",
        "another name",
    ),
    "a step that is written in": (
        "04.1",
        "my_batches",
        "def my_batches(x, y, batch_size, rng):\n"
        "    order = rng.permutation(len(x))\n"
        "    for first in range(0, len(x), 50):\n"
        "        rows = order[first : first + batch_size]\n"
        "        yield x[rows], y[rows]",
        "written in",
        "one batch and stop",
    ),
    "seeds that are left out": (
        "11.1",
        "choose_rate",
        "def choose_rate(rates, val_loss, test_loss):\n"
        "    keep = ~np.isnan(val_loss).any(axis=0)\n"
        "    return rates[val_loss[:, keep].mean(axis=1).argmin()]",
        "You leave out a seed",
        "0 of NaN",
    ),
}


@pytest.mark.parametrize("slip", CERTAIN)
def test_a_cause_is_named_only_if_the_answer_or_the_reference_shows_it(slip):
    id, name, code, words, not_said = CERTAIN[slip]
    verdict = judged(id, code, name)
    assert verdict.status in (HINT, WRONG)
    assert words in verdict.message, verdict
    assert not_said not in verdict.message, verdict


def test_a_full_memory_changes_no_message(monkeypatch):
    """Going through all objects of a large notebook would use up the time for the search."""
    edits, left_alone = search.edits.edits, []
    monkeypatch.setattr(
        search.edits, "edits", lambda code: left_alone.append(gc.get_freeze_count()) or edits(code)
    )
    id, name, code, words, _ = CERTAIN["a 1 too many in a count is no fraction"]
    assert words in judged(id, code, name).message
    assert left_alone and min(left_alone) > 10_000 and not gc.get_freeze_count()


def parts(**more):
    return Function(
        "99.6",
        "Parts",
        "o",
        reference=lambda x: (2 * x, x + 1),
        cases=lambda rng: [(rng.normal(size=n),) for n in (5, 3)],
        names=("a", "b"),
        insight="i",
        **more,
    )


def test_a_hint_about_one_part_is_not_shown_if_another_is_wrong_without_a_reason():
    exercise = parts(mistakes=[Mistake(lambda x: (-2 * x, x + 1), "b is right, a has its sign.")])
    assert exercise.judge(lambda x: (-2 * x, x + 1)).message == "b is right, a has its sign."
    verdict = exercise.judge(lambda x: (-2 * x, np.sin(x) ** 3 + 0.37))
    assert verdict.status == WRONG
    assert "b is right" not in verdict.message


def test_two_known_mistakes_in_two_parts_are_both_told():
    exercise = parts(
        mistakes=[
            Mistake(lambda x: (-2 * x, x + 1), "About a."),
            Mistake(lambda x: (2 * x, x), "About b."),
        ]
    )
    assert exercise.judge(lambda x: (-2 * x, x)).message.splitlines() == ["About a.", "About b."]


def test_the_smallest_case_is_told():
    verdict = parts(mistakes=[]).judge(lambda x: (2 * x + np.sin(x) ** 5, x + 1))
    assert verdict.status == WRONG
    assert "x of shape (3,)" in verdict.message


@pytest.mark.parametrize(
    "value", ["x" * 10**6, list(range(5000)), {f"key {k}": k for k in range(5000)}, np.eye(300)]
)
def test_no_feedback_floods_the_notebook(value):
    def answer(Z, dA):
        print("printed " * 1000)
        return value

    verdict = find("02.3").judge(answer)
    assert len(verdict.message) + len(verdict.printed) <= MOST_CHARACTERS
    named = find("00.1").judge(value)
    assert len(named.message) <= MOST_CHARACTERS
