"""All single changes of a function: those of its expressions, and those of its lines.

A change is done in place and undone, so that hundreds of variants cost one compilation each.
"""

import ast
import itertools
from dataclasses import dataclass

import course_utils.exercises.operators as operators
from course_utils.exercises.source import FUNCTIONS, Source, is_dots, set_in

LOOPS = (ast.For, ast.While)


@dataclass(frozen=True)
class Step:
    """One field of a node, or one place in a list there, that gets another content."""

    owner: ast.AST
    field: str
    index: int | None
    old: object
    new: object

    def put(self, content: object) -> None:
        """Set the place to `content`."""
        if self.index is None:
            setattr(self.owner, self.field, content)
        else:
            getattr(self.owner, self.field)[self.index] = content


@dataclass(frozen=True)
class Edit:
    """A change: the slip that it mends in an answer, and the one that it makes in a reference."""

    steps: tuple[Step, ...]
    mends: str
    makes: str
    weight: float
    line: int
    before: ast.AST | None
    after: ast.AST | None

    @property
    def old(self) -> str:
        """The code that is changed; of several lines, the first."""
        return _shown(self.before)

    @property
    def divides(self) -> bool:
        """Whether what is changed stands below a fraction bar."""
        step = self.steps[0]
        operator = getattr(step.owner, "op", None)
        return isinstance(operator, (ast.Div, ast.FloorDiv)) and step.field in ("right", "value")

    @property
    def new(self) -> str:
        """The code that stands there then."""
        return _shown(self.after)

    def __enter__(self):
        for step in self.steps:
            step.put(step.new)
            if isinstance(step.new, ast.AST):
                ast.copy_location(
                    step.new, step.old if isinstance(step.old, ast.AST) else step.owner
                )
            ast.fix_missing_locations(step.owner)

    def __exit__(self, *error):
        for step in reversed(self.steps):
            step.put(step.old)


def _shown(node):
    text = "" if node is None else ast.unparse(node)
    return text.splitlines()[0] if text else ""


def edits(source: Source) -> list[Edit]:
    """Every change of the code, the likeliest first."""
    found = []
    for top in source.tree.body:
        for function in ast.walk(top):
            if isinstance(function, FUNCTIONS):
                found += _of_function(function, source)
    return sorted(found, key=lambda edit: edit.weight)


def _of_function(function, source):
    arguments = [one.arg for one in function.args.args]
    names = operators.Names(
        [name for name in arguments if name != "self"],
        sorted(set_in(function) - set(arguments)),
        _attributes(source.node) if "self" in arguments else [],
    )
    yield from _of_expressions(function, names)
    if not isinstance(function, ast.Lambda):
        yield from _of_lines(function, names)


def _attributes(node):
    return sorted(
        {
            one.attr
            for one in ast.walk(node)
            if isinstance(one, ast.Attribute)
            and isinstance(one.value, ast.Name)
            and one.value.id == "self"
            and isinstance(one.ctx, ast.Store)
        }
    )


def _of_expressions(function, names):
    roots = [function.body] if isinstance(function, ast.Lambda) else function.body
    for root in roots:
        if isinstance(root, FUNCTIONS):
            continue
        start = (function, "body", None) if isinstance(function, ast.Lambda) else None
        for owner, field, index, node in _places(root, start):
            whole = isinstance(owner, (ast.Assign, ast.AugAssign, ast.Return, ast.Lambda))
            whole = whole or (isinstance(owner, ast.Tuple) and field == "elts")
            for change in operators.changes(node, names, whole):
                yield Edit(
                    (Step(owner, field, index, node, change.new),),
                    change.mends,
                    change.makes,
                    change.weight,
                    getattr(node, "lineno", 0),
                    node,
                    change.new,
                )


def _places(node, start=None):
    """(owner, field, index, node) of each expression that is read below a node."""
    if start:
        yield (*start, node)
    for field, value in ast.iter_fields(node):
        if field in ("ctx", "op", "ops", "annotation", "decorator_list", "func") and not (
            field == "func" and isinstance(value, ast.Attribute)
        ):
            continue
        if field == "func":
            yield from _places(value)
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or isinstance(child, FUNCTIONS):
                continue
            if isinstance(child, ast.expr) and not isinstance(
                getattr(child, "ctx", None), (ast.Store, ast.Del)
            ):
                yield node, field, index, child
            yield from _places(child)


def _line_edit(owner, field, old, new, mends, makes, weight, line):
    steps = (Step(owner, field, None, old, new),)
    return Edit(steps, mends, makes, weight, getattr(line, "lineno", 0), line, None)


def _of_lines(function, names):
    for owner in ast.walk(function):
        for field in ("body", "orelse"):
            lines = getattr(owner, field, None)
            if isinstance(lines, list) and lines and isinstance(lines[0], ast.stmt):
                yield from _of_block(owner, field, lines)
                for k, line in enumerate(lines):
                    for new, mends, makes, weight in _other_lines(line, names):
                        changed = [*lines[:k], new, *lines[k + 1 :]]
                        yield _line_edit(owner, field, lines, changed, mends, makes, weight, line)
    yield from _of_returns(function, names)
    if names.attributes:
        yield from _selves(function, names)


