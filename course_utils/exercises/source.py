"""Finds the code of an answer as a tree, and makes a function of a tree again.

IPython keeps the text of every cell where Python looks for source lines, so an answer that was
written in a notebook can be read as one from a file can.
"""

import ast
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

FILE = "<your answer, changed>"


@dataclass(frozen=True)
class Source:
    """The code of an answer: `node` defines it under `name`, `helpers` stand in the same cell.

    `names` are the globals that it sees. `tree` holds helpers and node in their order.
    """

    name: str
    node: ast.AST
    tree: ast.Module
    names: dict

    def build(self) -> Callable:
        """The answer that the tree, as it is now, defines. Raises what defining it raises."""
        scope = dict(self.names)
        exec(compile(self.tree, FILE, "exec"), scope)
        return scope[self.name]

    @cached_property
    def has_loops(self) -> bool:
        """Whether it could run for ever, if a change went wrong."""
        nodes = (node for step in self.tree.body for node in ast.walk(step))
        return any(isinstance(node, (ast.While, ast.For, ast.comprehension)) for node in nodes)

    @property
    def functions(self) -> list[ast.AST]:
        """The functions in it: itself, or the methods of a class."""
        return [node for node in ast.walk(self.node) if isinstance(node, FUNCTIONS)]

    @property
    def parameters(self) -> list[str]:
        """The names of the arguments, of a class those of all methods without `self`."""
        found = []
        for function in self.functions:
            arguments = function.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            found += [one.arg for one in every if one.arg != "self" and one.arg not in found]
        return found


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def find(answer: object) -> Source | None:
    """The code of a function or class; None where it cannot be read, or lives within another."""
    code = _code_of(answer)
    if code is None:
        return None
    tree = parsed(code.co_filename)
    if tree is None:
        return None
    found = _definition(tree, answer, code)
    if found is None:
        return None
    name, node, step = found
    names = _globals_of(answer)
    return Source(name, node, ast.Module([*_helpers(tree, step, names), step], []), names)


def parsed(filename: str) -> ast.Module | None:
    """The tree of a cell or file that Python knows the lines of."""
    text = "".join(linecache.getlines(filename))
    return parse(text)


def parse(text: str) -> ast.Module | None:
    """The tree of a text, or None if it is empty or no Python."""
    try:
        return ast.parse(text) if text.strip() else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _code_of(answer):
    if inspect.isclass(answer):
        codes = [member.__code__ for member in vars(answer).values() if _is_function(member)]
        return codes[0] if codes else None
    if not _is_function(answer) or answer.__closure__:
        return None
    return answer.__code__


def _is_function(member):
    return isinstance(member, types.FunctionType)


def _globals_of(answer):
    if not inspect.isclass(answer):
        return answer.__globals__
    return next(m.__globals__ for m in vars(answer).values() if _is_function(m))


def _definition(tree, answer, code):
    """(name, node, step at the top level): the last definition there that fits."""
    for step in reversed(tree.body):
        if inspect.isclass(answer):
            lines = range(step.lineno, step.end_lineno + 1)
            if isinstance(step, ast.ClassDef) and code.co_firstlineno in lines:
                return (step.name, step, step) if step.name == answer.__name__ else None
        elif isinstance(step, ast.FunctionDef):
            first = min([step.lineno, *(one.lineno for one in step.decorator_list)])
            if first == code.co_firstlineno and step.name == code.co_name:
                return step.name, step, step
        elif isinstance(step, ast.Assign) and code.co_name == "<lambda>":
            one = step.value
            target = step.targets[0]
            fits = isinstance(one, ast.Lambda) and one.lineno == code.co_firstlineno
            if fits and isinstance(target, ast.Name):
                return target.id, one, step
    return None


def _helpers(tree, step, names):
    """Functions and classes of the same cell that it calls; they may hold the slip as well."""
    own = {
        other.name: other
        for other in tree.body
        if isinstance(other, (ast.FunctionDef, ast.ClassDef))
        and other is not step
        and getattr(names.get(other.name), "__module__", None) == names.get("__name__")
    }
    kept, left = [], [step]
    while left:
        for name in read_in(left.pop()):
            if name in own and own[name] not in kept:
                kept.append(own[name])
                left.append(own[name])
    return [other for other in tree.body if other in kept]


def read_in(tree: ast.AST) -> set[str]:
    """The names that are read somewhere in a tree."""
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def set_in(tree: ast.AST) -> set[str]:
    """The names that are set somewhere in a tree."""
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def is_dots(node: ast.AST | None) -> bool:
    """Whether a value is `...`, or several of them."""
    if isinstance(node, ast.Tuple):
        return any(map(is_dots, node.elts))
    return isinstance(node, ast.Constant) and node.value is ...


def dotted_lines(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, code) of each statement that still is dots, or sets or returns them."""
    for node in ast.walk(tree):
        value = getattr(node, "value", None)
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)) and is_dots(value):
            yield node.lineno, ast.unparse(node)


def same_code(one: ast.AST, other: ast.AST) -> bool:
    """Whether two definitions are the same but for their names, comments and docstrings."""
    return _bare(one) == _bare(other)


def _bare(tree):
    texts = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            first = body[0].value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                body = body[1:]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            texts.append([ast.unparse(step) for step in body])
            if not isinstance(node, ast.ClassDef):
                break
    return texts or ast.unparse(tree)
