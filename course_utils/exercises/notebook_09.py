"""The exercises of notebook 09: rates, schedules, weight decay, early stopping, batch norm.

Each mistake is one that students make, with a hint at the thought behind it.
"""

import math

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def rates_by_hand():
    """Rates of a cosine and of a staircase."""
    first, steps = 0.1, 100
    quarter = first * (1 + math.cos(math.pi * 25 / steps)) / 2
    halfway = first * (1 + math.cos(math.pi * 50 / steps)) / 2
    past = 0.0
    falls = 50 // 25
    stepped = first * 0.3**falls
    return {"quarter": quarter, "halfway": halfway, "past": past, "stepped": stepped}


def warmup_cosine(step, lr, warmup, steps):
    """A line from lr / 100 up to lr at step `warmup`, then half a cosine to 0 at `steps`."""
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    progress = min((step - warmup) / (steps - warmup), 1)
    return lr * (1 + math.cos(math.pi * progress)) / 2


def _unclamped(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return lr * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def _first_rate_zero(step, lr, warmup, steps):
    if step < warmup:
        return lr * step / warmup
    return warmup_cosine(step, lr, warmup, steps)


def _cosine_from_step_0(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return lr * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def _ends_late(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return lr * (1 + math.cos(math.pi * min((step - warmup) / steps, 1))) / 2


def _not_halved(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return 2 * warmup_cosine(step, lr, warmup, steps)


def _without_pi(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return lr * (1 + math.cos(min((step - warmup) / (steps - warmup), 1))) / 2


def _overshoots(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + step / warmup)
    return warmup_cosine(step, lr, warmup, steps)


def _one_step_ahead(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * (step + 1) / warmup)
    return warmup_cosine(step, lr, warmup, steps)


def _straight_down(step, lr, warmup, steps):
    if step < warmup:
        return lr * (0.01 + 0.99 * step / warmup)
    return lr * (1 - min((step - warmup) / (steps - warmup), 1))


def _no_warmup(step, lr, warmup, steps):
    return lr * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def _schedule_cases(rng):
    for _ in range(4):
        lr = float(np.round(rng.uniform(0.01, 0.5), 3))
        warmup, rest = int(rng.integers(3, 12)), int(rng.integers(20, 60))
        steps = warmup + rest
        for step in (0, warmup - 1, warmup, warmup + rest // 2, steps - 1, steps, steps + rest):
            yield step, lr, warmup, steps


def _adam_step(theta, g, m, v, t, lr, before=0.0, in_gradient=0.0):
    """One step of Adam: theta * (1 - before) first, g + in_gradient * theta as the gradient."""
    g = g + in_gradient * theta
    m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
    m_hat, v_hat = m / (1 - BETA1**t), v / (1 - BETA2**t)
    return theta * (1 - before) - lr * m_hat / (np.sqrt(v_hat) + EPS), m, v


def adamw_step(theta, g, m, v, t, lr, decay):
    """One step of Adam with decoupled weight decay; returns theta, m, v. `t` counts from 1."""
    return _adam_step(theta, g, m, v, t, lr, before=lr * decay)


def _l2(theta, g, m, v, t, lr, decay):
    return _adam_step(theta, g, m, v, t, lr, in_gradient=decay)


def _decay_without_rate(theta, g, m, v, t, lr, decay):
    return _adam_step(theta, g, m, v, t, lr, before=decay)


def _growth(theta, g, m, v, t, lr, decay):
    return _adam_step(theta, g, m, v, t, lr, before=-lr * decay)


def _no_decay(theta, g, m, v, t, lr, decay):
    return _adam_step(theta, g, m, v, t, lr)


def _decay_after(theta, g, m, v, t, lr, decay):
    moved, m, v = _adam_step(theta, g, m, v, t, lr)
    return moved * (1 - lr * decay), m, v


def _both(theta, g, m, v, t, lr, decay):
    return _adam_step(theta, g, m, v, t, lr, before=lr * decay, in_gradient=decay)


def _uncorrected(theta, g, m, v, t, lr, decay):
    _, m, v = adamw_step(theta, g, m, v, t, lr, decay)
    return theta * (1 - lr * decay) - lr * m / (np.sqrt(v) + EPS), m, v


def _moved_by(move):
    """A wrong step: the weights decay as they should, and then `move` says what is subtracted."""

    def wrong(theta, g, m, v, t, lr, decay):
        _, m, v = adamw_step(theta, g, m, v, t, lr, decay)
        m_hat, v_hat = m / (1 - BETA1**t), v / (1 - BETA2**t)
        return theta * (1 - lr * decay) - lr * move(m_hat, v_hat), m, v

    return wrong


def _adamw_cases(rng):
    for t in (1, 2, 9):
        theta, g = rng.normal(size=(2, 4))
        m, v = (np.zeros(4), np.zeros(4)) if t == 1 else (rng.normal(size=4), rng.random(4))
        if t == 1:
            g[0] = 0.0  # here it counts that there is an eps; no text says which
        yield theta, g, m, v, t, 0.1, float(rng.uniform(0.3, 1.5))


def early_stop(val_losses, patience):
    """(last epoch trained, epoch of the network that is kept), both counted from 1."""
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def _one_too_many(val_losses, patience):
    return early_stop(val_losses, patience + 1)


def _keeps_the_last(val_losses, patience):
    last, _ = early_stop(val_losses, patience)
    return last, last


def _from_zero(val_losses, patience):
    last, best = early_stop(val_losses, patience)
    return last - 1, best - 1


def _against_the_previous(val_losses, patience):
    waited, best_epoch = 0, 1
    for epoch in range(2, len(val_losses) + 1):
        rose = val_losses[epoch - 1] >= val_losses[epoch - 2]
        waited = waited + 1 if rose else 0
        best_epoch = epoch if not rose else best_epoch
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def _not_in_a_row(val_losses, patience):
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def _one_too_few(val_losses, patience):
    return early_stop(val_losses, patience - 1)


def _counts_from_zero(val_losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def _better(is_better, keep=True):
    """Wrong about what is progress: `is_better(loss, best)`; the best loss stays if not `keep`."""

    def wrong(val_losses, patience):
        best, best_epoch = val_losses[0], 1
        for epoch, loss in enumerate(val_losses, start=1):
            if epoch > 1 and is_better(loss, best):
                best, best_epoch = (loss if keep else best), epoch
            if epoch - best_epoch >= patience:
                return epoch, best_epoch
        return len(val_losses), best_epoch

    return wrong


def _never_stops(val_losses, patience):
    return len(val_losses), int(np.argmin(val_losses)) + 1


def _early_cases(rng):
    yield [5.0, 4.0, 4.5, 3.0, 3.5, 3.2, 3.1, 2.0], 3
    yield [5.0, 4.0, 3.0, 2.0], 2
    yield [3.0, 4.0, 3.5, 3.4, 3.3, 3.2], 3
    yield [2.0, 2.0, 2.0, 1.0], 2
    yield [1.0, 0.9998, 0.9999, 0.9999, 0.9997], 2
    for _ in range(6):
        losses = np.round(3 - np.cumsum(rng.normal(0.05, 0.4, size=14)), 2)
        yield losses.tolist(), int(rng.integers(2, 5))


def _falls(shape):
    """A right warm-up, and then a wrong way down: lr times `shape(progress)`."""

    def wrong(step, lr, warmup, steps):
        if step < warmup:
            return warmup_cosine(step, lr, warmup, steps)
        return lr * shape(min((step - warmup) / (steps - warmup), 1))

    return wrong


def _warms(shape):
    """A wrong warm-up, lr times `shape(share of the warm-up)`, and then the right way down."""

    def wrong(step, lr, warmup, steps):
        if step < warmup:
            return lr * shape(step / warmup)
        return warmup_cosine(step, lr, warmup, steps)

    return wrong


def _decay_in_the_fraction(theta, g, m, v, t, lr, decay):
    _, m, v = adamw_step(theta, g, m, v, t, lr, decay)
    m_hat, v_hat = m / (1 - BETA1**t), v / (1 - BETA2**t)
    return theta - lr * (m_hat + decay * theta) / (np.sqrt(v_hat) + EPS), m, v


# 09.6, what dropout adds to the loss, and 09.7, when to stop


def dropout_loss(x, w, y, keep):
    """Mean and variance of a prediction under dropout, and its expected squared error.

    x and w are (D,), y is a number; the prediction is the sum of x_i w_i mask_i / keep, and each
    mask_i is 1 with probability `keep`, else 0.
    """
    mean = x @ w
    variance = (1 - keep) / keep * np.sum((x * w) ** 2)
    expected = (mean - y) ** 2 + variance
    return mean, variance, expected


def _dropout_cases(rng):
    yield np.array([1.0, 2.0]), np.array([3.0, -1.0]), 0.5, 0.5
    for size in (1, 4, 9):
        yield (
            rng.normal(size=size),
            rng.normal(size=size),
            float(rng.normal()),
            float(rng.uniform(0.2, 0.9)),
        )


def _dropped(mean=None, variance=None, expected=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(x, w, y, keep):
        m = mean(x, w, keep) if mean else x @ w
        v = variance(x, w, keep) if variance else (1 - keep) / keep * np.sum((x * w) ** 2)
        return m, v, expected(m, v, y) if expected else (m - y) ** 2 + v

    return answer


LONGEST = 200
RUNS = 40


def _validation_curves(rng):
    """(runs, epochs): losses that fall, rest and rise, with bumps, as on little data."""
    epoch = np.arange(1, LONGEST + 1)
    for k in range(RUNS):
        fall, rise = 2 * 14 ** ((k + rng.random()) / RUNS), rng.uniform(0.001, 0.004)
        start = rng.uniform(4, 6) * fall
        smooth = 0.3 + 0.7 * np.exp(-epoch / fall) + rise * np.maximum(epoch - start, 0)
        yield smooth + 0.012 * rng.normal(size=LONGEST)


def stop_now(losses):
    """Whether to stop, from the losses so far."""
    return len(losses) - 1 - int(np.argmin(losses)) >= 20


def stopped_in_time(rule, seed):
    """What a rule costs in epochs, and in loss, over forty runs; the best network is kept."""
    spent, lost = [], []
    for curve in _validation_curves(np.random.default_rng(seed)):
        last = LONGEST
        for epoch in range(1, LONGEST + 1):
            if bool(rule(curve[:epoch].copy())):
                last = epoch
                break
        spent.append(last / LONGEST)
        lost.append(curve[:last].min() / curve.min() - 1)
    return {
        "it stops before the end": bool(np.mean(spent) < 0.99),
        "it trains for less than 60% of the epochs on average": Goal(
            bool(np.mean(spent) < 0.6), f"it is {np.mean(spent):.0%}"
        ),
        "it trains for less than 38% of the epochs on average": Goal(
            bool(np.mean(spent) < 0.38), f"it is {np.mean(spent):.0%}"
        ),
        "the network kept is less than 25% worse than the best on average": Goal(
            bool(np.mean(lost) < 0.25), f"it is {np.mean(lost):.0%}"
        ),
        "the network kept is less than 1% worse than the best on average": Goal(
            bool(np.mean(lost) < 0.01), f"it is {np.mean(lost):.1%}"
        ),
    }


EXERCISES = (
    Numbers(
        "09.1",
        "Rates on paper",
        objective="write learning-rate schedules",
        answer={"quarter": 0.0853553, "halfway": 0.05, "past": 0.0, "stepped": 0.009},
        mistakes=[
            Mistake({"quarter": 0.075}, "A cosine is no straight line: it begins flat."),
            Mistake(
                {"past": 0.05},
                "At step 150 the bare formula is half up again. What should a schedule of 100 "
                "steps do after its end?",
            ),
            Mistake(
                {"stepped": 0.03}, "That is one fall. How many quarters have ended by step 50?"
            ),
            Mistake(
                {"stepped": 0.1 * 0.7**2},
                "You took 30% away at each fall. x 0.3 leaves 30%.",
            ),
            Mistake(
                {"past": 0.1},
                "That is the first rate again. Where is a cosine at its end, and what is past it?",
            ),
            Mistake(
                {"quarter": 0.1 * (1 + math.cos(45)) / 2},
                "Your angle is in degrees. `np.cos` counts in radians: what is an eighth of a "
                "circle?",
            ),
            Mistake(
                {"quarter": 0.1 * math.exp(-0.25)},
                "That is an exponential decay. Asked is a cosine.",
            ),
            Mistake(
                {"halfway": 0.0, "quarter": 0.1 * math.cos(math.pi / 4)},
                "That is the cosine itself, which goes from 1 to -1. The formula adds 1 and "
                "halves.",
            ),
            Mistake(
                {"halfway": 0.0, "quarter": 0.05},
                "That is a whole wave by step 100. The schedule is half a cosine: from its top to "
                "its "
                "bottom.",
            ),
            Mistake({"stepped": 0.027}, "At step 50 the second quarter has ended, too."),
            Mistake(
                {"stepped": 0.04},
                "The rate is multiplied at each fall, it does not lose the same amount.",
            ),
            Mistake(
                {"halfway": 0.0},
                "Halfway the angle is 90 degrees and its cosine 0. The formula adds 1 and halves.",
            ),
        ],
        working=rates_by_hand,
        digits="three decimals",
        insight="Flat, steep, flat: after a quarter of the time a cosine has lost only 15%.",
        tolerance=6e-3,
    ),
    Function(
        "09.2",
        "Cosine with warm-up",
        objective="write learning-rate schedules",
        reference=warmup_cosine,
        cases=_schedule_cases,
        mistakes=[
            Mistake(_unclamped, "It rises again past its end. What is the rate at twice `steps`?"),
            Mistake(
                _first_rate_zero,
                "At step 0 your rate is 0, so the first update does nothing. Where does the line "
                "begin?",
            ),
            Mistake(
                _cosine_from_step_0,
                "The rate jumps when the warm-up ends. Where does the cosine count from?",
            ),
            Mistake(
                _ends_late,
                "At `steps` you are not yet at 0. How many steps has the cosine left for itself?",
            ),
            Mistake(_not_halved, "Your cosine is twice as high: 1 + cos begins at 2, not at 1."),
            Mistake(_no_warmup, "There is no warm-up yet: what happens while step < warmup?"),
            Mistake(
                _without_pi,
                "Your cosine goes from angle 0 to angle 1. At which angle is a cosine at its "
                "lowest?",
            ),
            Mistake(
                _overshoots,
                "Your line ends above lr. It begins at lr / 100: how much is left to climb?",
            ),
            Mistake(
                _one_step_ahead,
                "Your warm-up is one step ahead: where should the line be at step 0?",
            ),
            Mistake(
                _straight_down,
                "After the warm-up you go down in a straight line. A cosine begins and ends flat.",
            ),
            Mistake(
                _falls(lambda progress: (1 + math.cos(180 * progress)) / 2),
                "Your angle ends at 180. `np.cos` counts in radians: what is half a circle there?",
            ),
            Mistake(
                _falls(lambda progress: math.cos(math.pi * progress) / 2),
                "Your rate begins at half of lr and becomes negative. What must be added to a "
                "cosine so that it stays above 0?",
            ),
            Mistake(
                _falls(lambda progress: math.cos(math.pi * progress)),
                "Your rate becomes negative: a cosine goes down to -1. What lifts it above 0?",
            ),
            Mistake(
                _falls(lambda progress: math.cos(math.pi * progress / 2)),
                "That is a quarter of a circle: it arrives at 0 steeply. Half a circle is flat at "
                "both ends.",
            ),
            Mistake(
                _falls(lambda progress: (1 + math.cos(2 * math.pi * progress)) / 2),
                "Your rate falls and rises again before `steps`. How far round does the cosine go?",
            ),
            Mistake(
                _falls(lambda progress: (1 - math.cos(math.pi * progress)) / 2),
                "Your rate rises after the warm-up. At which end should it be lr, and at which 0?",
            ),
            Mistake(
                _warms(lambda share: 1.0),
                "Your rate is lr from the first step on. What happens while step < warmup?",
            ),
            Mistake(
                _warms(lambda share: 0.01 * (1 + share)),
                "After the warm-up your rate jumps. How far must the line climb from lr / 100?",
            ),
            Mistake(
                _warms(lambda share: 0.01),
                "Your rate stays at lr / 100 during the warm-up. It should climb with each step.",
            ),
        ],
        insight="Two phases, two clocks: the cosine counts from the end of the warm-up.",
    ),
    Function(
        "09.3",
        "Adam with decoupled weight decay",
        objective="explain why L2 and weight decay are one thing for plain SGD and two for Adam",
        reference=adamw_step,
        cases=_adamw_cases,
        mistakes=[
            Mistake(_l2, "The decay went through m and v: that is L2. Decoupled means past them."),
            Mistake(
                _decay_without_rate,
                "Your weights shrink by `decay` at each step. The share is the rate times decay.",
            ),
            Mistake(_growth, "Your weights grow. Which sign makes them shrink?"),
            Mistake(
                lambda theta, g, m, v, t, lr, decay: _adam_step(
                    theta, g, m, v, t, lr, before=1 - lr * decay
                ),
                "Only the share `lr * decay` of the weights is left. That is what they lose.",
            ),
            Mistake(_no_decay, "This is Adam as it was. Where do the weights shrink?"),
            Mistake(
                _decay_after,
                "You shrink the result, Adam's own step included. Shrink the old weights only.",
            ),
            Mistake(_both, "You decay twice: once in the gradient, once outside. Keep the second."),
            Mistake(
                _uncorrected,
                "The decay is right. But the step uses m and v as they are, too small at first.",
            ),
            Mistake(
                _moved_by(lambda m, v: -m / (np.sqrt(v) + EPS)),
                "The decay is right. But Adam's own part of the step goes uphill.",
            ),
            Mistake(
                _moved_by(lambda m, v: m / (v + EPS)),
                "The decay is right. But you divide by v_hat, which has the unit of a squared "
                "gradient.",
            ),
            Mistake(
                _moved_by(lambda m, v: m / np.sqrt(v)),
                "What if a gradient is exactly 0? Something is missing below.",
            ),
            Mistake(
                _decay_in_the_fraction,
                "Your decay is divided by the root of v_hat, as in L2. Decoupled: it stands beside "
                "Adam's fraction, not inside.",
            ),
            Mistake(
                lambda theta, g, m, v, t, lr, decay: _adam_step(
                    theta, g, m, v, t, lr, before=lr * decay / 2
                ),
                "Half of the decay is missing. The factor 2 of a squared norm is not in here: the "
                "share is the rate times decay.",
            ),
            Mistake(
                _moved_by(lambda m, v: 0 * m),
                "Your weights only shrink. Where is Adam's own step?",
            ),
        ],
        names=("theta", "m", "v"),
        insight="The decay is one factor on the old weights, whatever m and v say.",
    ),
    Function(
        "09.4",
        "Early stopping",
        objective="use dropout, batch norm, early stopping and clipping",
        hints=(
            "Two numbers are kept while you go: the lowest loss so far, and its epoch.",
            "A new lowest loss sets both. Else: how many epochs have passed since the best one?",
            "Return from inside the loop when it has waited `patience` epochs; behind the loop, "
            "if the "
            "losses end first.",
        ),
        reference=early_stop,
        cases=_early_cases,
        mistakes=[
            Mistake(
                _one_too_many,
                "You train one epoch too long: after `patience` epochs without a new lowest loss "
                "it is over.",
            ),
            Mistake(
                _keeps_the_last,
                "You keep the last network. The last `patience` epochs brought nothing better.",
            ),
            Mistake(_from_zero, "You count epochs from 0. The first epoch is number 1."),
            Mistake(
                _against_the_previous,
                "You compare with the epoch before. A loss that falls from 4 to 3.5 is no progress "
                "if it was 3 once.",
            ),
            Mistake(
                _not_in_a_row,
                "You add up all bad epochs. A new lowest loss starts the waiting anew.",
            ),
            Mistake(_never_stops, "You find the best epoch, but never stop."),
            Mistake(
                _one_too_few,
                "You stop one epoch too early. How many epochs may pass without a new best one?",
            ),
            Mistake(
                _counts_from_zero,
                "Your loop counts epochs from 0, and the end of the list from 1. Here the first "
                "epoch is number 1.",
            ),
            Mistake(
                _better(lambda loss, best: loss <= best),
                "An equal loss starts your waiting anew. Is a loss that stands still progress?",
            ),
            Mistake(
                _better(lambda loss, best: loss > best),
                "You wait for the largest loss. What is good: a large loss or a small one?",
            ),
            Mistake(
                _better(lambda loss, best: loss < best, keep=False),
                "Every loss is compared with the first one. After a new best loss, what is the "
                "next one to be compared with?",
            ),
            Mistake(
                lambda val_losses, patience: early_stop(val_losses, patience)[::-1],
                "The two have changed places: first the last epoch, then the best one.",
            ),
            Mistake(
                lambda val_losses, patience: (
                    early_stop(val_losses, patience)[0],
                    min(val_losses[: early_stop(val_losses, patience)[0]]),
                ),
                "Second comes a loss. Asked is for the epoch it belongs to.",
            ),
            Mistake(
                lambda val_losses, patience: (
                    early_stop(val_losses, patience)[0],
                    int(np.argmin(val_losses)) + 1,
                ),
                "Your best epoch may come after the training has stopped. Nobody has seen it.",
            ),
            Mistake(
                lambda val_losses, patience: (
                    early_stop(val_losses, patience)[0] - patience,
                    early_stop(val_losses, patience)[1],
                ),
                "The last epoch is the last one trained, with the waiting. You took the waiting "
                "off.",
            ),
            Mistake(
                lambda val_losses, patience: (
                    next(
                        (e for e in range(1, len(val_losses) + 1) if e >= patience), len(val_losses)
                    ),
                    0,
                ),
                "Your best epoch stays 0: where is it set when a new lowest loss comes?",
            ),
            Mistake(
                lambda val_losses, patience: (
                    min(int(np.argmin(val_losses)) + 1 + patience, len(val_losses)),
                    int(np.argmin(val_losses)) + 1,
                ),
                "You take the lowest of the whole list. The run may have stopped before it: go "
                "epoch by "
                "epoch.",
            ),
            Mistake(
                lambda val_losses, patience: (len(val_losses), 0),
                "Nothing happens in your loop: the best epoch stays 0, and it never stops.",
            ),
            Mistake(
                lambda val_losses, patience: early_stop(val_losses, 1),
                "You stop at the first epoch without progress. How long may it wait?",
            ),
            Mistake(
                lambda val_losses, patience: early_stop(val_losses, patience)[1],
                "One number? Asked are two: the last epoch trained, and the best one.",
            ),
        ],
        names=("last_epoch", "best_epoch"),
        insight="Progress is measured against the best so far, and the best is what you keep.",
    ),
    Choice(
        "09.5",
        "The moody network",
        objective="use dropout, batch norm, early stopping and clipping",
        question=(
            "A network with batch norm has a validation loss of 0.30. In use it gives the same "
            "house another price in each request, depending on which houses are asked for with "
            "it. What is wrong?"
        ),
        options={
            "a": Option(
                "Nothing: batch norm is random.",
                "Dropout draws random numbers, batch norm none. Same batch, same answer.",
            ),
            "b": Option(
                "It runs in training mode: mean and variance come from the houses of the request.",
                "",
            ),
            "c": Option(
                "The learning rate was too high.",
                "The weights do not change any more. What differs from request to request?",
            ),
            "d": Option(
                "The running averages were not stored with the weights.",
                "Then every answer would be wrong, but the same house would get the same price.",
            ),
            "e": Option(
                "It has overfitted the training data.",
                "Then its prices would be bad, but still the same for the same house.",
            ),
        },
        correct="b",
        insight="In inference mode an answer depends on the example alone. Test it with one row.",
    ),
    Function(
        "09.6",
        "What dropout adds to the loss, derived",
        "use dropout, batch norm, early stopping and clipping, and say what each one cures",
        hints=(
            "The mean of mask / keep is 1. What is its variance?",
            "A mask has the variance keep (1 - keep); divided by keep, that is divided by keep^2.",
            "Variances of independent terms add up. And the mean of a square is the square of the "
            "mean plus the variance.",
        ),
        reference=dropout_loss,
        cases=_dropout_cases,
        names=("the mean", "the variance", "the expected loss"),
        mistakes=[
            Mistake(
                _dropped(mean=lambda x, w, keep: keep * (x @ w)),
                "What stays is divided by `keep`: on average nothing is missing.",
            ),
            Mistake(
                _dropped(mean=lambda x, w, keep: x @ w / keep),
                "What stays speaks louder, but not all of it stays. What is the mean of a mask?",
            ),
            Mistake(
                _dropped(mean=lambda x, w, keep: x * w),
                "These are the terms. The prediction is their sum.",
            ),
            Mistake(
                _dropped(variance=lambda x, w, keep: keep * (1 - keep) * np.sum((x * w) ** 2)),
                "That is the variance of the masks as they are. Each is divided by `keep`: what "
                "does that do to a variance?",
            ),
            Mistake(
                _dropped(variance=lambda x, w, keep: (1 - keep) * np.sum((x * w) ** 2)),
                "The mask has the variance keep (1 - keep), and it is divided by keep. Squared or "
                "not?",
            ),
            Mistake(
                _dropped(variance=lambda x, w, keep: (1 - keep) / keep * np.sum(x * w) ** 2),
                "The masks are independent, so the variances of the terms add up. You have squared "
                "their sum.",
            ),
            Mistake(
                _dropped(variance=lambda x, w, keep: keep / (1 - keep) * np.sum((x * w) ** 2)),
                "Your variance grows when more is kept. Which of the two, kept or dropped, stands "
                "above the line?",
            ),
            Mistake(
                _dropped(variance=lambda x, w, keep: (1 - keep) / keep * np.sum(w**2)),
                "How much a term trembles depends on its input, too.",
            ),
            Mistake(
                _dropped(
                    variance=lambda x, w, keep: np.sqrt((1 - keep) / keep * np.sum((x * w) ** 2))
                ),
                "That is the standard deviation.",
            ),
            Mistake(
                _dropped(expected=lambda m, v, y: (m - y) ** 2),
                "That is the loss of the mean prediction. A prediction that trembles misses by "
                "more, on average.",
            ),
            Mistake(
                _dropped(expected=lambda m, v, y: (m - y) ** 2 - v),
                "Trembling cannot make the expected loss smaller.",
            ),
            Mistake(
                _dropped(expected=lambda m, v, y: (m - y) ** 2 + v**2),
                "The mean of a square is the square of the mean plus the variance. It is a square "
                "already.",
            ),
        ],
        insight="For a linear unit dropout is an L2 penalty, weighted by the inputs: sum of "
        "x_i^2 w_i^2, times (1 - keep) / keep.",
    ),
    Function(
        "09.7",
        "A rule for stopping",
        "use dropout, batch norm, early stopping and clipping, and say what each one cures",
        hints=(
            "One bump is no turn. How many epochs in a row are enough to believe it?",
            "Where was the lowest loss so far, and how long ago?",
            "Stop when it was about twenty epochs ago.",
        ),
        reference=stop_now,
        cases=lambda rng: [(int(rng.integers(100)),)],
        observe=stopped_in_time,
        mistakes=[
            Mistake(
                lambda losses: len(losses) > 1 and losses[-1] > losses[-2],
                "You stop far too early, and the networks are far from done. What is noise, and "
                "what is a turn?",
            ),
            Mistake(
                lambda losses: False,
                "You never stop, or hardly ever. The best network is kept, but most of the epochs "
                "are wasted.",
            ),
            Mistake(
                lambda losses: len(losses) >= 60,
                "Cheap enough, but some networks are stopped before they are done. Does your rule "
                "look at how each run goes, and does it wait until a bump is over?",
            ),
            Mistake(
                lambda losses: len(losses) - 1 - int(np.argmin(losses)) >= 50,
                "The networks are good, but you wait for too long. How long do the bumps of these "
                "curves last?",
            ),
            Mistake(
                lambda losses: len(losses) - 1 - int(np.argmin(losses)) >= 100,
                "You do stop in the end, but after much more than half of the epochs. How long can "
                "a bump last, at most?",
            ),
        ],
        insight="Patience is bought with epochs. It must outlast the bumps, and the best network "
        "is put back in any case.",
    ),
)
