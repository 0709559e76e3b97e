"""Names for the arrays that travel between rooms."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

UNASKED = {"f2py", "testing", "test", "ctypeslib", "ma", "polynomial", "rec", "char", "strings", "core", "matlib"}


@contextmanager
def _without_unasked() -> Iterator[None]:
    """SciPy's wrapper copies every name of NumPy, and so loads its Fortran parser, its test tools and what they load:
    a fifth of a second, of the one that a command takes. Who needs one of them imports it, and gets it."""
    names, listed = np.__all__, np.__dir__
    np.__all__ = [name for name in names if name not in UNASKED]
    np.__dir__ = lambda: [name for name in listed() if name not in UNASKED]  # type: ignore[method-assign]
    try:
        yield
    finally:
        np.__all__, np.__dir__ = names, listed  # type: ignore[method-assign]


with _without_unasked():
    from scipy.sparse import csr_array

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Csr: TypeAlias = csr_array  # float32 unless said

UNKNOWN = -1  # a row that nobody knows


def csr(rows: Int64 | Int32, columns: Int64 | Int32, values: Float32, shape: tuple[int, int]) -> Csr:
    """A csr float32 matrix with sorted columns; repeated cells add up."""
    matrix = csr_array((values.astype(np.float32), (rows, columns)), shape=shape, dtype=np.float32)
    matrix.sum_duplicates()
    return matrix


def empty_csr(n_rows: int, n_columns: int) -> Csr:
    return csr_array((n_rows, n_columns), dtype=np.float32)


def csr_of(starts: Int64, columns: Int32, values: Float32, n_columns: int) -> Csr:
    """The csr matrix over arrays as they were saved; nothing is copied but the starts."""
    index = np.int32 if len(columns) < np.iinfo(np.int32).max else np.int64
    parts = (values, columns.astype(index, copy=False), starts.astype(index, copy=False))
    return csr_array(parts, shape=(len(starts) - 1, n_columns), copy=False)


def csr_beside(matrix: Csr, values: npt.NDArray[np.generic]) -> Csr:
    """Other values in the cells of `matrix`. SciPy's checks are not repeated: for one query they take as long as all
    else that Python does."""
    found: Csr = object.__new__(type(matrix))
    found.__dict__.update(matrix.__dict__)
    found.data = values
    return found


def csr_sorted(starts: Int32, columns: Int32, values: npt.NDArray[np.generic], n_columns: int) -> Csr:
    """`csr_of` for arrays that are known to be right: int32, and columns that ascend in each row."""
    found = csr_beside(_sorted(len(starts) - 1, n_columns), values)
    found.indptr, found.indices = starts, columns
    return found


@lru_cache(maxsize=128)
def _sorted(n_rows: int, n_columns: int) -> Csr:
    matrix = empty_csr(n_rows, n_columns)
    matrix.has_canonical_format = True
    return matrix
