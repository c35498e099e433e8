"""What may be said of a change that was found: as a cause only if something else shows it, too.

A change that mends an answer shows where it goes wrong. What is due there is sure only if the
reference has it; what stands in an answer, only if the answer has it.
"""

import ast
from collections import Counter

from course_utils.exercises.sentences import FUNCTION_WORDS
from course_utils.exercises.source import Source

# Other ways to write the same.
SAME = {
    "mean": ("average", "nanmean", "Div"), "nanmean": ("isnan", "nansum"), "root": ("sqrt", "Pow"),
    "sqrt": ("Pow",), "square": ("Pow", "Mult", "dot"), "sum": ("nansum", "einsum", "dot",
    "MatMult", "Add"), "log": ("log2", "log10", "log1p"), "exp": ("expm1", "Pow"),
    "maximum": ("max", "clip", "where", "Gt", "Lt", "GtE", "LtE"),
    "minimum": ("min", "clip", "where", "Gt", "Lt", "GtE", "LtE"),
    "max": ("nanmax", "amax", "maximum", "sort", "sorted"),
    "min": ("nanmin", "amin", "minimum", "sort", "sorted"), "std": ("var", "sqrt", "Pow"),
    "var": ("std", "mean"), "abs": ("absolute", "fabs", "norm", "sign"),
    "absolute value": ("abs", "absolute", "fabs", "norm"), "reciprocal": ("Div", "Pow"),
    "argmax": ("nanargmax", "argsort", "index", "max"), "median": ("nanmedian", "percentile"),
    "argmin": ("nanargmin", "argsort", "index", "min"), "sign": ("USub", "Sub"),
    "nanargmin": ("argmin", "isnan"), "nanargmax": ("argmax", "isnan"), "norm": ("sqrt", "Pow"),
    "permutation": ("shuffle", "permuted", "choice"), "integers": ("choice", "randint"),
    "rint": ("round", "around", "floor", "int"), "floor": ("FloorDiv", "int", "astype"),
    "any": ("max", "Or", "sum"), "all": ("min", "And", "prod"),
}  # fmt: skip
NAMED = {*FUNCTION_WORDS, "exp", "log", "root", "square", "reciprocal", "absolute value"}


def words_of(source: Source) -> Counter:
    """The functions, operators and names in a code, and how often each occurs."""
    found = Counter()
    for step in source.tree.body:
        for node in ast.walk(step):
            if isinstance(node, (ast.Name, ast.Attribute)):
                found[getattr(node, "id", getattr(node, "attr", ""))] += 1
            elif isinstance(node, (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)):
                found[type(node).__name__] += 1
    return found


def has(words: Counter, function: str) -> bool:
    """Whether a code has a function, or another way to write it."""
    return any(words[one] for one in (function, *SAME.get(function, ())))


def is_in(words: Counter, function: str) -> bool:
    """Whether a code has just this function; a root and the like have no single name."""
    named = function in ("root", "square", "absolute value", "reciprocal", "abs", "sqrt")
    return has(words, function) if named else bool(words[function])


def functions_of(slip: str) -> tuple[str, str]:
    """(what stands there, what is due) of a slip that names functions, or empty."""
    one, _, other = slip.partition(" for ")
    if other:
        return (one, other) if one in NAMED and other in NAMED else ("", "")
    for end in (" too many", " missing"):
        if slip.endswith(end):
            function = slip.removesuffix(end)
            if function in NAMED:
                return (function, "") if end == " too many" else ("", function)
    return "", ""
