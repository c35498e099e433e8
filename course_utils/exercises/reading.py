"""Reads the code of an answer that failed, and says what in it cannot be right.

These rules are true of many right answers, too: an argument that is not needed, a number written
in. So they speak only after a failure, and of what the reference does otherwise.
"""

import ast
import builtins
import inspect
import types
from collections.abc import Iterator

from course_utils.exercises.operators import called
from course_utils.exercises.source import (
    FUNCTIONS,
    Source,
    dotted_lines,
    read_in,
    set_in,
)
from course_utils.exercises.verdict import listed

HARMLESS = {0, 1, 2, -1, 0.5, 1e-8}


def dots(answer: Source) -> str | None:
    """Which lines still have their dots."""
    lines = [(line, code) for function in answer.functions for line, code in dotted_lines(function)]
    lines = list(dict.fromkeys(lines))
    if not lines:
        return None
    shown = listed([f"line {line} (`{code}`)" for line, code in lines[:4]])
    return f"Dots are left in {shown}."


def returns(answer: Source) -> str | None:
    """Why nothing comes back."""
    node = answer.node
    if isinstance(node, ast.ClassDef) or not hasattr(node, "body") or isinstance(node, ast.Lambda):
        return None
    own = list(_own_nodes(node))
    given = [one for one in own if isinstance(one, ast.Return) and one.value is not None]
    printed = [one for one in own if isinstance(one, ast.Call) and called(one) == "print"]
    if given:
        return (
            f"In some cases it ends without a `return`, and nothing comes back. The one in line "
            f"{given[-1].lineno} is not always reached."
        )
    if printed:
        return (
            f"It prints its result (line {printed[-1].lineno}) and hands nothing back. Who calls "
            "it can use only what stands behind `return`."
        )
    inner = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.FunctionDef)]
    if inner:
        return f"It defines `{inner[0].name}` and hands nothing back. Is a `return` missing?"
    return "It hands nothing back: its last line is no `return`."


def _own_nodes(node) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside of it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield from _own_nodes(child)


def never_true(answer: Source) -> Iterator[str]:
    """Comparisons that come out the same for every value."""
    for node in ast.walk(answer.node):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.Is)):
            sides = [ast.unparse(one) for one in (node.left, *node.comparators)]
            if any(side in ("np.nan", "numpy.nan", "math.nan", "float('nan')") for side in sides):
                yield (
                    f"Line {node.lineno}, `{ast.unparse(node)}`: nothing is equal to NaN, not even "
                    "NaN itself. `np.isnan` asks for it."
                )


def findings(
    answer: Source, reference: Source | None, sizes: frozenset[int] = frozenset()
) -> Iterator[str]:
    """What cannot be right, the surest first.

    `sizes` are those of the arguments in cases that are right, while others are wrong.
    """
    yield from _globals(answer)
    if isinstance(answer.node, ast.ClassDef):
        yield from _of_class(answer)
    if reference is not None:
        yield from _no_generator(answer, reference)
    yield from _without_effect(answer)
    if reference is not None:
        yield from _arguments_unused(answer, reference)
    yield from _generators(answer)
    yield from _values_unused(answer)
    if reference is not None:
        yield from _written_in(answer, reference, sizes)


def _no_generator(answer, reference):
    """A function that ends with its first value, where one after the other is due."""
    if _yields(reference) and not _yields(answer):
        for loop in ast.walk(answer.node):
            if isinstance(loop, (ast.For, ast.While)):
                for one in ast.walk(loop):
                    if isinstance(one, ast.Return):
                        yield (
                            f"Line {one.lineno}: `return` ends the function with its first value. "
                            "`yield` gives one after the other."
                        )
                        return


def _yields(code):
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(code.node))


def _arguments_unused(answer, reference):
    """Arguments that the reference reads and the answer never does, by their place."""
    if isinstance(answer.node, ast.ClassDef) or isinstance(reference.node, ast.ClassDef):
        return
    mine, theirs = answer.parameters, reference.parameters
    needed = _read_with_helpers(reference)
    used = _read_with_helpers(answer)
    unused = [
        name
        for name, there in zip(mine, theirs, strict=False)
        if there in needed and name not in used
    ]
    if unused:
        names = listed([f"`{name}`" for name in unused])
        if len(unused) == 1:
            yield f"{names} is never used, but the result depends on it. Where does it come in?"
        else:
            yield f"{names} are never used, but the result depends on them. Where do they come in?"


def _read_with_helpers(answer):
    return read_in(answer.node)


def _globals(answer):
    """Variables of the notebook that a function reads in the place of its arguments."""
    if not answer.parameters:
        return
    for function in answer.functions:
        inside = set_in(function) | set(answer.parameters) | {"self"}
        for node in ast.walk(function):
            if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
                continue
            name = node.id
            if name in inside or hasattr(builtins, name) or name not in answer.names:
                continue
            value = answer.names[name]
            if isinstance(value, types.ModuleType) or callable(value) or inspect.isclass(value):
                continue
            if any(_defines(step, name) for step in answer.tree.body):
                continue
            yield (
                f"Line {node.lineno} uses `{name}`, a variable of the notebook. The function is "
                "called with other values: which of its arguments "
                f"({', '.join(answer.parameters)}) is meant?"
            )
            return


def _defines(step, name):
    return getattr(step, "name", None) == name


