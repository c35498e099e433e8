"""The exercises of notebook 12: gradients that add up, a node for a unit vector, less memory.

None of them needs PyTorch.
"""

from itertools import pairwise

import numpy as np

from course_utils.exercises.engine import Function, Goal, Mistake, Numbers

EXPLAIN = "explain why PyTorch needs zero_grad, train() and eval()"
BUILD = (
    "build automatic differentiation, for numbers in 40 lines and for matrices in less than 80, "
    "and train a network with it"
)


def _loop(rate=0.1, forget=False, half=False, uphill=False):
    """w, and what .grad holds, after each of three steps of a loop without zero_grad."""
    w, held, after, found = 1.0, 0.0, [], []
    for _ in range(3):
        new = (1 if half else 2) * (2 * w - 1) * 2
        held = new if forget else held + new
        w += rate * held if uphill else -rate * held
        after.append(w)
        found.append(held)
    return {"grad_1": found[0], "grad_2": found[1], "grad_3": found[2], "w_3": after[2]}


def unit_vector_backward(x, grad_y):
    """For y = x / |x|: the length, the part of grad_y along y, and what arrives at x; all (n,)."""
    length = np.sqrt(x @ x)
    y = x / length
    along = y @ grad_y
    dx = (grad_y - y * along) / length
    return length, along, dx


def _vector_cases(rng):
    yield np.array([3.0, 4.0]), np.array([1.0, 0.0])
    for size in (1, 3, 6):
        yield 2 * rng.normal(size=size), rng.normal(size=size)


