"""Says what an exception means, in the words of the exercise: which line, which shapes, what fits.

Python and NumPy describe what they could not do; a student needs what the answer did.
"""

import ast
import difflib
import linecache
import re
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.exercises.attempt import TimeIsUp, run

LIBRARIES = (
    str(Path(__file__).parents[1]),
    str(Path(np.__file__).parent),
    sysconfig.get_path("stdlib"),
)
MOST_CODE = 60
LETTERS = "abcdef"  # of the options of a choice
# Products that could have been meant, simplest first.
PRODUCTS = ("{a} @ {b}", "{a}.T @ {b}", "{a} @ {b}.T", "{b} @ {a}", "{b}.T @ {a}", "{b} @ {a}.T")


@dataclass(frozen=True)
class Place:
    """Where the student's own code stopped: the frame, its line, and the piece of code."""

    frame: object
    line: int
    text: str
    node: ast.AST | None

    @property
    def where(self) -> str:
        """ "In line 3, `X @ dZ`"."""
        code = f", `{_short(self.text)}`" if self.text else ""
        return f"In line {self.line}{code}"


def explain(error: BaseException, parameters: tuple[str, ...] = ()) -> str:
    """One or two sentences on what an exception of the answer means.

    `parameters` are the names of the arguments in the exercise.
    """
    place = _place(error)
    at = f" in line {place.line}, `{_short(place.text)}`" if place else ""
    if isinstance(error, TimeIsUp):
        return f"It did not come to an end in time{at}. Does a loop ever stop?"
    if isinstance(error, SystemExit):
        return f"It wanted to leave Python{at}. A function ends with `return`."
    if isinstance(error, RecursionError):
        return f"Your function calls itself without end{at}. Which call should be another function?"
    words = str(run(lambda: str(error), 0.2).value or "").strip().splitlines()
    first = words[0] if words else ""
    for kinds, pattern, tell in TRANSLATIONS:
        found = re.search(pattern, first) if isinstance(error, kinds) else None
        if found:
            told = tell(found, place, parameters)
            if told:
                return f"{place.where}: {told}" if place else _with_what_came(told)
    first = first if len(first) <= 160 else f"{first[:160]} ..."
    message = f": {first}" if first else ""
    return f"It stopped with `{type(error).__name__}{message}`{at}."


def _with_what_came(told):
    """Where no line of the answer stopped, but the check, with what the answer gave."""
    return f"The check stopped with what your code gave: {told}"


def _short(text):
    text = " ".join(text.split())
    return text if len(text) <= MOST_CODE else f"{text[:MOST_CODE]} ..."


def _place(error):
    """The innermost line that the student wrote; None if the error came from elsewhere."""
    steps = zip(
        traceback.walk_tb(error.__traceback__),
        traceback.extract_tb(error.__traceback__),
        strict=True,
    )
    own = [(frame, step) for (frame, _), step in steps if not step.filename.startswith(LIBRARIES)]
    if not own:
        return None
    frame, step = own[-1]
    line = step.line or ""
    text = line
    if step.colno is not None and step.lineno == step.end_lineno:
        whole = linecache.getline(step.filename, step.lineno).encode()
        text = whole[step.colno : step.end_colno].decode(errors="ignore") or line
    return Place(frame, step.lineno, text, _expression(text) or _expression(line))


def _expression(text):
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _value(node, frame):
    """The value of names, attributes and simple arithmetic in a frame; calls nothing.

    NotImplemented if there is none.
    """
    for one in ast.walk(node):
        if isinstance(one, (ast.Call, ast.Await, ast.Yield, ast.NamedExpr, ast.Lambda)):
            return NotImplemented
    code = compile(ast.fix_missing_locations(ast.Expression(node)), "<operand>", "eval")
    outcome = run(lambda: eval(code, frame.f_globals, dict(frame.f_locals)), 0.2, frozen=False)
    return NotImplemented if outcome.raised is not None else outcome.value


def _product(found, place, parameters):
    """Which shapes met in a product, and which product of the two would fit."""
    node = place.node if place else None
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)):
        products = [
            one
            for one in ast.walk(node or ast.Module([], []))
            if isinstance(one, ast.BinOp) and isinstance(one.op, ast.MatMult)
        ]
        node = products[-1] if len(products) == 1 else None
    if node is None:
        return _shapes_in(place, "the shapes of this product do not fit: the inner sizes differ.")
    left, right = _value(node.left, place.frame), _value(node.right, place.frame)
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
        return "the shapes of this product do not fit: the inner sizes differ."
    told = f"the shapes {left.shape} and {right.shape} do not fit: the inner sizes differ."
    names = ast.unparse(node.left), ast.unparse(node.right)
    fits = [
        form.format(a=_bracketed(names[0]), b=_bracketed(names[1]))
        for form in PRODUCTS
        if left.ndim == right.ndim == 2 and _fit(form, left.shape, right.shape)
    ]
    fits = [form.replace(".T.T", "") for form in fits]
    if fits:
        told += f" `{fits[0]}` would fit. Which shape should the result have?"
    return told


