"""Weighted ridge regressions of many users (or items) on the same factors: one half of an alternating least squares
epoch.

For a row u with targets y_i and confidences c_i on the items i of its history, minimise over x (d,)

    sum_i c_i (y_i - x . v_i)^2  +  alpha0 sum_all (x . v)^2  +  l2_u |x|^2

Hu et al. 2008, "Collaborative Filtering for Implicit Feedback Datasets", in the notation of Rendle et al. 2022,
"Revisiting the Performance of iALS on Item Recommendation Benchmarks". The normal equations are (alpha0 G + V'CV +
l2_u I) x = V'Cy with G the Gram matrix of all factors. We first turn the factors into the eigenvectors of G: then
alpha0 G + l2_u I is a diagonal D, whatever l2_u is, and every solver is cheaper:

- exact, n_u > d:  Cholesky of the (d, d) matrix.  O(n_u d^2 + d^3 / 3) flops
- exact, n_u <= d: Woodbury; with W = C^1/2 V D^-1/2 it is x = D^-1/2 W' (I + W W')^-1 C^1/2 y.  O(n_u^2 d + n_u^3 / 3)
- cg: conjugate gradient steps preconditioned by D; a product costs O(n_u d) instead of O(n_u d + d^2)

Rows are independent: the number of threads does not change a bit. BLAS threads should be off (kernels.threads).
"""

from typing import Any, NamedTuple

import numpy as np

from ..data.arrays import Csr, Float32
from .jit import get_num_threads, njit, prange
from .lanes import HALF, subtract
from .products import gram, times

# Dividing by 0 gives a number that is not finite, which callers look for; Python's way would be an error in a thread.
_jit = njit(cache=True, fastmath=True, error_model="numpy")
_jit_threads = njit(cache=True, parallel=True, fastmath=True, error_model="numpy")
_inline = njit(inline="always", fastmath=True, error_model="numpy")
GATHERED = 256  # factor rows of a long history multiplied at once
SHARES = 16  # blocks a thread
_ONE, _FOUR = (0,), (0, 0, 0, 0)
FEW = 64  # rows that one thread solves before others would have begun


class Eigen(NamedTuple):
    """Factors turned into the eigenvectors of their Gram matrix; alpha0 times its eigenvalues; and the turn itself."""

    factors: Float32  # (n, d)
    spectrum: Float32  # (d,)
    turn: Float32  # (d, d), orthogonal: turned = factors @ turn


def eigen(factors: Float32, alpha0: float) -> Eigen:
    square = gram(factors)
    if not np.isfinite(square).all():  # LAPACK would stop here; callers look for what is not finite
        lost = np.full(square.shape, np.nan, np.float32)
        return Eigen(np.full_like(factors, np.nan), lost[0], lost)
    values, turn = np.linalg.eigh(square)
    turn = turn.astype(np.float32)
    spectrum = (alpha0 * np.maximum(values, 0.0)).astype(np.float32)
    return Eigen(times(factors, turn), spectrum, turn)


def als_half(
    history: Csr, factors: Float32, x: Float32, alpha0: float, l2: Float32, steps: int = 0,
    confidence: Float32 | None = None,
) -> Float32:  # fmt: skip
    """The solutions of all rows, float32 (m, d).

    history: csr (m, n) of targets; factors: (n, d); x: (m, d), where conjugate gradient starts from; l2: (m,), above 0;
    steps: of conjugate gradient, 0 = exact; confidence: (nnz,), above 0; None = 1 each
    """
    turned = eigen(factors, alpha0)
    begun = times(x, turned.turn) if steps else np.empty((history.shape[0], factors.shape[1]), np.float32)
    ridge_rows(history, turned, begun, l2, steps, confidence)
    return times(begun, turned.turn.T)


