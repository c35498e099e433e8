"""The single changes that slips of the hand make to an expression: axis, sign, factor, name, root.

Each change is read both ways: done to an answer it may mend a slip, done to a reference it makes
one. `mends` and `makes` name those two slips; their sentences stand in `sentences`.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

REDUCERS = ("sum", "mean", "max", "min", "std", "var", "argmax", "argmin", "any", "all", "median",
            "nanmean", "nanmin", "nanmax", "nanargmin", "nanargmax", "prod", "nansum")  # fmt: skip
# Functions that are taken for each other; both ways.
TAKEN_FOR = (
    ("sum", "mean"), ("max", "min"), ("argmax", "argmin"), ("any", "all"), ("std", "var"),
    ("maximum", "minimum"), ("exp", "log"), ("max", "argmax"), ("min", "argmin"),
    ("median", "mean"), ("max", "mean"), ("min", "mean"), ("nanmean", "mean"), ("cos", "sin"),
    ("nanargmin", "nanargmax"), ("nanargmin", "argmin"), ("nanmin", "min"), ("nanmax", "max"),
    ("argmax", "nanargmax"), ("log", "log10"), ("log", "log2"), ("ceil", "floor"),
    ("rint", "floor"), ("rint", "ceil"), ("zeros_like", "ones_like"), ("abs", "square"),
    ("sqrt", "square"), ("sum", "max"), ("permutation", "integers"), ("max", "maximum"),
    ("tanh", "exp"), ("exp", "expm1"), ("dot", "multiply"), ("norm", "sum"), ("nansum", "nanmean"),
    ("nanmean", "nansum"), ("median", "nanmedian"), ("argsort", "sort"),
)  # fmt: skip
OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.Div), ast.Mult: (ast.Div, ast.MatMult,
    ast.Add, ast.Pow), ast.Div: (ast.Mult, ast.FloorDiv, ast.Sub), ast.MatMult: (ast.Mult,),
    ast.FloorDiv: (ast.Div,), ast.Pow: (ast.Mult,), ast.Mod: (ast.FloorDiv,),
}  # fmt: skip
COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE), ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Eq: (ast.NotEq, ast.Lt, ast.LtE, ast.Gt), ast.NotEq: (ast.Eq,),
}  # fmt: skip
# What may be around a value by mistake, or missing: (the slip if it is missing, the code).
AROUND = (
    ("sign", "-({})"), ("factor 2", "2 * ({})"), ("half", "({}) / 2"), ("transpose", "({}).T"),
    ("root", "np.sqrt({})"), ("square", "({}) ** 2"), ("absolute value", "np.abs({})"),
    ("exp", "np.exp({})"), ("log", "np.log({})"), ("rest to 1", "1 - ({})"),
    ("one more", "({}) + 1"), ("one more", "({}) - 1"), ("ReLU", "np.maximum(0, {})"),
    ("copy", "({}).copy()"), ("rounding", "np.rint({})"), ("reciprocal", "1 / ({})"),
    ("mean", "np.mean({})"), ("sum", "np.sum({})"), ("mean", "({}).mean(axis=0)"),
    ("sum", "({}).sum(axis=0)"), ("axis of length 1", "({})[:, None]"),
    ("axis of length 1", "({})[0]"), ("flat", "np.ravel({})"), ("bytes", "({}).astype(np.uint8)"),
    ("percent", "({}) / 100"), ("percent", "({}) * 100"), ("sign function", "np.sign({})"),
    ("order turned round", "np.argsort({})"), ("order turned round", "({})[::-1]"),
    ("sum along a row", "({}).sum(axis=1, keepdims=True)"),
)  # fmt: skip


class Change(NamedTuple):
    """What to put in the place of an expression, and the slips it mends and makes."""

    new: ast.AST
    mends: str
    makes: str
    weight: float


class Names(NamedTuple):
    """What could stand for another thing: arguments, local names, attributes of `self`."""

    arguments: list[str]
    local: list[str]
    attributes: list[str]


def changes(node: ast.expr, names: Names, whole: bool) -> Iterator[Change]:
    """All changes of one expression; `whole` says that it is the value of a statement."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.UnaryOp):
        slip = "sign" if isinstance(node.op, ast.USub) else "not"
        yield Change(node.operand, f"{slip} too many", f"{slip} missing", 1)
    elif isinstance(node, ast.Compare):
        yield from _of_comparison(node)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node, names)
    elif isinstance(node, ast.Name):
        yield from _of_name(node, names)
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node, names)
    elif isinstance(node, ast.Subscript):
        yield from _of_subscript(node)
    elif isinstance(node, ast.IfExp):
        turned = _with(node, body=node.orelse, orelse=node.body)
        yield Change(turned, "branches exchanged", "branches exchanged", 1)
        yield Change(node.body, "case too many", "case missing", 2)
        yield Change(node.orelse, "case too many", "case missing", 2)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Change(_with(node, op=other), "and for or", "and for or", 1.5)
        for value in node.values:
            yield Change(value, "condition too many", "condition missing", 2)
    if whole or isinstance(node, (ast.BinOp, ast.Name, ast.Call, ast.Attribute)):
        yield from _wrapped(node, names, whole)