def _bracketed(text):
    return text if re.fullmatch(r"[\w.\[\], ]+", text) else f"({text})"


def _fit(form, a, b):
    first, second = form.split(" @ ")
    shapes = []
    for part in (first, second):
        shape = a if "{a}" in part else b
        shapes.append(shape[::-1] if part.endswith(".T") else shape)
    return shapes[0][1] == shapes[1][0]


def _shapes_in(place, told):
    """`told`, and the shapes of the arrays that the line names."""
    if place is None or place.node is None:
        return told
    names = []
    for node in ast.walk(place.node):
        if isinstance(node, (ast.Name, ast.Attribute)) and len(names) < 3:
            value = _value(node, place.frame)
            if isinstance(value, np.ndarray):
                names.append(f"`{ast.unparse(node)}` {value.shape}")
    return f"{told} Here are {', '.join(names)}." if names else told


def _broadcast(found, place, parameters):
    shapes = re.findall(r"\([\d, ]*\)", found.string)
    return (
        f"the shapes {' and '.join(shapes[:2])} do not fit entry by entry. Read from the right, "
        "two sizes must be equal, or one of them 1. Has one lost an axis (`keepdims`), or must one "
        "be transposed?"
    )


def _none(found, place, parameters):
    part = _which_is_none(place)
    if part and part.startswith("self."):
        return f"`{part}` is still None. Is it set before it is used?"
    begin = f"`{part}` is None" if part else "something is None here"
    return f"{begin}. Does a function that should give it have no `return`, or is it not set yet?"


def _which_is_none(place):
    if place is None or place.node is None:
        return None
    for node in ast.walk(place.node):
        named = isinstance(node, (ast.Name, ast.Attribute))
        if named and _value(node, place.frame) is None:
            return ast.unparse(node)
    return None


def _not_defined(found, place, parameters):
    name = found[1]
    inside = place.frame.f_locals if place else {}
    owner = inside.get("self")
    if owner is not None and hasattr(owner, name):
        return f"`{name}` is not a variable here. What belongs to the object is `self.{name}`."
    near = difflib.get_close_matches(name, [*inside, *parameters], 1, 0.6)
    same = [one for one in (*inside, *parameters) if one.lower() == name.lower()]
    near = same or near
    if name in LETTERS and (place is None or place.frame.f_code.co_name == "<module>"):
        return f'there is no `{name}`. If the letter is meant, it stands in quotes: "{name}".'
    if near:
        return f"there is no `{name}`. Do you mean `{near[0]}`?"
    if place is not None and place.frame.f_code.co_name == "<module>":
        return f"there is no `{name}`. It is not set in any cell that has been run."
    known = ", ".join(f"`{one}`" for one in inside if not one.startswith("_"))
    return (
        f"there is no `{name}`. The function knows {known}."
        if known
        else (
            f"there is no `{name}`. Is it spelled as where it was set, and has that cell been run?"
        )
    )


def _unbound(found, place, parameters):
    name = found[1]
    owner = place.frame.f_locals.get("self") if place else None
    if owner is not None and hasattr(owner, name):
        return (
            f"`{name}` is read before it is set in this function. The object's own one is "
            f"`self.{name}`."
        )
    return (
        f"`{name}` is read before it has a value. A name that is set anywhere in a function is a "
        "local one: where does it begin?"
    )


def _out_of_bounds(found, place, parameters):
    size = int(found[3])
    return (
        f"there is no index {found[1]} in an axis of length {size}. Counting begins at 0, so the "
        f"last is {size - 1}."
    )


def _attribute(found, place, parameters):
    kind, name = found[1], found[2]
    if kind == "ndarray" or kind == "numpy.ndarray":
        return f"an array has no `{name}`. Is it a function of NumPy (`np.{name}`), or misspelled?"
    owner = place.frame.f_locals.get("self") if place else None
    if owner is not None and type(owner).__name__ == kind:
        known = [one for one in vars(owner) if not one.startswith("_")]
        near = difflib.get_close_matches(name, known, 1, 0.5)
        mean = f" Do you mean `self.{near[0]}`?" if near else " Where is it set?"
        return f"the object has no `{name}`.{mean}"
    return None


def _callable(found, place, parameters):
    kind = found[1].removeprefix("numpy.")
    words = {"ndarray": "an array", "generator": "a generator", "tuple": "a tuple"}
    words |= {"float": "a number", "float64": "a number", "int": "a number", "str": "a text"}
    what = words.get(kind, f"of type {kind}")
    return (
        f"what stands before the round brackets is {what}, and not a function. Square brackets "
        "pick entries, and a product needs its `*`."
    )


def _arguments(found, place, parameters):
    asked = f"({', '.join(parameters)})" if parameters else ""
    if "positional argument" in found.string and found.string.find(".step()") >= 0:
        return "a method of a class takes `self` first, and then what the exercise hands over."
    name = found[1].split(".")[-1]
    told = f"`{name}` is called with another number of arguments than it takes"
    return f"{told}. The exercise hands over {asked}." if asked else f"{told}."


