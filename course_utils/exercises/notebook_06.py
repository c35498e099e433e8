"""The exercises of notebook 06: layers forward and backward, and one patient.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import math
from itertools import pairwise

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

RIGHT_PASS = {"logit": 0.0, "dW2": (1.0, 0.5), "db1": (0.5, -1.0)}


def xor_by_hand():
    """The output and two gradients of the XOR network for x = (1, 1), target 0."""
    x1, x2, target = 1, 1, 0
    z1, z2 = x1 + x2 + 0, x1 + x2 - 1
    a1, a2 = max(z1, 0), max(z2, 0)
    logit = a1 * 1 + a2 * (-2) + 0
    p = 1 / (1 + math.exp(-logit))
    dlogit = p - target
    dW2 = a1 * dlogit, a2 * dlogit
    db1 = 1 * dlogit * (z1 > 0), -2 * dlogit * (z2 > 0)
    return {"logit": logit, "dW2": dW2, "db1": db1}


def leaky_relu(z, grad_output, slope):
    """LeakyReLU: the output and the gradient of the input, both of the shape of z."""
    positive = z > 0
    return np.where(positive, z, slope * z), np.where(positive, grad_output, slope * grad_output)


def dropout(x, grad_output, u, rate, training):
    """Inverted dropout with the random numbers u: the output and the gradient of the input."""
    keep = 1 - rate
    mask = (u < keep) / keep if training else np.ones_like(x)
    return x * mask, grad_output * mask


def batch_norm(x, gamma, beta, eps):
    """Batch norm in training: the output, x_hat and sigma (Ioffe, Szegedy 2015, algorithm 1)."""
    sigma = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / sigma
    return gamma * x_hat + beta, x_hat, sigma


def batch_norm_backward(grad_output, x_hat, sigma, gamma):
    """Gradients of the input (N, D), of gamma (D,) and of beta (D,)."""
    g = grad_output * gamma
    dx = (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / sigma
    return dx, (grad_output * x_hat).sum(axis=0), grad_output.sum(axis=0)


def _activation_cases(rng):
    cases = [(*rng.normal(size=(2, 5, 4)), slope) for slope in (0.1, 0.01)]
    for z, _, _ in cases:
        z[0, 0] = 0.0
    return cases


def _dropout_cases(rng):
    x, grad_output = rng.normal(size=(2, 6, 5))
    u = rng.random((6, 5))
    return [(x, grad_output, u, 0.3, True), (x, grad_output, u, 0.3, False)]


def _batch_cases(rng):
    return [(rng.normal(2, 3, (6, 4)), *rng.normal(1, 0.5, (2, 4)), eps) for eps in (1e-5, 0.5)]


def _backward_cases(rng):
    cases = []
    for _ in range(2):
        x, grad_output = rng.normal(2, 3, (2, 6, 4))
        gamma, beta = rng.normal(1, 0.5, (2, 4))
        _, x_hat, sigma = batch_norm(x, gamma, beta, 1e-5)
        cases.append((grad_output, x_hat, sigma, gamma))
    return cases


def _passes_nothing(z, grad_output, slope):
    return leaky_relu(z, grad_output, slope)[0], grad_output * (z > 0)


def _slope_for_all(z, grad_output, slope):
    return leaky_relu(z, grad_output, slope)[0], slope * grad_output


def _ignores_the_way_back(z, grad_output, slope):
    return leaky_relu(z, grad_output, slope)[0], np.where(z > 0, 1.0, slope)


def _looks_at_the_gradient(z, grad_output, slope):
    own = np.where(grad_output > 0, grad_output, slope * grad_output)
    return leaky_relu(z, grad_output, slope)[0], own


def _multiplied_by_z(z, grad_output, slope):
    return leaky_relu(z, grad_output, slope)[0], grad_output * np.where(z > 0, z, slope * z)


def _open_at_zero(z, grad_output, slope):
    return leaky_relu(z, grad_output, slope)[0], np.where(z >= 0, grad_output, slope * grad_output)


def _other_side(z, grad_output, slope):
    return np.where(z > 0, slope * z, z), np.where(z > 0, slope * grad_output, grad_output)


def _plain_relu(z, grad_output, slope):
    return np.maximum(z, 0), grad_output * (z > 0)


def _not_divided(x, grad_output, u, rate, training):
    mask = (u < 1 - rate) if training else np.ones_like(x)
    return x * mask, grad_output * mask


def _multiplied_by_keep(x, grad_output, u, rate, training):
    mask = (u < 1 - rate) * (1 - rate) if training else np.ones_like(x)
    return x * mask, grad_output * mask


def _other_entries(x, grad_output, u, rate, training):
    return dropout(x, grad_output, 1 - u, rate, training)


def _divided_by_rate(x, grad_output, u, rate, training):
    mask = (u < 1 - rate) / rate if training else np.ones_like(x)
    return x * mask, grad_output * mask


def _keeps_the_wrong_ones(x, grad_output, u, rate, training):
    mask = (u < rate) / (1 - rate) if training else np.ones_like(x)
    return x * mask, grad_output * mask


def _drops_always(x, grad_output, u, rate, training):
    return dropout(x, grad_output, u, rate, True)


def _scales_at_inference(x, grad_output, u, rate, training):
    out, dx = _not_divided(x, grad_output, u, rate, training)
    return (out, dx) if training else (out * (1 - rate), dx * (1 - rate))


def _backward_without_mask(x, grad_output, u, rate, training):
    return dropout(x, grad_output, u, rate, training)[0], grad_output


def _backward_mask_without_scale(x, grad_output, u, rate, training):
    out, _ = dropout(x, grad_output, u, rate, training)
    return out, _not_divided(x, grad_output, u, rate, training)[1]


def _normalize(x, gamma, beta, mean, sigma):
    x_hat = (x - mean) / sigma
    return gamma * x_hat + beta, x_hat, sigma


def _over_columns(x, gamma, beta, eps):
    sigma = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    return _normalize(x, gamma, beta, x.mean(axis=1, keepdims=True), sigma)


def _over_everything(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, x.mean(), np.full(x.shape[1], np.sqrt(x.var() + eps)))


def _unbiased(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, x.mean(axis=0), np.sqrt(x.var(axis=0, ddof=1) + eps))


def _eps_outside(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, x.mean(axis=0), x.std(axis=0) + eps)


def _no_root(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, x.mean(axis=0), x.var(axis=0) + eps)


def _not_centered(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, 0, np.sqrt(x.var(axis=0) + eps))


def _no_eps(x, gamma, beta, eps):
    return _normalize(x, gamma, beta, x.mean(axis=0), x.std(axis=0))


def _parameters_swapped(x, gamma, beta, eps):
    return batch_norm(x, beta, gamma, eps)


def _no_gamma_and_beta(x, gamma, beta, eps):
    _, x_hat, sigma = batch_norm(x, gamma, beta, eps)
    return x_hat, x_hat, sigma


def _constants(grad_output, x_hat, sigma, gamma):
    _, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    return grad_output * gamma / sigma, dgamma, dbeta


def _without_the_variance(grad_output, x_hat, sigma, gamma):
    _, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    g = grad_output * gamma
    return (g - g.mean(axis=0)) / sigma, dgamma, dbeta


def _without_the_mean(grad_output, x_hat, sigma, gamma):
    _, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    g = grad_output * gamma
    return (g - x_hat * (g * x_hat).mean(axis=0)) / sigma, dgamma, dbeta


def _dx_with(dx):
    """A wrong backward pass: dx from g, the gradient at x_hat; dgamma and dbeta are right."""

    def wrong(grad_output, x_hat, sigma, gamma):
        _, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
        return dx(grad_output * gamma, x_hat, sigma), dgamma, dbeta

    return wrong


def _dgamma_like_dbeta(grad_output, x_hat, sigma, gamma):
    dx, _, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    return dx, dbeta, dbeta


def _without_gamma(grad_output, x_hat, sigma, gamma):
    _, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    dx, _, _ = batch_norm_backward(grad_output, x_hat, sigma, np.ones_like(gamma))
    return dx, dgamma, dbeta


def _without_sigma(grad_output, x_hat, sigma, gamma):
    return batch_norm_backward(grad_output, x_hat, np.ones_like(sigma), gamma)


def _means_for_gamma_and_beta(grad_output, x_hat, sigma, gamma):
    dx, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    return dx, dgamma / len(x_hat), dbeta / len(x_hat)


def _swapped(grad_output, x_hat, sigma, gamma):
    dx, dgamma, dbeta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
    return dx, dbeta, dgamma


WRITE = "write Dense, activations, a loss and Network"
HUNT = "hunt three real bugs"


def _leaky(forward=None, backward=None):
    """A wrong LeakyReLU: the right one but for what is given."""

    def wrong(z, grad_output, slope):
        a, dz = leaky_relu(z, grad_output, slope)
        return (
            forward(z, slope) if forward else a,
            backward(z, grad_output, slope) if backward else dz,
        )

    return wrong


def _dropout_with(mask):
    """A wrong dropout: `mask(u, rate)` in training, and all ones at inference."""

    def wrong(x, grad_output, u, rate, training):
        factor = mask(u, rate) if training else np.ones_like(x)
        return x * factor, grad_output * factor

    return wrong


def _dropout_back(backward):
    """A right forward pass, and a wrong one back."""

    def wrong(x, grad_output, u, rate, training):
        out, _ = dropout(x, grad_output, u, rate, training)
        return out, backward(x, grad_output, u, rate, training)

    return wrong


def _last_line(out):
    """Batch norm that is right but for its last line."""

    def wrong(x, gamma, beta, eps):
        _, x_hat, sigma = batch_norm(x, gamma, beta, eps)
        return out(x_hat, gamma, beta), x_hat, sigma

    return wrong


def _norm_backward(dgamma=None, dbeta=None):
    """A wrong backward pass of batch norm: the right one but for what is given."""

    def wrong(grad_output, x_hat, sigma, gamma):
        dx, right_gamma, right_beta = batch_norm_backward(grad_output, x_hat, sigma, gamma)
        values = grad_output, x_hat, sigma, gamma
        return (
            dx,
            dgamma(*values) if dgamma else right_gamma,
            dbeta(*values) if dbeta else right_beta,
        )

    return wrong


# 06.7, weights that keep the signal, and 06.8, two spirals


def keep_the_signal(fan_in, slope, std, depth):
    """For a leaky ReLU: what it lets through, the best std, and what another one does to a signal.

    `kept` is E[a^2] / E[z^2] for z that is symmetric about 0. `size` is the root mean square of z
    after `depth` layers with weights of `std`, as a multiple of the one before them.
    """
    kept = (1 + slope**2) / 2
    best = np.sqrt(1 / (fan_in * kept))
    size = np.sqrt(fan_in * std**2 * kept) ** depth
    return kept, best, size


def _signal_cases(rng):
    yield 32, 0.0, 0.01, 5
    yield 100, 0.1, 0.2, 3
    for fan_in in (16, 50, 784):
        yield fan_in, float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.03, 0.3)), 4


def _signal(kept=None, best=None, size=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(fan_in, slope, std, depth):
        passes = kept(slope) if kept else (1 + slope**2) / 2
        good = best(fan_in, passes) if best else np.sqrt(1 / (fan_in * passes))
        grown = np.sqrt(fan_in * std**2 * passes) ** depth
        return passes, good, size(fan_in, std, passes, depth) if size else grown

    return answer


MOST_GRADIENTS = 300
SPIRAL_SIZES = (2, 16, 16, 1)
TURNS = 1.75


def _spirals(rng):
    """120 points on two arms that wind about each other, (120, 2) and labels (120, 1)."""
    label = np.repeat([0.0, 1.0], 60)
    turn = np.tile(np.linspace(0.3, TURNS, 60), 2)
    angle = 2 * np.pi * turn + np.pi * label
    points = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return 2 / TURNS * points + 0.03 * rng.normal(size=points.shape), label[:, None]


class SpiralLoss:
    """Loss and gradient of a 2-16-16-1 tanh network on the spirals; counts its calls."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.x, self.y = _spirals(rng)
        self.shapes, start = [], []
        for fan_in, fan_out in pairwise(SPIRAL_SIZES):
            self.shapes += [(fan_in, fan_out), (fan_out,)]
            start += [rng.normal(0, fan_in**-0.5, fan_in * fan_out), np.zeros(fan_out)]
        self.start = np.concatenate(start)
        self.asked = 0

    def __call__(self, theta):
        self.asked += 1
        parts, at = [], 0
        for shape in self.shapes:
            parts.append(theta[at : at + int(np.prod(shape))].reshape(shape))
            at += int(np.prod(shape))
        W1, b1, W2, b2, W3, b3 = parts
        A1 = np.tanh(self.x @ W1 + b1)
        A2 = np.tanh(A1 @ W2 + b2)
        z = A2 @ W3 + b3
        loss = np.mean(np.logaddexp(0, z) - self.y * z)
        dz = (np.exp(-np.logaddexp(0, -z)) - self.y) / len(z)
        dZ2 = dz @ W3.T * (1 - A2**2)
        dZ1 = dZ2 @ W2.T * (1 - A1**2)
        slopes = (self.x.T @ dZ1, dZ1.sum(0), A1.T @ dZ2, dZ2.sum(0), A2.T @ dz, dz.sum(0))
        return float(loss), np.concatenate([slope.ravel() for slope in slopes])


