"""One general sentence for each slip that a single change mends: the thought, not the code.

A sentence may name `{wrong}`, what stands in the answer, but not what should stand there.
"""

OPERATIONS = {
    "Add": "a plus", "Sub": "a minus", "Mult": "`*`", "Div": "`/`", "MatMult": "`@`",
    "FloorDiv": "`//`", "Pow": "`**`", "Mod": "`%`",
}  # fmt: skip
FUNCTION_WORDS = {
    "sum": "a sum", "mean": "a mean", "max": "the largest value", "min": "the smallest value",
    "argmax": "the place of the largest", "argmin": "the place of the smallest",
    "std": "a standard deviation", "var": "a variance", "median": "a median",
    "maximum": "`maximum`, the larger of two,", "minimum": "`minimum`, the smaller of two,",
    "any": "`any` (one is enough)", "all": "`all` (every one)", "exp": "an exponential",
    "log": "a natural logarithm", "log10": "a logarithm of base 10",
    "log2": "a logarithm of base 2", "nanmean": "a mean that walks past NaN without a word",
    "nanargmin": "the place of the smallest that is not NaN", "abs": "an absolute value",
    "nanargmax": "the place of the largest that is not NaN", "square": "a square",
    "sqrt": "a root", "tanh": "a tanh", "floor": "rounding down", "ceil": "rounding up",
    "rint": "rounding to the nearest", "permutation": "a new order, everyone once",
    "integers": "drawing with replacement", "argsort": "the order that sorts",
    "nanmin": "the smallest that is not NaN", "nanmax": "the largest that is not NaN",
}  # fmt: skip
SENTENCES = {
    "axis": "this runs along the wrong axis. Axis 0 runs down the rows, from example to example; "
    "axis 1 runs along one row. Which one is meant?",
    "axis missing": "without an axis everything becomes one number. Along which one should it run?",
    "axis too many": "this runs along one axis only. Should everything be taken together?",
    "keepdims missing": "the axis that is taken together is lost, and NumPy then lays the result "
    "along another one. How does it stay, with length 1?",
    "keepdims too many": "an axis of length 1 is left over: `keepdims` keeps what should be gone.",
    "ddof missing": "you divide by N inside. An estimate from a sample divides by N - 1 (`ddof`).",
    "ddof too many": "you divide by N - 1 inside. Asked is the plain mean over N (`ddof`).",
    "sum for mean": "you add up where a mean is due: with more examples it would grow.",
    "mean for sum": "you take a mean where a sum is due. Has somebody divided by N already?",
    "any for all": "`any` is content with one. Must it hold for one, or for all?",
    "all for any": "`all` wants every one. Is one enough?",
    "Add for Sub": "a plus stands where a minus is due. Which way should it go?",
    "Sub for Add": "a minus stands where a plus is due. Which way should it go?",
    "Mult for Div": "you multiply where you should divide.",
    "Div for Mult": "you divide where you should multiply.",
    "Mult for MatMult": "`*` multiplies entry by entry. A matrix product (`@`) also adds up.",
    "MatMult for Mult": "`@` is a matrix product, which adds up. Here each entry stays by itself.",
    "FloorDiv for Div": "`//` cuts off everything behind the point.",
    "Div for FloorDiv": "`/` gives a fraction where a whole number is due.",
    "Mult for Pow": "you multiply by the number of times. Something that happens again and again "
    "is a power (`**`).",
    "Pow for Mult": "a power stands where a product is due.",
    "Sub turned": "the difference is the wrong way round: what is subtracted from what?",
    "Div turned": "the fraction stands upside down.",
    "MatMult turned": "the two factors of the product stand in the wrong order: look at shapes.",
    "Pow turned": "base and exponent have changed places.",
    "FloorDiv turned": "the fraction stands upside down.",
    "equality": "what should happen where both sides are equal? `>` and `>=` (`<` and `<=`) differ "
    "just there.",
    "comparison": "the comparison picks the wrong ones. Which side, and how close, is meant?",
    "comparison too many": "here stands yes or no (1 or 0) where the value itself is due.",
    "comparison missing": "here stands a value where yes or no is due: compared with what?",
    "sign missing": "the sign is turned. Should it grow or fall?",
    "sign too many": "the sign is turned: there is a minus too many.",
    "not too many": "a `not` turns this round.",
    "not missing": "this is the opposite of what is meant.",
    "transpose missing": "a transpose is missing. Write the shapes beside the two factors.",
    "transpose too many": "there is a transpose too many. Write the shapes beside the two factors.",
    "factor 2 missing": "a factor 2 is missing. What is the derivative of a square?",
    "factor 2 too many": "there is a factor 2 too many.",
    "half missing": "it is twice what it should be: something is to be halved.",
    "half too many": "it is halved once too often.",
    "root missing": "a root is missing: look at the units, squared or not.",
    "root too many": "there is a root too many: look at the units, squared or not.",
    "sqrt missing": "a root is missing: look at the units, squared or not.",
    "sqrt too many": "there is a root too many: look at the units, squared or not.",
    "square missing": "a square is missing: look at the units.",
    "square too many": "there is a square too many: look at the units.",
    "absolute value missing": "a size is meant here, without its sign.",
    "abs too many": "an absolute value takes the sign away. It is still needed.",
    "abs missing": "a size is meant here, without its sign.",
    "exp missing": "an exponential is missing.",
    "log missing": "a logarithm is missing.",
    "rest to 1 missing": "that is the other part: the two parts add up to 1.",
    "rest to 1 too many": "that is the other part: the two parts add up to 1.",
    "one more missing": "it is off by one. From which number does the count begin, and where does "
    "it end?",
    "one more too many": "it is off by one. From which number does the count begin, and where does "
    "it end?",
    "ReLU missing": "negative values should become 0 here.",
    "ReLU too many": "negative values are cut off here, and should not be.",
    "maximum too many": "something is cut off (`maximum`) that should stay.",
    "minimum missing": "nothing stops the value at its end: it needs an upper bound.",
    "min missing": "nothing stops the value at its end: it needs an upper bound.",
    "max missing": "the value needs a lower bound.",
    "copy missing": "this is the very same array under another name: who changes one changes "
    "both. A copy is due.",
    "rounding missing": "a cast cuts off what is behind the point. It should be rounded first.",
    "rint missing": "a cast cuts off what is behind the point. It should be rounded first.",
    "rint too many": "it is rounded too early. How many digits are still needed?",
    "round too many": "it is rounded too early. How many digits are still needed?",
    "int too many": "`int` cuts off everything behind the point.",
    "astype too many": "the conversion loses something: what does the new kind of number hold?",
    "astype missing": "the numbers are of the wrong kind: which one is asked?",
    "bytes missing": "the numbers are of the wrong kind: a byte is a `uint8`.",
    "reciprocal missing": "the fraction stands upside down.",
    "mean missing": "a mean is missing: over the examples?",
    "mean too many": "there is a mean too many.",
    "sum missing": "a sum is missing: over what?",
    "sum too many": "there is a sum too many: each entry stays by itself.",
    "axis of length 1 missing": "an axis is missing, and NumPy lays one along the other. Which "
    "shapes meet here?",
    "flat missing": "there is an axis too many here, and NumPy lays one along the other.",
    "percent too many": "asked is a fraction, not percent: a factor of 100.",
    "percent missing": "percent and fraction are mixed up: a factor of 100.",
    "sign function missing": "only the sign counts here, not the size.",
    "order turned round missing": "the order is the wrong way round: which list says where what "
    "goes, and which where it comes from?",
    "division by the number missing": "something should be divided by the number of examples.",
    "division by the number too many": "you divide by the number of examples once too often. Has "
    "the mean been taken already?",
    "multiplication by the number missing": "it is divided by the number of examples once too "
    "often.",
    "multiplication by the number too many": "you multiply by the number of examples.",
    "part too many": "`{wrong}` has a part that does not belong here.",
    "brackets": "the brackets decide what is computed first. What belongs together?",
    "branches exchanged": "the two cases have changed places: when does which one hold?",
    "case missing": "one case is missing: what should happen otherwise?",
    "case too many": "here is no case to tell apart.",
    "and for or": "`and` and `or`: must both hold, or is one enough?",
    "condition missing": "a condition is missing.",
    "condition too many": "there is a condition too many.",
    "arguments exchanged": "two arguments of this call have changed places.",
    "number": "the number `{wrong}` is not the right one here.",
    "truth": "True and False are the wrong way round.",
    "written in": "`{wrong}` is written in. It should come from an argument: others will call this "
    "with other sizes and settings.",
    "global": "`{wrong}` is a variable of the notebook, and not an argument. The function is "
    "called with other values.",
    "name": "`{wrong}` is not what is due here: with another name the result would be right. "
    "Which?",
    "self missing": "`{wrong}` is a local name: it is forgotten when the method ends. What the "
    "object should keep belongs to `self`.",
    "on the class": "`{wrong}` belongs to the class, so all objects share it. Each needs its own.",
    "index too many": "one entry is picked where all are due.",
    "index missing": "all entries stand where some are to be picked.",
    "indices exchanged": "row and column have changed places.",
    "index axis": "rows are picked where columns are due, or the other way round.",
    "slice end": "the part is cut at the wrong end.",
    "order": "this line stands in the wrong place: should the old value count there, or the new "
    "one?",
    "line too many": "this line undoes or spoils something. What is it for?",
    "+= for =": "`+=` adds to what was there. A new value is due.",
    "= for +=": "`=` forgets what was there. It should be added up.",
    "in place for new": "this writes into the array itself, which others still need. A new array "
    "is due.",
    "new for in place": "`name = ...` makes a new array and leaves the one that was handed over as "
    "it was. It should change itself, in place.",
    "exchanged": "the values are right, and in the wrong order.",
    "return in the loop": "the `return` stands inside the loop, so it ends at once. How far must "
    "it be indented?",
    "no return": "nothing is handed back: a function gives its result with `return`.",
    "where too many": "here is no case to tell apart.",
    "where missing": "two cases are to be told apart.",
}  # fmt: skip


