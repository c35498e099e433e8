"""The exercises of notebook 14: Lion, Newton-Schulz, averages, the edge of stability, width.

The mistakes are those that give a plausible optimizer that is another one.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Mistake, Numbers, Option

LION = "derive Lion from sign descent, and write it in three lines"
MATRIX = (
    "orthogonalize a matrix by hand and with Newton-Schulz, and say what Muon sees that Adam cannot"
)
AVERAGE = "predict a noise floor, and lower it by averaging"
EDGE = "measure the edge of stability, and say what warm-up and clipping do to a spike"
WIDTH = "carry a learning rate from a narrow network to a wide one"

A, B, C = 3.4445, -4.7750, 2.0315


# ------------------------------------------------------------------ 14.1


def lion(theta, g, m, lr, beta1, beta2, weight_decay):
    """One step of Lion with decoupled decay."""
    new_theta = theta * (1 - lr * weight_decay) - lr * np.sign(beta1 * m + (1 - beta1) * g)
    return new_theta, beta2 * m + (1 - beta2) * g


def _lion_cases(rng):
    for shape in ((40,), (1,), (3, 20), (200,)):
        theta, g, m = rng.normal(size=(3, *shape))
        yield theta, g, m, 0.1, 0.9, 0.6, 0.5
        yield theta, 0.3 * g, m, 0.02, 0.5, 0.99, 0.0
    # the memory and the newest gradient disagree, and which one wins depends on the beta
    yield np.zeros(4), np.array([1.0, 3, 8, 0]), np.array([-1.0, -1, -1, 0]), 0.1, 0.8, 0.5, 0.3


def _memory_first(theta, g, m, lr, beta1, beta2, weight_decay):
    m = beta2 * m + (1 - beta2) * g
    return theta * (1 - lr * weight_decay) - lr * np.sign(beta1 * m + (1 - beta1) * g), m


def _betas_swapped(theta, g, m, lr, beta1, beta2, weight_decay):
    return lion(theta, g, m, lr, beta2, beta1, weight_decay)


def _one_beta(theta, g, m, lr, beta1, beta2, weight_decay):
    return lion(theta, g, m, lr, beta1, beta1, weight_decay)


def _no_sign(theta, g, m, lr, beta1, beta2, weight_decay):
    _, new_m = lion(theta, g, m, lr, beta1, beta2, weight_decay)
    return theta * (1 - lr * weight_decay) - lr * (beta1 * m + (1 - beta1) * g), new_m


def _sign_of_gradient(theta, g, m, lr, beta1, beta2, weight_decay):
    _, new_m = lion(theta, g, m, lr, beta1, beta2, weight_decay)
    return theta * (1 - lr * weight_decay) - lr * np.sign(g), new_m


def _sign_in_memory(theta, g, m, lr, beta1, beta2, weight_decay):
    new_theta, _ = lion(theta, g, m, lr, beta1, beta2, weight_decay)
    return new_theta, beta2 * m + (1 - beta2) * np.sign(g)


def _coupled(theta, g, m, lr, beta1, beta2, weight_decay):
    return lion(theta, g + weight_decay * theta, m, lr, beta1, beta2, 0.0)


def _decay_without_rate(theta, g, m, lr, beta1, beta2, weight_decay):
    moved, new_m = lion(theta, g, m, lr, beta1, beta2, 0.0)
    return moved - weight_decay * theta, new_m


def _no_decay(theta, g, m, lr, beta1, beta2, weight_decay):
    return lion(theta, g, m, lr, beta1, beta2, 0.0)


def _uphill(theta, g, m, lr, beta1, beta2, weight_decay):
    _, new_m = lion(theta, g, m, lr, beta1, beta2, weight_decay)
    return theta * (1 - lr * weight_decay) + lr * np.sign(beta1 * m + (1 - beta1) * g), new_m


# ------------------------------------------------------------------ 14.2 and 14.3


def polynomial(s):
    """What one step makes of a singular value."""
    return A * s + B * s**3 + C * s**5


NORM = 10**0.5
LARGE, SMALL = 3 / NORM, 1 / NORM


def orthogonalize(matrix, steps):
    """Newton-Schulz on the wide form of the matrix."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / np.linalg.norm(matrix)
    for _ in range(steps):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x.T if tall else x


