"""Ten slips in each of nine more exercises, written from the exercise cells alone.

When they were first tried, 63 of the 90 were named; the exercises have learned the others since.
"""

import numpy as np
import pytest
from test_exercises_slips import assert_nine_of_ten_are_named

from course_utils.exercises.notebook_02 import dense_backward
from course_utils.exercises.notebook_06 import batch_norm, dropout, leaky_relu
from course_utils.exercises.notebook_09 import adamw_step, warmup_cosine
from course_utils.exercises.notebook_11 import standard_errors


def replaced(reference, **lines):
    """The reference with some of its returned values, "0", "1", ..., made by other lines."""

    def answer(*arguments):
        values = list(reference(*arguments))
        for place, line in lines.items():
            values[int(place[1:])] = line(*arguments)
        return tuple(values)

    return answer


# 02.2, backward of a dense layer

DENSE = {
    "mean in db": replaced(dense_backward, _2=lambda X, W, dZ: dZ.mean(axis=0)),
    "db over all": replaced(dense_backward, _2=lambda X, W, dZ: dZ.sum()),
    "db over the outputs": replaced(dense_backward, _2=lambda X, W, dZ: dZ.sum(axis=1)),
    "db with an axis left": replaced(
        dense_backward, _2=lambda X, W, dZ: dZ.sum(axis=0, keepdims=True)
    ),
    "W not transposed": replaced(dense_backward, _0=lambda X, W, dZ: dZ @ W),
    "X not transposed": replaced(dense_backward, _1=lambda X, W, dZ: X @ dZ),
    "dW transposed": replaced(dense_backward, _1=lambda X, W, dZ: dZ.T @ X),
    "all divided by N": lambda X, W, dZ: tuple(part / len(X) for part in dense_backward(X, W, dZ)),
    "dW and db divided by N": replaced(
        dense_backward,
        _1=lambda X, W, dZ: X.T @ dZ / len(X),
        _2=lambda X, W, dZ: dZ.sum(axis=0) / len(X),
    ),
    "dX in columns": replaced(dense_backward, _0=lambda X, W, dZ: W @ dZ.T),
}


# 02.3, backward of the ReLU


def masked_in_place(Z, dA):
    dA[Z < 0] = 0
    return dA


RELU = {
    "the sign of dA": lambda Z, dA: dA * (dA > 0),
    "the mask only": lambda Z, dA: (Z > 0).astype(float),
    "the output times dA": lambda Z, dA: np.maximum(Z, 0) * dA,
    "forward": lambda Z, dA: np.maximum(Z, 0),
    "the ReLU of dA": lambda Z, dA: np.maximum(dA, 0),
    "open below 0": lambda Z, dA: dA * (Z < 0),
    "in place": masked_in_place,
    "open at 0": lambda Z, dA: dA * (Z >= 0),
    "the sign of Z": lambda Z, dA: dA * np.sign(Z),
    "Z times dA": lambda Z, dA: Z * dA,
}


# 06.2, LeakyReLU

LEAKY = {
    "the slope alone, backward": replaced(leaky_relu, _1=lambda z, g, s: np.where(z > 0, 1, s)),
    "the sign of the gradient": replaced(leaky_relu, _1=lambda z, g, s: np.where(g > 0, g, s * g)),
    "ReLU forward": replaced(leaky_relu, _0=lambda z, g, s: np.maximum(z, 0)),
    "ReLU backward": replaced(leaky_relu, _1=lambda z, g, s: g * (z > 0)),
    "minus slope": replaced(leaky_relu, _0=lambda z, g, s: np.where(z > 0, z, -s * z)),
    "slope without z": replaced(leaky_relu, _0=lambda z, g, s: np.where(z > 0, z, s)),
    "slope without the gradient": replaced(leaky_relu, _1=lambda z, g, s: np.where(z > 0, g, s)),
    "sides swapped": lambda z, g, s: leaky_relu(-z, g, s),
    "the smaller of the two": replaced(leaky_relu, _0=lambda z, g, s: np.minimum(z, s * z)),
    "divided by the slope": replaced(leaky_relu, _1=lambda z, g, s: np.where(z > 0, g, g / s)),
}


# 06.3, dropout


def with_mask(mask):
    def answer(x, grad_output, u, rate, training):
        factor = mask(u, rate, 1 - rate) if training else np.ones_like(x)
        return x * factor, grad_output * factor

    return answer


def scaled_at_inference(x, grad_output, u, rate, training):
    factor = (u < 1 - rate) if training else 1 - rate
    return x * factor, grad_output * factor


