"""Names for the arrays that travel between rooms."""

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
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