def _matrix_cases(rng):
    for shape in ((3, 5), (5, 3), (4, 4), (1, 6), (6, 1)):
        for steps in (1, 5):
            yield 3 * rng.normal(size=shape), steps
    yield rng.normal(size=(2, 3)), 0


def _loop(step, scale=np.linalg.norm, turn_back=True):
    """Newton-Schulz with another step or another scale."""

    def wrong(matrix, steps):
        tall = matrix.shape[0] > matrix.shape[1]
        x = (matrix.T if tall else matrix) / scale(matrix)
        for _ in range(steps):
            x = step(x)
        return x.T if tall and turn_back else x

    return wrong


def _step(x):
    gram = x @ x.T
    return A * x + (B * gram + C * gram @ gram) @ x


def _entrywise(x):
    return A * x + B * x**3 + C * x**5


def _squared_entries(x):
    gram = x @ x.T
    return A * x + (B * gram + C * gram * gram) @ x


def _cubic_only(x):
    return A * x + B * x @ x.T @ x


def _first_term_lost(x):
    gram = x @ x.T
    return (B * gram + C * gram @ gram) @ x


def _gram_for_square(x):
    gram = x @ x.T
    return A * x + (B * gram + C * gram) @ x


def _one_step(matrix, steps):
    return orthogonalize(matrix, min(steps, 1))


def _normalized_each_time(x):
    return _step(x / np.linalg.norm(x))


# ------------------------------------------------------------------ 14.4


def moving_average(path, beta):
    """The corrected exponential moving average of the rows of path."""
    average = np.zeros(path.shape[1])
    for point in path:
        average = beta * average + (1 - beta) * point
    return average / (1 - beta ** len(path))


def _path_cases(rng):
    for steps, beta in ((1, 0.9), (2, 0.5), (7, 0.9), (30, 0.99), (400, 0.9)):
        yield np.cumsum(rng.normal(1.0, 1.0, size=(steps, 3)), axis=0), beta


def _uncorrected(path, beta):
    return moving_average(path, beta) * (1 - beta ** len(path))


def _from_the_first(path, beta):
    average = path[0]
    for point in path[1:]:
        average = beta * average + (1 - beta) * point
    return average


def _plain_mean(path, beta):
    return path.mean(axis=0)


def _weights_swapped(path, beta):
    return moving_average(path, 1 - beta)


def _corrected_every_step(path, beta):
    average = np.zeros(path.shape[1])
    for t, point in enumerate(path, start=1):
        average = (beta * average + (1 - beta) * point) / (1 - beta**t)
    return average


def _one_power(path, beta):
    return _uncorrected(path, beta) / (1 - beta)


def _counted_from_zero(path, beta):
    return _uncorrected(path, beta) / (1 - beta ** (len(path) + 1))


