"""The exercises of notebook 05: optimizers on paper, in place, and one that fits the ravine.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Mistake, Numbers, Option

WRITE = "write SGD, momentum, Nesterov, AdaGrad, RMSProp, Adam and AdamW"
EXPLAIN = "explain bias correction, and what a learning rate means to each method"
COMPARE = "compare optimizers, each at its own tuned rate"

# Steps that Adam at its best rate needs to 1e-6: on the straight ravine, and on the tilted one.
ADAM_STEPS = {"straight": 120, "tilted": 131}
ROOT_HALF = np.sqrt(0.5)


def two_steps_by_hand():
    """How far each method moves at step 1 and at step 2, with a gradient of 4."""
    g, lr = 4, 0.1
    velocity = 0.9 * g + g
    momentum_moves = lr * g, lr * velocity
    adagrad_moves = lr * g / np.sqrt(g**2), lr * g / np.sqrt(2 * g**2)
    v1 = 0.1 * g**2
    v2 = 0.9 * v1 + 0.1 * g**2
    rmsprop_moves = lr * g / np.sqrt(v1), lr * g / np.sqrt(v2)
    m_hat, v_hat = g, g**2
    adam_moves = lr * m_hat / np.sqrt(v_hat), lr * m_hat / np.sqrt(v_hat)
    return {
        "momentum_moves": momentum_moves,
        "adagrad_moves": adagrad_moves,
        "rmsprop_moves": rmsprop_moves,
        "adam_moves": adam_moves,
    }


class MomentumGiven:
    """The class as it stands in the exercise: it remembers nothing and moves nothing."""

    def __init__(self, lr, mu=0.9):
        self.lr, self.mu, self.velocity = lr, mu, None

    def step(self, theta, grad):
        """Set up the velocity."""
        if self.velocity is None:
            self.velocity = np.zeros_like(theta)


class Momentum(MomentumGiven):
    """Classical momentum, in place."""

    def step(self, theta, grad):
        """v = mu v + g; theta = theta - lr v."""
        super().step(theta, grad)
        self.velocity = self.velocity_after(grad)
        theta -= self.move(grad)

    def velocity_after(self, grad):
        """The new velocity."""
        return self.mu * self.velocity + grad

    def move(self, grad):
        """What is subtracted from theta."""
        return self.lr * self.velocity


class _Averaged(Momentum):
    def velocity_after(self, grad):
        return self.mu * self.velocity + (1 - self.mu) * grad


class _RateInside(Momentum):
    def velocity_after(self, grad):
        return self.mu * self.velocity + self.lr * grad

    def move(self, grad):
        return self.velocity


class _NoMemory(Momentum):
    def velocity_after(self, grad):
        return grad


class _NoFriction(Momentum):
    def velocity_after(self, grad):
        return self.velocity + grad


class _OtherSign(Momentum):
    def velocity_after(self, grad):
        return self.mu * self.velocity - grad


class _Uphill(Momentum):
    def move(self, grad):
        return -self.lr * self.velocity


class _RateTwice(Momentum):
    def velocity_after(self, grad):
        return self.mu * self.velocity + self.lr * grad


class _PlainStep(Momentum):
    def move(self, grad):
        return self.lr * grad


class _FrictionForAll(Momentum):
    def velocity_after(self, grad):
        return self.mu * (self.velocity + grad)


class _LooksAhead(Momentum):
    def move(self, grad):
        return self.lr * (grad + self.mu * self.velocity)


class _OldVelocity(Momentum):
    def step(self, theta, grad):
        MomentumGiven.step(self, theta, grad)
        theta -= self.move(grad)
        self.velocity = self.velocity_after(grad)


class _MomentumRebinds(Momentum):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)


class _MomentumShared(Momentum):
    """One velocity for all objects of the class."""

    def step(self, theta, grad):
        self.velocity = vars(type(self)).get("common")
        super().step(theta, grad)
        type(self).common = self.velocity


class _IntoTheGradient(Momentum):
    def step(self, theta, grad):
        MomentumGiven.step(self, theta, grad)
        grad += self.mu * self.velocity
        self.velocity = grad.copy()
        theta -= self.lr * grad


class _TwoMinuses(Momentum):
    def velocity_after(self, grad):
        return self.mu * self.velocity - self.lr * grad

    def move(self, grad):
        return self.velocity


class _NoRate(Momentum):
    def move(self, grad):
        return self.velocity


class _FrictionTwice(Momentum):
    def move(self, grad):
        return self.lr * self.mu * self.velocity


class _TheGradientItself(Momentum):
    """The velocity begins as the caller's own array."""

    def step(self, theta, grad):
        if self.velocity is None:
            self.velocity = grad
        else:
            self.velocity *= self.mu
            self.velocity += grad
        theta -= self.lr * self.velocity