def _written_in(answer, reference, sizes):
    known = {
        node.value
        for node in ast.walk(reference.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    }
    for node in ast.walk(answer.node):
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Constant) or not isinstance(value, (int, float)):
            continue
        if value in sizes - known - HARMLESS:
            yield (
                f"Line {node.lineno} has the number {value} written in. Should it come from an "
                "argument, or from the shape of one?"
            )
            return


def _of_class(answer):
    """Names without `self`, attributes that are set and never read."""
    node = answer.node
    on_self_set, on_self_read = {}, set()
    for one in ast.walk(node):
        if not (isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)):
            continue
        if one.value.id == "self" and isinstance(one.ctx, ast.Store):
            on_self_set.setdefault(one.attr, one.lineno)
        elif one.value.id == "self":
            on_self_read.add(one.attr)
    changed = {
        one.target.attr
        for one in ast.walk(node)
        if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Attribute)
    }
    methods = {function.name for function in answer.functions if hasattr(function, "name")}
    for function in answer.functions:
        for one in ast.walk(function):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                missing = one.id in on_self_set and one.id not in set_in(function)
                missing = missing and one.id not in _arguments_of(function)
                if missing and one.id not in answer.names:
                    yield (
                        f"Line {one.lineno} uses `{one.id}`. What belongs to the object is "
                        f"`self.{one.id}`."
                    )
    for name, line in on_self_set.items():
        if name not in on_self_read | changed | methods:
            yield f"`self.{name}` is set in line {line} and never read. What is it for?"


def misplaced_state(answer: Source) -> Iterator[str]:
    """What an object should remember, and what is kept on the class or in a local name."""
    for one in ast.walk(answer.node):
        shared = isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
        if shared and one.value.id in (answer.name, "cls") and isinstance(one.ctx, ast.Store):
            yield (
                f"Line {one.lineno}: `{one.attr}` belongs to the class, so all objects share it. "
                "What an object remembers stands on `self`."
            )
    kept = _kept_by(answer)
    for function in answer.functions:
        if not isinstance(function, ast.FunctionDef) or function.name == "__init__":
            continue
        for name in sorted(set_in(function) & kept):
            if _forgets(function, name):
                yield (
                    f"`{name}` in `{function.name}` is a local name: it is forgotten when the "
                    f"method ends, and `self.{name}` stays as it was."
                )


def _kept_by(answer):
    return {
        one.attr
        for one in ast.walk(answer.node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and ast.unparse(one.value) == "self"
    }


def _forgets(function, name):
    """Whether a local name gets a new value that never reaches the attribute of the same name.

    A line that sets the attribute only where it is still None does not count.
    """
    for one in ast.walk(function):
        targets = getattr(one, "targets", [getattr(one, "target", None)])
        texts = [ast.unparse(node) for target in targets if target for node in ast.walk(target)
                 if isinstance(node, (ast.Attribute, ast.Name))]  # fmt: skip
        if not isinstance(one, (ast.Assign, ast.AugAssign)):
            continue
        begins = any(
            isinstance(test, ast.If) and one in test.body and "None" in ast.unparse(test.test)
            for test in ast.walk(function)
        )
        if f"self.{name}" in texts and not begins:
            return False
        if (
            name in texts
            and isinstance(one, ast.Assign)
            and ast.unparse(one.value) == f"self.{name}"
        ):
            return False  # another name for the same array, which may be changed in place
    return True


def _arguments_of(function):
    return {one.arg for one in function.args.args}


def _without_effect(answer):
    """Lines that compute something and drop it; names that are set again right away."""
    for function in answer.functions:
        for one in _own_nodes(function):
            if isinstance(one, ast.Expr) and isinstance(one.value, (ast.BinOp, ast.Compare)):
                code = ast.unparse(one)[:60]
                yield f"Line {one.lineno} computes `{code}` and drops it: it sets nothing."
            call = one.value if isinstance(one, ast.Expr) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                pure = call.func.attr in PURE
                if pure and not any(word.arg == "out" for word in call.keywords):
                    yield (
                        f"Line {one.lineno}, `{ast.unparse(call)[:60]}`, makes something new and "
                        "drops it. Where is the result kept?"
                    )


PURE = {"maximum", "minimum", "where", "exp", "log", "sqrt", "sum", "mean", "reshape", "astype",
        "transpose", "clip", "rint", "round", "copy", "permutation", "argsort", "abs", "square",
        "permuted", "flatten", "ravel"}  # fmt: skip


def _values_unused(answer):
    """Local names that are computed and never used."""
    for function in answer.functions:
        if isinstance(function, ast.Lambda):
            continue
        used = read_in(function) | {
            name for one in ast.walk(function) if isinstance(one, (ast.Nonlocal, ast.Global))
            for name in one.names
        }  # fmt: skip
        for one in _own_nodes(function):
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                name = one.targets[0].id
                if name not in used and not name.startswith("_"):
                    yield (
                        f"`{name}` is computed in line {one.lineno} and never used. Where should "
                        "it come in?"
                    )


def _generators(answer):
    """Random numbers that are not drawn with the generator that was handed over."""
    handed = [name for name in answer.parameters if "rng" in name]
    for node in ast.walk(answer.node):
        if isinstance(node, ast.Call) and handed:
            text = ast.unparse(node.func)
            if text.endswith("default_rng") or text.startswith(("np.random.", "random.")):
                yield (
                    f"Line {node.lineno} draws with `{text}`. The generator that is handed over is "
                    f"`{handed[0]}`: with another one every call begins anew, or nothing repeats."
                )
                return
