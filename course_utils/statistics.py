"""What may be said about two methods from a dozen paired runs each, and what may not.

Differences are those of one seed: loss of A minus loss of B, same start, same order of the data.
The intervals and tests hold for any distribution of them, or say for which they do.

Simulated with twelve differences, 95% asked for, covered: normal; exponential; each lost (20 sd up)
with probability 1/6. Median interval 96, 96, 96%. Student's t 95, 91, 89%. Inverted sign-flip test
95, 91, 88%. BCa bootstrap 88, 90, 88%. So what is printed is the interval of the median.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from course_utils.validation import require_count, require_number

MOST_FLIPS = 20  # differences; all 2^20 ways to flip their signs still fit into memory


class Interval(NamedTuple):
    """An estimate between its bounds, and the coverage that is certain (or nominal, for `mean`)."""

    low: float
    estimate: float
    high: float
    confidence: float


# ------------------------------------------------------------------ one number for a run


def last_looks(curve: np.ndarray, ceiling: float, count: int = 5) -> float:
    """The mean of the last `count` losses of a curve, none above `ceiling`.

    A loss that is NaN or infinite, or worse than the ceiling (knowing nothing), counts as the
    ceiling: the one rule for diverged and dead runs, in tuning and in judging.
    """
    losses = np.asarray(curve, float)
    if losses.ndim != 1 or len(losses) < require_count("count", count):
        raise ValueError(f"curve has shape {losses.shape}, expected at least ({count},)")
    losses = losses[-count:]
    return float(np.where(losses <= ceiling, losses, ceiling).mean())


def updates_to_target(steps: np.ndarray, losses: np.ndarray, target: float) -> float:
    """The first of `steps` at which the loss is at most `target`, infinity if there is none."""
    steps, losses = np.asarray(steps), np.asarray(losses, float)
    if steps.shape != losses.shape:
        raise ValueError(f"steps has shape {steps.shape}, losses has shape {losses.shape}")
    reached = np.flatnonzero(losses <= target)
    return float(steps[reached[0]]) if len(reached) else np.inf


# ------------------------------------------------------------------ paired differences


def median_interval(differences: np.ndarray, confidence: float = 0.95) -> Interval:
    """Of the median difference, from order statistics: right for every distribution.

    The k-th smallest and the k-th largest of n differences lie on both sides of the median with
    probability 1 - 2 P(Binomial(n, 1/2) < k), whatever the distribution (Thompson 1936). k is the
    largest that keeps `confidence`; with 12 differences and 95% it is 3, which gives 96.1%.
    Raises where even the smallest and the largest are too close together: 95% needs six.
    """
    from scipy import stats  # here, for SciPy takes half a second

    ordered = np.sort(_checked(differences))
    confidence = require_number("confidence", confidence, low=0.0, high=1.0, open_high=True)
    n = len(ordered)
    covered = 1 - 2 * stats.binom.cdf(np.arange((n + 1) // 2), n, 0.5)  # by k - 1
    wide_enough = np.flatnonzero(covered >= confidence)
    if not len(wide_enough):
        raise ValueError(
            f"{n} differences cover their median with {covered[0]:.1%} at most, expected "
            f"{confidence:.1%}: take more seeds"
        )
    k = wide_enough[-1]
    middle = float(np.median(ordered))
    return Interval(float(ordered[k]), middle, float(ordered[n - 1 - k]), float(covered[k]))


def mean_interval(differences: np.ndarray, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean: right for normal differences, too short for skewed ones."""
    from scipy import stats

    d = _checked(differences)
    half = stats.sem(d) * stats.t.ppf((1 + confidence) / 2, len(d) - 1)
    return Interval(float(d.mean() - half), float(d.mean()), float(d.mean() + half), confidence)