EXERCISES = (
    Function(
        "14.1",
        "Lion",
        LION,
        reference=lion,
        cases=_lion_cases,
        names=("theta", "m"),
        mistakes=[
            Mistake(
                _memory_first,
                "You renew `m` before you use it. The direction is made of the old `m` and the new "
                "gradient; which of the two comes first?",
            ),
            Mistake(_betas_swapped, "The betas have changed places. Which one makes the step?"),
            Mistake(
                _one_beta,
                "The same beta in both lines: then the newest gradient counts no more in the step "
                "than in the memory. What is `beta2` for?",
            ),
            Mistake(
                _no_sign,
                "That is averaged momentum: its steps are as long as the gradients say. How long "
                "is a step of Lion?",
            ),
            Mistake(
                _sign_of_gradient,
                "That is sign descent without a memory. What is the sign of?",
            ),
            Mistake(
                _sign_in_memory,
                "The memory averages signs. In Lion it averages gradients; the sign comes last.",
            ),
            Mistake(
                _coupled,
                "The decay has gone into the gradient, where the sign swallows its size. Where "
                "does a decoupled decay act?",
            ),
            Mistake(
                _decay_without_rate,
                "The decay is not multiplied by the rate. What would it do at a rate of 0?",
            ),
            Mistake(_no_decay, "Nothing decays. Where is `weight_decay`?"),
            Mistake(_uphill, "You walk along the gradient: uphill."),
        ],
        insight="Two averages of one vector of state, and a sign between them.",
    ),
    Numbers(
        "14.2",
        "Newton-Schulz on paper",
        MATRIX,
        answer={
            "norm": NORM,
            "large": LARGE,
            "large_after": polynomial(LARGE),
            "small_after": polynomial(SMALL),
        },
        mistakes=[
            Mistake(
                {
                    "norm": 3.0,
                    "large": 1.0,
                    "large_after": polynomial(1.0),
                    "small_after": polynomial(1 / 3),
                },
                "You divide by the largest singular value. That would do, but it is not known; the "
                "Frobenius norm needs only the entries.",
            ),
            Mistake(
                {
                    "norm": 6.0,
                    "large": 0.5,
                    "large_after": polynomial(0.5),
                    "small_after": polynomial(1 / 6),
                },
                "The norm is the sum of the entries here. How are they added in a length?",
            ),
            Mistake(
                {
                    "norm": 10.0,
                    "large": 0.3,
                    "large_after": polynomial(0.3),
                    "small_after": polynomial(0.1),
                },
                "That is the square of the norm.",
            ),
            Mistake(
                {
                    "large": SMALL,
                    "large_after": polynomial(SMALL),
                    "small_after": polynomial(LARGE),
                },
                "The two singular values have changed places.",
            ),
            Mistake(
                {
                    "large_after": polynomial(LARGE) - C * LARGE**5,
                    "small_after": polynomial(SMALL) - C * SMALL**5,
                },
                "The term of the fifth power is missing.",
            ),
            Mistake(
                {
                    "large_after": A * LARGE + B * LARGE**2 + C * LARGE**3,
                    "small_after": A * SMALL + B * SMALL**2 + C * SMALL**3,
                },
                "Which powers of S are in X, in X X^T X, and in (X X^T)^2 X? All are odd.",
            ),
            Mistake(
                {"large_after": polynomial(3.0), "small_after": polynomial(1.0)},
                "The step was made before the division by the norm: a 3 is thrown far away.",
            ),
        ],
        insight="After one step the smaller value has overtaken the larger: both are near 1.",
    ),
    Function(
        "14.3",
        "Newton-Schulz in code",
        MATRIX,
        reference=orthogonalize,
        cases=_matrix_cases,
        mistakes=[
            Mistake(
                _loop(_entrywise),
                "Powers of the entries, not of the matrix: `*` and `**` work entry by entry. What "
                "is a product of matrices?",
            ),
            Mistake(
                _loop(_squared_entries),
                "X X^T is squared entry by entry. (X X^T)^2 is a product of matrices, too.",
            ),
            Mistake(_loop(_cubic_only), "The fifth power is missing: the term with c."),
            Mistake(_loop(_first_term_lost), "The first term, a X, is missing."),
            Mistake(
                _loop(_gram_for_square),
                "The term with c has X X^T once. It needs its square.",
            ),
            Mistake(
                _loop(_step, scale=lambda matrix: 1.0),
                "Nothing is divided by the norm. Which singular values does the polynomial bear?",
            ),
            Mistake(
                _loop(_step, scale=lambda matrix: np.linalg.norm(matrix, 2)),
                "You divide by the largest singular value, which takes an SVD to find. The "
                "Frobenius norm is cheap, and large enough.",
            ),
            Mistake(
                _loop(_step, scale=lambda matrix: np.abs(matrix).max()),
                "You divide by the largest entry. Singular values can be larger than that.",
            ),
            Mistake(
                _loop(_step, turn_back=False),
                "A tall matrix comes back lying down: turn it at the end, too.",
            ),
            Mistake(
                _loop(_normalized_each_time),
                "You divide by the norm at every step. Once, before the first, is enough, and "
                "afterwards it would undo what a step has lifted.",
            ),
            Mistake(_one_step, "Only one step is made, whatever `steps` is."),
        ],
        insight="Only products of matrices: that is why it is fast where matrix products are.",
    ),
    Function(
        "14.4",
        "A moving average",
        AVERAGE,
        reference=moving_average,
        cases=_path_cases,
        mistakes=[
            Mistake(
                _uncorrected,
                "The weights do not add up to 1: the average began at 0, and early on it is too "
                "small. What does Adam divide by?",
            ),
            Mistake(
                _from_the_first,
                "You begin at the first point. Then its weight is beta^(n - 1), and not (1 - beta) "
                "times that as for all others: it is remembered too well.",
            ),
            Mistake(_plain_mean, "That is the plain mean: all points count alike, old and new."),
            Mistake(
                _weights_swapped,
                "beta and 1 - beta have changed places: this average forgets nearly all at once.",
            ),
            Mistake(
                _corrected_every_step,
                "You correct at every step and go on with the corrected value. The correction is "
                "made once, at the end; the average itself stays uncorrected.",
            ),
            Mistake(
                _one_power, "You divide by 1 - beta. Which power belongs there after n points?"
            ),
            Mistake(
                _counted_from_zero,
                "The power is one too high: after the first point it is 1 - beta.",
            ),
        ],
        insight="One line, and the floor falls: by (1 - beta) / (1 + beta) on a bowl.",
    ),
    Numbers(
        "14.5",
        "The edge",
        EDGE,
        answer={"gd": 40.0, "momentum_90": 76.0, "nesterov_90": 3.8 / 2.8 / 0.05},
        mistakes=[
            Mistake(
                {"gd": 20.0, "momentum_90": 38.0, "nesterov_90": 1.9 / 2.8 / 0.05},
                "All are half as large as they are. At which rate times sharpness is the factor "
                "1 - rate x sharpness equal to -1?",
            ),
            Mistake(
                {"gd": 0.1, "momentum_90": 0.19, "nesterov_90": 3.8 / 2.8 * 0.05},
                "The limits are those of rate *times* sharpness. Solve for the sharpness.",
            ),
            Mistake(
                {"gd": 2.0, "momentum_90": 3.8, "nesterov_90": 3.8 / 2.8},
                "These are rate times sharpness. Asked is for the sharpness.",
            ),
            Mistake(
                {"momentum_90": 40.0, "nesterov_90": 40.0},
                "Each method has a limit of its own: look at the table of section 5.",
            ),
            Mistake(
                {"momentum_90": 3.8 / 2.8 / 0.05, "nesterov_90": 76.0},
                "Momentum and Nesterov have changed places. Which of them looks ahead, and "
                "overshoots sooner?",
            ),
            Mistake(
                {"momentum_90": 400.0},
                "A rate of 0.05 / (1 - 0.9) is what momentum comes to along a constant gradient. "
                "At the edge the gradient changes its sign at every step.",
            ),
            Mistake(
                {"momentum_90": 4.0},
                "You took momentum for a rate ten times as large. At the edge the gradient changes "
                "its sign at every step, and the velocity cannot add up.",
            ),
        ],
        insight="The network moves to where the curvature fits your rate and your method.",
    ),
    Choice(
        "14.6",
        "Twenty times as wide",
        WIDTH,
        question="Adam's best rate at width 100 is .005, in the standard parametrization. The "
        "network of width 2,000 is too dear to tune. Where do you begin?",
        options={
            "a": Option(
                "At .005: a good rate is a good rate.",
                "Each weight moves as far as before, but a hidden unit now adds up 20 times as "
                "many of these moves. What does that do to its sum?",
            ),
            "b": Option(
                "At .1: more weights bear longer steps.",
                "The wrong direction: more weights make the change of a sum larger, not smaller.",
            ),
            "c": Option("At .00025: hidden sums move with the width times the rate."),
            "d": Option(
                "At .0011: noise adds up with the root of the width.",
                "The root is right for independent random terms, as at the start. The steps of one "
                "unit's weights are not independent: all answer the same error.",
            ),
            "e": Option(
                "Nowhere: a rate says nothing about another network.",
                "It says a lot, if you know how a step acts on a hidden sum. What does twice the "
                "width do to it?",
            ),
        },
        correct="c",
        insight="Or write the 1/width into the network (muP), and keep the rate.",
    ),
)
