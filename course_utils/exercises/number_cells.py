"""The code behind numbers, in the form in which the searches change code: a working, or a cell.

A student's cell is run again only if it does nothing but compute.
"""

import ast
import types
from collections.abc import Mapping

import numpy as np

import course_utils.exercises.source as source
import course_utils.exercises.trials as trials
from course_utils.exercises.attempt import Outcome

PURE_METHODS = {"sum", "mean", "max", "min", "astype", "std", "var", "item", "prod", "cumsum"}
PURE = ("sum", "range", "len", "abs", "round", "float", "int", "max", "min", "Fraction", "print",
        "sorted", "zip", "enumerate", "dict", "list", "tuple")  # fmt: skip


class Work:
    """A working or a cell as an exercise in code: no arguments, and the answers come back."""

    observe, may_change, aside, loose, names = None, (), (), (), ()
    is_open, parameters = False, ()

    def __init__(self, right: Mapping[str, object], code: source.Source, tolerance: float):
        self.alone = list(right) == ["answer"]
        self.tolerance = tolerance
        self.reference_source = code
        self.own_cases = [()]
        self.expected = [self.trial(right)]

    def trial(self, answers: Mapping[str, object]) -> trials.Trial:
        """Answers as the result of a call; a single one stands for itself."""
        value = answers["answer"] if self.alone else dict(answers)
        return trials.Trial((), Outcome(value))

    def wrong(self, names: set) -> set:
        """The parts of the result that belong to these answers."""
        return {0} if self.alone else set(names)


def as_source(cell, names: list) -> source.Source | None:
    """A cell as a function that gives the answers with these names; None if it does more."""
    targets = cell.targets
    if not set(targets) >= set(names) or not _only_computes(cell.tree, cell.names):
        return None
    if not any(isinstance(node, (ast.BinOp, ast.Call)) for node in ast.walk(cell.tree)):
        return None
    values = [ast.parse(targets[name], mode="eval").body for name in names]
    back = ast.Dict([ast.Constant(name) for name in names], values)
    result = values[0] if names == ["answer"] else back
    steps = [*cell.tree.body, ast.Return(result)]
    node = ast.FunctionDef("cell", ast.arguments([], [], None, [], [], None, []), steps, [])
    module = ast.fix_missing_locations(ast.Module([node], []))
    return source.Source("cell", node, module, dict(cell.names))


def why_nothing(name: str, cell) -> str:
    """Where the None under a name may come from; `cell` is the code, if it is known."""
    code = cell.targets.get(name) if cell else None
    picked = cell and any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and code in map(ast.unparse, node.targets)
        for node in ast.walk(cell.tree)
    )
    if picked:
        return (
            "that is the entry which was picked, and it is no number. Is it the place that you "
            "mean, and are the entries in order?"
        )
    return (
        "no value has arrived. `print(...)` shows a number and gives None back; so does a function "
        "without `return`."
    )


def _only_computes(tree, names):
    """Whether a cell may be run again and again: arithmetic, loops, functions of the notebook."""
    own = source.set_in(tree) | {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.With, ast.Global)):
            return False
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_of_numbers(node):
            return False
        stored = isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(
            node.ctx, ast.Store
        )
        if stored:
            return False
        if isinstance(node, ast.AugAssign) and getattr(node.target, "id", None) not in own:
            return False
        if isinstance(node, ast.Call) and not _is_pure(node.func, names, own):
            return False
    return True


def _is_of_numbers(node):
    """Whether an import is one of Python's or NumPy's mathematics."""
    names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    return bool(set(names) & {"math", "numpy", "fractions", "decimal", "statistics"})


def _is_pure(function, names, own):
    text = ast.unparse(function)
    if text.startswith(("np.", "math.")):
        return "random" not in text and "load" not in text and "save" not in text
    if isinstance(function, ast.Attribute):
        return function.attr in PURE_METHODS
    if text in PURE:
        return True
    if text in own:
        return True
    value = names.get(text)
    plain = isinstance(value, (types.FunctionType, np.ufunc))
    module = getattr(value, "__module__", None) or ""  # methods of arrays have none
    return plain and not module.startswith("course_utils.training")
