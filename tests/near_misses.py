"""Makes wrong variants of a right answer, as slips of the hand do: a few places changed.

Changed are signs, factors, operators, axes, indices, comparisons, names, types, and lines left out.
"""

import ast
import copy
import itertools
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
        if isinstance(node.value, ast.Tuple):
            for k, part in enumerate(node.value.elts):
                for wrapped in _wrapped(part):
                    parts = [*node.value.elts[:k], wrapped, *node.value.elts[k + 1 :]]
                    yield _changed(node, value=ast.Tuple(parts, ast.Load()))
        else:
            yield from (_changed(node, value=wrapped) for wrapped in _wrapped(node.value))
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        yield ast.Pass()


def _wrapped(node):
    """A value that is negated, doubled, halved, off by one, cut off, rounded, transposed."""
    text = ast.unparse(node)
    return [ast.parse(wrap.format(text), mode="eval").body for wrap in WRAPPED]


def _changed(node, **fields):
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _is_place(node):
    leave = (ast.operator, ast.unaryop, ast.cmpop, ast.expr_context, ast.arguments)
    return not isinstance(node, leave)


class _Replace(ast.NodeTransformer):
    """Puts `new` in the place of the node that `_places` has under `number`."""

    def __init__(self, number, new):
        self.left, self.new = number, new

    def visit(self, node):
        if not _is_place(node):
            return node
        self.left -= 1
        return self.new if self.left == -1 else self.generic_visit(node)


def _places(node):
    """The nodes of a tree, in the order in which `_Replace` comes to them."""
    if _is_place(node):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _places(child)


def _names(tree):
    """What could be mixed up: parameters and local names."""
    nodes = list(ast.walk(tree))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
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
    """All trees with one place changed, in random order; then, without end, with two or three."""
    seen = {ast.unparse(tree)}
    singles = _candidates(tree)
    singly = (_apply(tree, *singles[k]) for k in rng.permutation(len(singles)))
    for changed in itertools.chain(singly, _several(tree, rng)):
        text = ast.unparse(changed)
        if text not in seen:
            seen.add(text)
            yield changed


def _several(tree, rng):
    while True:
        changed = tree
        for _ in range(rng.integers(2, 4)):
            candidates = _candidates(changed)
            changed = _apply(changed, *candidates[rng.integers(len(candidates))])
        yield changed
