"""The exercises of notebook 04: the mini-batch iterator, which curve is which, and a decaying rate.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import math

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

WRITE = "write the mini-batch iterator, and name four ways to get it wrong"
MEASURE = "measure how far the gradient of a mini-batch is from the full one"
COMPARE = "compare batch sizes by epochs, by updates and by seconds, and say why the winner changes"
SCALE = "scale the learning rate with the batch size, and find where that stops"
LOWER = "lower the noise floor with a rate that decays, and learn from a stream"

# The curves of exercise 04.2, in the order in which the notebook draws them.
SIZES = dict(zip("ABCD", np.random.default_rng(11).permutation([2, 20, 200, 1000]), strict=True))


STABLE = "it does not diverge"
EARLY, LATE = "below 0.1 after 300 examples", "below 0.0004 at the end"
PAIRS = "each batch is a pair, rows of x and rows of y"
SEVERAL = "more than one batch comes"


def batches(x, y, batch_size, rng):
    """Mini-batches of one epoch: every example once, in a new order each time."""
    order = rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        chosen = order[first : first + batch_size]
        yield x[chosen], y[chosen]


def _copied(batch):
    """The arrays of a batch as they are now; a later shuffle in place does not reach them."""
    return tuple(map(np.array, batch)) if isinstance(batch, (tuple, list)) else (batch,)


def facts(iterate, x, y, batch_size, seed):
    """What is true of two epochs of an iterator; the order itself may differ from ours."""
    x_given, y_given = x.copy(), y.copy()
    rng = np.random.default_rng(seed)
    epochs = [list(map(_copied, iterate(x_given, y_given, batch_size, rng))) for _ in range(2)]
    if not all(len(batch) == 2 for epoch in epochs for batch in epoch):
        return {PAIRS: False}
    again = [np.array(a) for a, _ in iterate(x.copy(), y.copy(), batch_size, _rng(seed))]
    target_of = dict(zip(x.tolist(), y.tolist(), strict=True))
    first, second = (np.concatenate([a for a, _ in epoch]) for epoch in epochs)
    targets = np.concatenate([b for _, b in epochs[0]])
    members = [{frozenset(a.tolist()) for a, _ in epoch} for epoch in epochs]
    return {
        PAIRS: True,
        "x comes first and y second": bool(np.isin(first, x).all()),
        "every example has its own target": [target_of.get(v) for v in first.tolist()]
        == targets.tolist(),
        SEVERAL: len(epochs[0]) > 1,
        "no example is missing": bool(np.isin(x, first).all()),
        "no example comes twice": len(set(first.tolist())) == len(first),
        "each batch but the last has batch_size examples": all(
            len(a) == min(batch_size, len(x)) for a, _ in epochs[0][:-1]
        ),
        "the examples come in a new order": len(x) < 8 or not np.array_equal(first, x),
        "the second epoch has another order": len(x) < 8 or not np.array_equal(first, second),
        "the second epoch has other batches": members[0] != members[1],
        "the order is drawn with rng": np.array_equal(first, np.concatenate(again)),
        "x and y stay as they were": np.array_equal(x, x_given) and np.array_equal(y, y_given),
    }


def _rng(seed):
    return np.random.default_rng(seed)


def _batch_cases(rng):
    for examples, batch_size in ((23, 5), (20, 4), (9, 1), (4, 10), (30, 29), (230, 32)):
        x = np.round(rng.normal(size=examples), 6)
        yield x, 10 * x + 1, batch_size, int(rng.integers(1000))


def _file_order(x, y, batch_size, rng):
    for first in range(0, len(x), batch_size):
        yield x[first : first + batch_size], y[first : first + batch_size]


def _whole_only(x, y, batch_size, rng):
    for pair in batches(x, y, batch_size, rng):
        if len(pair[0]) == batch_size:
            yield pair


def _apart(x, y, batch_size, rng):
    order, other = rng.permutation(len(x)), rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        chosen = slice(first, first + batch_size)
        yield x[order[chosen]], y[other[chosen]]


def _blocks(x, y, batch_size, rng):
    for first in rng.permutation(np.arange(0, len(x), batch_size)):
        yield x[first : first + batch_size], y[first : first + batch_size]


def _with_replacement(x, y, batch_size, rng):
    for first in range(0, len(x), batch_size):
        chosen = rng.integers(0, len(x), min(batch_size, len(x) - first))
        yield x[chosen], y[chosen]


def _own_seed(x, y, batch_size, rng):
    return batches(x, y, batch_size, np.random.default_rng(0))


def _merged(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    starts = range(0, max(len(x) - batch_size + 1, 1), batch_size)
    for first in starts:
        end = len(x) if first == starts[-1] else first + batch_size
        yield x[order[first:end]], y[order[first:end]]


def _changed_places(x, y, batch_size, rng):
    return ((b, a) for a, b in batches(x, y, batch_size, rng))


def _one_short(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        chosen = order[first : first + batch_size - 1]
        yield x[chosen], y[chosen]


def _one_over(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for first in range(0, len(x), batch_size):
        chosen = order[first : first + batch_size + 1]
        yield x[chosen], y[chosen]


def _in_place(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    return _file_order(x, y, batch_size, rng)


def _first_only(x, y, batch_size, rng):
    return [next(batches(x, y, batch_size, rng))]


def _one_further(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for first in range(len(x)):
        chosen = order[first : first + batch_size]
        yield x[chosen], y[chosen]


def counting_by_hand():
    """Updates, the last batch, and what a calmer gradient costs."""
    images, batch, epochs, rate, noise = 60_000, 128, 5, 0.05, 0.8
    updates_an_epoch = math.ceil(images / batch)
    updates = epochs * updates_an_epoch
    last_batch = images - (updates_an_epoch - 1) * batch
    times = (noise / 0.2) ** 2
    calmer_batch = batch * times
    scaled_rate = rate * calmer_batch / batch
    return {
        "updates": updates,
        "last_batch": last_batch,
        "calmer_batch": round(calmer_batch),
        "scaled_rate": scaled_rate,
    }


def my_rate(step):
    """A rate that falls as 1/step: fast at the start, and calm at the end."""
    return 1 / (25 + step)


def demands(rate, streams):
    """Which demands a rate meets on streams of (x, noise), for the line y = 2x + 1 + noise."""
    early, late = [], []
    course = _course([float(rate(step)) for step in (0, 1, 10, 100, 300, 1000, 4000, 4999)])
    for stream in streams:
        w = b = 0.0
        far = []
        for step, (x, noise) in enumerate(stream):
            error = w * x + b - (2 * x + 1 + noise)
            lr = float(rate(step))
            w, b = w - lr * 2 * error * x, b - lr * 2 * error
            distance = (w - 2) ** 2 + (b - 1) ** 2
            if not distance < 1e12:
                unmet = {name: Goal(False, "it diverged") for name in (EARLY, LATE)}
                return {STABLE: Goal(False, f"at step {step}"), **unmet, "the rate": course}
            far.append(distance)
        early.append(sum(far[250:350]) / 100)
        late.append(sum(far[-500:]) / 500)
    soon, end = sum(early) / len(early), sum(late) / len(late)
    return {
        STABLE: Goal(True),
        EARLY: Goal(soon < 0.1, f"it is {soon:.2g}"),
        LATE: Goal(end < 0.0004, f"it is {end:.2g}"),
        "the rate": course,
    }


def _course(rates):
    """How a rate goes, in a word: only to recognize mistakes."""
    if min(rates) < 0:
        return "becomes negative"
    if max(rates) == min(rates):
        return "is 0" if rates[0] == 0 else "stays"
    return "grows" if rates[-1] > rates[0] else "falls"


def _streams(rng):
    yield (
        [
            list(
                zip(rng.normal(size=5000).tolist(), rng.normal(0, 0.5, 5000).tolist(), strict=True)
            )
            for _ in range(3)
        ],
    )


def _swapped(one, other):
    """The sizes of 04.2 with two of them exchanged."""
    change = {one: other, other: one}
    return {name: change.get(int(size), int(size)) for name, size in SIZES.items()}


def _backwards():
    return {name: {2: 1000, 20: 200, 200: 20, 1000: 2}[int(size)] for name, size in SIZES.items()}


def _new_order_for_each_batch(x, y, batch_size, rng):
    for first in range(0, len(x), batch_size):
        chosen = rng.permutation(len(x))[first : first + batch_size]
        yield x[chosen], y[chosen]


# 04.6, the noise floor


def noise_floor(rate, curvature, noise, batch):
    """The shares of the variance that a step keeps and adds, and where both are in balance."""
    kept = (1 - rate * curvature) ** 2
    added = rate**2 * noise**2 / batch
    floor = added / (1 - kept)
    return kept, added, floor


def _floor_cases(rng):
    yield 0.1, 2.0, 1.0, 1
    yield 0.02, 2.0, 0.5, 4
    for rate, curvature, noise in rng.uniform(0.1, 1, (4, 3)):
        yield float(rate), float(1.6 * curvature), float(3 * noise), int(rng.integers(2, 50))


def _balance(kept=None, added=None, floor=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(rate, curvature, noise, batch):
        stays = kept(rate, curvature) if kept else (1 - rate * curvature) ** 2
        comes = added(rate, noise, batch) if added else rate**2 * noise**2 / batch
        return stays, comes, floor(stays, comes) if floor else comes / (1 - stays)

    return answer


EXERCISES = (
    Function(
        "04.1",
        "The mini-batch iterator",
        WRITE,
        reference=batches,
        cases=_batch_cases,
        observe=facts,
        aside=(SEVERAL,),
        mistakes=[
            Mistake(
                _file_order,
                "Nothing is shuffled: the batches come in the order of the file, in every epoch.",
            ),
            Mistake(
                _whole_only,
                "Examples are missing: the last, shorter batch belongs to the epoch, too.",
            ),
            Mistake(
                _apart,
                "An example has lost its target: x and y are shuffled apart. One order for both.",
            ),
            Mistake(
                _blocks,
                "Each epoch has the same batches: you shuffle their order, but not who is in them.",
            ),
            Mistake(
                _with_replacement,
                "Some examples come twice and others never: that is drawing with replacement. An "
                "epoch is a pass over the data.",
            ),
            Mistake(
                _own_seed,
                "The second epoch is the first one again. Draw the order from the `rng` that is "
                "handed over: a generator of your own starts anew at each call.",
            ),
            Mistake(
                _merged,
                "Your last batch is longer than `batch_size`: the rest is merged with the batch "
                "before. `fit` does that; here the rest is a shorter batch of its own.",
            ),
            Mistake(_changed_places, "x and y have changed places in the pair."),
            Mistake(
                _one_short,
                "Your batches are one too short, and examples are lost between them. Where does "
                "a slice end?",
            ),
            Mistake(
                _one_over,
                "Your batches overlap by one: an example comes in two of them. Where does a slice "
                "end?",
            ),
            Mistake(
                _first_only,
                "You give one batch and stop. How do all the others get their turn?",
            ),
            Mistake(
                _one_further,
                "The next batch begins one example after the last one began. Where should it "
                "begin?",
            ),
            Mistake(
                _in_place,
                "You shuffle the caller's own arrays. Draw an order, and leave x and y as they "
                "are.",
            ),
            Mistake(
                _new_order_for_each_batch,
                "You draw a new order for each batch, so some examples come twice and others "
                "never. One order lasts for an epoch.",
            ),
        ],
        insight="One order for both arrays, drawn anew at each call, and nobody left behind.",
    ),
    Numbers(
        "04.2",
        "Which curve is which?",
        COMPARE,
        answer={name: int(size) for name, size in SIZES.items()},
        mistakes=[
            Mistake(
                _backwards(),
                "Just the other way round. At equal updates, who rests higher above the floor?",
            ),
            Mistake(
                _swapped(200, 1000),
                "The two large ones have changed places. One of them has no noise at all, so it "
                "never stops falling.",
            ),
            Mistake(
                _swapped(20, 200),
                "20 and 200 have changed places. Ten times the batch, a tenth of the floor.",
            ),
            Mistake(
                _swapped(2, 20),
                "2 and 20 have changed places. Which of the two is more restless?",
            ),
            Mistake(
                lambda answers: sorted(map(str, answers.values())) != ["1000", "2", "20", "200"],
                "Use each of 2, 20, 200 and 1000 once.",
                example={"A": 2, "B": 2, "C": 20, "D": 200},
            ),
        ],
        insight="At equal updates the floor tells the batch size: the larger, the lower.",
    ),
    Numbers(
        "04.3",
        "Counting",
        SCALE,
        answer={
            "updates": 5 * math.ceil(60_000 / 128),
            "last_batch": 60_000 - 468 * 128,
            "calmer_batch": 128 * 16,
            "scaled_rate": 0.05 * 16,
        },
        mistakes=[
            Mistake(
                {"updates": 5 * 468},
                "The short last batch of each epoch makes an update, too.",
            ),
            Mistake(
                {"updates": 300_000 // 128},
                "You laid the five epochs end to end, and left out the rest. Each epoch ends with "
                "a "
                "short batch of its own.",
            ),
            Mistake({"updates": 300_000}, "Those are examples. How many of them make one update?"),
            Mistake({"updates": 469}, "That is one epoch. There are five."),
            Mistake(
                {"updates": 5 * 60_000 / 128},
                "A fraction of an update? In each epoch the last batch is a short one, but a whole "
                "update.",
            ),
            Mistake(
                {"updates": 300_000 // 128 + 1, "last_batch": 300_000 % 128},
                "You laid the five epochs end to end. Each ends with a short batch of its own.",
            ),
            Mistake(
                {"last_batch": 128},
                "60,000 is no multiple of 128. What is left after 468 full batches?",
            ),
            Mistake(
                {"last_batch": 32},
                "That is what is missing to a full batch. Asked for is what is in it.",
            ),
            Mistake(
                {"calmer_batch": 4 * 128},
                "The noise falls with the square root of the batch size: four times the batch "
                "halves it.",
            ),
            Mistake(
                {"calmer_batch": 32},
                "A smaller batch is noisier. And mind the square root.",
            ),
            Mistake(
                {"calmer_batch": 8},
                "The factor is right, but the direction is not: a smaller batch is noisier.",
            ),
            Mistake(
                {"scaled_rate": 0.05 * 4},
                "That is the square-root rule. Linear scaling multiplies the rate as often as the "
                "batch.",
            ),
            Mistake(
                {"scaled_rate": 0.05 / 16},
                "A calmer batch allows a larger rate, not a smaller one.",
            ),
        ],
        insight="A quarter of the noise costs 16 times the batch. The rate to try is 0.8, if the "
        "curvature allows it.",
        tolerance=1e-4,
        working=counting_by_hand,
    ),
    Function(
        "04.4",
        "A rate that decays",
        LOWER,
        reference=my_rate,
        cases=_streams,
        observe=demands,
        aside=("the rate",),
        mistakes=[
            Mistake(
                lambda step: 0.01,
                "Fast at the start, but restless at the end: the floor is as high as the last "
                "rates allow. Decay further.",
            ),
            Mistake(
                lambda step: 0.0006,
                "Calm at the end, but too slow at the start: after 300 examples it is still on "
                "its way.",
            ),
            Mistake(
                lambda step: 0.04 * 0.9**step,
                "It has not arrived, neither early nor late. A rate that dies out too fast stops "
                "the run on its way: how far can it still walk?",
            ),
            Mistake(
                lambda step: 0.0,
                "Your rate is 0 at every step, so nothing moves. Does a `//` cut it off?",
            ),
            Mistake(
                lambda step: 0.04 * (1 + step),
                "Your rate grows with the step, until it diverges. What must the step do to it?",
            ),
            Mistake(
                lambda step: 0.01 + 1e-6 * step,
                "Your rate grows with the step. The floor is as high as the last rates allow.",
            ),
            Mistake(
                lambda step: 0.04 * (1 - step / 4000),
                "Your rate becomes negative on the way: from there on each step goes uphill.",
            ),
            Mistake(
                lambda step: 0.08 - 8e-5 * step,
                "Your rate becomes negative on the way: from there on it walks uphill and "
                "diverges.",
            ),
            Mistake(
                lambda step: 0.1 / math.sqrt(1 + step / 4),
                "It falls, but too slowly: at the end the noise is still heard. What falls faster "
                "than a root?",
            ),
            Mistake(
                lambda step: 0.001 / (1 + step / 5000),
                "It begins too small: after 300 examples it is still on its way. A rate that falls "
                "may begin large.",
            ),
            Mistake(
                lambda step: 0.0001,
                "A constant rate as small as this never arrives. Only a rate that falls can be "
                "fast "
                "first and calm later.",
            ),
            Mistake(
                lambda step: 1.0,
                "It diverges. One example can have a large x: the stable rate is well below 1.",
            ),
        ],
        insight="A rate as 1/step: the steps never stop adding up, and the noise dies out.",
    ),
    Choice(
        "04.5",
        "How many examples?",
        MEASURE,
        question="100 examples drawn with replacement give a gradient with noise 0.4. How many "
        "give 0.1?",
        options={
            "a": Option(
                "200",
                "Twice the examples make the noise smaller by the square root of 2 only.",
            ),
            "b": Option("400", "Four times the examples halve the noise. It should be a quarter."),
            "c": Option("1,600", ""),
            "d": Option(
                "It depends on the size of the data set.",
                "For draws without replacement. With replacement each draw is independent.",
            ),
            "e": Option("25", "Fewer examples, less noise? It is the other way round."),
        },
        correct="c",
        insight="A quarter of the noise for 16 times the work. Precision is expensive.",
    ),
    Function(
        "04.6",
        "The noise floor, derived",
        LOWER,
        hints=(
            "The variance of a number that is multiplied by c is multiplied by c^2. Variances of "
            "independent parts add up.",
            "The distance is multiplied by 1 - rate * curvature, the noise by the rate; a batch "
            "divides the variance of the noise.",
            "Solve V = kept V + added for V.",
        ),
        reference=noise_floor,
        cases=_floor_cases,
        names=("kept", "added", "the floor"),
        mistakes=[
            Mistake(
                _balance(kept=lambda rate, curvature: 1 - rate * curvature),
                "That is the factor of the distance. The variance is the mean of its square.",
            ),
            Mistake(
                _balance(kept=lambda rate, curvature: (rate * curvature) ** 2),
                "That is the share that one step takes away, not the one that it leaves.",
            ),
            Mistake(
                _balance(kept=lambda rate, curvature: 1 - (rate * curvature) ** 2),
                "You have squared the parts of the difference. Square the difference as a whole.",
            ),
            Mistake(
                _balance(kept=lambda rate, curvature: (1 - rate) ** 2),
                "How far a step goes depends on the bowl, too: where is its curvature?",
            ),
            Mistake(
                _balance(added=lambda rate, noise, batch: rate * noise**2 / batch),
                "The gradient is multiplied by the rate before it moves anything. What does that "
                "do to a variance?",
            ),
            Mistake(
                _balance(added=lambda rate, noise, batch: rate**2 * noise / batch),
                "`noise` is a standard deviation. What of it adds up when things are independent?",
            ),
            Mistake(
                _balance(added=lambda rate, noise, batch: (rate * noise / batch) ** 2),
                "The noise of a batch falls with the root of its size. And its square?",
            ),
            Mistake(
                _balance(added=lambda rate, noise, batch: rate**2 * noise**2),
                "That is the noise of one example. A step averages over a batch of them.",
            ),
            Mistake(
                _balance(added=lambda rate, noise, batch: rate**2 * noise**2 / np.sqrt(batch)),
                "The standard deviation falls with the root of the batch size. Here its square "
                "is due.",
            ),
            Mistake(
                _balance(floor=lambda kept, added: added),
                "That is what one step adds. What the steps before have left is still there.",
            ),
            Mistake(
                _balance(floor=lambda kept, added: kept + added),
                "That is the variance one step after a variance of 1. In balance it is the same "
                "before and after the step: V = kept V + added. Solve it for V.",
            ),
            Mistake(
                _balance(floor=lambda kept, added: added / kept),
                "Bring both terms with V to one side. What does V stand beside then?",
            ),
            Mistake(
                _balance(floor=lambda kept, added: added / (1 + kept)),
                "A sign: if V = kept V + added, what is left when you take kept V away from both "
                "sides?",
            ),
        ],
        insight="The floor is rate * noise^2 / (batch * curvature * (2 - rate * curvature)): about "
        "proportional to the rate while it is small, and endless at the limit of 2 / curvature.",
    ),
)
