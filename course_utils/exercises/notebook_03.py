"""The exercises of notebook 03: steps on a parabola, the gradient of a line, and its largest rate.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

DERIVE = "derive the gradient of the squared error of a line"
WRITE = "write gradient descent in seven lines"
PREDICT = "predict the largest learning rate that works, from the curvature"
DECIDE = "decide honestly when a run has converged"
CATCH = "catch a shape error that runs without any message"

# Mean of x and of x^2 for the age of the houses, over all 20,640 districts.
MEAN_AGE, MEAN_SQUARED_AGE = 28.639486434108527, 978.6087693676468
AGE_HESSIAN = 2 * np.array([[MEAN_SQUARED_AGE, MEAN_AGE], [MEAN_AGE, 1.0]])
FLAT, STEEP = np.linalg.eigvalsh(AGE_HESSIAN)


def _after(steps, factor=0.8, start=0.0):
    """Where gradient descent on (x - 2)^2 + 3 is: each step multiplies the distance by `factor`."""
    return 2 + (start - 2) * factor**steps


def _value(x):
    return x**2 - 4 * x + 7


def parabola_by_hand():
    """Twenty steps on the parabola."""
    lr, x = 0.1, 0.0
    for _ in range(20):
        slope = 2 * x - 4
        x = x - lr * slope
    x20 = x
    f20 = x20**2 - 4 * x20 + 7
    return {"x20": x20, "f20": f20}


def largest_rate_by_hand():
    """Two over the largest curvature of the Hessian."""
    hessian = 2 * np.array([[MEAN_SQUARED_AGE, MEAN_AGE], [MEAN_AGE, 1.0]])
    steep = np.linalg.eigvalsh(hessian).max()
    answer = 2 / steep
    return answer


def line_gradient(w, b, inputs, targets):
    """The gradient of the mean squared error of the line w x + b, with respect to w and b."""
    error = w * inputs + b - targets
    return 2 * np.mean(error * inputs), 2 * np.mean(error)


def _line_cases(rng):
    for examples in (7, 1, 20, 2):
        w, b = rng.normal(size=2)
        yield float(w), float(b), rng.normal(1, 1, size=examples), rng.normal(size=examples)


def _line_with(dw=lambda e, x, w: 2 * np.mean(e * x), db=lambda e, x, w: 2 * np.mean(e)):
    """A wrong gradient of the line: the right one, with a part replaced."""

    def wrong(w, b, inputs, targets):
        error = w * inputs + b - targets
        return dw(error, inputs, w), db(error, inputs, w)

    return wrong


def _the_loss(w, b, inputs, targets):
    loss = np.mean((w * inputs + b - targets) ** 2)
    return loss, loss


def _no_bias(w, b, inputs, targets):
    return line_gradient(w, 0.0, inputs, targets)


# 03.7, the best rate for two curvatures, and 03.8, a rate for each step


def best_rate(smallest, largest, share):
    """The best rate for a bowl with these curvatures, its factor, and the steps down to a share."""
    rate = 2 / (smallest + largest)
    factor = 1 - rate * smallest
    steps = np.ceil(np.log(share) / np.log(factor))
    return rate, factor, steps


def _bowl_cases(rng):
    yield 1.0, 4.0, 0.01
    yield 0.5, 50.0, 1e-3
    yield 2.0, 2.5, 1e-6
    for smallest, ratio in rng.uniform(1, 9, (4, 2)):
        yield float(smallest), float(smallest * ratio), float(rng.uniform(1e-4, 0.1))


def _bowl(rate=None, factor=None, steps=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(smallest, largest, share):
        eta = rate(smallest, largest) if rate else 2 / (smallest + largest)
        by = factor(eta, smallest, largest) if factor else 1 - eta * smallest
        with np.errstate(all="ignore"):
            if steps:
                return eta, by, steps(share, by)
            return eta, by, np.ceil(np.log(share) / np.log(by))

    return answer


CURVATURES = np.linspace(1, 25, 49)
RATE_STEPS = 30


def mixed_rates(step):
    """The rate of a step, 0 to 29."""
    # 1 over a curvature, drawn towards both ends of the range: Chebyshev's choice
    return 1 / (13 + 12 * np.cos(np.pi * (2 * step + 1) / 60))


def arrived(rate):
    """What is left of the distance along each axis of the bowl after thirty steps."""
    left = np.ones(len(CURVATURES))
    for step in range(RATE_STEPS):
        left = left * (1 - float(rate(step)) * CURVATURES)
    worst = np.abs(left).max()
    return {
        "it does not diverge: along no axis is it farther away than at the start": bool(
            worst <= 1.0
        ),
        "along every axis less than 0.7 of the distance is left": Goal(
            bool(worst < 0.7), f"{worst:.2g} is left along one"
        ),
        "along every axis less than 0.2 is left": Goal(
            bool(worst < 0.2), f"{worst:.2g} is left along one"
        ),
        "along every axis less than 0.01 is left": Goal(
            bool(worst < 0.01), f"{worst:.2g} is left along one"
        ),
    }


EXERCISES = (
    Numbers(
        "03.1",
        "A parabola",
        WRITE,
        answer={"x20": _after(20), "f20": _value(_after(20))},
        mistakes=[
            Mistake({"x20": _after(19)}, "That is x after 19 steps. The start is x0, not x1."),
            Mistake({"x20": _after(21)}, "That is x after 21 steps. The start is x0, not x1."),
            Mistake(
                {"x20": _after(20, 1.2)},
                "You walk uphill. The gradient points to where f grows.",
            ),
            Mistake(
                {"x20": _after(20, 0.9)},
                "Each of your steps is half as long as it should be. What is the derivative of "
                "the square?",
            ),
            Mistake(
                {"x20": 0.0},
                "You have not moved. What is the gradient at 0: are both terms of f in it?",
            ),
            Mistake(
                {"x20": 2.0},
                "That is the minimum. After 20 steps the run is near it, not at it.",
            ),
            Mistake(
                {"x20": 0.4 * 20}, "You took the first gradient 20 times. It changes as x moves."
            ),
            Mistake(
                {"x20": 3 * (1 - 0.8**20)},
                "Your walk ends near 3: that is the minimum of another parabola. What is the "
                "derivative "
                "of this f?",
            ),
            Mistake({"x20": 0.4}, "That is one step. There are 19 more."),
            Mistake(
                {"f20": 2 * _after(20) - 4},
                "That is the derivative at the end. Asked for is the value of f.",
            ),
            Mistake({"f20": 3.0}, "That is f at the minimum. You are close to it, not there."),
            Mistake(
                {"f20": _value(_after(20)) - 7},
                "The 7 is missing in f. It has no slope, but it has a value.",
            ),
            Mistake(
                {"f20": _value(_after(19))},
                "x is right, and f is the value one step earlier. Compute it after the last step.",
            ),
        ],
        insight="2 - 2 * 0.8^20: each step multiplies the distance by 1 - lr * f''.",
        tolerance=5e-7,
        working=parabola_by_hand,
        digits="six decimals",
    ),
    Numbers(
        "03.2",
        "Five rates",
        PREDICT,
        answer={0.01: "slow", 0.1: "one side", 0.5: "exact", 0.9: "alternating", 1.1: "diverges"},
        mistakes=[
            Mistake(
                {0.01: "one side"},
                "From one side, yes. But 0.98^30 is 0.55: how much of the way is left at 0.01?",
            ),
            Mistake(
                {0.01: "diverges"},
                "At 0.01 each step makes the distance smaller by 2%. Can that diverge?",
            ),
            Mistake(
                {0.1: "slow"},
                "0.8^30 is about 0.001. How far is it from 2 in the end, at the rate 0.1?",
            ),
            Mistake(
                {0.1: "alternating"},
                "At 0.1 the factor is 0.8. Does the distance ever change its sign?",
            ),
            Mistake(
                {0.5: "alternating"},
                "At 0.5 the factor 1 - lr * f'' is a special number. From where to where is its "
                "first "
                "step?",
            ),
            Mistake(
                {0.5: "slow"},
                "At 0.5 a step multiplies the distance by 1 - lr * f''. How much of it is left?",
            ),
            Mistake(
                {0.1: "diverges"},
                "At 0.1 the factor is 0.8: each distance is smaller than the one before.",
            ),
            Mistake(
                {0.9: "slow"},
                "At 0.9 the factor is -0.8. What is 0.8^30, and what does the sign do?",
            ),
            Mistake(
                {1.1: "slow"},
                "At 1.1 the factor is -1.2. What happens to 1.2^30?",
            ),
            Mistake(
                {0.5: "one side"},
                "At 0.5 the factor 1 - lr * f'' is a special number. Work it out.",
            ),
            Mistake(
                {0.5: "diverges"},
                "At 0.5 the factor 1 - lr * f'' is a special number. Below which size is it safe?",
            ),
            Mistake(
                {0.9: "diverges"},
                "It looks wild at 0.9. But does the factor have a size above or below 1?",
            ),
            Mistake(
                {0.9: "one side"},
                "At 0.9 the factor is -0.8. What does its sign do to each step?",
            ),
            Mistake(
                {1.1: "alternating"},
                "It does alternate at 1.1. But is the distance after each step smaller or larger?",
            ),
            Mistake(
                {1.1: "one side"},
                "At 1.1 the factor is -1.2. Look at its sign, and at its size.",
            ),
        ],
        insight="0.1 and 0.9 end equally close: only the size of the factor counts.",
    ),
    Function(
        "03.3",
        "The gradient of a line",
        DERIVE,
        reference=line_gradient,
        cases=_line_cases,
        names=("dw", "db"),
        mistakes=[
            Mistake(
                _line_with(lambda e, x, w: np.mean(e * x), lambda e, x, w: np.mean(e)),
                "Both are half of what they should be. What is the derivative of a square?",
            ),
            Mistake(
                _line_with(lambda e, x, w: 2 * np.sum(e * x), lambda e, x, w: 2 * np.sum(e)),
                "You add up where a mean is due: with more data the gradient would grow.",
            ),
            Mistake(
                _line_with(
                    lambda e, x, w: 2 * np.mean(e * x) / len(x),
                    lambda e, x, w: 2 * np.mean(e) / len(x),
                ),
                "You divide by N twice: the mean has done it already.",
            ),
            Mistake(
                _line_with(lambda e, x, w: -2 * np.mean(e * x), lambda e, x, w: -2 * np.mean(e)),
                "Both signs are turned. It is predicted minus target; the minus of the step comes "
                "later.",
            ),
            Mistake(
                _line_with(lambda e, x, w: 2 * np.mean(e), lambda e, x, w: 2 * np.mean(e * x)),
                "dw and db have changed places. Which of w and b is multiplied by the input?",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: 2 * np.mean(e)),
                "dw is the gradient of b. What is w multiplied by?",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: 2 * np.mean(e * w)),
                "In dw the inner derivative of w x + b is w. With respect to w it is the other "
                "factor.",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: 2 * np.mean(e) * np.mean(x)),
                "In dw you multiply two means. The mean of products is something else. (This is "
                "also what (N, 1) against (N,) gives.)",
            ),
            Mistake(
                _line_with(lambda e, x, w: 2 * e * x, lambda e, x, w: 2 * e),
                "You return one number for each example. The loss is a mean over them.",
            ),
            Mistake(
                _no_bias,
                "Your prediction has no b in it.",
            ),
            Mistake(
                _the_loss,
                "That is the loss itself. How fast does it change when w, or b, moves a little?",
            ),
            Mistake(
                _line_with(db=lambda e, x, w: 2 * np.sum(e)),
                "dw is right. In db you add up where a mean is due.",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: 2 * np.sum(e * x)),
                "db is right. In dw you add up where a mean is due.",
            ),
            Mistake(
                _line_with(db=lambda e, x, w: np.mean(e)),
                "dw is right. The 2 of the square is missing in db.",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: np.mean(e * x)),
                "db is right. The 2 of the square is missing in dw.",
            ),
            Mistake(
                _line_with(
                    lambda e, x, w: 2 * np.mean(np.abs(e) * x),
                    lambda e, x, w: 2 * np.mean(np.abs(e)),
                ),
                "Your error has lost its sign. Then no step could ever go the other way.",
            ),
            Mistake(
                _line_with(
                    lambda e, x, w: 2 * np.mean(e**2 * x), lambda e, x, w: 2 * np.mean(e**2)
                ),
                "The error is still squared. What does the derivative do to the power 2?",
            ),
            Mistake(
                lambda w, b, inputs, targets: line_gradient(w, b, inputs, 0 * targets),
                "The targets do not occur in your gradient. The error is predicted minus target.",
            ),
            Mistake(
                lambda w, b, inputs, targets: (
                    2 * np.mean((w * inputs + b - targets) * targets),
                    line_gradient(w, b, inputs, targets)[1],
                ),
                "In dw you multiply by the targets. What is w multiplied by?",
            ),
            Mistake(
                _line_with(dw=lambda e, x, w: 2 * np.mean(e * x**2)),
                "In dw the input is there twice. w occurs once, multiplied by x.",
            ),
            Mistake(
                _line_with(db=lambda e, x, w: 0.0),
                "db is 0, as if b did nothing. Move b: does the prediction move?",
            ),
        ],
        insight="Error times what the parameter is multiplied by, averaged. Every gradient of a "
        "squared error looks like this.",
    ),
    Numbers(
        "03.4",
        "The largest rate",
        PREDICT,
        answer=2 / STEEP,
        mistakes=[
            Mistake(
                1 / STEEP, "That is the best rate along the steepest axis. The limit is twice it."
            ),
            Mistake(STEEP, "That is a curvature. The larger it is, the smaller the rate."),
            Mistake(
                2 / FLAT,
                "You took the smallest eigenvalue. Which direction of the bowl diverges first?",
            ),
            Mistake(1.0, "That is the limit for standardized data. These are not."),
            Mistake(0.0515, "That is the limit for the raw incomes of section 6."),
            Mistake(
                2 / MEAN_AGE, "That uses the mean of the ages. The curvature is in the Hessian."
            ),
            Mistake(
                4 / STEEP,
                "Twice too large. The Hessian of the mean squared error has a 2 in it already.",
            ),
            Mistake(STEEP / 2, "Just upside down: the rate is 2 over the curvature."),
        ],
        insight="A thousand times smaller than for standardized data: ages are large numbers.",
        tolerance=0.03,
        working=largest_rate_by_hand,
        digits="two significant digits",
    ),
    Choice(
        "03.5",
        "No error message",
        CATCH,
        question="predictions has the shape (500, 1), prices (500,). What does "
        "`np.mean((predictions - prices) ** 2)` give?",
        options={
            "a": Option(
                "An error: the shapes do not fit.",
                "If only. NumPy stretches axes of length 1: which two would it stretch here?",
            ),
            "b": Option(
                "The mean squared error: NumPy matches them row by row.",
                "It matches axes from the right. The last axis of predictions has length 1.",
            ),
            "c": Option("A number: every prediction against every price.", ""),
            "d": Option(
                "An array of 500 errors.",
                "np.mean without an axis gives one number. But a mean over how many?",
            ),
            "e": Option(
                "The mean squared error of the first 500 pairs, the rest is cut off.",
                "Nothing is cut off: NumPy stretches. From (500, 1) and (500,) to which shape?",
            ),
        },
        correct="c",
        insight="250,000 differences instead of 500. One line with the expected shape prevents it.",
    ),
    Choice(
        "03.6",
        "Has it converged?",
        DECIDE,
        question="For 50 steps the loss has fallen by less than 0.1% a step. What do you check "
        "before you say that it has converged?",
        options={
            "a": Option(
                "Whether the last loss is within 1% of the lowest of this run.",
                "The last one is nearly always the lowest of its own run, also of a slow one.",
            ),
            "b": Option(
                "Whether the validation loss has stopped falling, too.",
                "A good question, but another one: a slow run is slow on both.",
            ),
            "c": Option(
                "Whether the curve looks flat.",
                "So does a run with a rate that is far too small. What tells the two apart?",
            ),
            "d": Option(
                "Nothing: 0.1% a step is converged.",
                "0.1% a step is 10% in 100 steps. Which number would be 0 at a minimum?",
            ),
            "e": Option("The norm of the gradient, and what a larger rate does.", ""),
        },
        correct="e",
        insight="A flat curve tells about the rate; the gradient tells about the place.",
    ),
    Function(
        "03.7",
        "The best rate, derived",
        PREDICT,
        hints=(
            "Both sides of the equation are linear in the rate.",
            "Put the rate back into the factor of the flat axis.",
            "factor to the power of steps is at most share: take logarithms, and round up.",
        ),
        reference=best_rate,
        cases=_bowl_cases,
        names=("the rate", "the factor", "the number of steps"),
        mistakes=[
            Mistake(
                _bowl(rate=lambda a, b: 2 / b),
                "That is the limit: at this rate the steep direction swings for ever. Between "
                "which two is the best one?",
            ),
            Mistake(
                _bowl(rate=lambda a, b: 1 / b),
                "Your rate is exact at once in the steep direction, and slow in the flat one. A "
                "little swinging in the steep one would be paid back.",
            ),
            Mistake(
                _bowl(rate=lambda a, b: 1 / a),
                "Your rate is exact in the flat direction. What is the factor of the steep one "
                "then?",
            ),
            Mistake(
                _bowl(rate=lambda a, b: 1 / (a + b)),
                "Solve the equation once more: rate times both curvatures together is not 1.",
            ),
            Mistake(
                _bowl(rate=lambda a, b: 2 / (b - a)),
                "Two signs: one factor is minus the other. On which side do both terms with the "
                "rate end up?",
            ),
            Mistake(
                _bowl(factor=lambda eta, a, b: 1 - eta * b),
                "Your factor is negative: that is the steep direction, which swings. Asked for is "
                "how much of the distance is left.",
            ),
            Mistake(
                _bowl(factor=lambda eta, a, b: a / b),
                "Set the rate into 1 - rate * curvature. The ratio of the curvatures alone is not "
                "the factor.",
            ),
            Mistake(
                _bowl(factor=lambda eta, a, b: (1 - eta * a) ** 2),
                "That is the factor of the loss. Asked for is that of the distance.",
            ),
            Mistake(
                _bowl(steps=lambda share, by: np.log(share) / np.log(by)),
                "The formula is right, but a step is a whole one. In which direction do you round?",
            ),
            Mistake(
                _bowl(steps=lambda share, by: np.floor(np.log(share) / np.log(by))),
                "With that many steps it is not yet there. In which direction do you round?",
            ),
            Mistake(
                _bowl(steps=lambda share, by: np.ceil(np.log(by) / np.log(share))),
                "Factor to the power of steps is the share. Take logarithms of both sides: which "
                "of the two stands above?",
            ),
            Mistake(
                _bowl(steps=lambda share, by: np.ceil((1 - share) / (1 - by))),
                "The distance is multiplied at each step. It does not lose the same amount each "
                "time.",
            ),
        ],
        insight="The factor is (ratio - 1) / (ratio + 1), with the ratio of the curvatures: a "
        "narrow valley that gets ten times as narrow takes about ten times as many steps.",
    ),
    Function(
        "03.8",
        "Thirty steps, thirty rates",
        PREDICT,
        hints=(
            "What is left along an axis is a product of thirty factors 1 - rate * curvature. The "
            "order does not matter.",
            "A rate of 1 / c makes one factor 0 for the curvature c, and small for its neighbors.",
            "Spread thirty such c over 1 to 25, or repeat a few of them: more small rates than "
            "large ones.",
        ),
        reference=mixed_rates,
        cases=lambda rng: [()],
        observe=arrived,
        mistakes=[
            Mistake(
                lambda step: 2 / 26,
                "The best constant rate leaves 0.09, two rates in turn 0.01. Let all thirty "
                "differ: which curvature does a rate of 1/5 bring to 0 at once, and which steps "
                "repair what it does to the steep axes?",
            ),
            Mistake(
                lambda step: 0.04,
                "Along some axis a good part of the distance is left. Work out the product for a "
                "curvature of 1 and for one of 25: which is larger, and which single step would "
                "help most there?",
            ),
            Mistake(
                lambda step: 0.1,
                "Along some axis it ends farther away than it began. A rate above 2 / 25 makes "
                "the steepest axis grow. It may, now and then, but smaller rates must bring it "
                "back.",
            ),
            Mistake(
                lambda step: 0.07 * 0.7**step,
                "Along some axis most of the distance is left: along a flat one if your rates add "
                "up to too little, along a steep one if large rates are not repaired. Which is "
                "it?",
            ),
        ],
        insight="The product of thirty factors 1 - rate * curvature is small everywhere if the "
        "rates differ. No constant rate can do that. Momentum (notebook 05) gets it for free.",
    ),
)
