"""Writes down every claim that a kernel makes, with how far it was from failing.

The comparisons in the condition of a claim are noted while they are evaluated, once and in their
order, so the notebook does what it always does. One thing differs: a claim that fails is printed
and written down, and the notebook goes on.
"""

import ast
import builtins
import hashlib
import json
import math
import operator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_utils.claims import ClaimError

NAME = "__claims__"  # of the recorder, among the builtins: cells and functions in them see it
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
SIGNS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
CLOSE = ("np.isclose", "np.allclose")
LONGEST_VALUE, MOST_ENTRIES = 160, 10


# ---------------------------------------------------------------- how far from failing


@dataclass(frozen=True)
class Distance:
    """How far one comparison was from failing.

    `gap` is the difference of its sides, positive if it holds; `margin` is the gap as a share of
    the larger side, nan against zero. Both are nan where there is no more or less, as with "==".
    """

    holds: bool
    margin: float
    gap: float
    sides: str

    def rank(self) -> tuple:
        """Smaller for what is closer to failing; what has no distance comes last."""
        no_margin, no_gap = math.isnan(self.margin), math.isnan(self.gap)
        return self.holds, no_margin, 0 if no_margin else self.margin, no_gap, self.gap

    def turned(self) -> "Distance":
        """That of the opposite."""
        return Distance(not self.holds, -self.margin, -self.gap, f"not {self.sides}")


def numbers(value: object) -> np.ndarray | None:
    """`value` as floats, or None if it does not hold numbers."""
    try:
        found = np.asarray(value)
    except ValueError:  # lists of different lengths in a list
        return None
    return found.astype(float) if found.dtype.kind in "biuf" else None


def distance(sign: str, left: object, right: object, holds: object) -> Distance:
    """The distance of one comparison; of arrays, that of the entries closest to failing."""
    a, b = numbers(left), numbers(right)
    held = numbers(holds)
    exact = sign in ("==", "!=") or a is None or b is None or not a.size or not b.size
    if exact or held is None:
        true = bool(np.all(holds))
        return Distance(true, math.nan, math.nan, f"{short(left)} {sign} {short(right)}")
    a, b, held = np.broadcast_arrays(a, b, held)
    with np.errstate(all="ignore"):
        gap = np.where(a == b, 0.0, b - a if sign in ("<", "<=") else a - b)
        share = gap / np.maximum(abs(a), abs(b))
    share = np.where(np.isinf(gap), np.sign(gap), share)
    share = np.where((a == 0) | (b == 0), np.nan, share)
    entries = zip(held.ravel(), share.ravel(), gap.ravel(), a.ravel(), b.ravel(), strict=True)
    each = (
        Distance(bool(h), float(m), float(g), f"{short(x)} {sign} {short(y)}")
        for h, m, g, x, y in entries
    )
    return min(each, key=Distance.rank)


def distance_of_close(left: object, right: object, rtol=1e-5, atol=1e-8, **_) -> Distance:
    """That of `np.isclose`: how much of the tolerance is left."""
    a, b = numbers(left), numbers(right)
    if a is None or b is None or not a.size or not b.size:
        return Distance(bool(np.allclose(left, right, rtol, atol)), math.nan, math.nan, "close")
    a, b = np.broadcast_arrays(a, b)
    with np.errstate(all="ignore"):
        apart = np.where(a == b, 0.0, abs(a - b)).ravel()
        allowed = (atol + rtol * abs(b)).ravel()
        worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart - allowed)))
    found = distance("<=", apart[worst], allowed[worst], apart[worst] <= allowed[worst])
    sides = f"|{short(a.ravel()[worst])} - {short(b.ravel()[worst])}| <= {short(allowed[worst])}"
    margin = 1.0 if apart[worst] == 0 else found.margin
    return Distance(found.holds, margin, found.gap, sides)