class _AveragedAndRebinds(_Averaged):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)


class RMSPropGiven:
    """The class as it stands in the exercise."""

    def __init__(self, lr, decay=0.9, eps=1e-8):
        self.lr, self.decay, self.eps, self.v = lr, decay, eps, None

    def step(self, theta, grad):
        """Set up v."""
        if self.v is None:
            self.v = np.zeros_like(theta)


class RMSProp(RMSPropGiven):
    """RMSProp, in place, eps beside the root."""

    def step(self, theta, grad):
        """v = decay v + (1 - decay) g^2; theta = theta - lr g / (sqrt(v) + eps)."""
        super().step(theta, grad)
        self.v = self.v_after(grad)
        theta -= self.move(grad)

    def v_after(self, grad):
        """The new average of the squared gradients."""
        return self.decay * self.v + (1 - self.decay) * grad**2

    def move(self, grad):
        """What is subtracted from theta."""
        return self.lr * grad / (np.sqrt(self.v) + self.eps)


class _EpsInside(RMSProp):
    def move(self, grad):
        return self.lr * grad / np.sqrt(self.v + self.eps)


class _NoEps(RMSProp):
    def move(self, grad):
        return self.lr * grad / np.sqrt(self.v)


class _NoRoot(RMSProp):
    def move(self, grad):
        return self.lr * grad / (self.v + self.eps)


class _DecaySwapped(RMSProp):
    def v_after(self, grad):
        return (1 - self.decay) * self.v + self.decay * grad**2


class _AddsUp(RMSProp):
    def v_after(self, grad):
        return self.v + grad**2


class _NotAveraged(RMSProp):
    def v_after(self, grad):
        return self.decay * self.v + grad**2


class _NotSquared(RMSProp):
    def v_after(self, grad):
        return self.decay * self.v + (1 - self.decay) * grad


class _Sizes(RMSProp):
    def v_after(self, grad):
        return self.decay * self.v + (1 - self.decay) * np.abs(grad)


class _SquareInTheMove(RMSProp):
    def move(self, grad):
        return self.lr * grad**2 / (np.sqrt(self.v) + self.eps)


class _RMSPropUphill(RMSProp):
    def move(self, grad):
        return -super().move(grad)


class _RMSPropRebinds(RMSProp):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)


class _OldAverage(RMSProp):
    def step(self, theta, grad):
        RMSPropGiven.step(self, theta, grad)
        theta -= self.move(grad)
        self.v = self.v_after(grad)


class _SignOnly(RMSProp):
    def v_after(self, grad):
        return grad**2


class _RMSPropNoRate(RMSProp):
    def move(self, grad):
        return super().move(grad) / self.lr


class _OneScaleForAll(RMSProp):
    def move(self, grad):
        return self.lr * grad / (np.sqrt(self.v.mean()) + self.eps)


class _SumForAll(RMSProp):
    def v_after(self, grad):
        return self.decay * self.v + (1 - self.decay) * np.sum(grad**2)


class _CorrectedAsInAdam(RMSProp):
    steps = 0

    def move(self, grad):
        self.steps += 1
        v = self.v / (1 - self.decay**self.steps)
        return self.lr * grad / (np.sqrt(v) + self.eps)


class _GradientWeightedToo(RMSProp):
    def move(self, grad):
        return (1 - self.decay) * super().move(grad)


class AdamGiven:
    """The class as it stands in the exercise."""

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.v, self.t = None, None, 0

    def step(self, theta, grad):
        """Set up m and v."""
        if self.m is None:
            self.m, self.v = np.zeros_like(theta), np.zeros_like(theta)


