"""Means of users drawn again and again with replacement, many columns at once: arrays in, arrays out.

Each round counts how often every user was drawn, then weighs the columns by the counts: the draws touch two bytes a
user instead of a row of values, and the columns are read in order. Rounds run in parallel, each with a stream of its
own, so the number of threads changes no byte of the answer.

Cost: rounds x n x (1 draw + m multiplications); 2 n bytes a thread.
"""

from typing import Any

import numpy as np

from ..data.arrays import Float64
from .jit import njit, prange


def resampled_means(values: Float64, rounds: int, seed: int) -> Float64:
    """values: float64 (n, m), 0 < n < 2^32 -> float64 (rounds, m), the means of n rows drawn with replacement.

    A round draws the same rows for all m columns, so differences and ratios of columns may be taken. seed: 64 bits.
    """
    out = np.zeros((rounds, values.shape[1]))
    _resample(np.ascontiguousarray(values.T, np.float64), np.uint64(seed), out)
    return out


@njit(cache=True, parallel=True, fastmath={"reassoc", "contract"})
def _resample(columns: Float64, seed: Any, out: Float64) -> None:
    """columns: (m, n); out: (rounds, m)."""
    m, n = columns.shape
    size, low = np.uint64(n), np.uint64(0xFFFFFFFF)
    for r in prange(len(out)):
        key = _bits(seed, r)
        counts = np.zeros(n, np.uint16)  # n draws among n: nobody is drawn 65,536 times
        for i in range((n + 1) // 2):
            z = _bits(key, i)  # two draws from one number: a user's chance is off by n / 2^32 at most
            counts[((z >> np.uint64(32)) * size) >> np.uint64(32)] += np.uint16(1)
            if 2 * i + 1 < n:
                counts[((z & low) * size) >> np.uint64(32)] += np.uint16(1)
        for j in range(m):
            total = 0.0
            for i in range(n):
                total += np.float64(counts[i]) * columns[j, i]
            out[r, j] = total / n


@njit(inline="always")
def _bits(key: Any, i: int) -> Any:
    """The i-th 64 random bits of a stream: splitmix64 (Steele et al. 2014), read at any place."""
    z = key + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