DROPOUT = {
    "not rescaled": with_mask(lambda u, rate, keep: u < keep),
    "rate kept, not dropped": with_mask(lambda u, rate, keep: (u < rate) / keep),
    "divided by rate": with_mask(lambda u, rate, keep: (u < keep) / rate),
    "at inference, too": lambda x, g, u, rate, training: dropout(x, g, u, rate, True),
    "backward without mask": replaced(dropout, _1=lambda x, g, u, rate, training: g),
    "scaled at inference": scaled_at_inference,
    "backward without the scale": replaced(
        dropout, _1=lambda x, g, u, rate, training: g * (u < 1 - rate) if training else g
    ),
    "times keep": with_mask(lambda u, rate, keep: (u < keep) * keep),
    "training the wrong way round": lambda x, g, u, rate, training: dropout(
        x, g, u, rate, not training
    ),
    "scaled twice, forward only": replaced(
        dropout,
        _0=lambda x, g, u, rate, training: x * (u < 1 - rate) / (1 - rate) ** 2 if training else x,
    ),
}


# 06.4, batch norm


def norm(mean=None, sigma=None):
    """Batch norm with another mean or another deviation."""

    def answer(x, gamma, beta, eps):
        middle = mean(x) if mean else x.mean(axis=0)
        width = sigma(x, eps) if sigma else np.sqrt(x.var(axis=0) + eps)
        x_hat = (x - middle) / width
        return gamma * x_hat + beta, x_hat, width

    return answer


def last_line(line):
    def answer(x, gamma, beta, eps):
        _, x_hat, sigma = batch_norm(x, gamma, beta, eps)
        return line(x_hat, gamma, beta), x_hat, sigma

    return answer


NORM = {
    "N - 1": norm(sigma=lambda x, eps: np.sqrt(x.var(axis=0, ddof=1) + eps)),
    "the root forgotten": norm(sigma=lambda x, eps: x.var(axis=0) + eps),
    "eps beside the root": norm(sigma=lambda x, eps: x.std(axis=0) + eps),
    "no eps": norm(sigma=lambda x, eps: x.std(axis=0)),
    "over the features": norm(
        mean=lambda x: x.mean(axis=1, keepdims=True),
        sigma=lambda x, eps: np.sqrt(x.var(axis=1, keepdims=True) + eps),
    ),
    "over everything": norm(np.mean, lambda x, eps: np.sqrt(x.var() + eps)),
    "gamma and beta swapped": last_line(lambda x_hat, gamma, beta: beta * x_hat + gamma),
    "gamma forgotten": last_line(lambda x_hat, gamma, beta: x_hat + beta),
    "mean not subtracted": norm(mean=lambda x: 0),
    "shifted before it is stretched": last_line(lambda x_hat, gamma, beta: gamma * (x_hat + beta)),
}


# 09.2, cosine with warm-up


def climbs(line):
    def answer(step, lr, warmup, steps):
        return line(step, lr, warmup) if step < warmup else warmup_cosine(step, lr, warmup, steps)

    return answer


def falls(
    progress=lambda step, warmup, steps: min((step - warmup) / (steps - warmup), 1),
    shape=lambda progress: (1 + np.cos(np.pi * progress)) / 2,
):
    def answer(step, lr, warmup, steps):
        if step < warmup:
            return warmup_cosine(step, lr, warmup, steps)
        return lr * shape(progress(step, warmup, steps))

    return answer


COSINE = {
    "from 0": climbs(lambda step, lr, warmup: lr * step / warmup),
    "one step ahead": climbs(lambda step, lr, warmup: lr * (0.01 + 0.99 * (step + 1) / warmup)),
    "counted from step 0": falls(lambda step, warmup, steps: min(step / steps, 1)),
    "past the end": falls(lambda step, warmup, steps: (step - warmup) / (steps - warmup)),
    "all steps for the cosine": falls(lambda step, warmup, steps: min((step - warmup) / steps, 1)),
    "degrees": falls(shape=lambda progress: (1 + np.cos(180 * progress)) / 2),
    "not halved": falls(shape=lambda progress: 1 + np.cos(np.pi * progress)),
    "the 1 forgotten": falls(shape=lambda progress: np.cos(np.pi * progress) / 2),
    "a quarter of a circle": falls(shape=lambda progress: np.cos(np.pi * progress / 2)),
    "a whole circle": falls(shape=lambda progress: (1 + np.cos(2 * np.pi * progress)) / 2),
}


# 09.3, Adam with decoupled weight decay


def moved(new_theta):
    """`new_theta(theta, lr, decay, m, v, m_hat, v_hat)` with the right m and v."""

    def answer(theta, g, m, v, t, lr, decay):
        _, m, v = adamw_step(theta, g, m, v, t, lr, decay)
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        return new_theta(theta, lr, decay, m, v, m_hat, v_hat), m, v

    return answer