class Adam(AdamGiven):
    """Adam, in place (Kingma, Ba 2014, algorithm 1)."""

    def step(self, theta, grad):
        """Two averages, two corrections, one step."""
        super().step(theta, grad)
        self.t += 1
        self.m, self.v = self.averages(grad)
        theta -= self.move(*self.corrected())

    def averages(self, grad):
        """The new m and v."""
        return (
            self.beta1 * self.m + (1 - self.beta1) * grad,
            self.beta2 * self.v + (1 - self.beta2) * grad**2,
        )

    def corrected(self):
        """m and v, each divided by what it lacks at the beginning."""
        return self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)

    def move(self, m, v):
        """What is subtracted from theta."""
        return self.lr * m / (np.sqrt(v) + self.eps)


class _Uncorrected(Adam):
    def corrected(self):
        return self.m, self.v


class _OnlyFirstCorrected(Adam):
    def corrected(self):
        return super().corrected()[0], self.v


class _OnlySecondCorrected(Adam):
    def corrected(self):
        return self.m, super().corrected()[1]


class _FromZero(Adam):
    def corrected(self):
        t = self.t - 1
        return self.m / (1 - self.beta1**t), self.v / (1 - self.beta2**t)


class _FromTwo(Adam):
    def corrected(self):
        t = self.t + 1
        return self.m / (1 - self.beta1**t), self.v / (1 - self.beta2**t)


class _WithoutPower(Adam):
    def corrected(self):
        return self.m / (1 - self.beta1), self.v / (1 - self.beta2)


class _OneBetaForBoth(Adam):
    def corrected(self):
        return self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta1**self.t)


class _CorrectionsSwapped(Adam):
    def corrected(self):
        return self.m / (1 - self.beta2**self.t), self.v / (1 - self.beta1**self.t)


class _OneArrayForBoth(Adam):
    """m and v are one and the same array, changed in place."""

    def step(self, theta, grad):
        if self.m is None:
            self.m = self.v = np.zeros_like(theta)
        self.t += 1
        self.m *= self.beta1
        self.m += (1 - self.beta1) * grad
        self.v *= self.beta2
        self.v += (1 - self.beta2) * grad**2
        theta -= self.move(*self.corrected())


class _TimesT(Adam):
    def corrected(self):
        return self.m / (1 - self.beta1 * self.t), self.v / (1 - self.beta2 * self.t)


class _AdamUphill(Adam):
    def move(self, m, v):
        return -super().move(m, v)


class _GradientForM(Adam):
    def step(self, theta, grad):
        AdamGiven.step(self, theta, grad)
        self.t += 1
        self.m, self.v = self.averages(grad)
        theta -= self.move(grad, self.corrected()[1])


class _CorrectedForGood(Adam):
    def step(self, theta, grad):
        AdamGiven.step(self, theta, grad)
        self.t += 1
        self.m, self.v = self.averages(grad)
        self.m, self.v = self.corrected()
        theta -= self.move(self.m, self.v)


class _AdamEpsInside(Adam):
    def move(self, m, v):
        return self.lr * m / np.sqrt(v + self.eps)


class _AdamNoRoot(Adam):
    def move(self, m, v):
        return self.lr * m / (v + self.eps)


class _MomentsSwapped(Adam):
    def move(self, m, v):
        return self.lr * v / (np.sqrt(np.abs(m)) + self.eps)


class _BetasSwapped(Adam):
    def averages(self, grad):
        return (
            self.beta2 * self.m + (1 - self.beta2) * grad,
            self.beta1 * self.v + (1 - self.beta1) * grad**2,
        )


class _AdamNotSquared(Adam):
    def averages(self, grad):
        m, _ = super().averages(grad)
        return m, self.beta2 * self.v + (1 - self.beta2) * grad


class _AdamNoRate(Adam):
    def move(self, m, v):
        return super().move(m, v) / self.lr


class _AdamNoEps(Adam):
    def move(self, m, v):
        return self.lr * m / np.sqrt(v)


class _TimesTheCorrection(Adam):
    def corrected(self):
        return self.m * (1 - self.beta1**self.t), self.v * (1 - self.beta2**self.t)


class _AdamNotWeighted(Adam):
    def averages(self, grad):
        return self.beta1 * self.m + grad, self.beta2 * self.v + grad**2


class _WeightsSwapped(Adam):
    def averages(self, grad):
        return (
            (1 - self.beta1) * self.m + self.beta1 * grad,
            (1 - self.beta2) * self.v + self.beta2 * grad**2,
        )


