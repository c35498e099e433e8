"""Hints in stages, on request: first the thought, then a nearer one, then which part.

An author may write them; what is missing is made from the exercise itself. None tells the answer.
"""

import ast
import html
import inspect
from dataclasses import dataclass

import numpy as np

import course_utils.exercises.source as source
import course_utils.exercises.trials as trials
from course_utils.exercises.verdict import listed, sentence, shortened, with_code

LAST = "The solution cell is the last resort: it is folded below the check."
WHAT = {
    ast.MatMult: "a matrix product", ast.Pow: "a power", ast.Div: "a division",
    ast.FloorDiv: "a whole division", ast.Compare: "a comparison", ast.For: "a loop",
    ast.While: "a loop", ast.IfExp: "a choice between two cases", ast.If: "a choice of cases",
    ast.AugAssign: "a change in place",
}  # fmt: skip


@dataclass(frozen=True)
class Hint:
    """One stage of the hints on an exercise: a cell that ends with one shows it."""

    id: str
    title: str
    stage: int
    of: int
    message: str

    @property
    def _head(self):
        return f"Hint {self.stage} of {self.of} on exercise {self.id} · {self.title}"

    @property
    def _next(self):
        if self.stage < self.of:
            return f'A nearer one: exercises.hint("{self.id}") again.'
        return LAST

    def __repr__(self) -> str:
        return f"{self._head}:\n  {self.message}\n  {self._next}"

    def _repr_html_(self) -> str:
        return (
            '<div class="course-hint" style="border-left: 0.35em solid #6b6b6b; '
            'padding: 0.35em 0.9em; max-width: 46em; line-height: 1.45">'
            f"<div><b>{html.escape(self._head)}</b></div><div>{with_code(self.message)}</div>"
            f"<div>{with_code(self._next)}</div></div>"
        )


def stages(exercise, last: str = "") -> list[str]:
    """All stages, from far to near. `last` is what the check said of the last answer."""
    found = list(exercise.hints)
    if len(found) < 3:
        made = _made(exercise)
        found += made[len(found) :]
    if last and last not in found:
        found.append(f"Your last answer: {last}")
    return [shortened(one, 600) for one in found]


def _made(exercise):
    if hasattr(exercise, "options"):
        return _of_choice(exercise)
    if hasattr(exercise, "reference"):
        return _of_function(exercise)
    return _of_numbers(exercise)


def _of_choice(exercise):
    wrong = [name for name in exercise.options if name != exercise.correct]
    ruled = [f"It is not ({name}). {exercise.options[name].reason}" for name in wrong]
    first = f"The aim behind it: {exercise.objective}. Which options say nothing about that?"
    return [first, ruled[-1], ruled[0]]


def _of_numbers(exercise):
    names = [name for name in exercise.right if name != "answer"]
    first = f"The aim: {exercise.objective}. Write down what is given before you compute."
    code = source.find(exercise.working) if exercise.working else None
    if code is None:
        asked = f"Asked are {listed(names)}, one after the other." if names else "One number."
        return [
            first,
            f"{asked} Which of them can be found from what is given alone?",
            _near(names),
        ]
    way = [
        target.id
        for step in code.node.body
        if isinstance(step, ast.Assign)
        for target in step.targets
        if isinstance(target, ast.Name)
    ]
    between = [name for name in dict.fromkeys(way) if name not in names]
    second = f"The order that works: {', then '.join(dict.fromkeys(way))}."
    if between:
        second += f" {listed(between)} {'is' if len(between) == 1 else 'are'} only on the way."
    return [first, second, _near(names)]


def _near(names):
    first = f" Begin with {names[0]}, and leave the others as dots." if len(names) > 1 else ""
    return f"Check one number at a time: the check says which is wrong.{first}"


def _of_function(exercise):
    text = inspect.getdoc(exercise.reference) or exercise.objective
    first = sentence(f"What it does: {' '.join(text.split())}")
    return [first, _shapes(exercise), _ingredients(exercise)]


def _shapes(exercise):
    """What goes in and what comes out, in the first case."""
    arguments = exercise.own_cases[0]
    into = trials.describe(exercise, arguments)
    value = exercise.expected[0].outcome.value
    if exercise.observe:
        wanted = [name for name in trials.parts(value) if isinstance(name, str)]
        goals = [name for name in wanted if name not in exercise.aside]
        return f"It is tried with {into}, and looked at is: {'; '.join(goals)}."
    parts = trials.parts(value)
    out = [
        f"{trials.name_of(exercise, place, len(parts)).strip('`')} {_form(part)}"
        for place, part in parts.items()
    ]
    return f"With {into}, it gives {listed(out)}. Which operation makes this of that?"


def _form(part):
    if isinstance(part, np.ndarray) and part.ndim:
        return f"of shape {part.shape}"
    return "(one number)" if np.ndim(part) == 0 and not isinstance(part, str) else "(several)"


def _ingredients(exercise):
    code = exercise.reference_source
    if code is None:
        return "Compare with the lesson, line by line: which line of it is asked here?"
    nodes = [node for step in code.tree.body for node in ast.walk(step)]
    found = [WHAT[type(node)] for node in nodes if type(node) in WHAT]
    found += [WHAT[type(node.op)] for node in nodes if type(getattr(node, "op", None)) in WHAT]
    found += [
        f"`{node.func.attr}`"
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and node.func.attr.islower() and not node.func.attr.startswith("_")
    ]  # fmt: skip
    found += ["a transpose (`.T`)" for node in nodes if getattr(node, "attr", "") == "T"]
    found = list(dict.fromkeys(found))[:7]
    lines = sum(isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)) for node in nodes)
    tools = f"One way needs {listed(found)}" if found else "One way needs arithmetic only"
    return f"{tools}, in about {lines} {'line' if lines == 1 else 'lines'}."
