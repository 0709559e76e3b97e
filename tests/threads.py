"""Compiled kernels on a chosen number of threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import numba


@contextmanager
def threads(n: int) -> Iterator[None]:
    """At most n; a machine with one processor has no second thread to offer."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)