def adam(m, v):
    return m / (np.sqrt(v) + 1e-8)


def decay_in_the_gradient(theta, g, m, v, t, lr, decay):
    return adamw_step(theta, g + decay * theta, m, v, t, lr, 0)


def decayed_in_place(theta, g, m, v, t, lr, decay):
    right, m, v = adamw_step(theta, g, m, v, t, lr, decay)
    theta *= 0
    theta += right
    return theta, m, v


ADAMW = {
    "decay without the rate": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: (1 - decay) * theta - lr * adam(m_hat, v_hat)
    ),
    "L2": decay_in_the_gradient,
    "no decay": lambda theta, g, m, v, t, lr, decay: adamw_step(theta, g, m, v, t, lr, 0),
    "growth": lambda theta, g, m, v, t, lr, decay: adamw_step(theta, g, m, v, t, lr, -decay),
    "decay in the fraction": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: theta - lr * adam(m_hat + decay * theta, v_hat)
    ),
    "decay after the step": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: (
            (theta - lr * adam(m_hat, v_hat)) * (1 - lr * decay)
        )
    ),
    "not corrected": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: (1 - lr * decay) * theta - lr * adam(m, v)
    ),
    "the root forgotten": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: (
            (1 - lr * decay) * theta - lr * m_hat / (v_hat + 1e-8)
        )
    ),
    "in place": decayed_in_place,
    "uphill": moved(
        lambda theta, lr, decay, m, v, m_hat, v_hat: (
            (1 - lr * decay) * theta + lr * adam(m_hat, v_hat)
        )
    ),
}


# 11.1, choose the rate

CHOOSE = {
    "by the test loss": lambda rates, val, test: rates[np.nanargmin(test.mean(axis=1))],
    "the best single run": lambda rates, val, test: rates[np.nanargmin(np.nanmin(val, axis=1))],
    "lost runs left out": lambda rates, val, test: rates[np.nanargmin(np.nanmean(val, axis=1))],
    "NaN counts as the lowest": lambda rates, val, test: rates[np.argmin(val.mean(axis=1))],
    "the place of the rate": lambda rates, val, test: int(np.nanargmin(val.mean(axis=1))),
    "the worst": lambda rates, val, test: rates[np.nanargmax(val.mean(axis=1))],
    "mean over the rates": lambda rates, val, test: rates[np.nanargmin(val.mean(axis=0))],
    "the first seed only": lambda rates, val, test: rates[np.nanargmin(val[:, 0])],
    "the loss itself": lambda rates, val, test: np.nanmin(val.mean(axis=1)),
    "the place in the flat table": lambda rates, val, test: rates[
        np.nanargmin(val) // val.shape[1]
    ],
}


# 11.2, what pairing buys


def errors(paired=None, unpaired=None):
    lines = {"_0": paired, "_1": unpaired}
    return replaced(standard_errors, **{place: line for place, line in lines.items() if line})


def deviation(values):
    return values.std(ddof=1)


PAIRED = {
    "n for n - 1": errors(
        lambda a, b: (a - b).std() / len(a) ** 0.5,
        lambda a, b: ((a.var() + b.var()) / len(a)) ** 0.5,
    ),
    "n for n - 1, paired only": errors(lambda a, b: (a - b).std() / len(a) ** 0.5),
    "the deviation, not the error": errors(
        lambda a, b: deviation(a - b), lambda a, b: (deviation(a) ** 2 + deviation(b) ** 2) ** 0.5
    ),
    "divided by n": errors(lambda a, b: deviation(a - b) / len(a)),
    "deviations added": errors(unpaired=lambda a, b: (deviation(a) + deviation(b)) / len(a) ** 0.5),
    "variances subtracted": errors(
        unpaired=lambda a, b: (abs(a.var(ddof=1) - b.var(ddof=1)) / len(a)) ** 0.5
    ),
    "the root forgotten": errors(unpaired=lambda a, b: (a.var(ddof=1) + b.var(ddof=1)) / len(a)),
    "swapped": lambda a, b: standard_errors(a, b)[::-1],
    "the difference itself": errors(lambda a, b: (a - b).mean()),
    "a alone": errors(unpaired=lambda a, b: deviation(a) / len(a) ** 0.5),
}

SLIPS = {
    "02.2": DENSE,
    "02.3": RELU,
    "06.2": LEAKY,
    "06.3": DROPOUT,
    "06.4": NORM,
    "09.2": COSINE,
    "09.3": ADAMW,
    "11.1": CHOOSE,
    "11.2": PAIRED,
}


@pytest.mark.parametrize("id", SLIPS)
def test_nine_of_ten_slips_are_named(id):
    assert_nine_of_ten_are_named(id, SLIPS[id])