def sign_flip_interval(differences: np.ndarray, confidence: float = 0.95) -> Interval:
    """All means that the sign-flip test does not reject: right for symmetric differences.

    Its bounds are the k-th smallest and largest of the means of all 2^n - 1 subsets, with
    k = (1 - confidence) / 2 times 2^n (Hartigan 1969). `confidence` in the result is exact.
    """
    d = _checked(differences)
    inside = _subsets(len(d))[1:]
    means = np.sort(inside @ d / inside.sum(axis=1))
    k = int((1 - confidence) / 2 * 2 ** len(d) + 1e-9)
    if k < 1:
        raise ValueError(f"{len(d)} differences are too few for {confidence:.1%}: take more seeds")
    exact = 1 - 2 * k / 2 ** len(d)
    return Interval(float(means[k - 1]), float(d.mean()), float(means[-k]), exact)


def sign_flip_test(differences: np.ndarray) -> float:
    """The two-sided p-value of "A and B can be exchanged", from all ways to flip the signs.

    Exact for every n up to 20: the share of the 2^n sign patterns whose mean is at least as far
    from 0 as the one found. Fisher 1935.
    """
    d = _checked(differences)
    flipped = (2 * _subsets(len(d)) - 1) @ d
    return float(np.mean(np.abs(flipped) >= abs(d.sum()) * (1 - 1e-12)))


def equivalence(differences: np.ndarray, margin: float, test: str = "sign") -> float:
    """The p-value of "the methods differ by `margin` or more": small means equivalent.

    Two one-sided tests (TOST, Schuirmann 1987), the larger p of the two. "sign" tests the median
    by how many differences lie inside each margin, exact for every distribution; "t" the mean.
    Where neither this nor a test of a difference is small, the data do not decide.
    """
    from scipy import stats

    d = _checked(differences)
    margin = require_number("margin", margin, low=0.0)
    if test == "t":
        above = stats.ttest_1samp(d, -margin, alternative="greater").pvalue
        below = stats.ttest_1samp(d, margin, alternative="less").pvalue
    elif test == "sign":
        above = stats.binomtest(int((d > -margin).sum()), len(d), alternative="greater").pvalue
        below = stats.binomtest(int((d < margin).sum()), len(d), alternative="greater").pvalue
    else:
        raise ValueError(f"test is {test!r}, expected 'sign' or 't'")
    return float(max(above, below))


def holm(p_values: Mapping[object, float]) -> dict[object, float]:
    """Adjusted p-values of a family of tests: judge each of them as if it were alone.

    The chance that any true null hypothesis has one below alpha is at most alpha. Holm 1979: the
    smallest of m counts m times, the next m - 1 times, and none less than one before it.
    """
    adjusted, largest = {}, 0.0
    ordered = sorted(p_values, key=p_values.get)
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def pairing_gain(a: np.ndarray, b: np.ndarray) -> float:
    """The standard error of the difference of two means without pairing, over that with it.

    1 means that pairing by seed does nothing, below 1 that it harms.
    """
    a, b = _checked(a), _checked(b)
    if len(a) != len(b):
        raise ValueError(f"a has {len(a)} runs, b has {len(b)}: a pair needs both")
    return float(np.sqrt(a.var(ddof=1) + b.var(ddof=1)) / (a - b).std(ddof=1))


def _subsets(n: int) -> np.ndarray:
    """All subsets of n things, (2^n, n): 1.0 for what is in, the empty one first."""
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(float)


def _checked(values: np.ndarray) -> np.ndarray:
    d = np.asarray(values, float)
    if d.ndim != 1 or len(d) < 2 or not np.isfinite(d).all():
        raise ValueError(
            f"the differences have shape {d.shape}, expected at least two finite numbers in a row"
        )
    if len(d) > MOST_FLIPS:
        raise ValueError(f"there are {len(d)} differences, expected at most {MOST_FLIPS}")
    return d


# ------------------------------------------------------------------ coverage, simulated


