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


class AMSGradGiven:
    """The class as it stands in the exercise: Adam."""

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.v, self.largest, self.t = 0, 0, 0, 0

    def step(self, theta, grad):
        """One step of Adam."""
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * grad
        self.v = self.beta2 * self.v + (1 - self.beta2) * grad**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        theta -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AMSGrad(AMSGradGiven):
    """Adam that divides by the root of the largest v_hat so far (Reddi, Kale, Kumar 2018)."""

    def step(self, theta, grad):
        """Two averages, two corrections, the largest, one step."""
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * grad
        self.v = self.beta2 * self.v + (1 - self.beta2) * grad**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        self.largest = np.maximum(self.largest, v_hat)
        theta -= self.lr * m_hat / (np.sqrt(self.largest) + self.eps)


class _WrongAMSGrad(AMSGradGiven):
    """AMSGrad in two parts: what is kept, and what is subtracted from theta."""

    def step(self, theta, grad):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * grad
        self.v = self.beta2 * self.v + (1 - self.beta2) * grad**2
        self.keep(self.v / (1 - self.beta2**self.t), grad)
        theta -= self.move(self.m / (1 - self.beta1**self.t))

    def keep(self, v_hat, grad):
        self.largest = np.maximum(self.largest, v_hat)

    def move(self, m_hat):
        return self.lr * m_hat / (np.sqrt(self.largest) + self.eps)


