"""The inverse of a large symmetric positive definite matrix in its own memory.

The sweep operator (Goodnight 1979, "A Tutorial on the SWEEP Operator") by blocks: n^3 flops, nearly all in matrix
products, and n x BLOCK numbers beside the matrix itself. (LAPACK's spotrf as SciPy ships it crashes from about 41,000
rows on.)
"""

from collections.abc import Callable

import numpy as np

from ..data.arrays import Float32
from .products import times

BLOCK = 1024


def invert(a: Float32, step: Callable[[int], None] = lambda done: None) -> None:
    """a (n, n) float32, symmetric positive definite; only its lower half is read -> its inverse, whole, in place.

    step(done) is called after each block of BLOCK rows. LinAlgError when a pivot block is singular.
    """
    n = len(a)
    starts = range(0, n, BLOCK)
    for done, k in enumerate(starts):
        _sweep(a, k, min(k + BLOCK, n))
        step(done + 1)
    for k in starts:
        end = min(k + BLOCK, n)
        a[k:, k:end] *= -1.0
        a[k:end, k:end] = np.tril(a[k:end, k:end]) + np.tril(a[k:end, k:end], -1).T
        a[k:end, end:] = a[end:, k:end].T


def _sweep(a: Float32, k: int, end: int) -> None:
    """Sweep the block of columns k … end, over the lower half."""
    lower = np.tril(a[k:end, k:end])
    pivot = np.linalg.inv((lower + np.tril(lower, -1).T).astype(np.float64)).astype(np.float32)
    column = np.concatenate([a[k:end, :k].T, a[end:, k:end]])  # (n - block, block), all rows but the pivot's
    moved = times(column, pivot)
    rows = [*range(0, k, BLOCK), *range(end, len(a), BLOCK)]
    for j in rows:
        last = min(j + BLOCK, k if j < k else len(a))
        at = j if j < k else j - (end - k)  # the place of row j in `column`
        mine = column[at : at + last - j].T
        if j < k:
            a[j:k, j:last] -= times(moved[at:k], mine)
            a[end:, j:last] -= times(moved[k:], mine)
        else:
            a[j:, j:last] -= times(moved[at:], mine)
    a[k:end, :k] = moved[:k].T
    a[end:, k:end] = moved[k:]
    a[k:end, k:end] = -pivot