def two_lost_of_twelve(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Differences of which each is lost with probability 1/6: normal, but then 20 further up."""
    return rng.normal(size=shape) + 20.0 * (rng.random(shape) < 1 / 6)


def coverage(
    interval: Callable[[np.ndarray], Interval],
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray],
    truth: float,
    rng: np.random.Generator,
    n: int = 12,
    repeats: int = 2000,
) -> float:
    """How often the interval of n simulated differences holds the true value."""
    samples = draw(rng, (require_count("repeats", repeats), n))
    found = [interval(sample) for sample in samples]
    return float(np.mean([low <= truth <= high for low, _, high, _ in found]))


# ------------------------------------------------------------------ tuning inside the resampling


def retuned(
    scores: Mapping[str, np.ndarray], rng: np.random.Generator, repeats: int = 1000
) -> dict[str, np.ndarray]:
    """Tune again and again: how good each method is when its choice of a setting is redrawn, too.

    `scores[method]` is (trials, seeds), the same seeds for all. Each time the seeds are drawn with
    replacement, the same for all methods; each picks its best trial on those drawn and is judged
    by the mean of that trial over the seeds that were not. Returns (repeats,) of each.
    """
    tables = {name: np.asarray(table, float) for name, table in scores.items()}
    seeds = {table.shape[1] for table in tables.values()}
    if len(seeds) != 1 or min(seeds) < 2:
        raise ValueError(f"the methods have {sorted(seeds)} seeds, expected one number >= 2")
    (n,) = seeds
    found = {name: np.empty(repeats) for name in tables}
    for repeat in range(require_count("repeats", repeats)):
        drawn = rng.integers(0, n, n)
        while len(set(drawn)) == n:  # none left to judge by
            drawn = rng.integers(0, n, n)
        left = np.setdiff1d(np.arange(n), drawn)
        for name, table in tables.items():
            best = table[:, drawn].mean(axis=1).argmin()
            found[name][repeat] = table[best, left].mean()
    return found


def choices(scores: np.ndarray, rng: np.random.Generator, repeats: int = 1000) -> np.ndarray:
    """How often each trial of `scores` (trials, seeds) is the best when the seeds are redrawn."""
    table = np.asarray(scores, float)
    drawn = rng.integers(0, table.shape[1], (repeats, table.shape[1]))
    best = table[:, drawn].mean(axis=2).argmin(axis=0)
    return np.bincount(best, minlength=len(table)) / repeats


# ------------------------------------------------------------------ over several workloads


def performance_profile(times: Mapping[str, np.ndarray], factors: np.ndarray) -> dict:
    """For each method the share of workloads it finishes within each factor of the fastest.

    `times[method]` (workloads,) is the time to the target, infinity if it was not reached. Dolan,
    More 2002; AlgoPerf, Dahl et al. 2023. A workload that nobody finishes counts for nobody.
    """
    table = np.array([np.asarray(values, float) for values in times.values()])
    fastest = table.min(axis=0)
    ratios = np.divide(table, fastest, out=np.full_like(table, np.inf), where=np.isfinite(fastest))
    shares = (ratios[:, :, None] <= np.asarray(factors)).mean(axis=1)
    return dict(zip(times, shares, strict=True))


def profile_bands(
    times: Mapping[str, np.ndarray],
    factors: np.ndarray,
    rng: np.random.Generator,
    confidence: float = 0.95,
    repeats: int = 1000,
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The profile of the medians over seeds, between percentile bootstrap bounds, of each method.

    `times[method]` is (workloads, seeds). Seeds are redrawn, the same for all methods, for each
    workload anew; the workloads are those that there are. Returns low, profile, high.
    """
    tables = {name: np.asarray(table, float) for name, table in times.items()}
    profile = performance_profile({n: np.median(t, axis=1) for n, t in tables.items()}, factors)
    workloads, seeds = next(iter(tables.values())).shape
    redrawn = {name: [] for name in tables}
    for _ in range(repeats):
        chosen = rng.integers(0, seeds, (workloads, seeds))
        medians = {
            name: np.median(np.take_along_axis(table, chosen, axis=1), axis=1)
            for name, table in tables.items()
        }
        for name, shares in performance_profile(medians, factors).items():
            redrawn[name].append(shares)
    bands = {}
    for name, shares in profile.items():
        ends = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = np.quantile(redrawn[name], ends, axis=0)
        bands[name] = (low, shares, high)
    return bands
