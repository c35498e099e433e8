"""Intervals, tests and profiles: against scipy, against counting, and against simulated truth."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from course_utils.statistics import (
    choices,
    coverage,
    equivalence,
    holm,
    last_looks,
    mean_interval,
    median_interval,
    pairing_gain,
    performance_profile,
    profile_bands,
    retuned,
    sign_flip_interval,
    sign_flip_test,
    two_lost_of_twelve,
    updates_to_target,
)


def normal(rng, shape):
    return rng.normal(size=shape)


def exponential(rng, shape):
    return rng.exponential(size=shape)


def median_of_lost():
    """Of 5/6 N(0, 1) + 1/6 N(20, 1): the upper part is out of reach of the middle."""
    return stats.norm.ppf(0.6)


DISTRIBUTIONS = {
    "normal": (normal, 0.0, 0.0),
    "exponential": (exponential, 1.0, np.log(2)),
    "two of twelve lost": (two_lost_of_twelve, 20 / 6, median_of_lost()),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_interval_that_is_printed_covers_93_percent_whatever_the_distribution(name, rng):
    draw, _, median = DISTRIBUTIONS[name]
    assert coverage(median_interval, draw, median, rng, repeats=3000) > 0.945  # it is 96.1%
    for asked in (0.9, 0.99):
        found = coverage(lambda d, c=asked: median_interval(d, c), draw, median, rng, repeats=2000)
        assert found > asked - 0.01


@pytest.mark.parametrize(
    ("interval", "low", "high"),
    [(mean_interval, 0.93, 0.965), (sign_flip_interval, 0.93, 0.975)],
)
def test_intervals_of_the_mean_hold_for_normal_differences_only(interval, low, high, rng):
    """Why the median is printed: these two are short where runs are skewed or lost."""
    assert low < coverage(interval, normal, 0.0, rng, repeats=1500) < high
    for name in ("exponential", "two of twelve lost"):
        draw, mean, _ = DISTRIBUTIONS[name]
        assert coverage(interval, draw, mean, rng, repeats=1500) < 0.935


def test_the_median_interval_is_made_of_order_statistics():
    d = np.array([5.0, 1, 4, 2, 3, 12, 11, 10, 9, 8, 7, 6])
    found = median_interval(d)
    assert (found.low, found.estimate, found.high) == (3, 6.5, 10)
    # P(at most 2 of 12 below the median), twice: (1 + 12 + 66) / 4096 each
    assert found.confidence == pytest.approx(1 - 2 * 79 / 4096)
    assert median_interval(d, 0.99)[::2] == (2, 11)
    assert median_interval(d, 0.999)[::2] == (1, 12)
    with pytest.raises(ValueError, match=r"5 differences cover their median with 93.8% at most"):
        median_interval(d[:5])


def test_the_t_interval_is_scipys(rng):
    d = rng.normal(size=12)
    expected = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    found = mean_interval(d)
    np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high])


def test_the_sign_flip_test_is_scipys_exact_permutation_test(rng):
    for shift in (0.0, 0.5, 1.5):
        d = rng.normal(shift, size=9)
        expected = stats.permutation_test(
            (d,), np.mean, permutation_type="samples", n_resamples=np.inf
        ).pvalue
        assert sign_flip_test(d) == pytest.approx(expected)
    assert sign_flip_test(np.array([1.0, 2, 3, 4])) == 2 / 16
    assert sign_flip_test(np.zeros(5)) == 1.0


def test_the_sign_flip_interval_is_the_inverted_test(rng):
    d = rng.exponential(size=10)
    found = sign_flip_interval(d)
    step = 1e-9 * (found.high - found.low)
    outside = [sign_flip_test(d - mu) for mu in (found.low - step, found.high + step)]
    inside = [sign_flip_test(d - mu) for mu in (found.low + step, found.high - step)]
    assert max(outside) <= 1 - found.confidence + 1e-12 < min(inside)
    assert found.confidence == pytest.approx(0.95, abs=2 / 2**10)


def test_equivalence_needs_both_sides_and_enough_runs(rng):
    tiny = rng.normal(0, 0.01, 12)
    for test in ("sign", "t"):
        assert equivalence(tiny, 0.1, test) < 0.001
        assert equivalence(tiny + 0.2, 0.1, test) > 0.9
        assert equivalence(tiny - 0.2, 0.1, test) > 0.9
    assert equivalence(tiny, 0.1) == 2**-12
    assert equivalence(tiny[:4], 0.1) == 2**-4  # four runs cannot show it at 5%
    wide = rng.normal(0, 1, 12)
    assert equivalence(wide, 0.1, "t") > 0.05
    low, high = (
        stats.ttest_1samp(wide, margin, alternative=side).pvalue
        for margin, side in ((-0.1, "greater"), (0.1, "less"))
    )
    assert equivalence(wide, 0.1, "t") == max(low, high)
    with pytest.raises(ValueError, match="test is 'z', expected 'sign' or 't'"):
        equivalence(wide, 0.1, "z")


def test_equivalence_is_seldom_found_where_it_is_not(rng):
    """At a true difference of exactly the margin, at most 5% of the time."""
    found = [equivalence(rng.normal(1.0, 1.0, 12), 1.0) <= 0.05 for _ in range(1000)]
    assert np.mean(found) < 0.05


def test_holm_by_hand():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_holm_keeps_the_error_of_the_family(rng):
    wrong = sum(min(holm(dict(enumerate(rng.random(9)))).values()) <= 0.05 for _ in range(2000))
    assert wrong / 2000 < 0.065


def test_pairing_gains_what_the_runs_share(rng):
    shared = rng.normal(size=12)
    a, b = shared + 0.1 * rng.normal(size=12), shared + 0.1 * rng.normal(size=12)
    assert pairing_gain(a, b) > 4
    assert pairing_gain(a, -b) < 1
    with pytest.raises(ValueError, match="a has 12 runs, b has 11"):
        pairing_gain(a, b[1:])


def test_last_looks_have_one_rule_for_all_bad_runs():
    assert last_looks(np.array([9.0, 9, 1, 2, 3, 4, 5]), ceiling=10) == 3
    assert last_looks([9, 0.5, 0.5, 0.5, 0.5, 3.0], ceiling=1.0) == pytest.approx(3 / 5)
    assert last_looks([0.1, np.nan, np.nan, np.inf, np.nan, 7.0], ceiling=2.0) == 2.0
    with pytest.raises(ValueError, match=r"curve has shape \(3,\)"):
        last_looks([1, 2, 3], 1.0)


def test_updates_to_target():
    steps, losses = np.array([0, 10, 20, 30]), np.array([3.0, np.nan, 0.9, 1.2])
    assert updates_to_target(steps, losses, 1.0) == 20
    assert updates_to_target(steps, losses, 0.5) == np.inf
    with pytest.raises(ValueError, match="losses has shape"):
        updates_to_target(steps, losses[1:], 1.0)


def test_retuning_picks_by_the_drawn_seeds_and_judges_by_the_others(rng):
    # trial 0 is good on all seeds, trial 1 is best on seed 0 alone and bad elsewhere
    steady = np.array([[1.0] * 5, [0.0, 3, 3, 3, 3]])
    found = retuned({"steady": steady, "same": steady}, rng, repeats=400)
    np.testing.assert_array_equal(found["steady"], found["same"])
    assert set(np.unique(found["steady"])) <= {1.0, 3.0}
    assert (found["steady"] == 1.0).mean() > 0.8
    shares = choices(steady, rng, repeats=2000)
    assert shares.sum() == pytest.approx(1)
    # trial 1 wins when seed 0 is drawn at least four times of five (three leave a tie: 1.2)
    assert shares[1] == pytest.approx(stats.binom.sf(3, 5, 0.2), abs=0.01)
    with pytest.raises(ValueError, match="expected one number >= 2"):
        retuned({"a": np.ones((2, 5)), "b": np.ones((2, 4))}, rng)


def test_a_performance_profile_by_hand():
    times = {"a": [10, 20, np.inf, np.inf], "b": [20, 10, 30, np.inf]}
    shares = performance_profile(times, np.array([1, 2, 10]))
    assert shares["a"].tolist() == [0.25, 0.5, 0.5]
    assert shares["b"].tolist() == [0.5, 0.75, 0.75]


def test_profile_bands_hold_the_profile_and_close_when_seeds_agree(rng):
    factors = np.linspace(1, 4, 7)
    same = {"a": np.full((3, 12), 10.0), "b": np.full((3, 12), 25.0)}
    for low, middle, high in profile_bands(same, factors, rng, repeats=50).values():
        np.testing.assert_array_equal(low, middle)
        np.testing.assert_array_equal(high, middle)
    noisy = {name: table + rng.normal(0, 4, table.shape) for name, table in same.items()}
    for low, middle, high in profile_bands(noisy, factors, rng, repeats=200).values():
        assert (low <= middle).all()
        assert (middle <= high).all()
        assert all(a <= b for a, b in pairwise(middle))


@pytest.mark.parametrize("bad", [[1.0], [[1.0, 2.0]], [1.0, np.nan], np.zeros(21)])
def test_what_cannot_be_compared_is_refused(bad):
    for function in (median_interval, sign_flip_test, mean_interval):
        with pytest.raises(ValueError, match="differences"):
            function(np.array(bad))
