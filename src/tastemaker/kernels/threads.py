"""How many threads the linear algebra of NumPy may use."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Our matrices are small: a second BLAS thread gains little on an idle machine and costs much on a busy one.

    Measured: judging a network on 500 users 2.5 s; with two BLAS threads beside another busy process 15 s.
    """
    import scipy.linalg.cython_blas  # noqa: F401 compiled kernels multiply by it, and only what is loaded is limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
