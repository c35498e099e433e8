"""The exercises of notebook 01: a neuron, a layer, a safe softmax, and slopes of losses.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import math

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

OUTPUT = "compute the output of a neuron, a layer and a network by hand"
SHAPES = "name the shape of every array on the way"
LOSSES = "compute squared error and cross-entropy, and their gradients"
WHY = "explain why classification uses cross-entropy"
FAILS = "recognize four ways in which a correct formula fails on a computer"

# A neuron with x = (2, -1), w = (0.4, 0.6), b = 0.3, a sigmoid and the target 1.
Z = 2 * 0.4 - 1 * 0.6 + 0.3
P = 1 / (1 + math.exp(-Z))


def neuron_by_hand():
    """z, p, the loss and its slope, step by step."""
    weighted = 2 * 0.4 + (-1) * 0.6
    z = weighted + 0.3
    p = 1 / (1 + math.exp(-z))
    L = -math.log(p)
    dz = p - 1
    return {"z": z, "p": p, "L": L, "dz": dz}


def parameters_by_hand():
    """The parameters of a 784-256-10 network, layer by layer."""
    first_layer = 784 * 256 + 256
    second_layer = 256 * 10 + 10
    answer = first_layer + second_layer
    return answer


def layer(X, W, b):
    """A dense layer with a ReLU."""
    return np.maximum(0, X @ W + b)


def softmax(Z):
    """Probabilities for each row of logits; the largest is subtracted first."""
    exp = np.exp(Z - Z.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def bce_gradient(z, y):
    """The gradient of the mean binary cross-entropy with respect to the logits."""
    return (_sigmoid(z) - y) / len(z)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _layer_cases(rng):
    for rows, fan_in, fan_out in ((6, 3, 5), (1, 4, 2), (4, 4, 4), (5, 2, 1), (3, 1, 3)):
        yield (
            rng.normal(size=(rows, fan_in)),
            rng.normal(size=(fan_in, fan_out)),
            rng.normal(size=fan_out),
        )


def _softmax_cases(rng):
    yield (rng.normal(size=(5, 3)),)
    yield (rng.normal(size=(1, 6)),)
    yield (rng.normal(size=(4, 4)),)
    yield (np.array([[1000.0, 1001.0, 999.0], [0.0, -1.0, 3.0]]),)
    yield (np.array([[-1000.0, -1001.0], [2.0, 1.0], [1000.0, 998.0]]),)
    yield (np.array([[1000.0, -1000.0, -1000.0], [800.0, 0.0, 1.0]]),)  # far apart in a row


def _bce_cases(rng):
    for rows in (8, 1, 5, 2):
        yield rng.normal(0, 2, size=(rows, 1)), rng.integers(0, 2, size=(rows, 1))


# 01.7, the loss from the logit, and 01.8, bends


def loss_from_logit(z, y):
    """log sigma(z), log(1 - sigma(z)), the cross-entropy, and its derivative by z."""
    log_p = -np.logaddexp(0, -z)
    log_not_p = -np.logaddexp(0, z)
    loss = -(y * log_p + (1 - y) * log_not_p)
    push = np.exp(log_p) - y
    return log_p, log_not_p, loss, push


def _logit_cases(rng):
    yield np.array([0.5, -2.0, 3.0]), np.array([1.0, 0.0, 0.0])
    yield np.array([-1000.0, 1000.0, 40.0, 0.0]), np.array([1.0, 0.0, 1.0, 1.0])
    yield 3 * rng.normal(size=6), rng.integers(0, 2, 6).astype(float)


def _from_the_probability(z, y):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-z))
        log_p, log_not_p = np.log(p), np.log(1 - p)
        return log_p, log_not_p, -(y * log_p + (1 - y) * log_not_p), p - y


def _logs(change):
    """The right lines, with the two logarithms changed; the lines after them follow."""

    def answer(z, y):
        log_p, log_not_p = change(*loss_from_logit(z, y)[:2], z)
        with np.errstate(all="ignore"):
            loss, push = -(y * log_p + (1 - y) * log_not_p), np.exp(log_p) - y
        return log_p, log_not_p, loss, push

    return answer


def _ends(change):
    def answer(z, y):
        return *loss_from_logit(z, y)[:2], *change(*loss_from_logit(z, y)[2:], z, y)

    return answer


BEND_ENDS = (0.0, 2 * np.pi)
MOST_BENDS = 8


def bends():
    """Weights and biases of a network that follows the sine: W1, b1, W2, b2."""
    # straight from knot to knot
    knots = np.linspace(*BEND_ENDS, 9)
    slopes = np.diff(np.sin(knots)) / np.diff(knots)
    changes = np.diff(slopes, prepend=0)
    return np.ones((1, 8)), -knots[:-1], changes[:, None], np.zeros(1)


def followed(network):
    """How well a network of one input follows the sine."""
    W1, b1, W2, b2 = map(np.asarray, network())
    x = np.linspace(*BEND_ENDS, 1001)[:, None]
    fits = W1.ndim == W2.ndim == 2 and W1.shape == W2.T.shape and W1.shape[0] == 1
    fits = fits and b1.shape == (W1.shape[1],) and b2.shape == (1,)
    farthest = np.inf
    if fits:
        farthest = np.abs(np.maximum(0, x @ W1 + b1) @ W2 + b2 - np.sin(x)).max()
    return {
        "W1 is (1, units), b1 (units,), W2 (units, 1), b2 (1,)": bool(fits),
        "at most 8 units": bool(fits and W1.shape[1] <= MOST_BENDS),
        "nowhere farther than 1 from the sine, as the number 0 would be": bool(farthest < 1.001),
        "nowhere farther than 0.3": Goal(
            bool(farthest <= 0.3), f"somewhere it is {farthest:.2g} away"
        ),
        "nowhere farther than 0.1": Goal(
            bool(farthest <= 0.1), f"somewhere it is {farthest:.2g} away"
        ),
    }


def _straight_pieces(units, change=None):
    def answer():
        knots = np.linspace(*BEND_ENDS, units + 1)
        slopes = np.diff(np.sin(knots)) / np.diff(knots)
        W2 = np.diff(slopes, prepend=0) if change is None else change(slopes, knots)
        return np.ones((1, units)), -knots[:-1], W2[:, None], np.zeros(1)

    return answer


def _turned(network):
    W1, b1, W2, b2 = network()
    return W1.T, b1, W2.T, b2


EXERCISES = (
    Numbers(
        "01.1",
        "A neuron on paper",
        OUTPUT,
        answer={"z": Z, "p": P, "L": -math.log(P), "dz": P - 1},
        mistakes=[
            Mistake(
                {"z": Z - 0.3},
                "Your z is the weighted sum alone. What is added at the end?",
            ),
            Mistake(
                {"z": 2 * 0.4 + 1 * 0.6 + 0.3},
                "Your z is too large. One of the two inputs is negative.",
            ),
            Mistake(
                {"p": 1 / (1 + math.exp(Z))},
                "Your p is below 1/2 although z is positive. Which sign has z in the exponent?",
            ),
            Mistake({"p": Z}, "p is still z. The sigmoid turns it into a probability."),
            Mistake({"p": math.tanh(Z)}, "That is tanh. The sigmoid runs from 0 to 1."),
            Mistake(
                {"L": math.log(P)},
                "A loss below 0? The logarithm of a probability is negative, and the loss is not.",
            ),
            Mistake(
                {"L": -math.log(1 - P)},
                "That is the loss for the other label. Which probability did the network give to "
                "the class that is true?",
            ),
            Mistake({"L": -math.log10(P)}, "Your logarithm has base 10; ours is the natural one."),
            Mistake({"L": (1 - P) ** 2}, "That is the squared error. Asked for is -log p."),
            Mistake(
                {"dz": 1 - P},
                "The sign is turned: if z grows, p grows. Does the loss for y = 1 then rise or "
                "fall?",
            ),
            Mistake(
                {"dz": -1 / P},
                "That is the slope with respect to p. From p back to z there is one more link.",
            ),
            Mistake(
                {"dz": P * (1 - P)},
                "That is the slope of the sigmoid alone, without that of the loss.",
            ),
            Mistake(
                {"dz": 2 * (P - 1) * P * (1 - P)},
                "That is the slope of the squared error. Where the cross-entropy is used, the "
                "slope of the sigmoid cancels.",
            ),
        ],
        insight="Predicted minus wanted: with the cross-entropy the sigmoid's own slope cancels.",
        tolerance=4e-4,
        working=neuron_by_hand,
        digits="four decimals",
    ),
    Function(
        "01.2",
        "A layer",
        OUTPUT,
        reference=layer,
        cases=_layer_cases,
        mistakes=[
            Mistake(
                lambda X, W, b: X @ W + b,
                "Negative numbers come out. The ReLU is missing.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X @ W),
                "Something is missing: what would this layer say to an input of zeros?",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X @ W) + b,
                "The bias comes too late. It decides where the bend is, so it must be in z.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X @ W.T + b),
                "This fits only when W is square. W has one neuron a column: is it to be turned?",
            ),
            Mistake(
                lambda X, W, b: np.abs(X @ W + b),
                "A ReLU does not turn a negative number round. What does it send instead?",
            ),
            Mistake(
                lambda X, W, b: np.minimum(0, X @ W + b),
                "Your layer keeps what it should cut and cuts what it should keep.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, (X @ W + b).sum(axis=1)),
                "You add up the neurons. A layer gives one number for each of them.",
            ),
            Mistake(
                lambda X, W, b: _sigmoid(X @ W + b),
                "That is a sigmoid. Here the bend is the ReLU.",
            ),
            Mistake(
                lambda X, W, b: X @ W + b > 0,
                "You say which neurons are on, with 0 and 1. A ReLU lets their value through.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X @ W - b),
                "The bias has the wrong sign.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X @ W + b).T,
                "The numbers are right and lie on their side. In this course a row is an example.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(0, X * W + b),
                "`*` multiplies entry by entry. Each neuron needs a sum over its inputs.",
            ),
            Mistake(
                lambda X, W, b: np.max(X @ W + b),
                "`np.max` looks for one largest number. Each entry should be compared with 0.",
            ),
            Mistake(
                lambda X, W, b: np.tanh(X @ W + b),
                "That is a tanh. Here the bend is the ReLU.",
            ),
            Mistake(
                lambda X, W, b: np.clip(X @ W + b, 0, 1),
                "Nothing larger than 1 comes out. A ReLU has a floor and no ceiling.",
            ),
            Mistake(
                lambda X, W, b: np.maximum(b, X @ W),
                "You use the bias as the floor. It is added, and the floor is 0.",
            ),
        ],
        insight="One matrix product for the whole batch; the bias is broadcast to every row.",
    ),
    Function(
        "01.3",
        "A safe softmax",
        FAILS,
        hints=(
            "Softmax feels only differences between logits. Which shift of a row makes `exp` safe?",
            "Two steps: shift each row, then `exp` and divide each row by its own sum. What must "
            "the "
            "shapes of maximum and sum be, so that NumPy lays them along the rows?",
            "In the exponent: Z less the largest logit of its row, with `keepdims=True`. In the "
            "return: that, divided by the sum of its row, again with `keepdims=True`.",
        ),
        reference=softmax,
        cases=_softmax_cases,
        mistakes=[
            Mistake(
                lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True),
                "Right on paper, but `exp(1000)` is infinite, and infinite by infinite is not a "
                "number. What may you subtract from all logits of a row without changing the "
                "answer?",
            ),
            Mistake(
                lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=1, keepdims=True),
                "One largest logit for the whole batch: a row far below it becomes 0 by 0. Each "
                "row is a distribution of its own.",
            ),
            Mistake(
                lambda Z: np.exp(Z - Z.max(axis=0)) / np.exp(Z - Z.max(axis=0)).sum(axis=0),
                "Your columns sum to 1. Which axis holds the classes, and which the examples?",
            ),
            Mistake(
                lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(),
                "All entries together sum to 1. It should be each row by itself.",
            ),
            Mistake(
                lambda Z: np.exp(Z - Z.max(axis=1, keepdims=True)),
                "The largest of each row is 1, so they cannot be probabilities. What is still to "
                "be divided?",
            ),
            Mistake(
                lambda Z: np.log(softmax(Z)),
                "These are the logarithms of the probabilities.",
            ),
            Mistake(
                lambda Z: softmax(np.clip(Z, -500, 500)),
                "Clipping keeps it finite and makes it wrong: 1000 and 1001 become equal.",
            ),
            Mistake(
                lambda Z: softmax(Z / np.abs(Z).max(axis=1, keepdims=True)),
                "Dividing the logits changes the answer: softmax feels differences, not ratios.",
            ),
            Mistake(
                lambda Z: _sigmoid(Z),
                "Each entry is squeezed by itself, so a row does not sum to 1. Classes compete.",
            ),
            Mistake(
                lambda Z: softmax(-Z),
                "The largest logit gets the smallest probability. A sign is turned.",
            ),
            Mistake(
                lambda Z: softmax(Z / Z.max(axis=1, keepdims=True)),
                "You divide by the largest logit. Softmax does not mind a shift; does it mind a "
                "stretch?",
            ),
            Mistake(
                lambda Z: np.exp(Z - Z.max(axis=1)) / np.exp(Z - Z.max(axis=1)).sum(axis=1),
                "Your maxima and sums have shape (N,), and NumPy lays them along the columns. "
                "Which axis did they lose?",
            ),
            Mistake(
                lambda Z: (
                    np.exp(Z - Z.max(axis=1, keepdims=True))
                    / np.exp(Z - Z.max(axis=1, keepdims=True)).sum(axis=1)
                ),
                "Your sums have shape (N,), and NumPy lays them along the columns. Each row is to "
                "be divided by its own.",
            ),
            Mistake(
                lambda Z: (
                    np.exp(Z - Z.min(axis=1, keepdims=True))
                    / np.exp(Z - Z.min(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
                ),
                "You subtract the smallest logit. Which one makes `exp` overflow?",
            ),
            Mistake(
                lambda Z: (
                    np.exp(Z - Z.mean(axis=1, keepdims=True))
                    / np.exp(Z - Z.mean(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
                ),
                "After your shift the largest logit may still be far above 0. Which shift makes "
                "sure that nothing in the exponent is positive?",
            ),
            Mistake(
                lambda Z: Z / Z.sum(axis=1, keepdims=True),
                "Your rows sum to 1, but logits may be negative, and then so are your "
                "probabilities. What makes every number positive first?",
            ),
            Mistake(
                lambda Z: (
                    np.exp(Z - Z.max(axis=1, keepdims=True)) / np.exp(Z).sum(axis=1, keepdims=True)
                ),
                "Above the line you shift, below it you do not. Only if both are shifted, it "
                "cancels.",
            ),
            Mistake(
                lambda Z: softmax(Z) * Z.shape[1],
                "Your rows sum to the number of classes: a mean stands where a sum is due.",
            ),
            Mistake(
                lambda Z: softmax(Z * np.log(2)),
                "You take powers of 2. Ours are powers of e, as in the cross-entropy.",
            ),
            Mistake(
                lambda Z: np.eye(Z.shape[1])[Z.argmax(axis=1)],
                "You give everything to the largest. Softmax leaves the others something.",
            ),
        ],
        insight="Subtracting the largest logit changes nothing on paper and everything in a "
        "computer.",
    ),
    Function(
        "01.4",
        "The gradient of the cross-entropy",
        LOSSES,
        hints=(
            "For one example the slope at the logit is very short. What does the mean over the "
            "batch "
            "add to it?",
            "Predicted minus wanted. Predicted is a probability: which function makes it of z?",
            "One line: the difference of `sigmoid(z)` and y, divided by the number of rows.",
        ),
        reference=bce_gradient,
        cases=_bce_cases,
        mistakes=[
            Mistake(
                lambda z, y: _sigmoid(z) - y,
                "Right for the sum over the batch. The loss is a mean: what does that do to the "
                "gradient?",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y) / len(z) ** 2,
                "You divide by N twice. The mean is taken only once.",
            ),
            Mistake(
                lambda z, y: (y - _sigmoid(z)) / len(z),
                "The sign is turned: it is predicted minus wanted. The gradient points uphill.",
            ),
            Mistake(
                lambda z, y: (z - y) / len(z),
                "You treat z as a probability. It is a logit: how does it become one?",
            ),
            Mistake(
                lambda z, y: (_sigmoid(_sigmoid(z)) - y) / len(z),
                "The sigmoid is taken twice.",
            ),
            Mistake(
                lambda z, y: (_sigmoid(-z) - y) / len(z),
                "Your probability falls as z grows. Which sign has z in the sigmoid?",
            ),
            Mistake(
                lambda z, y: _sigmoid(z) / len(z),
                "Your gradient would be the same for every label. Where does y come in?",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y) * _sigmoid(z) * (1 - _sigmoid(z)) / len(z),
                "The slope of the sigmoid is in there a second time. With the cross-entropy it "
                "has cancelled.",
            ),
            Mistake(
                lambda z, y: 2 * (_sigmoid(z) - y) * _sigmoid(z) * (1 - _sigmoid(z)) / len(z),
                "That is the gradient of the squared error. Why is it so small where p is near "
                "0 or 1?",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y) / (_sigmoid(z) * (1 - _sigmoid(z))) / len(z),
                "That is the gradient with respect to p. Asked for is the one with respect to z, "
                "one link further back.",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y.ravel()) / len(z),
                "(N, 1) against (N,) is broadcast to (N, N), without a word. Keep both (N, 1).",
            ),
            Mistake(
                lambda z, y: np.mean(_sigmoid(z) - y),
                "One number for the whole batch? Each logit has a slope of its own. The mean sits "
                "in the 1/N.",
            ),
            Mistake(
                lambda z, y: np.mean(np.logaddexp(0, z) - y * z),
                "That is the loss, not its gradient.",
            ),
            Mistake(
                lambda z, y: 2 * (_sigmoid(z) - y) / len(z),
                "The 2 belongs to the squared error.",
            ),
            Mistake(
                lambda z, y: ((_sigmoid(z) > 0.5) - y) / len(z),
                "You use the decision, 0 or 1. The gradient looks at the probability itself.",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y) * z / len(z),
                "You multiply by z. That would be right if z were an input and this the gradient "
                "of its weight.",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y) ** 2 / len(z),
                "The difference is squared. In the gradient it stands as it is, with its sign.",
            ),
            Mistake(
                lambda z, y: (np.tanh(z) - y) / len(z),
                "That is a tanh. Which function makes a probability of a logit?",
            ),
            Mistake(
                lambda z, y: -y / _sigmoid(z) / len(z),
                "That is one half of the gradient with respect to p. The other half is for label "
                "0, and one more link leads to z.",
            ),
            Mistake(
                lambda z, y: (_sigmoid(z) - y).mean(axis=0),
                "You took the mean over the batch. Each logit has a slope of its own: the mean "
                "sits in the 1/N.",
            ),
        ],
        insight="Predicted minus wanted, over N. The loss carries the 1/N, dense layers add none.",
    ),
    Numbers(
        "01.5",
        "Count the parameters",
        SHAPES,
        answer=(784 + 1) * 256 + (256 + 1) * 10,
        mistakes=[
            Mistake(784 * 256 + 256 * 10, "These are the weights. Each neuron has a bias, too."),
            Mistake(
                (784 + 1) * 256,
                "That is the first layer. There is another one behind it.",
            ),
            Mistake(
                784 * 256 + 256 * 10 + 784 + 256 + 10,
                "You gave the inputs biases, too. They are numbers, not neurons.",
            ),
            Mistake(
                784 * 256 + 256 * 10 + 2,
                "One bias for a whole layer? Each neuron has its own.",
            ),
            Mistake(
                784 * 256 + 784 + 256 * 10 + 256,
                "You gave each layer as many biases as it has inputs. A bias belongs to a neuron: "
                "how "
                "many are in each layer?",
            ),
            Mistake(
                784 * 256 + 256 * 10 + 784,
                "You gave the inputs biases and the neurons none. Who adds a bias?",
            ),
            Mistake(784 + 256 + 10, "That is the number of units. Count their connections."),
            Mistake(256 + 10, "These are the biases alone."),
            Mistake(
                784 * 256 * 10,
                "You multiplied all three. The layers follow each other: their weights add up.",
            ),
        ],
        working=parameters_by_hand,
        insight="203,530 numbers, and the batch size is in none of them.",
    ),
    Choice(
        "01.6",
        "Sure, and wrong",
        WHY,
        question="A network is sure and wrong: y = 1, p = 0.01. Why does the squared error hardly "
        "teach it anything?",
        options={
            "a": Option(
                "The squared error is never larger than 1.",
                "True, but the size of a loss moves no weight. What does?",
            ),
            "b": Option(
                "Its gradient has the wrong sign there.",
                "The sign is right: it says that z should grow. How loudly does it say so?",
            ),
            "c": Option(
                "It cannot be computed for probabilities.",
                "It can: (p - y)^2 is 0.98 here. Look at how it changes with z.",
            ),
            "d": Option(
                "Its slope at z carries the slope of the sigmoid, which is nearly 0 there.", ""
            ),
            "e": Option(
                "Because p = 0.01 is clipped.",
                "Nothing is clipped here. Compare the two slopes at z.",
            ),
        },
        correct="d",
        insight="0.02 against 0.99: the cross-entropy divides out just the factor that vanishes.",
    ),
    Function(
        "01.7",
        "The loss, without the probability",
        FAILS,
        hints=(
            "Take the logarithm before you divide: what is log(1 / a)?",
            "1 - sigma(z) is a sigmoid, too. Of what?",
            "np.logaddexp(0, a) is log(1 + exp(a)): once with -z, once with z. The push is p - y, "
            "and p is exp(log_p).",
        ),
        reference=loss_from_logit,
        cases=_logit_cases,
        names=("log_p", "log_not_p", "the loss", "the push"),
        mistakes=[
            Mistake(
                _from_the_probability,
                "For small logits it is right, at 1000 it is infinite or not a number: the "
                "probability was formed first. What is left of the sum 1 + exp(-z) if you take its "
                "logarithm before you divide?",
            ),
            Mistake(
                _logs(lambda p, not_p, z: (not_p, p)),
                "Your two logarithms have changed places. At a large z, which of the two "
                "probabilities is nearly 1?",
            ),
            Mistake(
                _logs(lambda p, not_p, z: (-p, -not_p)),
                "The logarithm of a probability is never positive. What does the fraction 1 / (...)"
                " do to the sign of a logarithm?",
            ),
            Mistake(
                _logs(lambda p, not_p, z: (p, p + z)),
                "log_p is right. The other one differs from it by z, but in which direction? At a "
                "large z the network is sure of a 1.",
            ),
            Mistake(
                _logs(lambda p, not_p, z: (p, -p)),
                "The logarithm of 1 - p is not minus the logarithm of p. Which other sigmoid is "
                "1 - sigma(z)?",
            ),
            Mistake(
                _ends(lambda loss, push, z, y: (-loss, push)),
                "Your loss is negative: the better the prediction, the larger it is. Which sign "
                "has the table of section 5?",
            ),
            Mistake(
                _ends(lambda loss, push, z, y: (loss, -push)),
                "The push has its sign turned round. At y = 1, should the loss rise or fall when z "
                "grows?",
            ),
            Mistake(
                _ends(lambda loss, push, z, y: (loss, push / len(z))),
                "You have divided by the number of examples, but here each example has a loss of "
                "its own. Nothing is averaged.",
            ),
            Mistake(
                _ends(lambda loss, push, z, y: (loss, z - y)),
                "Predicted minus wanted: but what is predicted is a probability, not the logit.",
            ),
        ],
        insight="log sigma(z) is one logaddexp, log(1 - sigma(z)) the same with the sign of z "
        "turned: no probability is formed, so none can be 0.",
    ),
    Function(
        "01.8",
        "Eight bends for a sine",
        OUTPUT,
        hints=(
            "A ReLU draws a straight line with one bend. Eight of them draw eight pieces.",
            "Choose where the pieces join. Unit k bends where x W1 + b1 is 0.",
            "To the right of its bend each unit goes on. So W2 holds, for each join, by how much "
            "the slope changes there.",
        ),
        reference=bends,
        cases=lambda rng: [()],
        observe=followed,
        mistakes=[
            Mistake(
                lambda: _turned(bends),
                "The shapes do not fit together. One input, so W1 has one row; one output, so W2 "
                "has one column; b1 has a number for each unit, b2 one.",
            ),
            Mistake(
                _straight_pieces(20),
                "It follows the sine, but with more units than allowed. Where is the sine nearly "
                "straight, so that it needs no bend?",
            ),
            Mistake(
                _straight_pieces(8, lambda slopes, knots: slopes),
                "Somewhere it is farther away than if it said 0. Draw it. Does every unit bend "
                "inside, where x W1 + b1 is 0 for an x between 0 and 2 pi? And to the right of its "
                "bend each unit goes on for ever, so slopes add up: what must W2 hold then?",
            ),
            Mistake(
                lambda: (np.zeros((1, 8)), np.zeros(8), np.zeros((8, 1)), np.zeros(1)),
                "It hardly follows yet. A unit bends where x W1 + b1 is 0: do the bends lie "
                "between 0 and 2 pi, and does each change the slope as the sine does?",
            ),
            Mistake(
                _straight_pieces(4),
                "It follows, but too coarsely. Are all eight bends used, and where is the sine "
                "most curved?",
            ),
        ],
        insight="A layer of ReLUs draws straight pieces. Each bend is one unit, and its weight is "
        "the change of the slope there.",
    ),
)