class _SquareOfM(Adam):
    def averages(self, grad):
        m, _ = super().averages(grad)
        return m, self.beta2 * self.v + (1 - self.beta2) * m**2


class _SecondCorrectionBesideTheRoot(Adam):
    def corrected(self):
        return super().corrected()[0], self.v / (1 - self.beta2**self.t) ** 2


class _MultipliedByTheRoot(Adam):
    def move(self, m, v):
        return self.lr * m * (np.sqrt(v) + self.eps)


class _OneMemoryForBoth(Adam):
    def averages(self, grad):
        m, _ = super().averages(grad)
        return m, self.beta1 * self.v + (1 - self.beta1) * grad**2

    def corrected(self):
        return self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta1**self.t)


class _FirstNotWeighted(Adam):
    def averages(self, grad):
        return self.beta1 * self.m + grad, super().averages(grad)[1]


class _AdamPlainStep(Adam):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)
        theta -= self.lr * grad


class _AdamRebinds(Adam):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)


class _AdamShared(Adam):
    """One m, v and t for all objects of the class."""

    def step(self, theta, grad):
        self.m, self.v, self.t = vars(type(self)).get("common", (None, None, 0))
        super().step(theta, grad)
        type(self).common = self.m, self.v, self.t


def _steps(cls, start, gradients, lr, **settings):
    """What is there after two objects of a class took turns; the rate is halved on the way."""
    cls = type(cls.__name__, (cls,), {})  # nothing is left over from one case to the next
    names = ("velocity", "m", "v")
    thetas, twins = [start.copy()], [2 * start]
    handed = np.empty_like(start)  # one array for all gradients, as in a network
    theta, twin = start.copy(), 2 * start
    one, other = cls(lr, **settings), cls(lr, **settings)
    unchanged = True
    for step, gradient in enumerate(gradients):
        if step == 3:
            one.lr = other.lr = lr / 2
        handed[...] = gradient
        one.step(theta, handed)
        unchanged = unchanged and np.array_equal(handed, gradient)
        other.step(twin, -2 * gradient)
        thetas.append(theta.copy())
        twins.append(twin.copy())
    state = {name: np.array(getattr(one, name)) for name in names if hasattr(one, name)}
    return {
        "theta": np.array(thetas),
        "theta of a second object": np.array(twins),
        "the caller's gradient": "as it was" if unchanged else "changed",
        **state,
    }


def momentum_steps(cls, start, gradients, lr, mu):
    """What a class for momentum does with a row of gradients."""
    return _steps(cls, start, gradients, lr, mu=mu)


def rmsprop_steps(cls, start, gradients, lr, decay, eps):
    """What a class for RMSProp does with a row of gradients."""
    return _steps(cls, start, gradients, lr, decay=decay, eps=eps)


def adam_steps(cls, start, gradients, lr, beta1, beta2, eps):
    """What a class for Adam does with a row of gradients."""
    return _steps(cls, start, gradients, lr, beta1=beta1, beta2=beta2, eps=eps)


def _momentum_cases(rng):
    for size, mu in ((3, 0.9), (1, 0.5), (6, 0.8)):
        yield rng.normal(size=size), rng.normal(size=(6, size)), 0.1, mu


def _rmsprop_cases(rng):
    for size, decay, eps in ((3, 0.9, 0.1), (1, 0.7, 0.3), (5, 0.95, 0.05)):
        yield rng.normal(size=size), rng.normal(size=(6, size)), 0.1, decay, eps


def _adam_cases(rng):
    for size, beta1, beta2, eps in (
        (3, 0.9, 0.99, 0.1),
        (1, 0.8, 0.95, 0.3),
        (5, 0.9, 0.999, 0.05),
    ):
        yield rng.normal(size=size), rng.normal(size=(6, size)), 0.1, beta1, beta2, eps


def _ravine(theta):
    """Value and gradient of the ravine: curvature 1 along x, 50 along y."""
    curvatures = np.array([1.0, 50.0])
    return float(curvatures @ theta**2) / 2, curvatures * theta


def _tilted(theta):
    """The same ravine, turned by 45 degrees."""
    turn = ROOT_HALF * np.array([[1.0, 1.0], [-1.0, 1.0]])
    value, gradient = _ravine(turn @ theta)
    return value, turn.T @ gradient