def _axis(found, place, parameters):
    return (
        f"there is no axis {found[1]} in an array with {found[2]} axis: count the axes of what "
        "stands before. The first is axis 0."
    )


def _one_number(found, place, parameters):
    return (
        "one number is wanted and an array came. The functions of `math`, `float` and `int` take "
        "one number; those of NumPy take arrays."
    )


def _sentence(text):
    return lambda found, place, parameters: text


# The type, a pattern for the first line, and what to say.
TRANSLATIONS = (
    (ValueError, r"truth value of an array", _sentence(
        "`if`, `and`, `or`, `max` and `min` want one yes or no, and an array has one for each "
        "entry. Which function of NumPy decides entry by entry (`np.where`, `np.maximum`, `&`)?")),
    (ValueError, r"core dimension|shapes .* not aligned|matmul", _product),
    (ValueError, r"broadcast", _broadcast),
    ((AttributeError, TypeError), r"NoneType", _none),
    (UnboundLocalError, r"variable '(\w+)'", _unbound),
    (NameError, r"name '(\w+)' is not defined", _not_defined),
    (IndexError, r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", _out_of_bounds),
    (IndexError, r"(list|tuple|string) index out of range", _sentence(
        "an index is larger than the last one. Counting begins at 0: how long is it?")),
    (IndexError, r"too many indices|only integers, slices|invalid index to scalar", _sentence(
        "the index does not fit: how many axes are there, and are the indices whole numbers?")),
    (TypeError, r"only integer scalar arrays", _sentence(
        "the second argument should be one whole number, such as an axis, and an array came. To "
        "compare with each entry, take `np.maximum` or `np.minimum`.")),
    (IndexError, r"arrays used as indices must be", _sentence(
        "these are not indices: an index is a whole number, a place and not a value.")),
    (ValueError, r"need at least one array", _sentence("nothing came: there is not a single "
    "part.")),
    (IndexError, r"boolean index did not match", _sentence(
        "the mask has another shape than the array that it picks from.")),
    (AttributeError, r"'([\w.]+)' object has no attribute '(\w+)'", _attribute),
    (TypeError, r"'ellipsis'", _sentence("dots are still there. What belongs in their place?")),
    (TypeError, r"'([\w.]+)' object is not callable", _callable),
    (TypeError, r"'generator' object", _sentence(
        "that is a generator: it gives one value after the other, and can only be looped over.")),
    (TypeError, r"(\S+)\(\) (?:missing|takes|got)", _arguments),
    (np.exceptions.AxisError, r"axis (-?\d+) is out of bounds for array of dimension (\d+)", _axis),
    (TypeError, r"only (?:length-1|0-dimensional|size-1) arrays|must be real number", _one_number),
    (TypeError, r"bad operand type|unsupported operand|ufunc .* did not contain|must be str",
     lambda found, place, parameters: _operands(place)),
    (TypeError, r"object is not subscriptable", _sentence(
        "what stands before the square brackets holds no entries: it is one thing, not a list.")),
    (TypeError, r"cannot unpack|object is not iterable", _sentence(
        "several values are expected here, and there is only one thing.")),
    (ValueError, r"not enough values|too many values", _sentence(
        "on the left stand more or fewer names than values come from the right.")),
    (TypeError, r"Cannot cast ufunc|same_kind", _sentence(
        "an array of whole numbers cannot take a fraction in place. Of which kind is it?")),
    (ValueError, r"read-only", _sentence(
        "this array may not be changed. Make a new one instead of writing into it.")),
    (ValueError, r"cannot reshape array of size (\d+) into shape (.+)",
     lambda found, place, parameters:
     f"{found[1]} values do not fill the shape {found[2]}. What else is an axis of it?"),
    (ValueError, r"setting an array element with a sequence|inhomogeneous", _sentence(
        "an array where one number should go, or rows of different lengths.")),
    (ValueError, r"a list that holds itself", _sentence("it returns a list that holds itself.")),
    (ValueError, r"more than a million", _sentence(
        "it gives more than a million values. Does it end?")),
    (ZeroDivisionError, r"", _sentence(
        "something is divided by 0. Which value can be 0, and when?")),
    (KeyError, r"(.+)", lambda found, place, parameters: f"there is no entry {found[1]}."),
)  # fmt: skip


def _operands(place):
    """What met in an operation that does not exist: a list, a text, a function."""
    if place is not None and "^" in place.text:
        return "`^` is no power in Python. A power is written `**`."
    if place is None or place.node is None:
        return None
    for node in ast.walk(place.node):
        if not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        value = _value(node, place.frame)
        name = ast.unparse(node)
        if value is ...:
            return f"`{name}` is still `...`: its dots are to be filled in."
        if isinstance(value, (list, tuple)) and not isinstance(value, str):
            return (
                f"`{name}` is a {type(value).__name__}, and Python does not compute with it entry "
                "by entry. An array does (`np.array`)."
            )
        if isinstance(value, str):
            return f"`{name}` is a text, not a number."
        if callable(value) and not isinstance(value, type(np)):
            return (
                f"`{name}` is a function here, and not what it returns. Are its brackets missing?"
            )
    return None
