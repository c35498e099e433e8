"""Makes wrong variants of a right answer, as slips of the hand do: one or two places changed.

Changed are signs, factors, operators, axes, indices, comparisons, names, types, and lines left out.
"""

import ast
import copy
from collections.abc import Iterator

import numpy as np

OTHER_OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
}
OTHER_COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
OTHER_FUNCTIONS = {
    "sum": ("mean", "max"),
    "mean": ("sum", "max"),
    "max": ("min", "mean"),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "nanargmin": ("nanargmax",),
    "exp": ("log",),
    "log": ("exp",),
    "sqrt": ("abs", "square"),
    "var": ("std",),
    "std": ("var",),
    "cos": ("sin",),
    "all": ("any",),
    "any": ("all",),
    "permutation": ("integers",),
}
WRAPPED = ("-({})", "2 * ({})", "({}) / 2", "({}) + 1", "np.asarray({}).astype(int)",
           "np.asarray({}).astype(np.float16)", "np.transpose({})")  # fmt: skip


def _variants(node: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    """What could stand in the place of one node."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        for other in OTHER_OPERATORS.get(type(node.op), ()):
            yield _changed(node, op=other())
    if isinstance(node, ast.BinOp):
        yield _changed(node, left=node.right, right=node.left)
        yield node.left
        yield node.right
    if isinstance(node, ast.Compare):
        for other in OTHER_COMPARISONS.get(type(node.ops[0]), ()):
            yield _changed(node, ops=[other()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from (ast.Constant(node.value + by) for by in (1, -1))
        yield ast.Constant(node.value * 2)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    if isinstance(node, ast.Attribute):
        for other in OTHER_FUNCTIONS.get(node.attr, ()):
            yield _changed(node, attr=other)
        if node.attr == "T":
            yield node.value
    if isinstance(node, ast.Call) and node.keywords:
        for k in range(len(node.keywords)):
            yield _changed(node, keywords=node.keywords[:k] + node.keywords[k + 1 :])
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (ast.Name(other, ast.Load()) for other in sorted(names - {node.id}))
    if isinstance(node, ast.Slice):
        for end in ("lower", "upper"):
            if getattr(node, end):
                for by in (1, -1):
                    moved = ast.BinOp(getattr(node, end), ast.Add(), ast.Constant(by))
                    yield _changed(node, **{end: moved})
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)) and node.value is not None:
        text = ast.unparse(node.value)
        values = [node.value] if not isinstance(node.value, ast.Tuple) else []
        for _ in values:
            for wrap in WRAPPED:
                yield _changed(node, value=ast.parse(wrap.format(text), mode="eval").body)
        if isinstance(node.value, ast.Tuple):
            for k, part in enumerate(node.value.elts):
                for wrap in WRAPPED:
                    parts = list(node.value.elts)
                    parts[k] = ast.parse(wrap.format(ast.unparse(part)), mode="eval").body
                    yield _changed(node, value=ast.Tuple(parts, ast.Load()))
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        yield ast.Pass()


def _changed(node, **fields):
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


class _Replace(ast.NodeTransformer):
    """Puts `new` in the place of the node that is reached as number `count`."""

    def __init__(self, count, new):
        self.count, self.new = count, new

    def visit(self, node):
        if isinstance(node, (ast.operator, ast.cmpop, ast.expr_context, ast.arguments)):
            return node
        self.count -= 1
        if self.count == -1:
            return self.new
        return self.generic_visit(node)


def _places(tree):
    """The nodes of a tree in the order in which `_Replace` reaches them."""
    found = []

    class Walk(ast.NodeVisitor):
        def visit(self, node):
            if isinstance(node, (ast.operator, ast.cmpop, ast.expr_context, ast.arguments)):
                return
            found.append(node)
            self.generic_visit(node)

    Walk().visit(tree)
    return found


def _names(tree):
    """What could be mixed up: parameters and local names."""
    names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return names - {"self"}


def _candidates(tree):
    """(number of the place, what to put there) for every single change."""
    names = _names(tree)
    return [
        (number, new) for number, node in enumerate(_places(tree)) for new in _variants(node, names)
    ]


def _apply(tree, number, new):
    changed = _Replace(number, copy.deepcopy(new)).visit(copy.deepcopy(tree))
    return ast.fix_missing_locations(changed)


def near_misses(tree: ast.AST, rng: np.random.Generator) -> Iterator[ast.AST]:
    """All trees with one place changed, in random order, and then, without end, some with two."""
    singles, seen = _candidates(tree), {ast.unparse(tree)}
    order = iter(rng.permutation(len(singles)))
    while True:
        k = next(order, None)
        changed = _apply(tree, *singles[rng.integers(len(singles)) if k is None else k])
        if k is None:
            more = _candidates(changed)
            changed = _apply(changed, *more[rng.integers(len(more))])
        text = ast.unparse(changed)
        if text not in seen:
            seen.add(text)
            yield changed