PLACES = {
    "straight": (_ravine, np.array([-4.5, 1.0])),
    "tilted": (_tilted, ROOT_HALF * np.array([-5.5, -3.5])),
}


def race(make, place):
    """How an optimizer does on a ravine, in words."""
    function, start = PLACES[place]
    theta, optimizer = start.copy(), make()
    for step in range(ADAM_STEPS[place] + 300):
        value, gradient = function(theta)
        if value < 1e-6:
            won = step < ADAM_STEPS[place]
            return {f"on the {place} ravine": "fewer steps" if won else "not fewer steps"}
        if not np.isfinite(value) or value > 1e12:
            return {f"on the {place} ravine": "it diverges"}
        optimizer.step(theta, gradient)
    moved = np.array_equal(theta, start)
    return {f"on the {place} ravine": "it does not move" if moved else "it does not arrive"}


class _AdaGrad(RMSProp):
    def v_after(self, grad):
        return self.v + grad**2


EXERCISES = (
    Numbers(
        "05.1",
        "Two steps on paper",
        EXPLAIN,
        answer={
            "momentum_moves": (0.4, 0.76),
            "adagrad_moves": (0.1, 0.1 / np.sqrt(2)),
            "rmsprop_moves": (0.1 / np.sqrt(0.1), 0.1 / np.sqrt(0.19)),
            "adam_moves": (0.1, 0.1),
        },
        mistakes=[
            Mistake(
                {"momentum_moves": (0.4, 0.4)},
                "Your momentum forgets: at step 2, 0.9 of the first velocity is still there.",
            ),
            Mistake(
                {"momentum_moves": (0.04, 0.076)},
                "That is the averaged form of momentum, 0.1 times as long. Which one is ours?",
            ),
            Mistake(
                {"momentum_moves": (4.0, 7.6)},
                "That is the velocity. The move is the rate times it.",
            ),
            Mistake(
                {
                    "momentum_moves": (0.4, 1.16),
                    "adagrad_moves": (0.1, 0.1 + 0.1 / np.sqrt(2)),
                    "rmsprop_moves": (0.1 / np.sqrt(0.1), 0.1 / np.sqrt(0.1) + 0.1 / np.sqrt(0.19)),
                    "adam_moves": (0.1, 0.2),
                },
                "Asked for is how far theta moves at step 2, not how far it has come after two.",
            ),
            Mistake(
                {
                    "momentum_moves": (4.0, 7.6),
                    "adagrad_moves": (1.0, 1 / np.sqrt(2)),
                    "rmsprop_moves": (1 / np.sqrt(0.1), 1 / np.sqrt(0.19)),
                    "adam_moves": (1.0, 1.0),
                },
                "All are ten times too large. The learning rate, 0.1, does not occur in them.",
            ),
            Mistake(
                {"momentum_moves": (0.4, 1.16)},
                "Asked for is how far theta moves at step 2, not how far it has come.",
            ),
            Mistake(
                {"adagrad_moves": (0.1, 0.1)},
                "AdaGrad never forgets. What has it added up after two steps?",
            ),
            Mistake(
                {"adagrad_moves": (0.025, 0.0125)},
                "You divide by the sum of the squares. AdaGrad divides by its root.",
            ),
            Mistake(
                {"rmsprop_moves": (0.1, 0.1)},
                "RMSProp does not correct its average: at step 1 it holds only a tenth of g^2.",
            ),
            Mistake(
                {"rmsprop_moves": (0.25, 0.4 / (0.19 * 16))},
                "You divide by the average of the squares. RMSProp divides by its root.",
            ),
            Mistake(
                {"adam_moves": (0.1 * 0.4 / np.sqrt(0.016), 0.1 * 0.76 / np.sqrt(0.031984))},
                "Adam's averages begin at 0 and are too small at first, by different factors. What "
                "corrects them?",
            ),
            Mistake(
                {"adam_moves": (0.4, 0.4)},
                "Adam divides by the size of the gradient. How large is 4 then?",
            ),
            Mistake(
                {"adam_moves": (0.1, 0.19)},
                "m grows towards the gradient, and the correction grows less. What is m_hat at "
                "step 2?",
            ),
        ],
        insight="Only momentum feels how long the gradient is. For the others the rate is a "
        "length.",
        tolerance=6e-3,
        working=two_steps_by_hand,
        unsigned=True,
        digits="three decimals",
    ),
    Function(
        "05.2",
        "Momentum, in place",
        WRITE,
        hints=(
            "The velocity remembers. Where must it be kept so that the next call still has it, and "
            "only this object?",
            "First the velocity, then the step. Both change an array that is already there.",
            "Two lines: a new value for `self.velocity` (the old one, times mu, plus the "
            "gradient), "
            "and `theta -= ...`, which changes the array that was handed over.",
        ),
        reference=Momentum,
        cases=_momentum_cases,
        observe=momentum_steps,
        aside=("velocity",),
        given=MomentumGiven,
        mistakes=[
            Mistake(
                _Averaged,
                "That is the averaged form: your velocity takes only 1 - mu of the gradient. A "
                "good method, but at this rate its steps are shorter.",
            ),
            Mistake(
                _RateInside,
                "The rate is inside your velocity. As long as it stays the same nobody notices; "
                "when it is halved, the old steps keep their old length.",
            ),
            Mistake(_NoMemory, "Your velocity is the gradient. What is left of the last one?"),
            Mistake(
                _NoFriction,
                "Your velocity never loses anything: which fraction of it survives a step?",
            ),
            Mistake(
                _OtherSign,
                "Your velocity points downhill, and then you subtract it. One minus, not two.",
            ),
            Mistake(
                _Uphill,
                "You walk uphill: with this sign the velocity is added, and it points uphill.",
            ),
            Mistake(_RateTwice, "The rate is in there twice: in the velocity and in the move."),
            Mistake(
                _PlainStep,
                "The velocity is right, but theta does not follow it: this is the step of SGD.",
            ),
            Mistake(
                _FrictionForAll,
                "The new gradient loses a part before it has acted. What does mu multiply?",
            ),
            Mistake(
                _LooksAhead,
                "That is Nesterov's momentum, which looks one step ahead. Asked for is the "
                "classical one.",
            ),
            Mistake(
                _OldVelocity,
                "You move first and update the velocity afterwards: every step is one gradient "
                "late.",
            ),
            Mistake(
                _MomentumRebinds,
                "The velocity is right, and theta stays where it was. `theta = ...` makes a new "
                "vector; the one that was handed over must change.",
            ),
            Mistake(
                _MomentumShared,
                "Two objects disturb each other: they share one velocity. It belongs to the "
                "object, not to the class.",
            ),
            Mistake(
                _IntoTheGradient,
                "The steps are right, but the caller's gradient is changed on the way. Others may "
                "still need it.",
            ),
            Mistake(
                _TwoMinuses,
                "Your velocity is a step downhill already, with the rate in it. And then it is "
                "subtracted: two minuses go uphill.",
            ),
            Mistake(_NoRate, "How long is a step? The rate does not occur in yours."),
            Mistake(
                _TheGradientItself,
                "Your velocity begins as the caller's own gradient, under another name: who "
                "changes "
                "one changes both. A copy is due, or a new array.",
            ),
            Mistake(
                _AveragedAndRebinds,
                "Two things: your velocity takes only 1 - mu of the gradient, and `theta = ...` "
                "makes "
                "a new vector; the one that was handed over must change.",
            ),
            Mistake(
                _FrictionTwice,
                "mu acts twice: on the velocity, and on the step once more.",
            ),
        ],
        insight="Two lines, and it moves two numbers or two million.",
    ),
    Function(
        "05.3",
        "RMSProp, in place",
        WRITE,
        reference=RMSProp,
        cases=_rmsprop_cases,
        observe=rmsprop_steps,
        aside=("v",),
        given=RMSPropGiven,
        mistakes=[
            Mistake(
                _EpsInside,
                "eps stands inside of your root. With 1e-8 there it would act like 1e-4 outside.",
            ),
            Mistake(_NoEps, "What if a gradient is exactly 0? Something is missing below."),
            Mistake(
                _NoRoot,
                "You divide by v, which has the unit of a squared gradient. What has the unit of a "
                "gradient?",
            ),
            Mistake(
                _DecaySwapped,
                "The two factors of the average have changed places: it forgets almost all at each "
                "step.",
            ),
            Mistake(
                _AddsUp,
                "You add up the squares for ever: that is AdaGrad. RMSProp forgets.",
            ),
            Mistake(
                _NotAveraged,
                "Old squares fade, but new ones come in whole: it is no average, and v is ten "
                "times too large.",
            ),
            Mistake(
                _NotSquared,
                "v averages the gradient itself, and may be negative. What should it average?",
            ),
            Mistake(
                _Sizes,
                "v averages the size of the gradient, and then you take a root of it.",
            ),
            Mistake(_RMSPropUphill, "You walk uphill: a sign is turned."),
            Mistake(
                _SquareInTheMove,
                "The move has the gradient squared, so it never goes back. Where is the square "
                "due, and where not?",
            ),
            Mistake(
                _RMSPropRebinds,
                "v is right, and theta stays where it was. `theta = ...` makes a new vector; the "
                "one that was handed over must change.",
            ),
            Mistake(
                _OldAverage,
                "You move first and update v afterwards. The first step then divides by eps alone.",
            ),
            Mistake(
                _SignOnly,
                "v is the last square alone, without memory: only the sign of the gradient is "
                "left.",
            ),
            Mistake(_RMSPropNoRate, "How long is a step? The rate does not occur in yours."),
            Mistake(
                _OneScaleForAll,
                "You divide all by one number. Each parameter has a size of its own.",
            ),
            Mistake(
                _SumForAll,
                "Your v adds up the squares of all entries: one size for all. Each parameter has a "
                "size of its own.",
            ),
            Mistake(
                _CorrectedAsInAdam,
                "You correct v for its start at 0, as Adam does. RMSProp does not.",
            ),
            Mistake(
                _GradientWeightedToo,
                "The gradient above the line is weighted as well. Only v is an average here.",
            ),
        ],
        insight="Each number of theta gets a rate of its own, from the size of its own gradients.",
    ),
    Function(
        "05.4",
        "Adam, in place",
        WRITE,
        hints=(
            "Two averages that begin at 0, and so are too small at first. Everything else is "
            "RMSProp "
            "with momentum.",
            "In this order: count the step, update m and v, correct copies of both, move theta in "
            "place.",
            "The correction divides by what has arrived so far: 1 - beta to the power t. m and v "
            "themselves stay uncorrected, and eps stands beside the root.",
        ),
        reference=Adam,
        cases=_adam_cases,
        observe=adam_steps,
        aside=("m", "v"),
        given=AdamGiven,
        mistakes=[
            Mistake(
                _Uncorrected,
                "m and v begin at 0 and are too small at first. Where is the correction?",
            ),
            Mistake(_OnlyFirstCorrected, "m is corrected and v is not. Both begin at 0."),
            Mistake(_OnlySecondCorrected, "v is corrected and m is not. Both begin at 0."),
            Mistake(
                _FromZero,
                "At the first step your t is 0, and beta^0 is 1: the correction divides by 0. "
                "When do you count?",
            ),
            Mistake(
                _FromTwo,
                "At the first step your t is 2, so the correction is too weak. When do you count?",
            ),
            Mistake(
                _WithoutPower,
                "The correction is the same at every step. It should fade: where does t come in?",
            ),
            Mistake(
                _CorrectedForGood,
                "You store the corrected m and v, and correct them again at the next step. Keep "
                "the averages as they are.",
            ),
            Mistake(
                _OneBetaForBoth,
                "v is corrected as if it faded like m. Which beta does v fade with?",
            ),
            Mistake(
                _CorrectionsSwapped,
                "The two corrections have changed places: m fades with beta1, v with beta2.",
            ),
            Mistake(
                _OneArrayForBoth,
                "m and v are one array under two names: what is done to one is done to the other. "
                "Make two.",
            ),
            Mistake(
                _TimesT,
                "The correction should fade with t. What is left of a start value after t "
                "steps, each of which keeps a share beta: beta times t, or something else?",
            ),
            Mistake(_AdamUphill, "You walk uphill: a sign is turned."),
            Mistake(
                _GradientForM,
                "m is right and not used: the step follows the gradient of the moment.",
            ),
            Mistake(
                _AdamEpsInside,
                "eps stands inside of your root. In the paper it stands beside it.",
            ),
            Mistake(
                _AdamNoRoot,
                "You divide by v, which has the unit of a squared gradient.",
            ),
            Mistake(
                _MomentsSwapped,
                "m and v have changed places: which one gives the direction, which one the size?",
            ),
            Mistake(
                _BetasSwapped,
                "The betas have changed places: beta1 is for the direction, beta2 for the size.",
            ),
            Mistake(
                _AdamNotSquared,
                "v averages the gradient itself, and may be negative. What should it average?",
            ),
            Mistake(
                _AdamRebinds,
                "m and v are right, and theta stays where it was. `theta = ...` makes a new "
                "vector; the one that was handed over must change.",
            ),
            Mistake(
                _AdamShared,
                "Two objects disturb each other: they share their state. It belongs to the "
                "object, not to the class.",
            ),
            Mistake(_AdamNoRate, "How long is a step? The rate does not occur in yours."),
            Mistake(_AdamNoEps, "What if a gradient is exactly 0? Something is missing below."),
            Mistake(
                _TimesTheCorrection,
                "You multiply by the corrections. At first m and v are too small: what makes them "
                "larger?",
            ),
            Mistake(
                _AdamNotWeighted,
                "The new gradient comes in with its full weight. An average gives it 1 - beta.",
            ),
            Mistake(
                _WeightsSwapped,
                "Nearly all of the memory is lost at each step: beta and 1 - beta have changed "
                "places.",
            ),
            Mistake(
                _SquareOfM,
                "Your v averages the squares of m. It should be the squares of the gradient: "
                "noise counts there, too.",
            ),
            Mistake(
                _SecondCorrectionBesideTheRoot,
                "v is corrected first, and then the root is taken. Your correction stands beside "
                "the root.",
            ),
            Mistake(
                _MultipliedByTheRoot,
                "You multiply by the root of v. Where gradients are large, should the step grow or "
                "shrink?",
            ),
            Mistake(
                _OneMemoryForBoth,
                "beta1 does everything. The squares have a longer memory of their own.",
            ),
            Mistake(
                _FirstNotWeighted,
                "In m the new gradient has its full weight. An average gives it 1 - beta1.",
            ),
            Mistake(
                _AdamPlainStep,
                "m and v are there, but theta makes the step of SGD.",
            ),
        ],
        insight="Momentum's direction, RMSProp's scale, and a correction that both need at first.",
    ),
    Function(
        "05.5",
        "Beat Adam on the ravine",
        COMPARE,
        reference=lambda: Momentum(0.0614, mu=0.566),
        cases=lambda rng: [("straight",), ("tilted",)],
        observe=race,
        mistakes=[
            Mistake(
                lambda: _AdaGrad(5.6, eps=1e-10),
                "On the straight ravine it wins by far, on the tilted one it loses: its advantage "
                "was the axes. Which method does not know about axes?",
            ),
            Mistake(
                lambda: Momentum(1.8 / 50, mu=0.0),
                "It arrives on both, but later than Adam. What does the flat direction need that "
                "the steep one cannot stand?",
            ),
            Mistake(
                lambda: Momentum(0.001, mu=0.0),
                "It is on its way and does not arrive in time. The rate is far below the limit of "
                "2 / 50.",
            ),
            Mistake(
                lambda: Momentum(0.2, mu=0.9),
                "It diverges. With momentum mu the limit of the rate is 2 (1 + mu) / 50.",
            ),
        ],
        insight="It fits a curvature of 50 that we know. In a network nobody tells us.",
    ),
    Choice(
        "05.6",
        "The first step of Adam",
        EXPLAIN,
        question="lr is 0.001. How far does Adam move a weight in its very first step, if its "
        "gradient is 0.0003? And if it is 300?",
        options={
            "a": Option(
                "By 0.0000003 and by 0.3: the rate times the gradient.",
                "That is SGD. What does Adam divide by?",
            ),
            "b": Option("By about 0.001, both times.", ""),
            "c": Option(
                "By a tenth of that, because m takes only 1 - beta1 of the gradient.",
                "So it does. And what is m divided by at t = 1?",
            ),
            "d": Option(
                "By 0.03, both times, because v is still small.",
                "That would be without the correction of v. What is v_hat at t = 1?",
            ),
            "e": Option(
                "It depends on the second gradient.",
                "The first step is made before the second gradient is known.",
            ),
        },
        correct="b",
        insight="For Adam the rate is a length: the first step is lr, whatever the gradient.",
    ),
)