def _unit(length=None, along=None, dx=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(x, grad_y):
        long = length(x) if length else np.sqrt(x @ x)
        y = x / long
        part = along(x, y, grad_y) if along else y @ grad_y
        return long, part, dx(y, grad_y, part, long) if dx else (grad_y - y * part) / long

    return answer


def checkpoints(layers):
    """The outputs to keep, by their numbers from 1 to `layers`."""
    apart = round(layers**0.5)
    return list(range(apart, layers, apart))


def remembered(choose, layers):
    """How many outputs are in memory at once if only those chosen are kept, and the others are
    computed a second time, from the kept one before them, when the way back needs them."""
    kept = sorted(int(k) for k in choose(layers))
    fits = bool(kept) and kept[0] >= 1 and kept[-1] <= layers and len(set(kept)) == len(kept)
    ends = [0, *kept, layers + 1]
    longest = max((b - a - 1 for a, b in pairwise(ends)), default=layers)
    peak = len(kept) + longest if fits else layers
    most = 2 * layers**0.5
    return {
        f"of {layers} layers it names some by their numbers, 1 to {layers}, each once": fits,
        f"of {layers} layers it does not keep every output": len(kept) < layers,
        f"with {layers} layers at most two thirds are in memory": Goal(
            fits and peak <= layers * 2 / 3, f"it is {peak}"
        ),
        f"with {layers} layers at most {most:.0f} outputs are in memory": Goal(
            fits and peak <= most, f"it is {peak}"
        ),
    }


EXERCISES = (
    Numbers(
        "12.1",
        "The loop that forgets zero_grad",
        EXPLAIN,
        hints=(
            "`.grad` is added to, never set back.",
            "At each step: a new gradient 4 (2w - 1) is added to what is there, and w moves by "
            "the sum.",
            "The first sum is the new gradient alone. The second one holds two, the third one "
            "three.",
        ),
        answer=_loop(),
        mistakes=[
            Mistake(
                {name: value for name, value in _loop(forget=True).items() if name != "grad_1"},
                "Your `.grad` is fresh at each step, as after zero_grad(). Without it, what is "
                "there when the new gradient comes?",
            ),
            Mistake(
                _loop(half=True),
                "The factor 2 of the square is missing in the gradient.",
            ),
            Mistake(
                _loop(uphill=True),
                "You walk uphill: the step is minus the rate times `.grad`.",
            ),
            Mistake(
                {"grad_2": 0.8},
                "That is what the second backward() computes. What does `.grad` hold after it?",
            ),
            Mistake(
                {"grad_2": 8.0, "grad_3": 12.0},
                "You add the first gradient again and again. Between two calls the step has moved "
                "w, so each new gradient is another one.",
            ),
            Mistake(
                {"w_3": _loop()["grad_3"]},
                "That is the gradient. Where does w stand after the third step?",
            ),
            Mistake(
                {"w_3": 0.12},
                "That is w after two steps.",
            ),
        ],
        insight="At step 3 the fresh gradient points uphill already, and the step still goes on in "
        "the old direction: a momentum of 1, which never fades.",
    ),
    Function(
        "12.2",
        "A node for a unit vector, derived",
        BUILD,
        hints=(
            "Only what turns x changes y.",
            "The part of grad_y along y is (y . grad_y) y. What is left is at a right angle to y.",
            "That is what comes through, divided by the length of x.",
        ),
        reference=unit_vector_backward,
        cases=_vector_cases,
        names=("the length", "along", "dx"),
        mistakes=[
            Mistake(
                _unit(length=lambda x: x @ x),
                "That is the square of the length.",
            ),
            Mistake(
                _unit(length=lambda x: np.abs(x).sum()),
                "That is the way along the axes. The length is the straight way: Pythagoras.",
            ),
            Mistake(
                _unit(along=lambda x, y, grad: x @ grad),
                "x is not of length 1. How long is the part of grad_y in the direction of y?",
            ),
            Mistake(
                _unit(along=lambda x, y, grad: (y @ grad) * y),
                "Your `along` is a vector. Asked for is its length, one number.",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: grad / length),
                "As if the length were a constant. But it depends on x, too: what happens to y if "
                "x grows without turning?",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: grad - y * along),
                "The direction is right. If x is twice as long, the same little shift turns it "
                "half as far: where is the length?",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: (grad + y * along) / length),
                "Growing x without turning it changes nothing, so dx must have no part along y. "
                "Yours has twice as much.",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: y * along / length),
                "You keep what should go, the part along y.",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: (grad - along) / length),
                "You take a number away from all entries. What goes is a vector: so much of y.",
            ),
            Mistake(
                _unit(dx=lambda y, grad, along, length: (grad - y * along) / length**2),
                "The length comes in once: half as far if x is twice as long.",
            ),
        ],
        insight="Gradients of a direction are at a right angle to it. Batch norm and layer norm "
        "do the same after taking the mean away.",
    ),
    Function(
        "12.3",
        "A long network, a small memory",
        BUILD,
        hints=(
            "Two things are in memory: what is kept, and one gap at a time.",
            "With k kept outputs the longest gap is at least about layers / k. When is the sum "
            "smallest?",
            "When both are about the root of the number of layers.",
        ),
        reference=checkpoints,
        cases=lambda rng: [(36,), (100,), (400,)],
        observe=remembered,
        mistakes=[
            Mistake(
                lambda layers: list(range(1, layers + 1)),
                "You keep everything, as the record of section 3 does. What can be computed a "
                "second time need not be kept.",
            ),
            Mistake(
                lambda layers: list(range(2, layers + 1, 2)),
                "That is about half the memory. In it at once is all that you keep, *and* the "
                "longest gap between two of them. Make both small.",
            ),
            Mistake(
                lambda layers: [],
                "Name some outputs, each once, by numbers from 1 to `layers`. If none is kept, "
                "the way back has all of them in memory at once after all.",
            ),
            Mistake(
                lambda layers: list(range(10, layers, 10)),
                "It is enough for 36 and for 100 layers, and not for 400. How must the distance "
                "between kept outputs grow with their number?",
            ),
        ],
        insight="The root of the number of layers: memory for one more forward pass. PyTorch has "
        "it as torch.utils.checkpoint, and large networks are trained with it.",
    ),
)