def _with(node, **fields):
    kept = {name: getattr(node, name, None) for name in node._fields}
    return type(node)(**(kept | fields))


def called(node: ast.Call) -> str:
    """The name of the function or method that is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _of_call(node):
    name, keywords = called(node), {one.arg: one for one in node.keywords}
    if name in REDUCERS:
        yield from _of_reducer(node, name, keywords)
    for one, other in TAKEN_FOR:
        for old, new in ((one, other), (other, one)):
            if name == old:
                yield Change(_renamed(node, new), f"{old} for {new}", f"{new} for {old}", 1)
    for k in range(len(node.args) - 1):
        turned = [*node.args[:k], node.args[k + 1], node.args[k], *node.args[k + 2 :]]
        slip = "branches exchanged" if name == "where" and k else "arguments exchanged"
        yield Change(_with(node, args=turned), slip, slip, 1)
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield Change(node.args[0], f"{name} too many", f"{name} missing", 1.5)
    elif len(node.args) == 2 and name in ("maximum", "minimum", "min", "max", "clip", "where"):
        for one in node.args:
            yield Change(one, f"{name} too many", f"{name} missing", 1.5)
    if isinstance(node.func, ast.Attribute) and not node.args:
        yield Change(node.func.value, f"{name} too many", f"{name} missing", 1.5)
    if name == "astype":
        yield Change(node.func.value, "astype too many", "astype missing", 1)
    if name == "where" and len(node.args) == 3:
        for one in node.args[1:]:
            yield Change(one, "case too many", "case missing", 2)


def _of_reducer(node, name, keywords):
    plain = [one for one in node.keywords if one.arg not in ("axis", "keepdims")]
    kept = ast.keyword("keepdims", ast.Constant(True))
    if "axis" in keywords:
        for axis in (0, 1, -1):
            if ast.unparse(keywords["axis"].value) != str(axis):
                other = [ast.keyword("axis", ast.Constant(axis))]
                other += [one for one in node.keywords if one.arg != "axis"]
                yield Change(_with(node, keywords=other), "axis", "axis", 0.5)
                if axis != -1 and "keepdims" not in keywords:
                    new = _with(node, keywords=[*other, kept])
                    yield Change(new, "axis", "axis", 2)
                elif axis != -1:
                    other = [one for one in other if one.arg != "keepdims"]
                    yield Change(_with(node, keywords=other), "axis", "axis", 2)
        yield Change(_with(node, keywords=plain), "axis too many", "axis missing", 0.7)
    elif len(node.args) < 2 or not isinstance(node.func, ast.Attribute):
        for axis in (0, 1):
            given = ast.keyword("axis", ast.Constant(axis))
            new = _with(node, keywords=[*plain, given])
            yield Change(new, "axis missing", "axis too many", 0.7)
            new = _with(node, keywords=[*plain, given, kept])
            yield Change(new, "axis missing", "axis too many", 0.8)
    if "keepdims" in keywords:
        rest = [one for one in node.keywords if one.arg != "keepdims"]
        yield Change(_with(node, keywords=rest), "keepdims too many", "keepdims missing", 0.7)
    else:
        new = _with(node, keywords=[*node.keywords, kept])
        yield Change(new, "keepdims missing", "keepdims too many", 0.7)
    if name in ("std", "var"):
        rest = [one for one in node.keywords if one.arg != "ddof"]
        if "ddof" in keywords:
            yield Change(_with(node, keywords=rest), "ddof too many", "ddof missing", 0.5)
        else:
            new = _with(node, keywords=[*rest, ast.keyword("ddof", ast.Constant(1))])
            yield Change(new, "ddof missing", "ddof too many", 0.5)


def _renamed(node, name):
    if isinstance(node.func, ast.Attribute):
        return _with(node, func=_with(node.func, attr=name))
    return _with(node, func=ast.Name(name, ast.Load()))


def _of_operation(node):
    kind = type(node.op)
    for other in OPERATORS.get(kind, ()):
        if _only_drops(node, other):
            continue
        old, new = kind.__name__, other.__name__
        yield Change(_with(node, op=other()), f"{old} for {new}", f"{new} for {old}", 1)
    if kind in (ast.Sub, ast.Div, ast.MatMult, ast.Pow, ast.FloorDiv):
        slip = f"{kind.__name__} turned"
        yield Change(_with(node, left=node.right, right=node.left), slip, slip, 1)
    for kept, lost in ((node.left, node.right), (node.right, node.left)):
        if kept is node.right and kind is ast.Sub:
            kept = ast.UnaryOp(ast.USub(), kept)
        count = _is_count(lost)
        slip = "division by the number" if kind is ast.Div and count else "part"
        slip = "multiplication by the number" if kind is ast.Mult and count else slip
        if isinstance(lost, ast.Constant) and kind in (ast.Mult, ast.Div):
            slip = {2: "factor 2" if kind is ast.Mult else "half", 100: "percent"}.get(
                lost.value, slip
            )
        if kind is ast.Pow and lost is node.right:
            slip = "square" if getattr(lost, "value", None) == 2 else slip
        yield Change(kept, f"{slip} too many", f"{slip} missing", 1)
    for side, other in (("left", "right"), ("right", "left")):
        inner, outer = getattr(node, side), getattr(node, other)
        if isinstance(inner, ast.BinOp) and type(inner.op) is not kind:
            if side == "left":
                new = ast.BinOp(inner.left, inner.op, ast.BinOp(inner.right, node.op, outer))
            else:
                new = ast.BinOp(ast.BinOp(outer, node.op, inner.left), inner.op, inner.right)
            yield Change(new, "brackets", "brackets", 1)


def _only_drops(node, other):
    """Whether another operator would only take away the term 1 or the factor 0: that is no swap."""
    sides = [getattr(side, "value", None) for side in (node.left, node.right)]
    if other in (ast.Mult, ast.Div, ast.FloorDiv, ast.Pow):
        return sides[1] == 1 or (sides[0] == 1 and other is ast.Mult)
    return other in (ast.Add, ast.Sub) and (sides[1] == 0 or (sides[0] == 0 and other is ast.Add))


def _is_count(node):
    text = ast.unparse(node)
    return (
        text.startswith("len(") or ".shape[" in text or ".size" in text or text in ("n", "N", "m")
    )


def _of_comparison(node):
    for other in COMPARISONS.get(type(node.ops[0]), ()):
        edge = {type(node.ops[0]), other} in ({ast.Gt, ast.GtE}, {ast.Lt, ast.LtE})
        slip = "equality" if edge else "comparison"
        yield Change(_with(node, ops=[other()]), slip, slip, 0.7 if edge else 1)
    if len(node.ops) == 1:
        turned = _with(node, left=node.comparators[0], comparators=[node.left])
        yield Change(turned, "comparison", "comparison", 2)
        for side in (node.left, node.comparators[0]):
            yield Change(side, "comparison too many", "comparison missing", 2.5)


def _of_constant(node, names):
    value = node.value
    if isinstance(value, bool):
        yield Change(ast.Constant(not value), "truth", "truth", 1.5)
        return
    if not isinstance(value, (int, float)):
        return
    for other in dict.fromkeys((value + 1, value - 1, -value, 0, 1, 2)):
        if other != value or type(other) is not type(value):
            yield Change(ast.Constant(other), "number", "number", 1.2)
    if isinstance(value, float):
        for other in (1 - value, 10 * value, value / 10, 100 * value, value / 100):
            yield Change(ast.Constant(round(other, 12)), "number", "number", 1.6)
    if value not in (0, 1, 2):
        for name in names.arguments:
            yield Change(_load(name), "written in", "written in", 1.1)
            for code in (f"len({name})", f"{name}.shape[1]"):
                yield Change(_parsed(code), "written in", "written in", 1.3)
        for name in names.attributes:
            yield Change(_attribute(name), "written in", "written in", 1.1)


def _of_name(node, names):
    known = dict.fromkeys([*names.arguments, *names.local])
    own = node.id in known
    for other in known:
        if other != node.id:
            slip = "name" if own else "global"
            yield Change(_load(other), slip, "name", 1 if own else 0.6)
    for name in names.attributes:
        slip = "self missing" if name == node.id else "name"
        yield Change(_attribute(name), slip, slip, 0.8 if name == node.id else 2)


def _of_attribute(node, names):
    if node.attr == "T":
        yield Change(node.value, "transpose too many", "transpose missing", 0.5)
        return
    if isinstance(node.value, ast.Name) and node.attr in names.attributes:
        for name in names.attributes:
            if name != node.attr:
                yield Change(_attribute(name), "name", "name", 1.2)
        if node.value.id == "self":
            for name in names.arguments:
                yield Change(_load(name), "name", "name", 1.3)
        else:
            yield Change(_attribute(node.attr), "on the class", "on the class", 0.5)


def _of_subscript(node):
    if not isinstance(node.ctx, ast.Load):
        return
    yield Change(node.value, "index too many", "index missing", 1.5)
    index = node.slice
    if isinstance(index, ast.Tuple) and len(index.elts) == 2:
        turned = ast.Tuple(index.elts[::-1], ast.Load())
        yield Change(_with(node, slice=turned), "indices exchanged", "indices exchanged", 1)
        for one in index.elts:
            if not isinstance(one, ast.Slice):
                yield Change(_with(node, slice=one), "index axis", "index axis", 1.2)
    elif not isinstance(index, ast.Slice):
        column = ast.Tuple([ast.Slice(), index], ast.Load())
        yield Change(_with(node, slice=column), "index axis", "index axis", 1)
    elif not (index.step or (index.lower and index.upper)):
        for end in ("lower", "upper"):
            bound = getattr(index, end)
            if bound:
                other = {"lower": "upper", "upper": "lower"}[end]
                turned = ast.Slice(**{other: bound})
                yield Change(_with(node, slice=turned), "slice end", "slice end", 2)


def _wrapped(node, names, whole):
    text = ast.unparse(node)
    if len(text) > 200 or isinstance(node, (ast.Slice, ast.Starred, ast.JoinedStr, ast.Tuple)):
        return
    simple = isinstance(node, (ast.Name, ast.Attribute))
    weight = 1.5 if whole else 2
    for slip, form in AROUND:
        if simple and not whole and slip in ("half", "percent", "exp", "log", "bytes", "mean"):
            continue
        yield Change(_parsed(form.format(text)), f"{slip} missing", f"{slip} too many", weight)
    for name in names.arguments:
        new = _parsed(f"({text}) / len({name})")
        yield Change(new, "division by the number missing", "division by the number too many", 1.4)
        new = _parsed(f"({text}) * len({name})")
        yield Change(
            new,
            "multiplication by the number missing",
            "multiplication by the number too many",
            1.8,
        )
    others = [*names.arguments, *names.local, *(f"self.{name}" for name in names.attributes)]
    for name in dict.fromkeys(others):
        if name == text:
            continue
        for operator in ("*", "+", "-", "/"):
            new = _parsed(f"({text}) {operator} {name}")
            yield Change(new, "part missing", "part too many", weight + 0.5)
        if not simple:
            yield Change(_parsed(f"{name} @ ({text})"), "part missing", "part too many", 3)


def _parsed(text):
    return ast.parse(text, mode="eval").body


def _load(name):
    return ast.Name(name, ast.Load())


def _attribute(name):
    return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())
