"""Gaussian posteriors of many users (or items) at once: the two halves of variational matrix factorisation, and folding
in a history whose whim drifts.

A user's grades are y_e = z_e . x + noise with x ~ N(0, P^-1); z_e is the vector of the graded item, known up to a
diagonal covariance. Rows are independent: the number of threads does not change a bit. BLAS threads should be off
(kernels.threads).
"""

import numpy as np

from ..data.arrays import Float32, Float64, Int32, Int64
from .jit import njit, prange

FEW = 8  # queries that one thread answers sooner than several could be woken
_jit_threads = njit(cache=True, parallel=True, fastmath=True, error_model="numpy")
_jit = njit(cache=True, fastmath=True, error_model="numpy")
_inline = njit(inline="always", fastmath=True, error_model="numpy")


@_jit_threads
def user_half(starts, columns, targets, z, spread, prior, noise, x, cov):  # type: ignore[no-untyped-def]
    """Posterior means x (n_users, k) and covariances cov (n_users, k, k), in place.

    starts, columns, targets: csr of grades less everything but z . x; z, spread: (n_items, k), means and variances of
    the items' vectors; prior: (k, k) precision; noise: variance
    """
    k = z.shape[1]
    for u in prange(starts.size - 1):
        a, h = prior.copy(), np.zeros(k)
        for e in range(starts[u], starts[u + 1]):
            i, y = columns[e], targets[e] / noise
            for f in range(k):
                h[f] += z[i, f] * y
                a[f, f] += spread[i, f] / noise
                half = z[i, f] / noise
                for g in range(f + 1):
                    a[f, g] += half * z[i, g]
        _invert(a)
        cov[u] = a
        _product(a, h, x[u])


@_jit_threads
def item_half(starts, columns, targets, x, cov, expected, prior, noise, w, spread, lost):  # type: ignore[no-untyped-def]
    """Means w (n_items, k) and variances spread (n_items, k) of items' [bias, vector], in place.

    The model is y = x_0 + w . [1, x_1 …]: the first coordinate of a user is their bias. targets: grades less the mean;
    expected: (n_items, k), the mean before any grade; prior: (k, k) precision; lost: (n_items,), becomes the sum of
    expected squared errors.
    """
    k = x.shape[1]
    nothing = prior.copy()
    _invert(nothing)
    for i in prange(starts.size - 1):
        a, h, row, total = np.zeros((k, k)), np.zeros(k), np.ones(k), 0.0
        for e in range(starts[i], starts[i + 1]):
            u = columns[e]
            row[1:] = x[u, 1:]
            y = targets[e] - x[u, 0]
            total += y * y + cov[u, 0, 0]
            for f in range(k):
                h[f] += row[f] * y - (cov[u, 0, f] if f > 0 else 0.0)
                for g in range(f + 1):
                    a[f, g] += row[f] * row[g] + (cov[u, f, g] if g > 0 else 0.0)
        b, posterior = np.dot(prior, expected[i]) + h / noise, prior + a / noise
        if starts[i] == starts[i + 1]:
            posterior[:] = nothing
        else:
            _invert(posterior)
        _product(posterior, b, w[i])
        lost[i] = total
        for f in range(k):
            spread[i, f] = posterior[f, f]
            lost[i] += spread[i, f] * a[f, f] - 2.0 * w[i, f] * h[f]
            for g in range(k):
                lost[i] += w[i, f] * w[i, g] * a[max(f, g), min(f, g)]


@_inline
def _product(a, h, out):  # type: ignore[no-untyped-def]
    for f in range(h.size):
        out[f] = 0.0
        for g in range(h.size):
            out[f] += a[f, g] * h[g]


@_inline
def _invert(a):  # type: ignore[no-untyped-def]
    """A symmetric positive matrix, of which only the lower triangle is read, becomes its inverse. By Cholesky: for
    so small matrices a call of LAPACK takes five times as long."""
    k = a.shape[0]
    for f in range(k):
        for g in range(f + 1):
            total = a[f, g]
            for j in range(g):
                total -= a[f, j] * a[g, j]
            a[f, g] = np.sqrt(total) if f == g else total / a[g, g]
    for f in range(k):  # the triangle becomes its own inverse
        a[f, f] = 1.0 / a[f, f]
        for g in range(f):
            total = 0.0
            for j in range(g, f):
                total -= a[f, j] * a[j, g]
            a[f, g] = total * a[f, f]
    for f in range(k):
        for g in range(f + 1):
            total = 0.0
            for j in range(f, k):
                total += a[j, f] * a[j, g]
            a[g, f] = total  # above the diagonal nothing is read any more
    for f in range(k):
        for g in range(f):
            a[f, g] = a[g, f]


def fold(
    starts: Int64, columns: Int32, targets: Float64, moments: Int64, z: Float32, spread: Float32, prior: Float64,
    noise: float, drift: float, keep: float, x: Float64,
) -> None:  # fmt: skip
    """Vectors x (q, k) of queries from their histories, in place: csr rows in order of time, moments int64 (nnz,).

    y_e = z_e . x + m_t + white noise; the whim m has the variance drift · noise and keeps the share `keep` of itself
    from one moment to the next. A Kalman filter of m turns the rows into independent ones of variance s, whose normal
    equations give x (generalised least squares); what is expected of m at the next moment is added to x_0, the bias.
    """
    told = (starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x)
    _fold_few(*told) if len(x) < FEW else _fold_many(*told)


@_jit
def _fold_few(starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x):  # type: ignore[no-untyped-def]
    for q in range(starts.size - 1):
        _fold_one(q, starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x)


@_jit_threads
def _fold_many(starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x):  # type: ignore[no-untyped-def]
    for q in prange(starts.size - 1):
        _fold_one(q, starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x)


@_jit
def _fold_one(q, starts, columns, targets, moments, z, spread, prior, noise, drift, keep, x):  # type: ignore[no-untyped-def]
    k, whim = z.shape[1], drift * noise
    a, h = prior.copy(), np.zeros(k)
    state_z, state_y, var, row = np.zeros(k), 0.0, whim, np.zeros(k)
    for e in range(starts[q], starts[q + 1]):
        if e > starts[q] and moments[e] != moments[e - 1]:
            state_z *= keep
            state_y *= keep
            var = keep * keep * var + (1.0 - keep * keep) * whim
        i, s = columns[e], var + noise - whim
        y = targets[e] - state_y
        for f in range(k):
            row[f] = z[i, f] - state_z[f]
            h[f] += row[f] * y / s
            a[f, f] += spread[i, f] / s
            half = row[f] / s
            for g in range(f + 1):
                a[f, g] += half * row[g]
        gain = var / s
        state_y += gain * y
        for f in range(k):
            state_z[f] += gain * row[f]
        var *= 1.0 - gain
    _invert(a)
    _product(a, h, x[q])
    mean = state_y
    for f in range(k):
        mean -= state_z[f] * x[q, f]
    x[q, 0] += keep * mean