class _SmallestKept(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.largest = v_hat if self.t == 1 else np.minimum(self.largest, v_hat)


class _OneLargestForAll(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.largest = max(np.max(self.largest), v_hat.max())


class _LargestOfTheUncorrected(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.largest = np.maximum(self.largest, self.v)


class _LargestCorrectedLater(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.kept = np.maximum(self.v if self.t == 1 else self.kept, self.v)
        self.largest = self.kept / (1 - self.beta2**self.t)


class _LargestIntoTheAverage(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.v = self.largest = np.maximum(self.v, v_hat)


class _LargestGradient(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.largest = np.maximum(self.largest, grad**2)


class _LargestWithoutRoot(_WrongAMSGrad):
    def move(self, m_hat):
        return self.lr * m_hat / (self.largest + self.eps)


class _LargestAdded(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.largest = self.largest + v_hat


class _LargestOfM(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.peak = np.maximum(getattr(self, "peak", 0), self.m / (1 - self.beta1**self.t))
        self.largest = v_hat

    def move(self, m_hat):
        return self.lr * self.peak / (np.sqrt(self.largest) + self.eps)


class _OneStepLate(_WrongAMSGrad):
    def keep(self, v_hat, grad):
        self.now = v_hat if self.t == 1 else self.largest
        self.largest = np.maximum(self.largest, v_hat)

    def move(self, m_hat):
        return self.lr * m_hat / (np.sqrt(self.now) + self.eps)


class _AMSGradRebinds(AMSGrad):
    def step(self, theta, grad):
        super().step(theta.copy(), grad)


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


def amsgrad_steps(cls, start, gradients, lr, beta1, beta2):
    """What a class for AMSGrad does with a row of gradients; its own names are its own affair."""
    told = _steps(cls, start, gradients, lr, beta1=beta1, beta2=beta2)
    return {name: value for name, value in told.items() if name not in ("velocity", "m", "v")}


def _amsgrad_cases(rng):
    """Gradients that are large at first, in another step for each parameter, and then small."""
    for size, beta1, beta2 in ((3, 0.9, 0.9), (2, 0.8, 0.7), (5, 0.9, 0.95)):
        gradients = rng.normal(size=(8, size)) * np.linspace(1, 0.1, 8)[:, None]
        gradients[rng.integers(1, 4, size), np.arange(size)] *= 4
        yield rng.normal(size=size), gradients, 0.1, beta1, beta2


def weights_in_m(gradients, beta):
    """What each gradient counts in m, the sum of that, the average, and the price of a short cut.

    `gradients` are those of t steps, the first one first, shape (t,); m starts at 0.
    """
    t = len(gradients)
    age = np.arange(t)[::-1]
    weights = (1 - beta) * beta**age
    total = 1 - beta**t
    m_hat = np.sum(weights * gradients) / total
    more = beta ** (t - 1) / (weights[0] / total)
    return weights, total, m_hat, more


def _weights_cases(rng):
    yield np.array([1.0, -2.0]), 0.9
    for t, beta in ((5, 0.9), (12, 0.8), (1, 0.7), (30, 0.99)):
        yield rng.normal(size=t), beta


def _weighted(weights=None, total=None, m_hat=None, more=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(gradients, beta):
        t = len(gradients)
        w = weights(t, beta) if weights else (1 - beta) * beta ** np.arange(t)[::-1]
        of_all = total(t, beta) if total else 1 - beta**t
        average = np.sum(w * gradients) / of_all
        average = m_hat(w, gradients, of_all) if m_hat else average
        ratio = more(w, of_all, t, beta) if more else beta ** (t - 1) / (w[0] / of_all)
        return w, of_all, average, ratio

    return answer


def _momentum_cases(rng):
    for size, mu in ((3, 0.9), (1, 0.5), (6, 0.8)):
        yield rng.normal(size=size), rng.normal(size=(6, size)), 0.1, mu


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


class _AdaGrad:
    def __init__(self, lr, eps):
        self.lr, self.eps, self.total = lr, eps, 0

    def step(self, theta, grad):
        self.total = self.total + grad**2
        theta -= self.lr * grad / (np.sqrt(self.total) + self.eps)


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
        "An Adam that does not forget",
        WRITE,
        hints=(
            "Adam divides by what it remembers, and it forgets. What should it keep beside that?",
            "One number for each parameter: the largest v_hat so far. Keep it in self.largest.",
            "One line more, np.maximum of old and new, and one line changed: the root is taken of "
            "the largest.",
        ),
        reference=AMSGrad,
        cases=_amsgrad_cases,
        observe=amsgrad_steps,
        given=AMSGradGiven,
        mistakes=[
            Mistake(
                _SmallestKept,
                "You keep the smallest v_hat, so the steps can only grow. Which one keeps them "
                "from growing?",
            ),
            Mistake(
                _OneLargestForAll,
                "You divide all by one number. Each parameter has a largest v_hat of its own.",
            ),
            Mistake(
                _LargestOfTheUncorrected,
                "You keep the largest v, which begins at 0 and is too small at first. Which "
                "quantity has the size of a squared gradient from the first step on?",
            ),
            Mistake(
                _LargestCorrectedLater,
                "You keep the largest v and correct it afterwards: the correction fades, so what "
                "you divide by still shrinks. Keep the largest of what is corrected already.",
            ),
            Mistake(
                _LargestIntoTheAverage,
                "The largest value goes into the average itself, and is averaged on at the next "
                "step. Keep it beside v.",
            ),
            Mistake(
                _LargestGradient,
                "You keep the largest single squared gradient. One outlier then slows a parameter "
                "down for ever, by its whole size. What averages it first?",
            ),
            Mistake(_LargestWithoutRoot, "What you divide by has the unit of a squared gradient."),
            Mistake(
                _LargestAdded,
                "You add up all v_hat, so the steps go to 0 as in AdaGrad. Largest, not sum.",
            ),
            Mistake(
                _LargestOfM,
                "You keep the largest m_hat. The direction must stay free to turn: it is the scale "
                "that must not shrink.",
            ),
            Mistake(
                _OneStepLate,
                "You divide by the largest v_hat up to the step before. The one of this step "
                "counts, too: when do you compare?",
            ),
            Mistake(
                _AMSGradRebinds,
                "theta stays where it was. `theta = ...` makes a new vector; the one that was "
                "handed over must change.",
            ),
        ],
        insight="A scale that cannot shrink: after a rare large gradient Adam forgets it within "
        "1 / (1 - beta2) steps and speeds up again, AMSGrad does not.",
    ),
    Function(
        "05.4",
        "What m remembers, derived",
        EXPLAIN,
        hints=(
            "Write m out for t = 1, 2, 3. How often has each gradient been multiplied by beta?",
            "The newest has not faded, the first one t - 1 times; each came in with 1 - beta.",
            "The weights are a geometric series with the sum 1 - beta^t. In the short cut the "
            "first gradient has the weight beta^(t - 1).",
        ),
        reference=weights_in_m,
        cases=_weights_cases,
        names=("weights", "total", "m_hat", "more"),
        mistakes=[
            Mistake(
                _weighted(weights=lambda t, beta: (1 - beta) * beta ** np.arange(t)),
                "Your weights are in the wrong order: the last gradient has faded the least.",
            ),
            Mistake(
                _weighted(weights=lambda t, beta: (1 - beta) * beta ** (np.arange(t)[::-1] + 1)),
                "One fading too many: how often has the last gradient been multiplied by beta "
                "when step t is done?",
            ),
            Mistake(
                _weighted(weights=lambda t, beta: beta ** np.arange(t)[::-1]),
                "Each gradient comes into m with a factor, before it begins to fade. Which one?",
            ),
            Mistake(
                _weighted(weights=lambda t, beta: beta * (1 - beta) ** np.arange(t)[::-1]),
                "beta and 1 - beta have changed places. Which share of m stays at each step?",
            ),
            Mistake(
                _weighted(total=lambda t, beta: 1.0),
                "They would add up to 1 if the average had begun infinitely long ago. This one "
                "began at 0, t steps ago: add up the geometric series.",
            ),
            Mistake(
                _weighted(total=lambda t, beta: 1 - beta ** (t - 1)),
                "How many weights are added up: t, or t - 1? Try your sum with a single step.",
            ),
            Mistake(
                _weighted(total=lambda t, beta: (1 - beta) * t),
                "The weights are not equal, so a number of steps times one of them is not their "
                "sum.",
            ),
            Mistake(
                _weighted(total=lambda t, beta: (1 - beta**t) / (1 - beta)),
                "The geometric series is right. Each of its terms also has the factor 1 - beta.",
            ),
            Mistake(
                _weighted(m_hat=lambda w, g, total: np.sum(w * g)),
                "That is m itself. Its weights add up to less than 1: what makes an average of it?",
            ),
            Mistake(
                _weighted(m_hat=lambda w, g, total: np.sum(w * g) * total),
                "The weights are too small already, and you make them smaller.",
            ),
            Mistake(
                _weighted(m_hat=lambda w, g, total: np.mean(g)),
                "That is the plain mean. The newer gradients count more.",
            ),
            Mistake(
                _weighted(more=lambda w, total, t, beta: (w[0] / total) / beta ** (t - 1)),
                "Upside down: how many times as much does the first gradient count in the short "
                "cut?",
            ),
            Mistake(
                _weighted(more=lambda w, total, t, beta: beta ** (t - 1) / w[0]),
                "You compare with m, before the correction. In m_hat the first gradient counts "
                "more.",
            ),
            Mistake(
                _weighted(more=lambda w, total, t, beta: beta**t / (w[0] / total)),
                "If m starts at the first gradient, it fades at the steps 2 to t. How many are "
                "these?",
            ),
        ],
        insight="Starting m at the first gradient needs no correction, but counts that gradient "
        "(1 - beta^t) / (1 - beta) times as much: nearly ten times at beta = 0.9, forever.",
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
                "It arrives on both, but later than Adam. With little momentum it creeps along the "
                "flat direction, with much it swings past the minimum. Which one is yours?",
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
            "a": Option("By about 0.001, both times.", ""),
            "b": Option(
                "By 0.0000003 and by 0.3: the rate times the gradient.",
                "That is SGD. What does Adam divide by?",
            ),
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
        correct="a",
        insight="For Adam the rate is a length: the first step is lr, whatever the gradient.",
    ),
)