def _of_block(owner, field, lines):
    for k, line in enumerate(lines):
        if len(lines) > 1 and not isinstance(line, (ast.Return, *FUNCTIONS)):
            rest = [*lines[:k], *lines[k + 1 :]]
            yield _line_edit(owner, field, lines, rest, "line too many", "line missing", 1.4, line)
    for k, j in itertools.combinations(range(len(lines)), 2):
        if isinstance(lines[j], ast.Return):
            continue
        moved = [*lines[:k], lines[j], *lines[k:j], *lines[j + 1 :]]
        yield _line_edit(owner, field, lines, moved, "order", "order", 1, lines[j])
        if j > k + 1:
            moved = [*lines[:k], *lines[k + 1 : j + 1], lines[k], *lines[j + 1 :]]
            yield _line_edit(owner, field, lines, moved, "order", "order", 1, lines[k])


def _other_lines(line, names):
    """Other forms of one assignment: added up, in place, as a new array."""
    if isinstance(line, ast.AugAssign):
        plain = ast.Assign([line.target], line.value)
        yield plain, "+= for =", "= for +=", 1
        load = ast.parse(ast.unparse(line.target), mode="eval").body
        new = ast.Assign([line.target], ast.BinOp(load, line.op, line.value))
        yield new, "in place for new", "new for in place", 1
        for other in operators.OPERATORS.get(type(line.op), ()):
            if other is not ast.MatMult:
                old, kind = type(line.op).__name__, other.__name__
                new = ast.AugAssign(line.target, other(), line.value)
                yield new, f"{old} for {kind}", f"{kind} for {old}", 1
    elif isinstance(line, ast.Assign) and len(line.targets) == 1:
        target = line.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple):
            for k, j in itertools.combinations(range(len(target.elts)), 2):
                turned = list(target.elts)
                turned[k], turned[j] = turned[j], turned[k]
                new = ast.Assign([ast.Tuple(turned, ast.Store())], line.value)
                yield new, "exchanged", "exchanged", 1
            return
        if isinstance(target, ast.Tuple) or is_dots(line.value):
            return
        yield ast.AugAssign(target, ast.Add(), line.value), "= for +=", "+= for =", 1
        if isinstance(target, ast.Name) and target.id in names.arguments:
            every = ast.Subscript(ast.Name(target.id, ast.Load()), ast.Constant(...), ast.Store())
            new = ast.Assign([every], line.value)
            yield new, "new for in place", "in place for new", 0.6


def _of_returns(function, names):
    for owner in ast.walk(function):
        if isinstance(owner, (ast.For, ast.While, ast.If)) and owner in function.body:
            last, k = owner.body[-1], function.body.index(owner)
            if isinstance(last, ast.Return) and len(owner.body) > 1:
                body = [*function.body[: k + 1], last, *function.body[k + 1 :]]
                slip = "return in the loop"
                yield Edit(
                    (
                        Step(owner, "body", None, owner.body, owner.body[:-1]),
                        Step(function, "body", None, function.body, body),
                    ),
                    slip, slip, 0.6, last.lineno, last, None,
                )  # fmt: skip
        if isinstance(owner, ast.Return) and isinstance(owner.value, ast.Tuple):
            parts = owner.value.elts
            for turned in itertools.islice(itertools.permutations(parts), 1, 24):
                new = ast.Tuple(list(turned), ast.Load())
                step = Step(owner, "value", None, owner.value, new)
                yield Edit((step,), "exchanged", "exchanged", 0.9, owner.lineno, owner, new)
    if not any(isinstance(node, ast.Return) for node in ast.walk(function)):
        yield from _missing_returns(function, names)


def _missing_returns(function, names):
    last = function.body[-1]
    values = [ast.Name(name, ast.Load()) for name in (*names.local, *names.arguments)]
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Tuple):
        values.append(ast.parse(ast.unparse(last.targets[0]), mode="eval").body)
    if isinstance(last, ast.Expr):
        values.append(last.value)
        printed = isinstance(last.value, ast.Call) and operators.called(last.value) == "print"
        if printed and last.value.args:
            several = ast.Tuple(last.value.args, ast.Load())
            values += [several if len(last.value.args) > 1 else last.value.args[0]]
    for value in values:
        body = [*function.body, ast.Return(value)]
        yield _line_edit(function, "body", function.body, body, "no return", "part", 0.4, last)


def _selves(function, names):
    """A local name that should belong to the object: all of its places at once."""
    for name in names.local:
        places = [
            (owner, field, index, node)
            for owner, field, index, node in _all_places(function)
            if isinstance(node, ast.Name) and node.id == name
        ]
        for attribute in names.attributes if name not in names.attributes else [name]:
            steps = tuple(
                Step(owner, field, index, node, ast.Attribute(_self(), attribute, node.ctx))
                for owner, field, index, node in places
            )
            weight = 0.5 if attribute == name else 1.8
            first, new = places[0][3], ast.Attribute(_self(), attribute, ast.Load())
            slip = "self missing"
            yield Edit(steps, slip, slip, weight, first.lineno, first, new)


def _self():
    return ast.Name("self", ast.Load())


def _all_places(node):
    for field, value in ast.iter_fields(node):
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST):
                yield node, field, index, child
                yield from _all_places(child)
