"""Takes exercises out of the notebooks: stubs, solutions and checks, with only the code they need.

A whole notebook trains networks; a solution needs a handful of its lines.
"""

import ast
import contextlib
import dis
import io
import linecache
import types
import zlib
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np

from course_utils.exercises.engine import find

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROLES = ("exercise", "check", "solution")


@dataclass(frozen=True)
class InNotebook:
    """One exercise as it stands in its notebook: code that comes before, stub, solution, check."""

    id: str
    before: str
    stub: str
    solution: str
    check: str

    @property
    def exercise(self):
        """The exercise of the package."""
        return find(self.id)

    def verdict(self, answer: str):
        """What the check cell says after the code of `answer` has run."""
        return evaluate(self.check, self.namespace(answer))

    def namespace(self, answer: str) -> dict:
        """The names that the check cell needs, after `before` and `answer`."""
        wanted = ast.parse(self.check)
        steps = needed([*ast.parse(self.before).body, *ast.parse(answer).body], wanted)
        names = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(steps, []), f"<{self.id}>", "exec"), names)
        return names


def written(code: str, names: dict | None = None) -> dict:
    """The names after a cell with this code, whose lines can be read as IPython's can."""
    file = f"<cell {zlib.crc32(code.encode())}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    names = {"__name__": "__main__", "np": np} | (names or {})
    exec(compile(code, file, "exec"), names)
    return names


def evaluate(expression: str, names: dict):
    """The value of the last line of a cell."""
    return eval(
        compile(ast.Expression(ast.parse(expression).body[-1].value), "<check>", "eval"), names
    )


def needed(steps, wanted):
    """Those of `steps` that give a name which `wanted`, or a later step that is kept, reads.

    Functions and classes that a kept one calls may also stand behind it.
    """
    called = set()
    while True:
        names, kept = loaded(wanted), []
        for step in reversed(steps):
            is_definition = isinstance(step, (ast.FunctionDef, ast.ClassDef))
            if bound(step) & (names | called if is_definition else names):
                kept.append(step)
                names |= loaded(ast.Module([step], []))
        if names <= called:
            return kept[::-1]
        called |= names


def loaded(tree):
    """The global names that code reads, inside of functions, too."""

    def visit(code):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                yield step.argval
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from visit(constant)

    return set(visit(compile(tree, "<code>", "exec")))


def bound(step):
    """The names that a statement sets, or whose parts it sets."""
    code = compile(ast.Module([step], []), "<code>", "exec")
    found = {one.argval for one in dis.get_instructions(code) if one.opname == "STORE_NAME"}
    if isinstance(step, (ast.FunctionDef, ast.ClassDef)):
        return found
    for node in ast.walk(step):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            while isinstance(node, (ast.Subscript, ast.Attribute)):
                node = node.value
            found |= {node.id} if isinstance(node, ast.Name) else set()
    return found


def role_of(cell):
    """ "exercise", "check" or "solution", or None."""
    return next((role for role in ROLES if role in cell.metadata.get("tags", [])), None)


def cells_of(path):
    """(role, source) of all code cells."""
    notebook = nbformat.read(path, as_version=4)
    return [(role_of(cell), cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def id_in(check: str) -> str | None:
    """The id in `exercises.check("02.3", ...)`, if the cell is one such call."""
    tree = ast.parse(check).body
    call = tree[-1].value if len(tree) == 1 and isinstance(tree[-1], ast.Expr) else None
    if isinstance(call, ast.Call) and ast.unparse(call.func) == "exercises.check":
        return ast.literal_eval(call.args[0])
    return None


def in_notebooks() -> list[InNotebook]:
    """All exercises that stand in the notebooks."""
    found = []
    for path in NOTEBOOKS:
        before, last = [], {}
        for role, source in cells_of(path):
            if role is None:
                before.append(source)
                continue
            last[role] = source
            if role == "solution" and id_in(last["check"]):
                id = id_in(last["check"])
                code = "\n".join(before)
                found.append(InNotebook(id, code, last["exercise"], source, last["check"]))
    return found
