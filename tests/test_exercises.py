"""Every exercise: its solution passes, its mistakes are named, and nothing else passes."""

import ast
import re
import time
import zlib

import exercise_cells
import nbformat
import new_exercise
import numpy as np
import pytest

from course_utils.datasets import load_california_housing
from course_utils.exercises.engine import Choice, Function, Numbers, exercises_of, find
from course_utils.exercises.record import notebooks
from course_utils.exercises.verdict import CORRECT, HINT, NOT_ATTEMPTED

HERE = exercise_cells.in_notebooks()
ALL = [exercise for number in notebooks() for exercise in exercises_of(number)]
CODE = [exercise for exercise in ALL if isinstance(exercise, Function)]
MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.id}-{number}")
    for exercise in ALL
    if not isinstance(exercise, Choice)
    for number, mistake in enumerate(exercise.mistakes)
]


def by_id(exercise):
    return exercise.id


COUNTS = {"two": 2, "three": 3, "four": 4, "six": 6}


def decimals_asked_for():
    """(exercise, how many decimals its text asks for), where it asks for some."""
    for path in exercise_cells.NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            title = re.match(r"### Exercise (\d\d\.\d)", cell.source)
            count = re.search(r"\b(two|three|four|six) decimals", cell.source, re.IGNORECASE)
            if title and count:
                yield pytest.param(find(title[1]), COUNTS[count[1].lower()], id=title[1])


def answer_right(exercise):
    if isinstance(exercise, Choice):
        return exercise.judge(exercise.correct)
    if isinstance(exercise, Numbers):
        return exercise.judge(exercise.with_mistake(type(exercise.mistakes[0])({}, "")))
    return exercise.judge(exercise.reference)


def test_there_are_at_least_forty_exercises_of_three_kinds():
    lessons = [exercise for exercise in ALL if exercise.id[:2] != "00"]
    assert len(lessons) >= 40
    for kind in (Numbers, Function, Choice):
        assert sum(isinstance(exercise, kind) for exercise in lessons) >= 8


