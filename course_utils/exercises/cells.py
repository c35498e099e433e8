"""Watches the cells of a notebook: a solution leaves no name behind, and answers can be read.

The state lives on the IPython shell. Outside of IPython there is none, and nothing is watched.
"""

import ast
import difflib
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from course_utils.exercises.source import parse, read_in, set_in
from course_utils.exercises.translate import explain

SOLUTION = re.compile(r"\s*#\s*Solution\b[ \t]*(\d\d\.\d+)?")
CHECK = re.compile(r"""\bcheck\(\s*["'](\d\d\.\d+)["']""")
# Names that IPython sets itself after each cell.
OWN_NAMES = re.compile(r"In|Out|exit|quit|get_ipython|_+\w*")
ATTRIBUTE = "course_cells"
# Cells of a queue, as with Run All, follow each other at once. Whoever opens one alone is slower.
PAUSE = 1.0
LONG_ENOUGH = 40  # nodes of a tree: a shorter answer may be the solution's by chance


@dataclass
class Cell:
    """A cell that was run: its tree, its namespace, and how it went."""

    tree: ast.Module
    names: dict
    error: BaseException | None = None
    targets: Mapping[str, str] = field(default_factory=dict)


class Cells:
    """What the cells of one session did. Its two hooks are called around each cell."""

    def __init__(self, shell, looked, absent):
        self.shell = shell
        self._absent = absent
        self.stages = {}
        self.last_message = {}
        self._looked = looked
        self._open = []
        self._made = {}
        self._solutions = {}
        self._last_check = None
        self._before = None
        self._ended = time.monotonic()

    def before(self, info) -> None:
        """Before a cell: remember the names, if it is a solution."""
        text = getattr(info, "raw_cell", "") or ""
        solution = SOLUTION.match(text)
        alone = time.monotonic() - self._ended > PAUSE
        names = dict(self.shell.user_ns) if solution else None
        self._open.append((text, solution, names, alone))

    def after(self, result) -> None:
        """After a cell: put the names back, if it was a solution; else remember what it made."""
        self._ended = time.monotonic()
        if not self._open:
            return
        text, solution, names, alone = self._open.pop()
        tree = parse(self.shell.transform_cell(text))
        if solution:
            self._put_back(names)
            self._solved(solution[1] or self._last_check, tree, alone)
        elif tree is not None:
            error = result.error_in_exec or result.error_before_exec
            checked = CHECK.search(text)
            if checked:
                self._last_check = checked[1]
                if isinstance(error, NameError):
                    self._absent(checked[1], why_absent(error, self._before))
                return
            cell = Cell(tree, self.shell.user_ns, error)
            self._before = cell
            for name in made_by(tree):
                self._made[name] = cell

    def _put_back(self, names):
        now = self.shell.user_ns
        for name in [name for name in now if not OWN_NAMES.fullmatch(name)]:
            if name not in names:
                del now[name]
            elif now[name] is not names[name]:
                now[name] = names[name]
        for name in names:
            if name not in now and not OWN_NAMES.fullmatch(name):
                now[name] = names[name]

    def _solved(self, id, tree, alone):
        if id is None:
            return
        if tree is not None:
            self._solutions[id] = tree
        if alone:
            self._looked(id)

    @property
    def running(self) -> ast.Module | None:
        """The tree of the cell that is running now, such as the check."""
        if not self._open:
            return None
        return parse(self.shell.transform_cell(self._open[-1][0]))

    def cell_of(self, names: list[str]) -> Cell | None:
        """The cell that last made the first of these names that is known."""
        return next((self._made[name] for name in names if name in self._made), None)

    @property
    def cell_before(self) -> Cell | None:
        """The last cell that was neither a check nor a solution."""
        return self._before

    def is_solution(self, id: str, answer: ast.AST | None) -> bool:
        """Whether an answer is, word for word, a solution that was run, and long enough to tell."""
        solution = self._solutions.get(id)
        if solution is None or answer is None:
            return False
        if sum(1 for _ in ast.walk(answer)) < LONG_ENOUGH:
            return False
        wanted = ast.dump(answer)
        return any(ast.dump(step) == wanted for step in solution.body)