def untangle(loss_and_grad, theta):
    """A theta with a low loss, from at most 300 gradients."""
    # Adam, at a rate that falls to 0 with half a cosine
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, MOST_GRADIENTS + 1):
        _, grad = loss_and_grad(theta)
        m, v = 0.9 * m + 0.1 * grad, 0.99 * v + 0.01 * grad**2
        rate = 0.03 * (1 + np.cos(np.pi * t / MOST_GRADIENTS)) / 2
        theta = theta - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    return theta


def untangled(run, seed):
    """What is true of the theta that a training gives back."""
    problem = SpiralLoss(seed)
    first = problem(problem.start)[0]
    problem.asked = 0
    theta = np.asarray(run(problem, problem.start.copy()), dtype=float)
    asked = problem.asked
    fits = theta.shape == problem.start.shape
    with np.errstate(all="ignore"):
        loss = problem(theta)[0] if fits else np.inf
    return {
        "it returns a theta of the same shape as it was given": fits,
        "it asks for the gradient, and at most 300 times": Goal(
            1 <= asked <= MOST_GRADIENTS, f"it asks {asked} times"
        ),
        "the loss is lower than at the start": bool(loss < first - 1e-6),
        "the loss is below 0.5": Goal(bool(loss < 0.5), f"it is {loss:.2f}"),
        "the loss is below 0.05": Goal(bool(loss < 0.05), f"it is {loss:.3f}"),
    }