def short(value: object) -> str:
    """A value in few words: numbers to five digits, long things cut off."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.5g}"
    if isinstance(value, np.generic):
        return str(value.item())
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value[: MOST_ENTRIES + 1].tolist()
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        entries = [short(entry) for entry in value[:MOST_ENTRIES]]
        return "[" + ", ".join([*entries, *["..."] * (len(value) > MOST_ENTRIES)]) + "]"
    if isinstance(value, dict) and len(value) <= MOST_ENTRIES:
        return "{" + ", ".join(f"{key}: {short(entry)}" for key, entry in value.items()) + "}"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


# ---------------------------------------------------------------- what a condition consists of


@dataclass(frozen=True)
class Part:
    """A part of a condition: a note about one comparison, or parts that are put together."""

    kind: str  # "note", "all", "any", "not", "plain"
    number: int = 0
    parts: tuple["Part", ...] = ()


class Tracer(ast.NodeTransformer):
    """Rewrites the calls of `claim` in a cell so that the recorder sees what they compare."""

    def __init__(self, recorder: "Recorder") -> None:
        self.recorder = recorder
        self.claims = 0

    def visit_Module(self, tree):
        """A cell: its claims are counted from 1."""
        self.claims = 0
        return ast.fix_missing_locations(self.generic_visit(tree))

    def visit_Try(self, node):
        """A claim whose failure the cell itself expects stays as it is."""
        caught = [ast.unparse(handler.type) for handler in node.handlers if handler.type]
        if any("ClaimError" in name or "AssertionError" in name for name in caught):
            return node
        return self.generic_visit(node)

    def visit_Call(self, node):
        """`claim(text, condition)` becomes `__claims__.make(claim, 3, text, condition)`."""
        if not (isinstance(node.func, ast.Name) and node.func.id == "claim"):
            return self.generic_visit(node)
        self.claims += 1
        arguments, keywords = list(node.args), list(node.keywords)
        if len(arguments) > 1:
            arguments[1] = self.judged(arguments[1])
        for keyword in keywords:
            if keyword.arg == "condition":
                keyword.value = self.judged(keyword.value)
        number = ast.Constant(self.claims)
        return self.call("make", [node.func, number, *arguments], keywords, node)

    def judged(self, condition):
        traced, part = self.trace(condition)
        number = self.recorder.remember(part)
        return self.call("judge", [ast.Constant(number), traced], [], condition)

    def call(self, method, arguments, keywords, place):
        function = ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load())
        return ast.copy_location(ast.Call(function, arguments, keywords), place)

    def trace(self, node) -> tuple[ast.expr, Part]:
        """The expression with its comparisons noted, and how it is put together."""
        if isinstance(node, ast.BoolOp):
            pairs = [self.trace(value) for value in node.values]
            node.values = [new for new, _ in pairs]
            kind = "all" if isinstance(node.op, ast.And) else "any"
            return node, Part(kind, parts=tuple(part for _, part in pairs))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand, part = self.trace(node.operand)
            return node, Part("not", parts=(part,))
        if isinstance(node, ast.Compare) and all(type(op) in SIGNS for op in node.ops):
            number = self.recorder.next_note()
            signs = ast.Constant(" ".join(SIGNS[type(op)] for op in node.ops))
            values = [ast.Constant(number), signs, node.left, *node.comparators]
            return self.call("compare", values, [], node), Part("note", number)
        if isinstance(node, ast.Call):
            return self.trace_call(node)
        return node, Part("plain")

    def trace_call(self, node):
        name = ast.unparse(node.func)
        if name in CLOSE:
            number = self.recorder.next_note()
            arguments = [ast.Constant(number), node.func, *node.args]
            return self.call("close", arguments, node.keywords, node), Part("note", number)
        if name == "bool" and len(node.args) == 1:
            node.args[0], part = self.trace(node.args[0])
            return node, part
        if name in ("all", "any") and len(node.args) == 1:
            if isinstance(node.args[0], (ast.GeneratorExp, ast.ListComp)):
                inner = node.args[0]
                inner.elt, part = self.trace(inner.elt)
                return node, Part(name, parts=(part,))
            node.args[0], part = self.trace(node.args[0])
            return node, Part("all" if name == "all" else "plain", parts=(part,))
        if isinstance(node.func, ast.Attribute) and node.func.attr == "all" and not node.args:
            node.func.value, part = self.trace(node.func.value)
            return node, Part("all", parts=(part,))
        return node, Part("plain")


# ---------------------------------------------------------------- the record


@dataclass
class Recorder:
    """Notes what conditions compare, and writes each claim as one line of JSON to `path`."""

    path: Path
    cell: str = ""
    parts: list[Part] = field(default_factory=list)
    notes: dict[int, list[Distance]] = field(default_factory=dict)
    made: dict[int, int] = field(default_factory=dict)
    seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    judged: list[Distance] = field(default_factory=list)
    last_note: int = 0

    def begin(self, cell: str) -> None:
        """The next claims are made by this cell."""
        self.cell = cell
        self.made.clear()

    def remember(self, part: Part) -> int:
        """Keep how a condition is put together; returns its number."""
        self.parts.append(part)
        return len(self.parts) - 1

    def next_note(self) -> int:
        """A number for one comparison in the text of a cell."""
        self.last_note += 1
        return self.last_note

    def compare(self, number: int, signs: str, *values: object) -> object:
        """The value of a chain such as `0 < x < 1`, each of whose comparisons is noted."""
        result: object = True
        for place, sign in enumerate(signs.split()):
            left, right = values[place : place + 2]
            result = OPERATORS[sign](left, right)
            self.see(left, right)
            self.notes.setdefault(number, []).append(distance(sign, left, right, result))
            if place < len(values) - 2 and not result:
                break
        return result

    def close(self, number: int, function, *arguments: object, **options: object) -> object:
        """The value of `np.isclose` or `np.allclose`, noted."""
        self.see(*arguments)
        tolerances = dict(zip(("rtol", "atol"), arguments[2:], strict=False)) | options
        found = distance_of_close(*arguments[:2], **tolerances)
        self.notes.setdefault(number, []).append(found)
        return function(*arguments, **options)

    def see(self, *values: object) -> None:
        """Take values into the digest that tells whether two runs have compared the same."""
        for value in values:
            found = numbers(value)
            self.seen.update(short(value).encode() if found is None else found.tobytes())

    def judge(self, number: int, value: object) -> object:
        """The value of a condition, whose parts have just been noted."""
        self.judged = self.together(self.parts[number])
        self.notes.clear()
        return value

    def together(self, part: Part) -> list[Distance]:
        """The distances of what must hold for a part to hold, one for each comparison."""
        if part.kind == "note":
            found = self.notes.get(part.number, [])
            return [min(found, key=Distance.rank)] if found else []
        if part.kind == "all":
            return [one for inner in part.parts for one in self.together(inner)]
        inner = [self.together(one) for one in part.parts]
        if part.kind == "not":
            return [one.turned() for one in inner[0]] if len(inner[0]) == 1 else []
        if part.kind == "any" and len(inner) > 1:
            closest = [min(one, key=Distance.rank) for one in inner if one]
            return [max(closest, key=Distance.rank)] if closest else []
        return []

    def make(self, claim, number: int, *arguments: object, **named: object) -> None:
        """Make a claim, write it down, and go on whether it holds or not."""
        found, self.judged = self.judged, []
        text = str(arguments[0] if arguments else named.get("text"))
        measured = {n: short(v) for n, v in named.items() if n not in ("text", "condition", "here")}
        try:
            claim(*arguments, **named)
        except ClaimError as error:
            print(error)
            held = False
        else:
            held = True
        self.made[number] = again = self.made.get(number, 0) + 1
        self.see(text, *measured.values())
        line = {
            "claim": f"{self.cell}.{number}" + (f".{again}" if again > 1 else ""),
            "text": text,
            "here": bool(named.get("here", False)),
            "held": held,
            "distances": [[d.margin, d.gap, d.sides] for d in found],
            "closest": found.index(min(found, key=Distance.rank)) if found else None,
            "measured": measured,
            "seen": self.seen.hexdigest()[:12],
        }
        self.seen = hashlib.sha256()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def install(path: str, shell) -> None:
    """From now on write the claims of an IPython shell to a file."""
    recorder = Recorder(Path(path))
    setattr(builtins, NAME, recorder)
    shell.ast_transformers.append(Tracer(recorder))
