"""Gives every Python that starts with this folder on its path other draws of random numbers.

A generator made from a seed draws from the pair of that seed and the number in COURSE_DRAW, so a
notebook runs unchanged with other data, other weights, other batches. Draw 0 is the run as written.
Workers that a notebook starts inherit the setting.
"""

import os

import numpy as np

DRAW = int(os.environ.get("COURSE_DRAW", "0"))
SEEDED = (int, np.integer, list, tuple, np.ndarray, np.random.SeedSequence)
written_rng, WrittenPCG64 = np.random.default_rng, np.random.PCG64


def paired(seed):
    """A seed sequence for the pair of `seed` and the draw; what is no seed comes back as it is."""
    if not isinstance(seed, SEEDED):
        return seed
    if not isinstance(seed, np.random.SeedSequence):
        return np.random.SeedSequence(seed, spawn_key=(DRAW,))
    key = (*seed.spawn_key, DRAW)
    return np.random.SeedSequence(seed.entropy, spawn_key=key, pool_size=seed.pool_size)


def default_rng(seed=None):
    """`numpy.random.default_rng` with another draw for the same seed."""
    return written_rng(paired(seed))


class PCG64(WrittenPCG64):
    """The bit generator of `default_rng`, for those who make a generator from it themselves."""

    def __init__(self, seed=None):
        super().__init__(paired(seed))


if DRAW:
    np.random.default_rng, np.random.PCG64 = default_rng, PCG64
