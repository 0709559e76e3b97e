import numpy as np
import pytest

from tastemaker.kernels import products
from tastemaker.kernels.products import gram, times
from tastemaker.kernels.threads import one_blas_thread

from ..threads import threads


@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 16 * 7, 16 * 7 + 1, 33 * 7 - 2])
@pytest.mark.parametrize("d", [1, 5])
def test_they_are_the_products_of_numpy_where_blocks_meet(n, d, rng, monkeypatch):
    """Blocks of 7 rows, 16 blocks at once; whole numbers, so that sums are exact."""
    monkeypatch.setattr(products, "ROWS", 7)
    tall, small = (rng.integers(-3, 4, shape).astype(np.float32) for shape in ((n, d), (d, 3)))
    for array in (tall, np.asfortranarray(tall)):
        np.testing.assert_array_equal(times(array, small), tall @ small)
        np.testing.assert_array_equal(times(array, small[::-1].T.copy().T), tall @ small[::-1])
        np.testing.assert_array_equal(gram(array), tall.T @ tall)
    assert (times(tall, small).dtype, gram(tall).dtype) == (np.float32, np.float64)


def test_the_number_of_threads_changes_no_byte(rng):
    tall, small = (rng.normal(size=shape).astype(np.float32) for shape in ((5000, 9), (9, 9)))
    found = []
    for n in (1, 2):
        with threads(n), one_blas_thread():
            found.append((times(tall, small).tobytes(), gram(tall).tobytes()))
    assert found[0] == found[1]