def made_by(tree: ast.Module) -> set[str]:
    """The names that the statements of a cell set."""
    found = set()
    for step in tree.body:
        name = getattr(step, "name", None)
        found |= {name} if name else set_in(step)
    return found


def attach(looked: Callable[[str], object], absent: Callable[[str, str], object]) -> None:
    """Begin to watch the cells of the notebook that imports this.

    `looked(id)` is told of a solution that somebody opened, and `absent(id, why)` of a check whose
    answer is not there. Nothing happens outside of IPython. Called again, it replaces the watch of
    before.
    """
    shell = _shell()
    if shell is None:
        return
    old = getattr(shell, ATTRIBUTE, None)
    if old is not None:
        shell.events.unregister("pre_run_cell", old.before)
        shell.events.unregister("post_run_cell", old.after)
    cells = Cells(shell, looked, absent)
    setattr(shell, ATTRIBUTE, cells)
    shell.events.register("pre_run_cell", cells.before)
    shell.events.register("post_run_cell", cells.after)


def current() -> Cells | None:
    """The watch of this session; None outside of a notebook."""
    return getattr(_shell(), ATTRIBUTE, None)


def _shell():
    python = sys.modules.get("IPython")
    return python.get_ipython() if python is not None and hasattr(python, "get_ipython") else None


def handed_over(tree: ast.Module | None, id: str, names: list) -> dict:
    """Where each answer stands in the call of `check`: {"z": "z"}, as text; empty if unclear.

    `names` are those of the answers, in the order of the exercise.
    """
    call = next(
        (
            node
            for node in ast.walk(tree or ast.Module([], []))
            if isinstance(node, ast.Call)
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == id
        ),
        None,
    )
    if call is None:
        return {}
    found = {name: ast.unparse(one) for name, one in zip(names, call.args[1:], strict=False)}
    if len(call.args) == 2 and len(names) > 1:
        one = call.args[1]
        found = {name: f"{ast.unparse(one)}[{name!r}]" for name in names}
        if isinstance(one, ast.Dict):
            keys = [getattr(key, "value", None) for key in one.keys]
            found = dict(zip(keys, map(ast.unparse, one.values), strict=True))
    return found | {word.arg: ast.unparse(word.value) for word in call.keywords if word.arg}


def first_names(texts: Mapping[str, str]) -> list[str]:
    """The variables in pieces of code, in order."""
    names = []
    for text in texts.values():
        names += sorted(read_in(ast.parse(text)))
    return list(dict.fromkeys(names))


def stopped(cell: Cell | None) -> str:
    """What stopped a cell, in words; empty if nothing did."""
    if cell is None or cell.error is None:
        return ""
    if isinstance(cell.error, SyntaxError):
        told = f"Python could not read it: {cell.error.msg} (line {cell.error.lineno})."
    else:
        told = explain(cell.error)
    return f"The cell before stopped with an error, so there is nothing to check. {told}"


def near_name(name: str, cell: Cell | None) -> str | None:
    """A function or class of a cell whose name is almost, but not quite, `name`."""
    steps = cell.tree.body if cell else []
    made = [step.name for step in steps if isinstance(step, (ast.FunctionDef, ast.ClassDef))]
    if name in made:
        return None
    same = [one for one in made if one.lower().replace("_", "") == name.lower().replace("_", "")]
    near = same or difflib.get_close_matches(name, made, 1, 0.75)
    return near[0] if near else None


def why_absent(error: NameError, cell: Cell | None) -> str:
    """Why a check does not find a name."""
    told = stopped(cell)
    if told:
        return told
    other = near_name(error.name, cell)
    if other:
        return f"The cell before defines `{other}`. The check asks for `{error.name}`."
    return (
        f"There is no `{error.name}` yet. Run the cell with the exercise first, and after a "
        "restart "
        "the set-up cell at the top before it."
    )


def show(thing: object) -> None:
    """Show something below the cell that runs."""
    sys.modules["IPython"].display.display(thing)