def sentence(slip: str, wrong: str = "", right: str = "") -> str:
    """What to say about a slip, beginning small; empty if there is nothing worth saying.

    `wrong` is the code as it stands in the answer (or would), `right` as it should be: only a part
    of it is ever told, such as which argument is missing.
    """
    if slip == "part missing":
        lost = _lost(wrong, right)
        return f"something is missing. Where does `{lost}` come in?" if lost else ""
    if slip in SENTENCES:
        return SENTENCES[slip].format(wrong=_short(wrong), right=_short(right))
    if " for " in slip:
        one, other = slip.split(" for ", 1)
        words = OPERATIONS | FUNCTION_WORDS
        if one in words and other in words:
            return f"{words[one]} stands where {words[other]} is due."
        return ""
    if slip.endswith(" too many"):
        return f"there is a `{slip.removesuffix(' too many')}` too many."
    if slip.endswith(" missing"):
        return f"a `{slip.removesuffix(' missing')}` is missing."
    return ""


def _lost(wrong, right):
    """What `right` has and `wrong` has not: the last operand that was added, if it is short."""
    shorter = right.replace(wrong, "", 1) if wrong and wrong in right else right
    names = "".join(c if c.isalnum() or c in "_." else " " for c in shorter).split()
    names = [name for name in names if name[0].isalpha() or name[0] == "_"]
    names = [name for name in names if not name.startswith(("np.", "math."))]
    return names[-1] if names else ""


def _short(code):
    code = " ".join(code.split())
    return code if len(code) <= 40 else f"{code[:40]} ..."


def is_known(slip: str) -> bool:
    """Whether there is something to say about a slip."""
    return slip in ("part missing",) or bool(sentence(slip, "x", "x"))
