"""The exercises of notebook 02: gradients on paper, two backward passes, and a bug to find.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import math

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

BY_HAND = "compute all gradients of two small networks by hand"
FROM_SHAPES = "derive the matrix form of the backward pass, with the shapes as a guide"
CHAIN_RULE = "apply the chain rule to a graph of small steps, node by node"
FIND = "find the wrong line in a broken backward pass"
CHECK = "check any gradient with finite differences, and say which step size and why"

# One sigmoid neuron: x = 2, w = 0.5, b = 0.3, label 1, rate 0.1.
A = 1 / (1 + math.exp(-(0.5 * 2 + 0.3)))
DB = A - 1
DW = 2 * DB


def neuron_by_hand():
    """The activation, the loss, its gradients and one step, in the order of the chain rule."""
    x, w, b, lr = 2, 0.5, 0.3, 0.1
    z = w * x + b
    a = 1 / (1 + math.exp(-z))
    loss = -math.log(a)
    db = a - 1
    dw = db * x
    w_new = w - lr * dw
    return {"a": a, "loss": loss, "dw": dw, "db": db, "w_new": w_new}


def dense_backward(X, W, dZ):
    """Gradients of the input, the weights and the bias of Z = X @ W + b."""
    dX = dZ @ W.T
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return dX, dW, db


def relu_backward(Z, dA):
    """The gradient in front of a ReLU: it passes where the input was positive."""
    return dA * (Z > 0)


def backward_pass(X, Z1, A1, P, Y, W2):
    """All gradients of dense, ReLU, dense, softmax and cross-entropy; Y is one-hot."""
    dZ2 = (P - Y) / len(X)
    dA1 = dZ2 @ W2.T
    dZ1 = dA1 * (Z1 > 0)
    return {
        "0.W": X.T @ dZ1,
        "0.b": dZ1.sum(axis=0),
        "2.W": A1.T @ dZ2,
        "2.b": dZ2.sum(axis=0),
    }


def _dense_cases(rng):
    for rows, fan_in, fan_out in ((6, 4, 3), (1, 3, 2), (5, 3, 3), (4, 1, 5), (7, 2, 1)):
        yield (
            rng.normal(size=(rows, fan_in)),
            rng.normal(size=(fan_in, fan_out)),
            rng.normal(size=(rows, fan_out)),
        )


def _relu_cases(rng):
    for shape in ((5, 4), (1, 6), (3, 3), (8, 1)):
        Z, dA = rng.normal(size=(2, *shape))
        Z.flat[0] = 0.0
        yield Z, dA
    yield rng.normal(size=(4, 3)), np.abs(rng.normal(size=(4, 3)))


def _pass_cases(rng):
    for rows, features, hidden, classes in ((10, 3, 5, 2), (1, 4, 6, 3), (6, 5, 5, 5)):
        X = rng.normal(size=(rows, features))
        Z1 = X @ rng.normal(size=(features, hidden)) + rng.normal(size=hidden)
        Z1.flat[0] = 0.0
        A1, W2 = np.maximum(0, Z1), rng.normal(size=(hidden, classes))
        exp = np.exp(A1 @ W2)
        yield (
            X,
            Z1,
            A1,
            exp / exp.sum(axis=1, keepdims=True),
            np.eye(classes)[rng.integers(0, classes, rows)],
            W2,
        )


def _dense(dX=None, dW=None, db=None):
    """A wrong dense backward: the right one, with some of its lines replaced."""

    def wrong(X, W, dZ):
        right = dense_backward(X, W, dZ)
        return tuple(
            line(X, W, dZ) if line else one for line, one in zip((dX, dW, db), right, strict=True)
        )

    return wrong


def _weights_not_transposed(X, W, dZ):
    """Fits only where W is square; elsewhere NumPy raises."""
    _, dW, db = dense_backward(X, W, dZ)
    return dZ @ W, dW, db


def _pass_with(dZ2=None, dZ1=None, sums=True, dA1=None):
    """A wrong backward pass: the right one, with some of its lines replaced."""

    def wrong(X, Z1, A1, P, Y, W2):
        back = dZ2(P, Y) if dZ2 else (P - Y) / len(X)
        hidden = dA1(back, W2) if dA1 else back @ W2.T
        front = dZ1(hidden, Z1, A1) if dZ1 else hidden * (Z1 > 0)
        add = (lambda g: g.sum(axis=0)) if sums else (lambda g: g.mean(axis=0))
        return {"0.W": X.T @ front, "0.b": add(front), "2.W": A1.T @ back, "2.b": add(back)}

    return wrong


def broken_pass(X, Z1, A1, P, Y, W2):
    """The pass as it stands in the exercise, with its wrong line."""
    dZ2 = (P - Y) / len(X)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dA1 = dZ2 @ W2.T
    dZ1 = dA1 * (dA1 > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"0.W": dW1, "0.b": db1, "2.W": dW2, "2.b": db2}


# 02.6, the Jacobian of the softmax, and 02.7, a better difference


def softmax_proof(z, y):
    """The derivatives of E = exp(z) and S = sum(E), of P = E / S, and of L = -sum(y log P)."""
    E = np.exp(z)
    S = E.sum()
    P = E / S
    dE = np.diag(E)
    dS = E
    J = (dE * S - np.outer(E, dS)) / S**2
    dz = (-y / P) @ J
    return dE, dS, J, dz


def _softmax_cases(rng):
    yield np.array([0.0, 1.0]), np.array([0.0, 1.0])
    yield rng.normal(size=3), np.array([0.2, 0.5, 0.3])
    yield rng.normal(size=5), np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    yield rng.normal(size=4), np.array([1.0, 2.0, 0.0, 0.5])  # not a distribution


def _proof(dE=np.diag, dS=lambda E: E, J=None, dz=None):
    """The proof with one line changed; the lines below it follow."""

    def answer(z, y):
        E, S = np.exp(z), np.exp(z).sum()
        P = E / S
        slopes, of_sum = dE(E), dS(E)
        jacobian = J(E, S, P) if J else (slopes * S - np.outer(E, of_sum)) / S**2
        return slopes, of_sum, jacobian, dz(P, y, jacobian) if dz else (-y / P) @ jacobian

    return answer


HARD_TO_DIFFERENTIATE = {
    "exp(sin x)": (lambda x: np.exp(np.sin(x)), lambda x: np.cos(x) * np.exp(np.sin(x))),
    "x tanh x": (lambda x: x * np.tanh(x), lambda x: np.tanh(x) + x / np.cosh(x) ** 2),
    "log(1 + x^2)": (lambda x: np.log(1 + x**2), lambda x: 2 * x / (1 + x**2)),
}


def five_points(f, x):
    """The derivative of f at x, from four evaluations."""
    # the error with eps^2 cancels
    eps = 1e-3
    near = (f(x + eps) - f(x - eps)) / (2 * eps)
    far = (f(x + 2 * eps) - f(x - 2 * eps)) / (4 * eps)
    return near + (near - far) / 3


def precision(derivative, seed):
    """How well, and with how many evaluations, three functions are differentiated at 60 points."""
    points = np.random.default_rng(seed).uniform(0.5, 2.5, 20)
    errors, most = [], 0
    for f, slope in HARD_TO_DIFFERENTIATE.values():
        for x in points:
            asked = []
            value = derivative(lambda x, f=f, asked=asked: (asked.append(x), f(x))[1], float(x))
            errors.append(abs(float(value) - slope(x)))
            most = max(most, len(asked))
    mean = np.mean(errors)
    return {
        "f is evaluated, and not more than four times": 1 <= most <= 4,
        "the error is below 1e-2 on average": bool(mean < 1e-2),
        "the error is below 1e-6 on average": Goal(bool(mean < 1e-6), f"it is {mean:.0e}"),
        "the error is below 1e-9 on average": Goal(bool(mean < 1e-9), f"it is {mean:.0e}"),
        "the error is below 2e-12 on average": Goal(bool(mean < 2e-12), f"it is {mean:.1e}"),
    }


def _seven_points(f, x):
    eps = 5e-3
    weights = (45, -9, 1)
    return sum(w * (f(x + k * eps) - f(x - k * eps)) for k, w in enumerate(weights, start=1)) / (
        60 * eps
    )


EXERCISES = (
    Numbers(
        "02.1",
        "One neuron on paper",
        BY_HAND,
        answer={"a": A, "loss": -math.log(A), "dw": DW, "db": DB, "w_new": 0.5 - 0.1 * DW},
        mistakes=[
            Mistake(
                {"a": 1.3},
                "That is z, before the sigmoid. The neuron still has to bend it.",
            ),
            Mistake(
                {"a": 1 / (1 + math.exp(1.3))},
                "Your activation is below one half although z is positive. Which sign has z in the "
                "exponent of the sigmoid?",
            ),
            Mistake(
                {"a": 1 / (1 + math.exp(-1.0))},
                "Your neuron has no bias: z is more than w times x.",
            ),
            Mistake(
                {"loss": math.log(A)},
                "A loss below 0? The logarithm of a probability is negative, and the loss is not.",
            ),
            Mistake(
                {"loss": -math.log10(A)},
                "Your logarithm has base 10. Only the natural one has the derivative 1/a.",
            ),
            Mistake(
                {"loss": -math.log(1 - A)},
                "That is the loss if the label were 0. Which probability did the network give to "
                "the label it should have said?",
            ),
            Mistake(
                {"loss": (A - 1) ** 2},
                "That is a squared error. Here the loss is the cross-entropy.",
            ),
            Mistake(
                {"dw": -DW, "db": -DB},
                "Both signs are turned. If w grows, a grows: does the loss then rise or fall?",
            ),
            Mistake(
                {"dw": A * (1 - A) * 2},
                "That is how z moves the activation. The chain has one more link: how the "
                "activation moves the loss.",
            ),
            Mistake(
                {"db": -1 / A},
                "That is the gradient at a. On its way to z it passes the sigmoid, which has a "
                "slope of its own.",
            ),
            Mistake(
                {"db": DB * A * (1 - A), "dw": DW * A * (1 - A)},
                "The slope of the sigmoid is in both gradients once more. In a - 1 it has "
                "cancelled.",
            ),
            Mistake(
                {"dw": DW * A * (1 - A)},
                "The slope of the sigmoid is in your dw once more. In a - 1 it has cancelled "
                "already.",
            ),
            Mistake(
                {"dw": DB},
                "dw and db are not the same: what multiplies w in z, and what multiplies b?",
            ),
            Mistake(
                {"dw": 0.5 * DB},
                "You multiplied by the weight. The gradient of a product with respect to w is the "
                "other factor.",
            ),
            Mistake(
                {"w_new": 0.5 + 0.1 * DW},
                "This step goes uphill: the gradient points to where the loss grows.",
            ),
            Mistake(
                {"w_new": 0.3 - 0.1 * DW},
                "You stepped from b = 0.3. Where does w stand?",
            ),
            Mistake({"w_new": 0.5 - DW}, "How long is the step? The rate is 0.1, not 1."),
            Mistake(
                {"w_new": 0.5 - 0.1 * DB},
                "You moved w by the gradient of b. Each parameter has a gradient of its own.",
            ),
        ],
        insight="Predicted minus wanted, times the input: the gradient of every sigmoid neuron "
        "with this loss.",
        tolerance=3e-4,
        working=neuron_by_hand,
        digits="four decimals",
    ),
    Function(
        "02.2",
        "Backward of a dense layer",
        FROM_SHAPES,
        hints=(
            "A gradient has the shape of the thing it belongs to. Write down the three shapes.",
            "dX is made of dZ and W, dW of X and dZ, db of dZ alone. Which of them must be "
            "transposed "
            "so that the inner sizes meet?",
            "db: every row of the batch has used the same b. What happens to gradients that meet?",
        ),
        reference=dense_backward,
        cases=_dense_cases,
        names=("dX", "dW", "db"),
        mistakes=[
            Mistake(
                _weights_not_transposed,
                "dX fits only when W happens to be square. The way back through W goes from its "
                "columns to its rows: what does that do to the matrix?",
            ),
            Mistake(
                _dense(dW=lambda X, W, dZ: dZ.T @ X),
                "dW has the shape of the transposed W. A gradient has the shape of the thing it "
                "belongs to.",
            ),
            Mistake(
                _dense(dW=lambda X, W, dZ: X.T @ dZ / len(X)),
                "Your dW is divided by the number of rows. The 1/N belongs to the loss, and has "
                "arrived with dZ.",
            ),
            Mistake(
                _dense(dW=lambda X, W, dZ: X.T @ dZ / len(X), db=lambda X, W, dZ: dZ.mean(axis=0)),
                "dW and db are divided by the number of rows. The loss has taken the mean already: "
                "who divides twice learns too slowly.",
            ),
            Mistake(
                _dense(db=lambda X, W, dZ: dZ.mean(axis=0)),
                "You take a mean for db. The bias is added to every row, so its gradient adds up "
                "over the rows.",
            ),
            Mistake(
                _dense(db=lambda X, W, dZ: dZ.sum(axis=0, keepdims=True)),
                "db is right in its numbers and has one axis too many: b has the shape (fan_out,).",
            ),
            Mistake(
                _dense(db=lambda X, W, dZ: dZ.sum(axis=1)),
                "You add up over the outputs of each example. Which axis holds the examples, and "
                "who shares the bias?",
            ),
            Mistake(
                _dense(db=lambda X, W, dZ: dZ.sum()),
                "All entries of dZ in one number? There is one bias for each output.",
            ),
            Mistake(
                _dense(db=lambda X, W, dZ: dZ),
                "db is still dZ, with a row for each example. There is only one b for all of them.",
            ),
            Mistake(
                _dense(dX=lambda X, W, dZ: -dZ @ W.T),
                "dX has the wrong sign. Backward multiplies by the weights; the minus comes only "
                "with the step.",
            ),
            Mistake(
                lambda X, W, dZ: tuple(dense_backward(X, W, dZ)[k] for k in (1, 0, 2)),
                "dX and dW have changed places. The order of the answer is dX, dW, db.",
            ),
            Mistake(
                _dense(dX=lambda X, W, dZ: W @ dZ.T),
                "Your dX has a column for each example. Rows are examples, in X and so in dX: "
                "which product has that shape?",
            ),
        ],
        insight="With three different sizes, each line is the only product that fits.",
    ),
    Function(
        "02.3",
        "Backward of the ReLU",
        CHAIN_RULE,
        hints=(
            "The ReLU is a gate. Which number decided whether it was open?",
            "The chain rule: local slope times what arrives. The local slope is 1 or 0.",
            "A comparison of Z with 0 gives that slope for every entry; it multiplies dA.",
        ),
        reference=relu_backward,
        cases=_relu_cases,
        names=("dZ",),
        mistakes=[
            Mistake(
                lambda Z, dA: dA * (dA > 0),
                "You test the sign of the gradient. Which number decided whether the ReLU was open "
                "or closed?",
            ),
            Mistake(
                lambda Z, dA: (Z > 0).astype(float),
                "That is the local slope alone. The chain rule multiplies it by what arrives.",
            ),
            Mistake(
                lambda Z, dA: dA * np.maximum(0, Z),
                "You multiply by the value of the ReLU. The chain rule needs its slope, 0 or 1.",
            ),
            Mistake(
                lambda Z, dA: dA * (Z < 0),
                "Just the other way round: the ReLU lets through where Z is positive.",
            ),
            Mistake(
                lambda Z, dA: dA * (Z >= 0),
                "Almost. At exactly 0 the ReLU has a kink, and the course (as PyTorch) lets "
                "nothing through there.",
            ),
            Mistake(
                lambda Z, dA: dA * np.sign(Z),
                "Where Z is negative you turn the gradient round. But there the output was 0, "
                "whatever Z did.",
            ),
            Mistake(
                lambda Z, dA: dA * (np.abs(Z) > 0),
                "Nothing is stopped on its way back. For which Z did the output not depend on Z?",
            ),
            Mistake(
                lambda Z, dA: dA,
                "The gradient goes through unchanged, as if there were no ReLU.",
            ),
            Mistake(
                lambda Z, dA: Z * (Z > 0),
                "Your answer does not depend on the gradient that arrives. This is the forward "
                "pass.",
            ),
            Mistake(
                lambda Z, dA: dA * Z,
                "You multiply by Z itself. The chain rule needs the slope of the ReLU at Z, 0 or "
                "1.",
            ),
            Mistake(
                lambda Z, dA: dA * Z > 0,
                "That is True and False: Python multiplies before it compares. What should be "
                "compared, and what multiplied?",
            ),
        ],
        insight="The ReLU is a gate: what was closed on the way forward is closed on the way back.",
    ),
    Function(
        "02.4",
        "Find the wrong line",
        FIND,
        hints=(
            "Which lines have only right results behind them, and which ones feed only wrong ones?",
            "Lines 1 to 3 give 2.W and 2.b, which agree. 0.W and 0.b are both off: what do they "
            "share?",
            "Line 4 or line 5. In one of them, something is tested that decided nothing on the way "
            "forward.",
        ),
        reference=backward_pass,
        cases=_pass_cases,
        given=broken_pass,
        mistakes=[
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1),
                "Now nothing is stopped at the ReLU. It had a reason to be there, only the reason "
                "was the wrong one.",
            ),
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1 * A1),
                "You multiply by what came out of the ReLU. What is its slope?",
            ),
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1 * (Z1 < 0)),
                "The right number is tested, but the gate opens for the wrong ones.",
            ),
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1 * (Z1 >= 0)),
                "The wrong line is mended, but for one case: at exactly 0 the ReLU of this course "
                "is closed.",
            ),
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1 * Z1),
                "You multiply by Z1 itself. A ReLU lets all of the gradient through, or nothing.",
            ),
            Mistake(
                _pass_with(dZ1=lambda dA1, Z1, A1: dA1 * A1 * (1 - A1)),
                "That is the slope of a sigmoid. This network has a ReLU.",
            ),
            Mistake(
                _pass_with(dZ2=lambda P, Y: Y - P, dZ1=lambda dA1, Z1, A1: dA1 * (dA1 > 0)),
                "The gradients of the second layer were right, and now they have the wrong sign. "
                "Look at what the two layers do not share.",
            ),
            Mistake(
                _pass_with(dZ2=lambda P, Y: P - Y, dZ1=lambda dA1, Z1, A1: dA1 * (dA1 > 0)),
                "Without 1/N the second layer is off, too, and it was right before. Look further "
                "in front.",
            ),
            Mistake(
                _pass_with(dZ2=lambda P, Y: P - Y),
                "The wrong line is mended. But you took the 1/N away, and that one was right.",
            ),
            Mistake(
                _pass_with(sums=False),
                "The wrong line is mended. But the biases want the sum over the rows, as it was: "
                "the mean is in the loss already.",
            ),
            Mistake(
                _pass_with(sums=False, dZ1=lambda dA1, Z1, A1: dA1 * (dA1 > 0)),
                "Now the bias of the second layer is off, and it was right. Which lines feed both "
                "W1 and b1, and nothing else?",
            ),
        ],
        insight="Off are exactly the gradients behind the fault. That is how a gradient check "
        "finds it.",
    ),
    Choice(
        "02.5",
        "Which step size?",
        CHECK,
        question="A gradient check with central differences in float64: which eps is best?",
        options={
            "a": Option(
                "1e-12, because the formula becomes exact as eps goes to 0.",
                "On paper. In float64 the two losses then agree in all digits but the last few: "
                "what is left after the subtraction?",
            ),
            "b": Option("about 1e-5: a little of both errors.", ""),
            "c": Option(
                "0.1, so that rounding does not matter.",
                "Rounding is not the only error. How much does the curve bend within 0.1?",
            ),
            "d": Option(
                "It does not matter in float64.",
                "Look at the V in section 6 again: the error changes by many powers of ten.",
            ),
            "e": Option(
                "1e-8, about the root of the smallest number that float64 tells from 1.",
                "That is the best one for a one-sided difference. The central one is exact to a "
                "higher order, so its V lies further right.",
            ),
        },
        correct="b",
        insight="Rounding grows as 1/eps, curvature as eps squared. They meet near 1e-5.",
    ),
    Function(
        "02.6",
        "The Jacobian of the softmax, proved",
        CHAIN_RULE,
        hints=(
            "Each E_i depends on one logit, S on all of them.",
            "dE is a diagonal matrix, dS has K entries. The quotient rule puts them together.",
            "J[i, j] needs dE[i, j] and the product of E[i] and dS[j]. A gradient row times J is "
            "the chain rule.",
        ),
        reference=softmax_proof,
        cases=_softmax_cases,
        names=("dE", "dS", "J", "dz"),
        mistakes=[
            Mistake(
                _proof(dE=lambda E: E),
                "dE holds one number for each entry of E. How many are needed to say how each of K "
                "entries depends on each of K logits? Most of them are 0.",
            ),
            Mistake(
                _proof(dE=lambda E: np.outer(E, E)),
                "In your dE each entry of E depends on all logits. On which one does exp(z_i) "
                "depend?",
            ),
            Mistake(
                _proof(dE=lambda E: np.eye(len(E))),
                "Your dE says that an exponential has the slope 1. What is the derivative of "
                "exp(z)?",
            ),
            Mistake(
                _proof(dS=lambda E: np.ones(len(E))),
                "S is a sum of exponentials, not of logits. By how much does it grow when z_j "
                "does?",
            ),
            Mistake(
                _proof(dS=np.sum),
                "dS is one number in your proof. S depends on K logits: one slope for each.",
            ),
            Mistake(
                _proof(J=lambda E, S, P: np.diag(E) / S),
                "Your J has the part of the numerator only. The denominator S depends on every "
                "logit, too: what does the quotient rule subtract?",
            ),
            Mistake(
                _proof(J=lambda E, S, P: -np.outer(P, P)),
                "Your J has the part of the denominator only. What does raising z_i do to E_i "
                "itself?",
            ),
            Mistake(
                _proof(J=lambda E, S, P: np.diag(P) + np.outer(P, P)),
                "Raise one logit: do the *other* probabilities rise or fall? In your J they rise.",
            ),
            Mistake(
                _proof(J=lambda E, S, P: np.diag(P * (1 - P))),
                "That is the slope of a sigmoid, for each entry alone. Here the entries share a "
                "sum: what happens away from the diagonal?",
            ),
            Mistake(
                _proof(J=lambda E, S, P: (np.diag(E) * S - np.outer(E, E)) / S),
                "The numerator of the quotient rule is right. What does it stand over?",
            ),
            Mistake(
                _proof(dz=lambda P, y, J: (y / P) @ J),
                "J is right, but you go uphill: L has a minus before the logarithm.",
            ),
            Mistake(
                _proof(dz=lambda P, y, J: P - y),
                "P - y is right for targets that sum to 1. Here it is tried with others, too: "
                "carry dL/dP = -y / P through J.",
            ),
            Mistake(
                _proof(dz=lambda P, y, J: -y @ J),
                "What is the derivative of log P by P? Something must stand under the y.",
            ),
        ],
        insight="The quotient rule gives P_i (delta_ij - P_j), and -y / P carried through it is "
        "P sum(y) - y: predicted minus wanted, since targets sum to 1.",
    ),
    Function(
        "02.7",
        "Beat the central difference",
        CHECK,
        hints=(
            "The error of a central difference is nearly c eps^2. You do not know c, but two "
            "steps have the same one.",
            "With eps and 2 eps the errors are c eps^2 and 4 c eps^2.",
            "So a third of their difference is the error of the first. And without eps^2 a larger "
            "step is better: about 1e-3.",
        ),
        reference=five_points,
        cases=lambda rng: [(int(rng.integers(1000)),)],
        observe=precision,
        mistakes=[
            Mistake(
                lambda f, x: (f(x + 1e-8) - f(x)) / 1e-8,
                "As good as a one-sided difference at its best, or a central one with a large "
                "step. Do you look to both sides? And with two central differences: do their "
                "errors, c eps^2 and 4 c eps^2 for twice the step, cancel?",
            ),
            Mistake(
                lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5,
                "As good as one central difference. With four evaluations you have two, each with "
                "the error c eps^2 plus something far smaller. Which combination makes c eps^2 "
                "cancel? If yours does, rounding is left, about 1e-16/eps: take a larger step.",
            ),
            Mistake(
                _seven_points,
                "Precise enough, but it looks at the function more than four times.",
            ),
            Mistake(
                lambda f, x: (f(x + 1e-14) - f(x - 1e-14)) / 2e-14,
                "Far from exact: the step is so small that rounding is left, or so large that the "
                "curve counts, or the weights of two differences are not right: try f(x) = x^3.",
            ),
            Mistake(
                lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 1e-5,
                "Far off. Try f(x) = x, whose derivative is 1. Do you divide by the distance "
                "between the points at which you look, and do the weights add up to 1?",
            ),
        ],
        insight="Two central differences, of eps and 2 eps, have errors c eps^2 and 4 c eps^2: a "
        "third of their difference, added, leaves eps^4. A larger step then rounds less, too.",
    ),
)