@pytest.mark.parametrize("path", exercise_cells.NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_and_package_have_the_same_exercises(path):
    checks = [source for role, source in exercise_cells.cells_of(path) if role == "check"]
    ids = [exercise_cells.id_in(check) for check in checks]
    assert ids == [exercise.id for exercise in exercises_of(path.name[:2])]


@pytest.mark.parametrize("path", exercise_cells.NOTEBOOKS, ids=lambda path: path.stem)
def test_no_exercise_lacks_anything(path):
    """Each sentence says what is missing; `make exercise NB=..` says the same."""
    notebook = nbformat.read(path, as_version=4)
    assert new_exercise.missing(notebook, exercises_of(path.name[:2])) == []


# In a derivation each line of a proof is judged; an experiment passes whoever meets its demands.
DERIVATIONS = [
    "01.7",
    "02.6",
    "03.7",
    "04.6",
    "05.4",
    "06.7",
    "07.6",
    "08.6",
    "09.6",
    "10.6",
    "11.5",
    "12.2",
]
EXPERIMENTS = [
    "01.8",
    "02.7",
    "03.8",
    "04.4",
    "05.5",
    "06.8",
    "07.7",
    "08.7",
    "09.7",
    "10.7",
    "11.6",
    "12.3",
]


def test_each_notebook_has_a_derivation_and_an_open_experiment():
    lessons = [number for number in notebooks() if "01" <= number <= "12"]
    for of_each in (DERIVATIONS, EXPERIMENTS):
        assert sorted({id[:2] for id in of_each}) == lessons


@pytest.mark.parametrize("id", DERIVATIONS)
def test_each_line_of_a_derivation_is_judged(id):
    exercise = find(id)
    assert len(exercise.names) >= 3 and exercise.observe is None
    for arguments in exercise.cases(np.random.default_rng(0)):
        assert len(exercise.reference(*arguments)) == len(exercise.names)


@pytest.mark.parametrize("id", [id for id in EXPERIMENTS if id not in ("04.4", "05.5")])
def test_an_experiment_names_the_same_demands_whatever_comes(id):
    """And whoever meets all of them passes: they are met by the reference, not by a mistake."""

    def met(answer):
        found = {}
        for arguments in exercise.cases(np.random.default_rng(0)):
            found |= exercise.observe(answer, *arguments)
        return {demand: getattr(value, "met", value) for demand, value in found.items()}

    exercise = find(id)
    right = met(exercise.reference)
    assert set(right.values()) == {True}
    for mistake in exercise.mistakes:
        wrong = met(mistake.wrong)
        assert wrong.keys() == right.keys() and False in wrong.values()


@pytest.mark.parametrize("exercise", ALL, ids=by_id)
def test_each_serves_an_objective_of_the_title_slide(exercise):
    (path,) = [path for path in exercise_cells.NOTEBOOKS if path.name[:2] == exercise.id[:2]]
    title = nbformat.read(path, as_version=4).cells[0].source
    objectives = re.sub(r"[*`$]", "", title)
    assert re.sub(r"[*`$]", "", exercise.objective) in objectives


@pytest.mark.parametrize(("exercise", "decimals"), list(decimals_asked_for()))
def test_as_many_decimals_as_the_text_asks_for_are_enough(exercise, decimals):
    right = {name: np.round(value, decimals) for name, value in exercise.answer.items()}
    assert exercise.judge(right).status == CORRECT


@pytest.mark.parametrize("here", HERE, ids=by_id)
def test_the_stub_is_not_attempted(here):
    verdict = here.verdict(here.stub)
    assert verdict.status == NOT_ATTEMPTED, verdict


@pytest.mark.parametrize("here", HERE, ids=by_id)
def test_the_solution_in_the_notebook_passes(here):
    verdict = here.verdict(here.solution)
    assert verdict.status == CORRECT, verdict
    assert verdict.message == here.exercise.insight


@pytest.mark.parametrize("here", HERE, ids=by_id)
def test_the_solution_defines_what_the_stub_does(here):
    def names(code):
        return set().union(*map(exercise_cells.bound, ast.parse(code).body))

    assert names(here.stub) <= names(here.solution)


@pytest.mark.parametrize("exercise", ALL, ids=by_id)
def test_the_right_answer_takes_less_than_a_second(exercise):
    """In seconds of the processor, so that a busy machine does not count."""
    start = time.process_time()
    assert answer_right(exercise).status == CORRECT
    assert time.process_time() - start < 1


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_each_mistake_gets_its_own_hint(exercise, mistake):
    if isinstance(exercise, Numbers):
        verdict = exercise.judge(exercise.with_mistake(mistake))
    else:
        verdict = exercise.judge(mistake.wrong)
    assert verdict.status == HINT
    assert verdict.message == mistake.hint


@pytest.mark.parametrize("exercise", ALL, ids=by_id)
def test_at_least_four_mistakes_with_different_hints(exercise):
    if isinstance(exercise, Choice):
        wrong = set(exercise.options) - {exercise.correct}
        hints = [exercise.options[name].reason for name in wrong]
    else:
        hints = [mistake.hint for mistake in exercise.mistakes]
    assert len(set(hints)) == len(hints) >= 4
    assert all(hint.endswith((".", "?", "!", ".)")) for hint in hints)
    assert exercise.insight not in hints


@pytest.mark.parametrize("exercise", [e for e in ALL if isinstance(e, Choice)], ids=by_id)
def test_each_wrong_option_gets_its_reason(exercise):
    assert exercise.options[exercise.correct].reason == ""
    for name, option in exercise.options.items():
        verdict = exercise.judge(name.upper())
        right = name == exercise.correct
        assert verdict.status == (CORRECT if right else HINT)
        assert verdict.message == (exercise.insight if right else option.reason)


def lazy_answers(exercise):
    """Functions that return their inputs or a constant, the right answer to the first case too."""
    cases = exercise.own_cases
    if not exercise.observe:
        for k in range(len(cases[0])):
            yield lambda *arguments, k=k: arguments[k]
        yield lambda *arguments: arguments
        for right in exercise.expected:
            yield lambda *arguments, value=right.outcome.value: value
    for constant in (0, 1, 0.0, 1.0, np.nan, np.inf, True, "", [], (), np.zeros(1), {}):
        yield lambda *arguments, value=constant: value


class EqualToAll:
    """An answer that says yes to every comparison."""

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__

    def __getattr__(self, name):
        return EqualToAll()

    def __call__(self, *arguments, **named):
        return EqualToAll()


@pytest.mark.parametrize("exercise", CODE, ids=by_id)
def test_inputs_and_constants_do_not_pass(exercise):
    for number, answer in enumerate(lazy_answers(exercise)):
        assert not exercise.accepts(answer), f"lazy answer {number} passes"
    assert not exercise.judge(lambda *arguments: EqualToAll()).solved
    assert not exercise.judge(EqualToAll()).solved


@pytest.mark.parametrize("exercise", [e for e in CODE if e.observe is None], ids=by_id)
def test_float32_lists_and_arrays_are_accepted(exercise):
    def convert(value, change):
        if isinstance(value, tuple):
            return [convert(part, change) for part in value]
        if isinstance(value, dict):
            return {name: convert(part, change) for name, part in value.items()}
        return change(value) if isinstance(value, (np.ndarray, np.generic)) else value

    def in_float32(value):
        return value.astype(np.float32) if value.dtype.kind == "f" else value

    for change in (lambda value: value.tolist(), in_float32, np.asarray):
        verdict = exercise.judge(
            lambda *arguments, change=change: convert(exercise.reference(*arguments), change)
        )
        assert verdict.status == CORRECT, verdict

    def computed_in_float32(*arguments):
        return exercise.reference(*convert(arguments, in_float32))

    verdict = exercise.judge(computed_in_float32)
    assert verdict.status == CORRECT, verdict


@pytest.mark.parametrize("exercise", CODE, ids=by_id)
def test_what_was_tried_is_not_the_same_each_time_but_repeats(exercise):
    cases = exercise.own_cases
    again = list(exercise.cases(np.random.default_rng(zlib.crc32(exercise.id.encode()))))
    assert len(cases) >= 1 and len(cases) == len(again)
    if not exercise.observe:
        assert len(cases) >= 2
        values = [str(trial.outcome.value) for trial in exercise.expected]
        assert len(set(values)) > 1, "one constant would pass"


WRITTEN_DIFFERENTLY = {
    "01.2": """
def layer(X, W, b):
    rows = []
    for x in X:
        row = []
        for j in range(len(b)):
            z = b[j]
            for k in range(len(x)):
                z += x[k] * W[k, j]
            row.append(z if z > 0 else 0)
        rows.append(row)
    return rows
""",
    "01.3": """
def my_softmax(Z):
    Z = np.asarray(Z, dtype=np.longdouble)
    logs = Z - np.logaddexp.reduce(Z, axis=1)[:, None]
    return np.exp(logs).astype(np.float32)
""",
    "02.2": """
def dense_backward(X, W, dZ):
    dW = np.zeros_like(W)
    for x, dz in zip(X, dZ):
        dW += np.outer(x, dz)
    return [np.einsum("nk,jk->nj", dZ, W), dW, np.ones(len(X)) @ dZ]
""",
    "02.3": """
def relu_backward(Z, dA):
    dZ = dA.copy()
    dZ[Z <= 0] = 0
    return dZ
""",
    "03.3": """
def line_gradient(w, b, inputs, targets):
    n, dw, db = len(inputs), 0, 0
    for x, y in zip(inputs, targets):
        dw += 2 * (w * x + b - y) * x / n
        db += 2 * (w * x + b - y) / n
    return np.array([dw, db])
""",
    "04.1": """
def my_batches(x, y, batch_size, rng):
    left = list(range(len(x)))
    rng.shuffle(left)
    found = []
    while left:
        now, left = left[:batch_size], left[batch_size:]
        found.append((x[now], y[now].tolist()))
    return found
""",
    "02.7": """
def my_derivative(f, x):
    return f(x + 1e-30j).imag / 1e-30
""",
    "03.8": """
def my_rate(step):
    return 1 / np.linspace(25, 1, 30)[step]
""",
    "05.3": """
class MyAMSGrad:
    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.betas, self.eps, self.gradients = lr, (beta1, beta2), eps, []

    def step(self, theta, grad):
        self.gradients.append(grad.copy())
        (b1, b2), seen = self.betas, np.array(self.gradients)
        v_hats = []
        for t in range(1, len(seen) + 1):
            ages = np.arange(t)[::-1, None]
            m_hat = (b1**ages * seen[:t]).sum(0) / (b1**ages).sum(0)
            v_hats.append((b2**ages * seen[:t] ** 2).sum(0) / (b2**ages).sum(0))
        theta[:] = theta - self.lr * m_hat / (np.max(v_hats, axis=0) ** 0.5 + self.eps)
""",
    "05.4": """
def weights_in_m(gradients, beta):
    weights = [1 - beta]
    while len(weights) < len(gradients):
        weights = [beta * one for one in weights] + [1 - beta]
    m = 0
    for g in gradients:
        m += (1 - beta) * (g - m)
    total = sum(weights)
    return weights, total, m / total, total / (1 - beta)
""",
    "06.8": """
def my_training(loss_and_grad, theta):
    velocity = 0
    for step in range(300):
        _, grad = loss_and_grad(theta)
        velocity = 0.9 * velocity + grad
        theta = theta - velocity * min(1, (300 - step) / 100)
    return theta
""",
    "08.7": """
def my_neighbors(x):
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    found = []
    for k in range(z.shape[1]):
        apart = np.abs(z - z[:, [k]]).sum(axis=0)
        apart[k] = np.inf
        found.append(int(np.argmin(apart)))
    return found
""",
    "09.7": """
def my_stop(losses):
    if len(losses) < 30:
        return False
    slope = np.polyfit(np.arange(20), losses[-20:], 1)[0]
    return slope > 0
""",
    "10.7": """
def my_rate_finder(loss_and_grad, theta):
    direction = np.ones_like(theta)
    for _ in range(30):
        direction = loss_and_grad(direction)[1]
        length = np.linalg.norm(direction)
        direction = direction / length
    return 1 / length
""",
    "11.6": """
def my_search(run):
    wide = {rate: run(rate) for rate in 10.0 ** np.arange(-5, 2)}
    middle = min((rate for rate in wide if np.isfinite(wide[rate])), key=wide.get)
    fine = middle * 10 ** np.array([-0.6, -0.3, 0.0, 0.3])
    return fine[np.argmin(np.nan_to_num([sum(run(r) for _ in range(4)) for r in fine], nan=9e9))]
""",
    "12.3": """
def my_checkpoints(layers):
    kept, at, gap = [], 0, int(np.sqrt(layers))
    while at + gap + 1 <= layers:
        at += gap + 1
        kept.append(at)
    return tuple(kept)
""",
}


@pytest.mark.parametrize("id", WRITTEN_DIFFERENTLY)
def test_a_right_answer_may_be_written_differently(id):
    (here,) = [here for here in HERE if here.id == id]
    verdict = here.verdict(WRITTEN_DIFFERENTLY[id])
    assert verdict.status == CORRECT, verdict


def test_the_rate_that_the_package_repeats_is_that_of_the_data():
    """03.4 has its answer as a constant: the package reads no data for a check."""
    houses = load_california_housing()
    age = np.concatenate([houses.feature("HouseAge", part) for part in ("train", "val", "test")])
    age = age.astype(float)
    hessian = 2 * np.array([[np.mean(age**2), np.mean(age)], [np.mean(age), 1]])
    assert find("03.4").answer == pytest.approx(2 / np.linalg.eigvalsh(hessian).max(), rel=1e-6)
