"""The exercises of notebook 11: choosing a rate, paired differences, runs that never arrive.

The mistakes are those that make published comparisons unfair.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

SPOT = "spot what makes a comparison unfair: one rate for all, one run, one look"
CHOOSE = "choose settings on validation data, and judge on test data with fresh seeds"
PAIRED = "test a paired difference, and correct for asking many questions"
EVIDENCE = "say where the evidence ends"


def choose_rate(rates, val_loss, test_loss):
    """The rate with the lowest mean validation loss; a rate with a NaN, a lost run, is out."""
    mean = val_loss.mean(axis=1)
    return rates[np.nanargmin(mean)]


def standard_errors(a, b):
    """Standard error of mean(a) - mean(b): paired, and as if the seeds were unrelated."""
    n = len(a)
    paired = (a - b).std(ddof=1) / np.sqrt(n)
    unpaired = np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    return paired, unpaired


def _rate_cases(rng):
    """Row 1 is right, with one bad run; 0 has the best median and the worst mean, 2 the luckiest
    run, 3 lost one, 4 is best in test, 5 has the best worst run; the rows are turned.
    Then some that differ by very little.
    """
    rates = np.array([0.002, 0.006, 0.02, 0.06, 0.2, 0.6])
    for seeds, turn in ((5, 0), (3, 1), (8, 2)):
        noise = 0.02 * rng.random((2, 6, seeds))
        val_loss = np.array([[0.9], [0.5], [0.7], [0.3], [0.8], [0.75]]) + noise[0]
        val_loss[0], val_loss[0, -1] = 0.45, 6.0
        val_loss[1, 0], val_loss[2, :2], val_loss[3, -1] = 0.85, (0.1, 1.3), np.nan
        if seeds == 8:
            val_loss[4, :-1] = np.nan  # lost nearly all
        if seeds == 3:
            val_loss[2, -1] = np.nan
        test_loss = np.array([[0.9], [0.5], [0.7], [0.3], [0.2], [0.75]]) + noise[1]
        test_loss[3, -1] = np.nan
        yield rates, np.roll(val_loss, turn, axis=0), np.roll(test_loss, turn, axis=0)
    val_loss = np.array([[0.9], [0.5], [0.62], [0.7], [0.8], [0.75]]) * np.ones(3)
    val_loss[2, 1] = np.nan  # with 0 for the lost run its mean would be the lowest
    yield rates, val_loss, np.roll(val_loss, 2, axis=0)
    val_loss = 0.5 + 1e-5 * np.array([[3.0], [2], [0], [1], [4], [5]]) * np.ones(4)
    yield rates, val_loss, val_loss[::-1]


def _pair_cases(rng):
    for n in (12, 5, 20):
        start = rng.normal(size=n)
        yield start + 0.1 * rng.normal(size=n), 1.3 * start + 0.1 * rng.normal(size=n)


def _over_n(ddof):
    def wrong(a, b):
        n = len(a)
        unpaired = np.sqrt((a.var(ddof=ddof) + b.var(ddof=ddof)) / n)
        return (a - b).std(ddof=ddof) / np.sqrt(n), unpaired

    return wrong


def _lost_seeds_dropped(rates, val_loss, test_loss):
    whole = ~np.isnan(val_loss).any(axis=0)
    with np.errstate(invalid="ignore"):
        return rates[(val_loss[:, whole].sum(axis=1) / whole.sum()).argmin()]


def _not_divided(a, b):
    return (a - b).std(ddof=1), np.sqrt(a.var(ddof=1) + b.var(ddof=1))


def _deviations_added(a, b):
    paired, _ = standard_errors(a, b)
    return paired, (a.std(ddof=1) + b.std(ddof=1)) / np.sqrt(len(a))


def _divided_by_n(a, b):
    paired, unpaired = standard_errors(a, b)
    return paired / np.sqrt(len(a)), unpaired / np.sqrt(len(a))


def _unpaired_twice(a, b):
    _, unpaired = standard_errors(a, b)
    return unpaired, unpaired


def _variances_subtracted(a, b):
    _, unpaired = standard_errors(a, b)
    return np.sqrt(abs(a.var(ddof=1) - b.var(ddof=1)) / len(a)), unpaired


def medians_by_hand():
    """The middle one of five runs, where a run that never arrives is longer than all others."""
    never = np.inf
    sorted_a = sorted([300, 340, never, 320, 360])
    sorted_b = sorted([280, never, 290, never, 500])
    median_a, median_b = sorted_a[2], sorted_b[2]
    return {"median_a": median_a, "median_b": median_b}


def _is_safe(val_loss):
    return ~np.isnan(val_loss).any(axis=1)


# 11.5, the winner's curse, and 11.6, a search with few runs


def winners_curse(sigma, seeds):
    """How far the better-looking of two equally good rates looks better than it is, on average.

    sigma is the standard deviation of one run; each rate is judged by its mean over `seeds` runs.
    """
    spread = sigma * np.sqrt(2 / seeds)
    distance = np.sqrt(2 / np.pi) * spread
    flattery = distance / 2
    return spread, distance, flattery


def _curse_cases(rng):
    yield 1.0, 1
    yield 0.3, 5
    for sigma in rng.uniform(0.05, 2, 3):
        yield float(sigma), int(rng.integers(2, 20))


def _flattered(spread=None, distance=None, flattery=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(sigma, seeds):
        s = spread(sigma, seeds) if spread else sigma * np.sqrt(2 / seeds)
        d = distance(s) if distance else np.sqrt(2 / np.pi) * s
        return s, d, flattery(d, s) if flattery else d / 2

    return answer


MOST_RUNS = 24
SEARCHES = 200
DIVERGES = 1.0  # decades above the best rate


def _true_loss(rate, best):
    away = np.log10(rate / best)
    return np.nan if away > DIVERGES else 0.3 * (1 + 0.5 * away**2)


def search(run):
    """A rate, from at most 24 runs."""
    # twelve rates, half a decade apart; then three more runs at each of the four best
    rates = 10.0 ** np.arange(-5, 1, 0.5)
    losses = {rate: [run(rate)] for rate in rates}
    tried = sorted((rate for rate in rates if np.isfinite(losses[rate][0])), key=losses.get)
    for rate in tried[:4]:
        losses[rate] += [run(rate) for _ in range(3)]
    return min(tried[:4], key=lambda rate: np.mean(losses[rate]))


def searched(method, seed):
    """How good the rates are that a search with 24 noisy runs comes back with, in 200 tries."""
    rng = np.random.default_rng(seed)
    lost, most, sound, safe = [], 0, True, True
    for _ in range(SEARCHES):
        best = 10 ** rng.uniform(-4.5, 0)
        asked = []

        def run(rate, best=best, asked=asked):
            asked.append(rate)
            return float(_true_loss(float(rate), best) * (1 + 0.15 * rng.normal()))

        rate = np.asarray(method(run), dtype=float)
        sound = sound and rate.shape == () and bool(0 < rate < np.inf)
        most = max(most, len(asked))
        loss = _true_loss(float(rate), best) if sound else np.nan
        safe = safe and bool(np.isfinite(loss))
        lost.append(loss / 0.3 - 1)
    lost = np.mean(lost) if safe else np.inf
    return {
        "it comes back with one positive rate": sound,
        "it makes at most 24 runs": Goal(sound and most <= MOST_RUNS, f"it makes {most}"),
        "no rate that it comes back with diverges": safe,
        "the loss is less than 10% above the lowest possible one, on average": Goal(
            bool(lost < 0.1), f"it is {lost:.0%}"
        ),
        "the loss is less than 3.8% above the lowest possible one, on average": Goal(
            bool(lost < 0.038), f"it is {lost:.1%}"
        ),
    }


def _over(rates, runs=1):
    """The rate with the lowest mean loss among some."""

    def answer(run):
        losses = [np.mean([run(rate) for _ in range(runs)]) for rate in rates]
        return rates[int(np.nanargmin(losses))]

    return answer


EXERCISES = (
    Function(
        "11.1",
        "Choose the rate",
        CHOOSE,
        reference=choose_rate,
        cases=_rate_cases,
        mistakes=[
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanargmin(test_loss.mean(axis=1))],
                "Your choice has seen the test data. What is left then to judge it with?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanmean(val_loss, axis=1).argmin()],
                "A run at the rate you choose has diverged. Which mean walks past a NaN without a "
                "word?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanmin(val_loss, axis=1).argmin()],
                "You choose the rate of the luckiest single run. What do the other seeds say?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[val_loss.mean(axis=1).argmin()],
                "`argmin` stops at the first NaN and calls it the smallest. Which rates are to be "
                "left "
                "out first?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[
                    np.nan_to_num(val_loss).mean(axis=1).argmin()
                ],
                "You made 0 of NaN, so that a lost run counts as a perfect one. It should count "
                "against "
                "its rate.",
            ),
            Mistake(
                _lost_seeds_dropped,
                "You leave out a seed for all rates as soon as one of them was lost there. A lost "
                "run counts against its rate: along which axis is that?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[_is_safe(val_loss)][0],
                "You take the first rate that never diverged. Which of the safe ones has the "
                "lowest "
                "mean?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[
                    val_loss[_is_safe(val_loss)].mean(axis=1).argmin()
                ],
                "Your index counts among the safe rates, and you use it in the list of all. The "
                "two "
                "lists are not of one length.",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates.min(),
                "That is the smallest rate of all. The losses have a say, too.",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanargmin(np.median(val_loss, axis=1))],
                "That is the lowest median. Asked is the lowest mean, which also feels a bad run.",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanargmin(val_loss.max(axis=1))],
                "You look at the worst run of each rate only. What do the other seeds say?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: np.nanmin(val_loss.mean(axis=1)),
                "That is the lowest mean loss. Asked is for the rate it belongs to.",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: np.nanargmin(val_loss.mean(axis=1)),
                "That is the place of the rate in the list. The exercise asks for the rate.",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanargmax(val_loss.mean(axis=1))],
                "You found the worst of the safe rates. Is a large loss good?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[np.nanargmin(val_loss.mean(axis=0))],
                "You average over the rates. What stands in a row of `val_loss`, and what in a "
                "column?",
            ),
            Mistake(
                lambda rates, val_loss, test_loss: rates[
                    np.nanargmin((val_loss + test_loss).mean(axis=1))
                ],
                "Half of your choice has seen the test data. What is left then to judge it with?",
            ),
        ],
        insight="Validation chooses, the mean over the seeds decides, and a lost run counts.",
    ),
    Function(
        "11.2",
        "What pairing buys",
        PAIRED,
        reference=standard_errors,
        cases=_pair_cases,
        names=("paired", "unpaired"),
        mistakes=[
            Mistake(
                lambda a, b: standard_errors(a, b)[::-1],
                "The two have changed places. Which one profits from what the seeds share?",
            ),
            Mistake(
                _not_divided,
                "That is how far single differences scatter. How much closer is a mean of n?",
            ),
            Mistake(
                _divided_by_n,
                "Your errors shrink too fast: with four times the runs, an error is half as large.",
            ),
            Mistake(
                _unpaired_twice,
                "Your paired error does not know which run of A belongs to which run of B.",
            ),
            Mistake(
                _over_n(0),
                "You divide by n inside the variance. From a sample with an estimated mean it is "
                "n - 1.",
            ),
            Mistake(
                _deviations_added,
                "You add the two standard deviations. Of independent numbers something else adds "
                "up.",
            ),
            Mistake(
                _variances_subtracted,
                "Paired does not mean that the variances are subtracted. Take the differences "
                "first, one a seed.",
            ),
            Mistake(
                lambda a, b: (_over_n(0)(a, b)[0], standard_errors(a, b)[1]),
                "Paired: you divide by n inside the variance. From a sample with an estimated mean "
                "it is n - 1.",
            ),
            Mistake(
                lambda a, b: (standard_errors(a, b)[0], _over_n(0)(a, b)[1]),
                "Unpaired: you divide by n inside the variance. From a sample with an estimated "
                "mean it is n - 1.",
            ),
            Mistake(
                lambda a, b: (_divided_by_n(a, b)[0], standard_errors(a, b)[1]),
                "Your paired error shrinks too fast: with four times the runs, an error is half as "
                "large.",
            ),
            Mistake(
                lambda a, b: (_not_divided(a, b)[0], standard_errors(a, b)[1]),
                "Paired: that is how far single differences scatter. How much closer is a mean of "
                "n?",
            ),
            Mistake(
                lambda a, b: (standard_errors(a, b)[0], _variances_subtracted(a, b)[0]),
                "Unpaired: you subtract the variances. For a difference of independent numbers "
                "they add up all the same.",
            ),
            Mistake(
                lambda a, b: (standard_errors(a, b)[0], standard_errors(a, b)[1] ** 2),
                "Unpaired: that is a variance, in squared units. An error has the unit of a loss.",
            ),
            Mistake(
                lambda a, b: (standard_errors(a, b)[0], a.std(ddof=1) / np.sqrt(len(a))),
                "Unpaired: that is the error of the mean of `a` alone. The mean of `b` is not "
                "known exactly, either.",
            ),
            Mistake(
                lambda a, b: ((a - b).mean() / np.sqrt(len(a)), standard_errors(a, b)[1]),
                "Paired: you divide the mean of the differences. It is how far they scatter that "
                "counts.",
            ),
            Mistake(
                lambda a, b: ((a - b).mean(), standard_errors(a, b)[1]),
                "Paired: that is the difference itself. How far may it be off?",
            ),
            Mistake(
                lambda a, b: (
                    standard_errors(a, b)[0],
                    np.concatenate([a, b]).std(ddof=1) / np.sqrt(2 * len(a)),
                ),
                "Unpaired: you threw both methods into one sample. Each has a mean of its own.",
            ),
        ],
        insight="What a seed does to both methods cancels in the difference, and the error falls.",
    ),
    Numbers(
        "11.3",
        "Median steps, by hand",
        EVIDENCE,
        answer={"median_a": 340, "median_b": 500},
        mistakes=[
            Mistake(
                {"median_a": 330, "median_b": 290},
                "You left out the runs that never arrived. Then a method that mostly fails looks "
                "fast.",
            ),
            Mistake({"median_a": 330}, "A has five runs, not four: the dash is a run, too."),
            Mistake({"median_b": 290}, "B has five runs, not three. Where do the dashes stand?"),
            Mistake(
                {"median_a": 464, "median_b": 614},
                "Those are means, with 1,000 for the dashes. Nobody knows when they would have "
                "arrived; a median does not need to.",
            ),
            Mistake(
                {"median_a": 320, "median_b": 280},
                "You counted a dash as 0, so those runs come first. A run that never arrives is "
                "longer "
                "than all others.",
            ),
            Mistake(
                {"median_a": 330, "median_b": 1070 / 3},
                "Those are means of the runs that arrived. Asked is the middle one of all five.",
            ),
            Mistake(
                lambda answers: any(isinstance(v, float) and v != v for v in answers.values()),
                "Not a number: a dash was counted as NaN, and every order ends there. A run that "
                "never "
                "arrives is longer than all others.",
                example={"median_a": float("nan"), "median_b": float("nan")},
            ),
            Mistake(
                {"median_b": float("inf")},
                "Two of five never arrived. Is the third in the order one of them?",
            ),
            Mistake(
                {"median_a": 5, "median_b": 3},
                "Those are numbers of runs. Asked are updates: the middle one of five, in their "
                "order.",
            ),
            Mistake(
                {"median_a": 4, "median_b": 3},
                "You counted the runs that arrived. Asked is after how many updates the middle "
                "one did.",
            ),
            Mistake(
                {"median_a": 5, "median_b": 5},
                "That is the number of runs. Asked is the middle one of them, in updates.",
            ),
            Mistake({"median_b": 280}, "That is the luckiest run of B, not the middle one."),
        ],
        working=medians_by_hand,
        insight="A median can hold runs that never arrive: they are longer than all the others.",
    ),
    Choice(
        "11.4",
        "Spot the unfair comparison",
        SPOT,
        question="Our method: 40 rates tried. The baselines: their published rate. All with 10 "
        "seeds and a 95% interval. What decides against believing it?",
        options={
            "a": Option(
                "Ten seeds are too few for an interval.",
                "Ten paired seeds give an honest interval. It may be wide, and then says so.",
            ),
            "b": Option(
                "Forty rates are too many to try.",
                "The more rates are tried the better, if everybody gets as many. Who did?",
            ),
            "c": Option(
                "Intervals must be at 99%.",
                "The level says how often such intervals miss. It does not say who was tuned.",
            ),
            "d": Option(
                "Published rates are usually wrong.",
                "They may be right for the task they were published on. What was done for one "
                "side only?",
            ),
            "e": Option("The methods had unequal tuning.", ""),
        },
        correct="e",
        insight="The best of 40 is compared with the best of 1. No interval repairs that.",
    ),
    Function(
        "11.5",
        "The winner's curse, derived",
        CHOOSE,
        hints=(
            "The variance of a mean of n runs is sigma^2 / n. Variances of independent means add "
            "up.",
            "The mean size of a normal number is given in the text: multiply.",
            "The lower one lies half a distance below the middle, and the middle is right on "
            "average.",
        ),
        reference=winners_curse,
        cases=_curse_cases,
        names=("spread", "distance", "flattery"),
        mistakes=[
            Mistake(
                _flattered(spread=lambda sigma, seeds: sigma / np.sqrt(seeds)),
                "That is the spread of one mean. The difference of two independent ones has the "
                "variance of both.",
            ),
            Mistake(
                _flattered(spread=lambda sigma, seeds: 2 * sigma / np.sqrt(seeds)),
                "It is the variances of the two means that add up, not their standard deviations.",
            ),
            Mistake(
                _flattered(spread=lambda sigma, seeds: np.sqrt(2) * sigma),
                "That is the difference of two single runs. Each rate is judged by a mean.",
            ),
            Mistake(
                _flattered(spread=lambda sigma, seeds: 2 * sigma**2 / seeds),
                "That is the variance of the difference.",
            ),
            Mistake(
                _flattered(spread=lambda sigma, seeds: np.sqrt(2) * sigma / seeds),
                "By which power of the number of seeds does a mean become more exact?",
            ),
            Mistake(
                _flattered(spread=lambda sigma, seeds: 0 * sigma),
                "The two rates are equally good, but their measured means are not equal.",
            ),
            Mistake(
                _flattered(distance=lambda s: s),
                "The spread is the root of the mean square. The mean size of a normal number is "
                "smaller, by the factor in the text.",
            ),
            Mistake(
                _flattered(distance=lambda s: 2 / np.pi * s),
                "Look at the factor once more: it stands under a root.",
            ),
            Mistake(
                _flattered(distance=lambda s: 0.0),
                "The mean of the difference is 0, but not the mean of its size.",
            ),
            Mistake(
                _flattered(flattery=lambda d, s: d),
                "That is how far the two are apart. The truth lies between them: how far is the "
                "lower one below their middle?",
            ),
            Mistake(
                _flattered(flattery=lambda d, s: -d / 2),
                "A sign: asked for is how much *better* it looks, as a positive number.",
            ),
            Mistake(
                _flattered(flattery=lambda d, s: s / 2),
                "Half of what? The mean size of the difference is one line above.",
            ),
        ],
        insight="sigma / sqrt(pi seeds): with five seeds a quarter of the spread of a run, for "
        "only two rates. The more rates, the luckier the winner; fresh seeds are not flattered.",
    ),
    Function(
        "11.6",
        "A search with 24 runs",
        "run a sweep that survives a crash, with the same budget for every method",
        hints=(
            "Twelve runs are enough to see roughly where the valley is.",
            "Then only three or four rates are worth another look. Chance is averaged away by "
            "repeating those.",
            "Half of the runs wide, half of them at the best few; decide by the mean, and mind "
            "NaN.",
        ),
        reference=search,
        cases=lambda rng: [(int(rng.integers(100)),)],
        observe=searched,
        mistakes=[
            Mistake(
                _over(10.0 ** np.linspace(-5, 1, 24)),
                "Close. Where each rate has a single run, the luckiest of them wins; where the "
                "rates lie far apart, the best one lies between them. How would you spend the "
                "second half of your runs, once you know roughly where the valley is?",
            ),
            Mistake(
                _over(10.0 ** np.arange(-5, 1, 0.5), 10),
                "The rates are good, but you make more than 24 runs. Which rates have earned more "
                "than one?",
            ),
            Mistake(
                lambda run: 0.01,
                "On some of the tasks the rate you come back with diverges. No number fits all of "
                "them: ask `run`, and mind the NaN.",
            ),
            Mistake(
                lambda run: max(r for r in 10.0 ** np.arange(-5, 1, 0.5) if np.isfinite(run(r))),
                "Your rates are safe and far from the best: at the edge of the cliff, or a decade "
                "too low. Where is the loss lowest?",
            ),
        ],
        insight="First wide, then where it matters, and several runs before a decision: the same "
        "24 runs, spent in two rounds, lose a fraction of what one fine grid loses.",
    ),
)
