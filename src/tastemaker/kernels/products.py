"""Products of a tall matrix with a small one, rows shared out among our threads, one BLAS thread each.

The bytes do not depend on the number of threads, and nobody waits for a BLAS that shares its threads with ours.
"""

import numpy as np

from ..data.arrays import Float32, Float64
from .jit import njit, prange

ROWS = 2048  # of a block


def times(tall: Float32, small: Float32) -> Float32:
    """tall (n, d) @ small (d, k), float32 (n, k)."""
    out = np.empty((len(tall), small.shape[1]), np.float32)
    _times(np.ascontiguousarray(tall), np.ascontiguousarray(small), out, ROWS)
    return out


def gram(tall: Float32) -> Float64:
    """tall' tall, (n, d) -> float64 (d, d), the sum over blocks of rows."""
    d, n_blocks = tall.shape[1], -(-len(tall) // ROWS)
    total = np.zeros((d, d))
    for first in range(0, n_blocks, 16):  # so few blocks at once, so that little memory is needed
        parts = np.empty((min(16, n_blocks - first), d, d), np.float32)
        _gram(np.ascontiguousarray(tall), parts, first, ROWS)
        total += parts.sum(axis=0, dtype=np.float64)
    return total


@njit(cache=True, parallel=True)
def _times(tall, small, out, size):  # type: ignore[no-untyped-def]
    for block in prange(-(-tall.shape[0] // size)):
        low, high = block * size, min((block + 1) * size, tall.shape[0])
        np.dot(tall[low:high], small, out[low:high])


@njit(cache=True, parallel=True)
def _gram(tall, parts, first, size):  # type: ignore[no-untyped-def]
    for block in prange(parts.shape[0]):
        mine = tall[(first + block) * size : (first + block + 1) * size]
        np.dot(mine.T, mine, parts[block])