def ridge_rows(
    history: Csr, eigen: Eigen, x: Float32, l2: Float32, steps: int = 0, confidence: Float32 | None = None
) -> None:
    """`als_half` in the turned space, in place of x (m, d)."""
    starts, columns = history.indptr.astype(np.int64, copy=False), history.indices.astype(np.int32, copy=False)
    weights = np.ones(len(columns), np.float32) if confidence is None else confidence
    given = (
        starts,
        columns,
        history.data,
        weights,
        eigen.factors,
        eigen.spectrum,
        l2.astype(np.float32, copy=False),
        x,
    )
    if len(x) <= FEW:
        _few(*given, steps)
    else:
        _solve(*given, _blocks(starts, x.shape[1]), steps)


def _blocks(starts: Any, dim: int) -> Any:
    """Ends of blocks of rows that cost about the same."""
    cost = np.cumsum(np.concatenate([[0.0], np.diff(starts) + dim / 4]))
    n = SHARES * get_num_threads()
    ends = np.searchsorted(cost, np.linspace(0.0, cost[-1], n + 1))
    ends[0], ends[-1] = 0, len(starts) - 1
    return ends.astype(np.int64)


@_jit_threads
def _solve(starts, columns, targets, weights, factors, spectrum, l2, x, blocks, steps):  # type: ignore[no-untyped-def]
    for b in prange(blocks.size - 1):
        _block(starts, columns, targets, weights, factors, spectrum, l2, x, blocks[b], blocks[b + 1], steps)


@_jit
def _few(starts, columns, targets, weights, factors, spectrum, l2, x, steps):  # type: ignore[no-untyped-def]
    _block(starts, columns, targets, weights, factors, spectrum, l2, x, 0, len(x), steps)


@_jit
def _block(starts, columns, targets, weights, factors, spectrum, l2, x, first, last, steps):  # type: ignore[no-untyped-def]
    """The rows first … last - 1."""
    d = factors.shape[1]
    rows, square = np.empty((max(GATHERED, d + HALF), d), np.float32), np.empty(d * (d + HALF), np.float32)
    more, diagonal = np.empty((d, d), np.float32), np.empty(d, np.float32)
    for u in range(first, last):
        begin, n = starts[u], starts[u + 1] - starts[u]
        if n == 0:
            x[u] = np.float32(0.0)
            continue
        for f in range(d):
            diagonal[f] = spectrum[f] + l2[u]
        mine, y, c = columns[begin : begin + n], targets[begin : begin + n], weights[begin : begin + n]
        if steps > 0:
            _conjugate(mine, y, c, factors, diagonal, x[u], steps)
        elif n <= d:
            _woodbury(mine, y, c, factors, diagonal, x[u], rows, square)
        else:
            _cholesky(mine, y, c, factors, diagonal, x[u], rows, square, more)


@_jit
def _woodbury(columns, y, c, factors, diagonal, x, rows, square):  # type: ignore[no-untyped-def]
    n, d = columns.size, diagonal.size
    scale = x  # D^-1/2, until the answer takes its place
    for f in range(d):
        scale[f] = np.float32(1.0) / np.sqrt(diagonal[f])
    for i in range(n):
        root, row = np.sqrt(c[i]), factors[columns[i]]
        for f in range(d):
            rows[i, f] = row[f] * scale[f] * root
    width = _wide(n)
    rows[n:width] = np.float32(0.0)
    k = square[: n * width].reshape(n, width)
    np.dot(rows[:n], rows[:width].T, k)
    for i in range(n):
        k[i, i] += np.float32(1.0)
        k[i, n] = y[i] * np.sqrt(c[i])
    z = np.empty(n, np.float32)
    _substitute(k, z)
    for f in range(d):
        diagonal[f] = np.float32(0.0)
    for i in range(n):
        for f in range(d):
            diagonal[f] += z[i] * rows[i, f]
    for f in range(d):
        x[f] = diagonal[f] * scale[f]


