"""The exercises of notebook 10: dead units, a fading gradient, and three patients without a name.

Each mistake is one that students make, with a hint at the thought behind it.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

SLOPE, WEIGHT = 0.25, 0.5  # the steepest slope of a sigmoid, and the weight of exercise 10.2


def dead_fraction(activations):
    """The fraction of columns that are 0 in every row."""
    return np.mean((activations == 0).all(axis=0))


def _activation_cases(rng):
    for rows, units, dead in ((3, 4, 1), (8, 5, 2), (20, 6, 0), (5, 3, 3), (30, 10, 4)):
        activations = np.maximum(rng.normal(size=(rows, units)), 0)
        # each unit wakes once, and be it ever so little
        little = 10.0 ** -rng.uniform(1.5, 9, units)
        activations[rng.integers(rows, size=units), np.arange(units)] = little
        activations[:, :dead] = 0.0
        yield (activations,)
    yield (np.array([[1.0, 0.0, 2.0], [-1.0, 0.0, 0.5], [0.0, 0.0, 1.0]]),)  # a tanh, 1 and -1


def six_sigmoids_by_hand():
    """What one step and six steps leave of a gradient, and the weight that would keep it."""
    slope, weight = SLOPE, WEIGHT
    factor = slope * weight
    arrives = factor**6
    keeping = 1 / slope
    return {"factor": factor, "arrives": arrives, "keeping": keeping}


# 10.6, what a step does to the loss, and 10.7, one rule for three patients


def one_step(g, H, lr):
    """What one step of SGD does to a loss with gradient g and Hessian H, (n,) and (n, n).

    The curvature along g, the change of the loss to second order, and the rate above which the
    loss rises.
    """
    curvature = g @ H @ g / (g @ g)
    change = -lr * g @ g + lr**2 * g @ H @ g / 2
    limit = 2 / curvature
    return curvature, change, limit


def _step_cases(rng):
    yield np.array([1.0, 2.0]), np.array([[2.0, 0.0], [0.0, 10.0]]), 0.1
    for size in (1, 3, 5):
        A = rng.normal(size=(size, size))
        yield 2 * rng.normal(size=size), A @ A.T + 0.5 * np.eye(size), float(rng.uniform(0.01, 0.9))


def _stepped(curvature=None, change=None, limit=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(g, H, lr):
        along = curvature(g, H) if curvature else g @ H @ g / (g @ g)
        moved = change(g, H, lr) if change else -lr * g @ g + lr**2 * g @ H @ g / 2
        return along, moved, limit(along, H) if limit else 2 / along

    return answer


MOST_LOOKS = 40
# How steep the three patients are: the same bowl, stretched.
PATIENTS_SCALES = (1e-4, 1.0, 1e4)


def _patient(scale, seed):
    """Loss and gradient of a bowl with curvatures from `scale` to 20 times that, and a start."""
    rng = np.random.default_rng(seed)
    curvatures = scale * np.linspace(1, 20, 12)
    turn = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    H = turn @ np.diag(curvatures) @ turn.T

    def loss_and_grad(theta):
        return float(theta @ H @ theta / 2), H @ theta

    return loss_and_grad, rng.normal(size=12)


def find_rate(loss_and_grad, theta):
    """A rate for SGD, from at most 40 looks at the loss."""
    # doubled as long as one step lowers the loss more, and then half of the last good one
    loss, grad = loss_and_grad(theta)
    rate, lowest = 1e-7, loss
    for _ in range(MOST_LOOKS - 1):
        new = loss_and_grad(theta - rate * grad)[0]
        if new > lowest:
            break
        rate, lowest = 2 * rate, new
    return rate / 4


def cured(rule, seed):
    """What 60 steps of SGD at the rate that a rule finds do for three patients."""
    left, looks = [], []
    for scale in PATIENTS_SCALES:
        loss_and_grad, theta = _patient(scale, seed)
        asked = []
        rate = float(
            rule(lambda at, f=loss_and_grad, a=asked: (a.append(0), f(at))[1], theta.copy())
        )
        looks.append(len(asked))
        start = loss_and_grad(theta)[0]
        with np.errstate(all="ignore"):
            for _ in range(60):
                theta = theta - rate * loss_and_grad(theta)[1]
            left.append(loss_and_grad(theta)[0] / start)
    return {
        "it looks at the loss at most 40 times": Goal(
            max(looks) <= MOST_LOOKS, f"{max(looks)} times"
        ),
        "with the gentle patient the loss is halved in 60 steps": bool(left[0] < 0.5),
        "with the middle one, too": bool(left[1] < 0.5),
        "and with the steep one": bool(left[2] < 0.5),
        "with all three it falls below 5%": Goal(
            bool(max(left) < 0.05), f"with one {max(left):.2g} of it is left"
        ),
    }


def _without_a_limit(loss_and_grad, theta):
    """Rates a fifth apart, the best of a hundred."""
    _, grad = loss_and_grad(theta)
    rates = 1e-7 * 1.32 ** np.arange(100)
    losses = [loss_and_grad(theta - rate * grad)[0] for rate in rates]
    return rates[int(np.argmin(losses))]


EXERCISES = (
    Function(
        "10.1",
        "Dead or just resting?",
        "judge a network layer by layer",
        reference=dead_fraction,
        cases=_activation_cases,
        mistakes=[
            Mistake(
                lambda a: np.mean(a == 0),
                "You count zeros. A unit that is 0 for some examples still learns from the others.",
            ),
            Mistake(
                lambda a: np.mean((a == 0).any(axis=0)),
                "One zero does not kill a unit. For how many examples must it be 0?",
            ),
            Mistake(
                lambda a: np.mean((a == 0).all(axis=1)),
                "You ask each example about its units. Which axis holds the units?",
            ),
            Mistake(
                lambda a: np.mean(a[0] == 0),
                "You look at the first example only. A unit may rest there and wake at the next.",
            ),
            Mistake(
                lambda a: np.mean((a < 0.1).all(axis=0)),
                "A small output is not 0: such a unit still gets a gradient.",
            ),
            Mistake(
                lambda a: 1 - dead_fraction(a),
                "That is the fraction of units that live.",
            ),
            Mistake(
                lambda a: int((a == 0).all(axis=0).sum()),
                "That is a number of units. A fraction needs to know how many there are.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) < 0.1),
                "You ask for a small mean. A unit that wakes seldom, or a little, is not dead: it "
                "must "
                "be exactly 0 for every example.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) < 0.5),
                "A small mean is not zero: such a unit still gets a gradient.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) == 0),
                "A mean of 0 is not 0 for every example: plus and minus may cancel.",
            ),
            Mistake(
                lambda a: (a == 0).all(axis=0),
                "You know of each unit whether it is dead. Which fraction of them is?",
            ),
            Mistake(
                lambda a: np.sum((a == 0).all(axis=0)) / len(a),
                "You count dead units and divide by examples. Of what is it a fraction?",
            ),
            Mistake(
                lambda a: bool((a == 0).all(axis=0).any()),
                "You say whether there is a dead unit. Asked is for the fraction of them.",
            ),
            Mistake(
                lambda a: bool((a == 0).all()),
                "You ask whether all units are dead at once. Each one is to be asked by itself.",
            ),
        ],
        insight="Half of the outputs of a healthy ReLU are 0. A dead unit is 0 for all examples.",
    ),
    Numbers(
        "10.2",
        "Through six sigmoids, by hand",
        "recognize ten broken trainings by one number each",
        answer={"factor": SLOPE * WEIGHT, "arrives": (SLOPE * WEIGHT) ** 6, "keeping": 1 / SLOPE},
        mistakes=[
            Mistake(
                {"factor": WEIGHT}, "The weight is one part. What is the slope of a sigmoid at 0?"
            ),
            Mistake(
                {"factor": SLOPE},
                "0.25 is the slope without the weight, or the weight times the value of the "
                "sigmoid, "
                "0.5. The factor is the slope, times the weight.",
            ),
            Mistake({"factor": SLOPE + WEIGHT}, "Two steps of a chain: do slopes add or multiply?"),
            Mistake({"arrives": 6 * SLOPE * WEIGHT}, "Six in a row: do slopes add or multiply?"),
            Mistake(
                {"arrives": (SLOPE * WEIGHT) ** 5}, "From a_6 to a_0: how many steps are that?"
            ),
            Mistake({"arrives": SLOPE**6}, "Each step passes a weight, too."),
            Mistake(
                {"factor": 0.5 * WEIGHT, "keeping": 2.0},
                "0.5 is the value of the sigmoid at 0. How steep is it there?",
            ),
            Mistake(
                {"factor": WEIGHT, "keeping": 1.0},
                "Your factor is the weight alone. A gradient also passes the sigmoid: what is its "
                "slope "
                "at 0?",
            ),
            Mistake(
                {"keeping": 1 / (SLOPE * WEIGHT)},
                "You divide by the factor, and the old w = 0.5 is in it already. Only the slope is "
                "given.",
            ),
            Mistake(
                {"arrives": 0.0},
                "It is small, but not 0: a few millionths. How many digits are left?",
            ),
            Mistake({"keeping": 1.0}, "With w = 1 only the slope is left. What would undo it?"),
            Mistake({"keeping": SLOPE}, "Slope times weight has to be 1."),
        ],
        working=six_sigmoids_by_hand,
        insight="Four millionths arrive. And a slope of 1/4 is the best case: z stays at 0.",
        tolerance=0.01,
    ),
    Choice(
        "10.3",
        "A patient without a name",
        "diagnose",
        question="Its loss stands at ln 10. What is its cause?",
        options={
            "a": Option("all weights are equal", ""),
            "b": Option(
                "the biases are too low",
                "With low biases the weights would have a gain above 0. What is the gain here?",
            ),
            "c": Option(
                "the rate is too low",
                "The rate scales a gradient. What is the gradient of layer 0 here?",
            ),
            "d": Option("the labels are misaligned", "Nearest examples agree, far above chance."),
            "e": Option(
                "the gradient vanishes in the sigmoids",
                "A gradient that fades gets smaller from layer to layer. And: no sigmoid.",
            ),
        },
        correct="a",
        insight="Units that start equal stay equal. Random weights tell them apart.",
    ),
    Choice(
        "10.4",
        "Another one",
        "diagnose",
        question="It breaks at step 20. What is its cause?",
        options={
            "a": Option(
                "the rate is too high", "One step changes a layer by about 1%. Is that much?"
            ),
            "b": Option("the weights are too large", "Is a gain of 1.4 a large one? It is He's."),
            "c": Option("the inputs are unscaled", "Read the size of the largest feature."),
            "d": Option("the gradient has the wrong sign", ""),
            "e": Option(
                "it was averaged twice",
                "Then the slope column would show 1/32. What does it show?",
            ),
        },
        correct="d",
        insight="With the wrong sign each step goes uphill, however small it is.",
    ),
    Choice(
        "10.5",
        "The last one",
        "diagnose",
        question="Right in large batches, wrong in pairs, an error alone. What is its cause?",
        options={
            "a": Option(
                "overfitting",
                "Validation is fine. What changes with the number of images at a time?",
            ),
            "b": Option("a layer that ignores `training`", ""),
            "c": Option("dead units", "Read the column of dead units."),
            "d": Option("no shuffling", "Read the last line."),
            "e": Option("the rate is too low", "Ten steps on one batch lower its loss well."),
        },
        correct="b",
        insight="Batch norm has two modes, as dropout has. At inference the running averages rule.",
    ),
    Function(
        "10.6",
        "When does a step raise the loss? Derived",
        "recognize ten broken trainings by one number each",
        hints=(
            "Along a direction u of length 1 the second derivative is u H u.",
            "Taylor: -lr g.g, and half of lr^2 times g H g.",
            "The loss rises when the second term is larger than the first: solve for lr.",
        ),
        reference=one_step,
        cases=_step_cases,
        names=("the curvature", "the change", "the limit"),
        mistakes=[
            Mistake(
                _stepped(curvature=lambda g, H: g @ H @ g),
                "That grows with the length of g. How much does the slope change along g for each "
                "unit of way? A direction has the length 1.",
            ),
            Mistake(
                _stepped(curvature=lambda g, H: g @ H @ g / np.sqrt(g @ g)),
                "g stands in it twice. So by its length, or by the square of that?",
            ),
            Mistake(
                _stepped(curvature=lambda g, H: np.trace(H) / len(g)),
                "That is the mean over all directions. The step goes along g.",
            ),
            Mistake(
                _stepped(curvature=lambda g, H: np.linalg.eigvalsh(H).max()),
                "That is the steepest direction of all. Asked for is the one in which the step "
                "goes.",
            ),
            Mistake(
                _stepped(curvature=lambda g, H: np.diag(H) @ g**2 / (g @ g)),
                "The entries of H beside the diagonal count, too.",
            ),
            Mistake(
                _stepped(change=lambda g, H, lr: -lr * g @ g),
                "That is the first order: a loss that were straight. Which term of Taylor's series "
                "comes next?",
            ),
            Mistake(
                _stepped(change=lambda g, H, lr: -lr * g @ g + lr**2 * g @ H @ g),
                "In Taylor's series the second term has a factor.",
            ),
            Mistake(
                _stepped(change=lambda g, H, lr: lr * g @ g + lr**2 * g @ H @ g / 2),
                "You go uphill: the step is minus the rate times g.",
            ),
            Mistake(
                _stepped(change=lambda g, H, lr: -lr * g @ g + lr * g @ H @ g / 2),
                "The step comes into the second term twice, and with it the rate.",
            ),
            Mistake(
                _stepped(change=lambda g, H, lr: -lr * g @ g - lr**2 * g @ H @ g / 2),
                "The step is squared in the second term, so its sign is gone. A curved bowl takes "
                "something away from what you win.",
            ),
            Mistake(
                _stepped(limit=lambda along, H: 1 / along),
                "That is the rate at which the loss falls most. Up to which one does it still "
                "fall?",
            ),
            Mistake(
                _stepped(limit=lambda along, H: 2 / np.linalg.eigvalsh(H).max()),
                "That is the limit for a run of many steps (notebook 03). For this one step only "
                "its own direction counts.",
            ),
            Mistake(
                _stepped(limit=lambda along, H: along / 2),
                "Upside down: in a steeper valley the limit is lower.",
            ),
        ],
        insight="Half of the change that the slope promises is taken back at half of the limit, "
        "all of it at the limit: patient 4 is beyond it from the first step.",
    ),
    Function(
        "10.7",
        "One rule for three patients",
        "follow a routine of five checks before every long run",
        hints=(
            "A rate has the unit one over curvature. Which looks at the loss tell you the "
            "curvature?",
            "Try steps along the gradient: with too small a rate the loss falls a little, with "
            "too large a one it rises.",
            "Begin tiny and double until the loss rises. Then go back, with a margin.",
        ),
        reference=find_rate,
        cases=lambda rng: [(int(rng.integers(100)),)],
        observe=cured,
        mistakes=[
            Mistake(
                lambda loss_and_grad, theta: 0.05,
                "It suits the middle one only. The others are ten thousand times as gentle and as "
                "steep, and only the numbers you can ask for tell which is which.",
            ),
            Mistake(
                _without_a_limit,
                "The rate is good, but you look at the loss more than 40 times. With which factor "
                "between two rates do you get from 1e-7 to 1e5 in 40 looks?",
            ),
            Mistake(
                lambda loss_and_grad, theta: find_rate(loss_and_grad, theta) / 40,
                "It is stable with all three, and too slow with at least one. How far below the "
                "limit is your rate?",
            ),
            Mistake(
                lambda loss_and_grad, theta: 16 * find_rate(loss_and_grad, theta),
                "It halves the loss of none: either the rate is above the limit, or nothing "
                "moves. The rate that is best for one step lies near the limit of a long run, or "
                "above it: leave a margin.",
            ),
            Mistake(
                lambda loss_and_grad, theta: 500.0,
                "It suits the gentle one only. For the others the same rate is far above the "
                "limit.",
            ),
        ],
        insight="A rate has a unit, one over curvature, so no number fits all. A few looks at the "
        "loss before the run find its scale.",
    ),
)