def _descent(rate, steps=MOST_GRADIENTS, momentum=0.0):
    def answer(loss_and_grad, theta):
        velocity = np.zeros_like(theta)
        for _ in range(steps):
            velocity = momentum * velocity + loss_and_grad(theta)[1]
            theta = theta - rate * velocity
        return theta

    return answer


def _too_long(loss_and_grad, theta):
    return untangle(loss_and_grad, untangle(loss_and_grad, theta))


def _loss_returned(loss_and_grad, theta):
    for _ in range(MOST_GRADIENTS):
        loss, grad = loss_and_grad(theta)
        theta = theta - 0.3 * grad
    return loss


def _adam_at_a_tenth(loss_and_grad, theta):
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, MOST_GRADIENTS + 1):
        _, grad = loss_and_grad(theta)
        m, v = 0.9 * m + 0.1 * grad, 0.99 * v + 0.01 * grad**2
        theta = theta - 0.003 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    return theta


EXERCISES = (
    Numbers(
        "06.1",
        "Two units that solve XOR",
        WRITE,
        answer=RIGHT_PASS,
        working=xor_by_hand,
        mistakes=[
            Mistake(
                {"dW2": (-1.0, -0.5), "db1": (-0.5, 1.0)},
                "All signs are turned. The gradient at the logit is p - y. What is y here, and "
                "is the network's p too high or too low?",
            ),
            Mistake(
                {"dW2": (0.0, 0.0), "db1": (0.0, 0.0)},
                "The logit is 0, but that is not the error. Which probability does a logit of 0 "
                "mean, and how far is it from the target?",
            ),
            Mistake(
                {"logit": -2.0},
                "Both units of yours give 2. Each has a bias of its own in b1: which one is -1?",
            ),
            Mistake(
                {"logit": -0.5},
                "That is with b2 = -1/2, the remark in brackets. In the exercise b2 is 0.",
            ),
            Mistake(
                {"logit": 0.5},
                "That is the probability. The logit is what goes into the sigmoid.",
            ),
            Mistake(
                {"logit": 4.0},
                "The second weight in W2 is negative: the second unit takes away.",
            ),
            Mistake(
                {"logit": 1.0},
                "Is the second unit's input 2 or 1? Each column of W1 is one unit, and each has "
                "a bias of its own.",
            ),
            Mistake(
                {"logit": 2.0},
                "You have the first unit's part. The output adds up both units, each with its "
                "weight in W2.",
            ),
            Mistake(
                {"dW2": (0.5, 0.5)},
                "The gradient of a weight is what comes back times what went through it. What "
                "went through the weights of W2: x, or the outputs of the hidden units?",
            ),
            Mistake(
                {"db1": (1.0, 0.5)},
                "That is dW2. For db1 the gradient goes further back, through W2 and the ReLU.",
            ),
            Mistake(
                {"db1": (0.5, 0.0)},
                "A ReLU stops the gradient where its input was negative. Which inputs do the two "
                "units have for x = (1, 1)?",
            ),
            Mistake(
                {"db1": (0.5, 0.5)},
                "Both units get the same? On its way back the gradient passes W2, and its two "
                "weights differ.",
            ),
            Mistake(
                {"db1": (1.0, -2.0)},
                "That is W2 itself. It is multiplied by the gradient that arrives at the logit.",
            ),
        ],
        insight="A ReLU network that is right on paper: the second unit cancels the first where "
        "both inputs are 1.",
    ),
    Function(
        "06.2",
        "LeakyReLU",
        WRITE,
        reference=leaky_relu,
        names=("a", "dz"),
        cases=_activation_cases,
        mistakes=[
            Mistake(
                _plain_relu,
                "That is the ReLU without the leak: nothing comes through where z is negative. "
                "Where does slope come in?",
            ),
            Mistake(
                _passes_nothing,
                "Forward is right. Backward passes nothing where z is negative, and that was the "
                "fault to be cured. What is the derivative of slope * z?",
            ),
            Mistake(
                _slope_for_all,
                "Backward multiplies every entry by slope. Which entries had the derivative 1?",
            ),
            Mistake(
                _ignores_the_way_back,
                "You return the derivative of the layer alone. The chain rule multiplies it by "
                "what arrives from behind.",
            ),
            Mistake(
                _looks_at_the_gradient,
                "Where the gradient is positive is not the question. On which side of its bend "
                "was the input?",
            ),
            Mistake(
                _multiplied_by_z,
                "You multiply the gradient by the output. What is needed is the slope of the "
                "function at z, not its value.",
            ),
            Mistake(
                _open_at_zero,
                "Right but for one point: at exactly 0 this course takes the slope of the left "
                "side, as for the ReLU.",
            ),
            Mistake(
                _other_side,
                "The leak is on the wrong side. What should happen to a positive z?",
            ),
            Mistake(
                _leaky(forward=lambda z, slope: np.maximum(z, 0)),
                "Backward is right. Forward lets nothing through where z is negative: where does "
                "slope come in?",
            ),
            Mistake(
                _leaky(forward=lambda z, slope: np.where(z > 0, z, slope)),
                "Where z is negative you return slope itself, the same for every z. The leak is "
                "a line through 0.",
            ),
            Mistake(
                _leaky(forward=lambda z, slope: np.where(z > 0, z, -slope * z)),
                "Your function goes up on both sides of 0. What is the sign of the output where z "
                "is negative?",
            ),
            Mistake(
                _leaky(forward=lambda z, slope: np.where(z > 0, slope * z, z)),
                "Forward leaks on the wrong side. What should happen to a positive z?",
            ),
            Mistake(
                _leaky(backward=lambda z, g, slope: np.where(z > 0, g, slope)),
                "Where z is negative you return the slope alone. What arrived from behind counts "
                "there, too.",
            ),
            Mistake(
                _leaky(backward=lambda z, g, slope: np.where(z > 0, g, g / slope)),
                "Where z is negative your gradient has grown. Forward made z smaller there: does "
                "the chain rule multiply or divide?",
            ),
            Mistake(
                _leaky(backward=lambda z, g, slope: np.where(z > 0, g, slope * z)),
                "Where z is negative you return the output of forward. Its slope is wanted, times "
                "what arrives.",
            ),
            Mistake(
                _leaky(backward=lambda z, g, slope: np.where(z > 0, g, -slope * g)),
                "Where z is negative the gradient has changed its sign. The line slope * z goes "
                "up there as well.",
            ),
        ],
        insight="The bend is decided by z, in both directions. That is why forward must remember "
        "it.",
    ),
    Function(
        "06.3",
        "Dropout",
        WRITE,
        reference=dropout,
        names=("out", "dx"),
        cases=_dropout_cases,
        mistakes=[
            Mistake(
                _not_divided,
                "The right entries are dropped, but the mean of the output has shrunk. At "
                "inference the next layer will get larger inputs than it was trained on.",
            ),
            Mistake(
                _divided_by_rate,
                "What is kept should be scaled so that the mean stays. Which fraction is kept: "
                "rate, or 1 - rate?",
            ),
            Mistake(
                _multiplied_by_keep,
                "The mean shrinks twice: entries are dropped, and the others made smaller. What "
                "brings it back?",
            ),
            Mistake(
                _other_entries,
                "As many survive as should, but others: an entry stays where u is below 1 - rate.",
            ),
            Mistake(
                _keeps_the_wrong_ones,
                "You keep as many as you should drop. With a rate of 0.3, how many of ten entries "
                "survive?",
            ),
            Mistake(
                _drops_always,
                "Training is right. At inference you still throw dice: the same input would get "
                "another answer each time.",
            ),
            Mistake(
                _scales_at_inference,
                "That is the older form, which scales at inference. Here the scaling is done in "
                "training, so that at inference nothing is left to do.",
            ),
            Mistake(
                _backward_without_mask,
                "Forward is right. An entry that was dropped did not touch the loss. What can its "
                "gradient be?",
            ),
            Mistake(
                _backward_mask_without_scale,
                "Backward drops the right entries. But forward multiplied the others by a number; "
                "what does the chain rule say about it?",
            ),
            Mistake(
                lambda x, grad_output, u, rate, training: dropout(
                    x, grad_output, u, rate, not training
                ),
                "It is the wrong way round: you drop at inference, and nothing in training.",
            ),
            Mistake(
                _dropout_with(lambda u, rate: (u < 1 - rate) / (1 - rate) ** 2),
                "You scale twice. Once is enough to bring the mean back.",
            ),
            Mistake(
                _dropout_with(lambda u, rate: np.full(u.shape, 1 / (1 - rate))),
                "Everything is scaled and nothing is dropped. Which number decides which entry "
                "stays?",
            ),
            Mistake(
                _dropout_back(lambda x, g, u, rate, training: g * (u < 1 - rate) / (1 - rate)),
                "Forward is right. Backward masks at inference as well: there nothing was dropped.",
            ),
            Mistake(
                _dropout_back(
                    lambda x, g, u, rate, training: g * dropout(x, g, u, rate, training)[0]
                ),
                "Backward multiplies by the output. Forward multiplied x by the mask: what is the "
                "derivative of that?",
            ),
            Mistake(
                _dropout_back(lambda x, g, u, rate, training: np.zeros_like(g)),
                "Your dx is 0 everywhere. What was kept passes its gradient back.",
            ),
            Mistake(
                _dropout_with(lambda u, rate: u / (1 - rate)),
                "You multiply by u itself. It only decides whether an entry stays or goes.",
            ),
            Mistake(
                lambda x, grad_output, u, rate, training: (
                    dropout(x, grad_output, u, rate, training)[0],
                    dropout(x, x, u, rate, training)[1],
                ),
                "Backward masks x. It should mask the gradient that arrives.",
            ),
        ],
        insight="Dropout is a multiplication by a random constant. Its backward pass is the same "
        "multiplication.",
    ),
    Function(
        "06.4",
        "Batch norm, forward",
        WRITE,
        hints=(
            "Which axis holds the examples? Mean and variance run over it, one for each feature.",
            "Four lines, as in the formulas: mu, sigma, x_hat, out. eps stands under the root.",
            "`axis=0` in both means, `np.sqrt(... + eps)`, and the brackets around x - mu.",
        ),
        reference=batch_norm,
        names=("out", "x_hat", "sigma"),
        loose=("sigma",),
        cases=_batch_cases,
        mistakes=[
            Mistake(
                _over_columns,
                "Your mean and variance run over the features of each example: that is layer "
                "norm. Rows are examples, and the batch is what to average over.",
            ),
            Mistake(
                _over_everything,
                "One mean for the whole batch mixes features that have nothing to do with each "
                "other. Each feature has its own.",
            ),
            Mistake(
                _unbiased,
                "You divide by N - 1. The normalization uses the plain mean of the squares; the "
                "other one is for the running variance.",
            ),
            Mistake(
                _eps_outside,
                "Where does eps stand: beside the root or under it? With a small eps you would "
                "never notice, so the check takes a large one, too.",
            ),
            Mistake(
                _no_root,
                "You divide by the variance. In which unit is it, if x is in meters?",
            ),
            Mistake(
                _not_centered,
                "The width is right, the middle is not: what is the mean of your x_hat?",
            ),
            Mistake(
                _no_eps,
                "What if a feature is the same in all rows? Something is missing in the root.",
            ),
            Mistake(
                _parameters_swapped,
                "gamma and beta have changed places: which one stretches, which one shifts?",
            ),
            Mistake(
                _no_gamma_and_beta,
                "x_hat is right. The layer may still undo the normalization: which two "
                "parameters let it?",
            ),
            Mistake(
                lambda x, gamma, beta, eps: _normalize(
                    x, gamma, beta, x.mean(), np.sqrt(x.var() + eps)
                ),
                "You have one mean and one deviation for all features together. Over which axis "
                "should they run?",
            ),
            Mistake(
                _last_line(lambda x_hat, gamma, beta: x_hat + beta),
                "x_hat is right. The shift is there; where is the stretch?",
            ),
            Mistake(
                _last_line(lambda x_hat, gamma, beta: gamma * x_hat),
                "x_hat is right. The stretch is there; where is the shift?",
            ),
            Mistake(
                _last_line(lambda x_hat, gamma, beta: gamma * (x_hat + beta)),
                "x_hat is right. You shift first and stretch the shift as well: in which order do "
                "gamma and beta come?",
            ),
            Mistake(
                _last_line(lambda x_hat, gamma, beta: x_hat / gamma + beta),
                "x_hat is right. gamma multiplies it: a gamma of 2 makes it wider.",
            ),
            Mistake(
                lambda x, gamma, beta, eps: _normalize(
                    x, gamma, beta, x.mean(axis=0), np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=0))
                ),
                "You add up the squared distances. The variance is their mean, and eps is missing.",
            ),
            Mistake(
                lambda x, gamma, beta, eps: _normalize(
                    x, gamma, beta, x.mean(axis=0), np.sqrt((x**2).mean(axis=0) + eps)
                ),
                "That is the mean square of x, not its variance: measure the spread from the mean.",
            ),
        ],
        insight="The output of one row depends on all rows. That is what makes the backward pass "
        "harder.",
    ),
    Function(
        "06.5",
        "Batch norm, backward",
        WRITE,
        hints=(
            "dgamma and dbeta are those of a line, out = gamma x_hat + beta, added up over the "
            "batch.",
            "For dx begin with g = gamma times grad_output. Two things are taken away from it: its "
            "mean, and the part that goes along with x_hat.",
            "All means run over the rows (axis 0). At the end everything is divided by sigma: "
            "where "
            "do the brackets stand?",
        ),
        reference=batch_norm_backward,
        names=("dx", "dgamma", "dbeta"),
        cases=_backward_cases,
        mistakes=[
            Mistake(
                _constants,
                "You treat mean and variance as constants, as at inference. In training, each row "
                "moves them, and with them all other rows.",
            ),
            Mistake(
                _without_the_variance,
                "The part of the mean is there. Moving one row also changes the variance of all: "
                "which term is that?",
            ),
            Mistake(
                _without_the_mean,
                "The part of the variance is there. What if all rows move by the same amount? The "
                "output stays, so dx must sum to 0 over the batch. Does yours?",
            ),
            Mistake(
                _without_gamma,
                "The gradient passes gamma before it reaches x_hat. With gamma = 1 nobody would "
                "notice; the check takes another.",
            ),
            Mistake(
                _without_sigma,
                "x_hat is x divided by sigma. Where is that division on the way back?",
            ),
            Mistake(
                _dx_with(lambda g, x, s: batch_norm_backward(g, x, s**2, 1)[0]),
                "You divide dx by the variance. What did forward divide by?",
            ),
            Mistake(
                _dx_with(lambda g, x, s: (g - g.mean(axis=0) + x * (g * x).mean(axis=0)) / s),
                "All terms are there. But the batch takes its stretch away from the gradient, as "
                "it does with the shift: look at the signs.",
            ),
            Mistake(
                _dx_with(lambda g, x, s: (g - g.mean(axis=0) - (g * x).mean(axis=0)) / s),
                "Your last term is the same for every row. But a row far from the mean moves the "
                "variance more than others.",
            ),
            Mistake(
                _dx_with(lambda g, x, s: (g - g.sum(axis=0) - x * (g * x).sum(axis=0)) / s),
                "In dx you take sums over the batch. Mean and variance are means: what is the "
                "share of one row in them?",
            ),
            Mistake(
                _dx_with(lambda g, x, s: (g - g.mean() - x * (g * x).mean()) / s),
                "Your means run over everything. Each feature has its own: which axis is the "
                "batch?",
            ),
            Mistake(
                _dgamma_like_dbeta,
                "dgamma is the same as dbeta. What is gamma multiplied by on the way forward?",
            ),
            Mistake(
                _means_for_gamma_and_beta,
                "gamma and beta get the mean over the batch from you. The only 1/N is in the "
                "loss; a layer sums.",
            ),
            Mistake(
                _swapped,
                "dgamma and dbeta are swapped. Which of the two multiplies x_hat?",
            ),
            Mistake(
                _norm_backward(dbeta=lambda grad, x_hat, sigma, gamma: (grad * gamma).sum(axis=0)),
                "In dbeta there is a gamma. beta comes after gamma: what reaches it on the way "
                "back?",
            ),
            Mistake(
                _norm_backward(
                    dgamma=lambda grad, x_hat, sigma, gamma: (grad * gamma * x_hat).sum(axis=0)
                ),
                "In dgamma there is a gamma. The derivative of gamma * x_hat with respect to gamma "
                "is the other factor alone.",
            ),
            Mistake(
                _dx_with(
                    lambda g, x_hat, sigma: (
                        (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) * sigma
                    )
                ),
                "You multiply by sigma. Forward divides by it: what does the derivative do?",
            ),
            Mistake(
                _dx_with(
                    lambda g, x_hat, sigma: (
                        (
                            g
                            - g.mean(axis=1, keepdims=True)
                            - x_hat * (g * x_hat).mean(axis=1, keepdims=True)
                        )
                        / sigma
                    )
                ),
                "Your means run over the features. Forward took them over the batch.",
            ),
            Mistake(
                _dx_with(
                    lambda g, x_hat, sigma: (
                        (g + g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / sigma
                    )
                ),
                "The mean of g comes in with a plus. Forward subtracts the mean of x.",
            ),
            Mistake(
                _norm_backward(dbeta=lambda grad, x_hat, sigma, gamma: grad.sum()),
                "One number for all of beta? Each feature has a shift of its own.",
            ),
            Mistake(
                _norm_backward(dbeta=lambda grad, x_hat, sigma, gamma: grad),
                "dbeta still has a row for each example. They share one beta.",
            ),
        ],
        insight="What is subtracted are the two things that batch norm takes away anyway: a shift "
        "and a stretch of the whole batch.",
    ),
    Choice(
        "06.6",
        "The patient",
        HUNT,
        question="The gradient check passes, the first loss is ln 2, SGD does not learn ten "
        "examples by heart, and Adam does. What is most likely wrong?",
        options={
            "a": Option(
                "The gradient is divided by N twice.",
                "A wrong factor in the gradient is exactly what a gradient check on 16 examples "
                "sees.",
            ),
            "b": Option(
                "The optimizer loses its state at every step.",
                "Plain SGD has no state to lose, and it is SGD that fails here.",
            ),
            "c": Option(
                "The first weights are far too small.",
                "",
            ),
            "d": Option(
                "The labels do not belong to these inputs.",
                "A network can learn ten examples by heart with any labels. This one does not "
                "even do that.",
            ),
            "e": Option(
                "The network has too few units for ten examples.",
                "Adam learned the ten with the same units. What does Adam do that SGD does not?",
            ),
        },
        correct="c",
        insight="Right and large enough to learn from are two questions. A number for each layer "
        "answers the second.",
    ),
    Function(
        "06.7",
        "Weights that keep the signal, derived",
        HUNT,
        hints=(
            "Half of the numbers are positive, half negative, and both halves have the same "
            "squares.",
            "fan_in * std^2 * kept is the factor of the mean square at each layer. Set it to 1.",
            "The size is the root of the mean square, so it is multiplied by the root of that "
            "factor, depth times.",
        ),
        reference=keep_the_signal,
        cases=_signal_cases,
        names=("kept", "best", "size"),
        mistakes=[
            Mistake(
                _signal(kept=lambda slope: 0.5),
                "That is the plain ReLU. The negative half comes through here, too, smaller: what "
                "is left of its square?",
            ),
            Mistake(
                _signal(kept=lambda slope: (1 + slope) / 2),
                "Half the numbers are multiplied by the slope. By what are their *squares* "
                "multiplied?",
            ),
            Mistake(
                _signal(kept=lambda slope: 1 + slope**2),
                "Each of the two halves holds half of the squares. You have counted both in full.",
            ),
            Mistake(
                _signal(kept=lambda slope: (1 - slope**2) / 2),
                "The leak lets more through, not less.",
            ),
            Mistake(
                _signal(kept=lambda slope: np.sqrt((1 + slope**2) / 2)),
                "That is what is left of the size. Asked for is what is left of the mean square.",
            ),
            Mistake(
                _signal(best=lambda fan_in, kept: 1 / (fan_in * kept)),
                "That is the variance of the weights. Asked for is their standard deviation.",
            ),
            Mistake(
                _signal(best=lambda fan_in, kept: np.sqrt(kept / fan_in)),
                "If less comes through, must the weights be smaller or larger?",
            ),
            Mistake(
                _signal(best=lambda fan_in, kept: np.sqrt(1 / fan_in)),
                "These weights would do if the activation let everything through. Where does "
                "`kept` come in?",
            ),
            Mistake(
                _signal(size=lambda fan_in, std, kept, depth: (fan_in * std**2 * kept) ** depth),
                "That is what becomes of the mean square. The size is its root.",
            ),
            Mistake(
                _signal(size=lambda fan_in, std, kept, depth: np.sqrt(fan_in * std**2 * kept)),
                "That is one layer. What do `depth` of them do, one after the other?",
            ),
            Mistake(
                _signal(
                    size=lambda fan_in, std, kept, depth: depth * np.sqrt(fan_in * std**2 * kept)
                ),
                "The layers multiply, one after the other. They do not add up.",
            ),
            Mistake(
                _signal(size=lambda fan_in, std, kept, depth: (std * np.sqrt(fan_in)) ** depth),
                "Between two layers stands an activation. What does it let through?",
            ),
        ],
        insight="E[z^2] is multiplied by fan_in std^2 kept at each layer. He's rule makes that 1: "
        "sqrt(2 / fan_in) for a ReLU, and a little less with a leak.",
    ),
    Function(
        "06.8",
        "Two spirals in 300 gradients",
        "train on XOR, circles, moons and a curve, and watch the boundary while it moves",
        hints=(
            "300 steps are few. Which method makes long steps in flat directions?",
            "Momentum or Adam, at a rate ten times what you would dare for a long run.",
            "And let the rate fall towards the end: the last steps need not jump.",
        ),
        reference=untangle,
        cases=lambda rng: [(0,)],
        observe=untangled,
        mistakes=[
            Mistake(
                _too_long,
                "The loss is low enough, but you have asked for more than 300 gradients. A higher "
                "rate, or a better use of each gradient, is needed.",
            ),
            Mistake(
                _descent(0.3),
                "It learns, but it has hardly begun to bend. Plain descent crawls here. Which "
                "method of notebook 05 gives every weight a step of its own length, and how high "
                "may its rate be?",
            ),
            Mistake(
                _adam_at_a_tenth,
                "It bends, but it has not arrived. Is the rate too low for 300 gradients, or so "
                "high that the loss jumps about at the end?",
            ),
            Mistake(
                _descent(0.0),
                "The loss is not lower than at the start. Is the new theta the one that you "
                "return, and is the rate low enough?",
            ),
            Mistake(
                lambda loss_and_grad, theta: theta,
                "The loss is not lower than at the start, and you have asked for no gradient at "
                "all, or for more than 300.",
            ),
            Mistake(
                _loss_returned,
                "What you return has not the shape of theta. Asked for is the theta itself, not "
                "its loss.",
            ),
        ],
        insight="A rate for each weight, high at first and falling at the end: with the same 300 "
        "gradients plain descent is still near the start.",
    ),
)