@_jit
def _cholesky(columns, y, c, factors, diagonal, x, rows, square, more):  # type: ignore[no-untyped-def]
    n, d = columns.size, diagonal.size
    a = square[: d * _wide(d)].reshape(d, _wide(d))
    a[:] = np.float32(0.0)
    for f in range(d):
        a[f, f] = diagonal[f]
        x[f] = np.float32(0.0)
    for first in range(0, n, GATHERED):
        size = min(GATHERED, n - first)
        for i in range(size):
            row, root = factors[columns[first + i]], np.sqrt(c[first + i])
            pull = y[first + i] * c[first + i]
            for f in range(d):
                rows[i, f] = row[f] * root
                x[f] += pull * row[f]
        np.dot(rows[:size].T, rows[:size], more)
        for i in range(d):
            for f in range(d):
                a[i, f] += more[i, f]
    for f in range(d):
        a[f, d] = x[f]
    _substitute(a, x)


@_inline
def _wide(n):  # type: ignore[no-untyped-def]
    """Of a row that holds n numbers and one more, in whole vectors."""
    return (n // HALF + 1) * HALF


@_jit
def _substitute(a, z):  # type: ignore[no-untyped-def]
    """Solve S z = b by Cholesky, S = U'U, for a (n, width) = [S b 0…]; U takes the place of S's upper half.

    Four rows at once are taken off the rows below, each from the vector on which holds its diagonal; what this writes
    into the lower half is never read.
    """
    n, width = a.shape
    base, row_bytes = a.ctypes.data, np.intp(4 * width)
    for k in range(0, n, 4):
        last = min(k + 4, n)
        for i in range(k, last):
            row = base + i * row_bytes
            for j in range(k, i):
                pivot = base + j * row_bytes
                subtract(row, pivot, pivot + 4 * i, k - k % HALF, width, _ONE)
            inverse = np.float32(1.0) / np.sqrt(a[i, i])
            for f in range(i, width):
                a[i, f] *= inverse
        if last - k == 4:
            for i in range(last, n):
                row, pivot = base + i * row_bytes, base + k * row_bytes
                subtract(row, pivot, pivot + 4 * i, i - i % HALF, width, _FOUR)
    for k in range(n - 1, -1, -1):
        total = a[k, n]
        for f in range(k + 1, n):
            total -= a[k, f] * z[f]
        z[k] = total / a[k, k]


@_jit
def _conjugate(columns, y, c, factors, diagonal, x, steps):  # type: ignore[no-untyped-def]  # noqa: PLR0912
    """Preconditioned conjugate gradient (Golub & Van Loan 2013, alg. 11.5.1), starting from x."""
    d = diagonal.size
    r, p, ap = np.empty(d, np.float32), np.empty(d, np.float32), np.empty(d, np.float32)
    for f in range(d):
        r[f] = -diagonal[f] * x[f]
    for i in range(columns.size):
        row, total = factors[columns[i]], np.float32(0.0)
        for f in range(d):
            total += row[f] * x[f]
        rest = c[i] * (y[i] - total)
        for f in range(d):
            r[f] += rest * row[f]
    rho = np.float32(0.0)
    for f in range(d):
        p[f] = r[f] / diagonal[f]
        rho += r[f] * p[f]
    for _ in range(steps):
        if rho < np.float32(1e-20):
            break
        for f in range(d):
            ap[f] = diagonal[f] * p[f]
        for i in range(columns.size):
            row, total = factors[columns[i]], np.float32(0.0)
            for f in range(d):
                total += row[f] * p[f]
            total *= c[i]
            for f in range(d):
                ap[f] += total * row[f]
        curve = np.float32(0.0)
        for f in range(d):
            curve += p[f] * ap[f]
        step, before = rho / curve, rho
        rho = np.float32(0.0)
        for f in range(d):
            x[f] += step * p[f]
            r[f] -= step * ap[f]
            rho += r[f] * r[f] / diagonal[f]
        turn = rho / before
        for f in range(d):
            p[f] = r[f] / diagonal[f] + turn * p[f]
