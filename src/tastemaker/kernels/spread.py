"""Sparse histories through one or two sparse matrices, each query into a row of its own; the product is never built.

Cost a query: as many additions as there are paths from its items. Queries are independent: threads change no bit.
"""

import numpy as np

from ..data.arrays import Csr, Float32, Int64
from .jit import get_num_threads, njit, prange

_jit, _jit_threads = njit(cache=True), njit(cache=True, parallel=True)


def spread(history: Csr, steps: tuple[Csr, ...]) -> Float32:
    """history @ steps[0] (@ steps[1]), float32 (q, n): history csr (q, m), steps one or two csr matrices."""
    out = np.zeros((history.shape[0], steps[-1].shape[1]), np.float32)
    if len(steps) == 1:
        _one(*_arrays(history), *_arrays(steps[0]), out)
    else:
        _two(*_arrays(history), *_arrays(steps[0]), *_arrays(steps[1]), steps[0].shape[1], get_num_threads(), out)
    return out


def sparse_times_dense(sparse: Csr, dense: Float32) -> Float32:
    """sparse (q, m) @ dense (m, n), float32 (q, n)."""
    out = np.zeros((sparse.shape[0], dense.shape[1]), np.float32)
    _rows_added(*_arrays(sparse), dense, out)
    return out


def dense_times_sparse(dense: Float32, sparse: Csr) -> Float32:
    """dense (q, m) @ sparse (m, n), float32 (q, n)."""
    out = np.zeros((dense.shape[0], sparse.shape[1]), np.float32)
    _rows_spread(dense, *_arrays(sparse), out)
    return out


def add_known(total: Float32, found: Float32, weight: float) -> None:
    """total (q, n) += weight found (q, n) where found is not NaN, in place; a total of NaN counts as 0."""
    _add_known(total, found, np.float32(weight))


def _arrays(matrix: Csr) -> tuple[Int64, np.ndarray, Float32]:
    return matrix.indptr, matrix.indices, matrix.data


@_jit_threads
def _one(starts, columns, values, w_starts, w_columns, w_values, out):  # type: ignore[no-untyped-def]
    for q in prange(out.shape[0]):
        row = out[q]
        for e in range(starts[q], starts[q + 1]):
            j, value = columns[e], values[e]
            for k in range(w_starts[j], w_starts[j + 1]):
                row[w_columns[k]] += value * w_values[k]


@_jit_threads
def _two(starts, columns, values, a_starts, a_columns, a_values, b_starts, b_columns, b_values, middle, parts, out):  # type: ignore[no-untyped-def]
    n = out.shape[0]
    for part in prange(parts):
        met, met_list = np.zeros(middle, np.float32), np.empty(middle, np.int32)
        seen = np.zeros(middle, np.bool_)
        for q in range(part, n, parts):
            n_met, row = 0, out[q]
            for e in range(starts[q], starts[q + 1]):
                j, value = columns[e], values[e]
                for k in range(a_starts[j], a_starts[j + 1]):
                    u = a_columns[k]
                    met[u] += value * a_values[k]
                    if not seen[u]:
                        seen[u] = True
                        met_list[n_met] = u
                        n_met += 1
            for m in range(n_met):
                u = met_list[m]
                value = met[u]
                met[u], seen[u] = np.float32(0.0), False
                for k in range(b_starts[u], b_starts[u + 1]):
                    row[b_columns[k]] += value * b_values[k]


@_jit_threads
def _rows_added(starts, columns, values, dense, out):  # type: ignore[no-untyped-def]
    for q in prange(out.shape[0]):
        row = out[q]
        for e in range(starts[q], starts[q + 1]):
            other, value = dense[columns[e]], values[e]
            for k in range(other.size):
                row[k] += value * other[k]


@_jit_threads
def _rows_spread(dense, starts, columns, values, out):  # type: ignore[no-untyped-def]
    for q in prange(out.shape[0]):
        row = out[q]
        for u in range(dense.shape[1]):
            value = dense[q, u]
            for e in range(starts[u], starts[u + 1]):
                row[columns[e]] += value * values[e]


@_jit_threads
def _add_known(total, found, weight):  # type: ignore[no-untyped-def]
    for q in prange(total.shape[0]):
        for k in range(total.shape[1]):
            if not np.isnan(found[q, k]):
                before = total[q, k]
                total[q, k] = weight * found[q, k] + (np.float32(0.0) if np.isnan(before) else before)
