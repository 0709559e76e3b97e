"""numba, which finds what it compiled before without getting its compiler ready: a third of a second and 20 MB less in
a process that compiles nothing. Whatever it has to compile, it still gets ready for."""

from contextlib import suppress
from typing import Any

from numba import get_num_threads, njit, prange, set_num_threads
from numba.core.runtime.nrt import rtsys

__all__ = ["get_num_threads", "njit", "prange", "set_num_threads"]


def _load_overload(cache: Any, signature: Any, target: Any) -> Any:
    """As `numba.core.caching.Cache.load_overload`, which refreshes all of the target's declarations first."""
    rtsys.initialize(target)  # what compiled code calls to allocate
    with cache._guard_against_spurious_io_errors():
        return cache._load_overload(signature, target)


with suppress(ImportError, AttributeError):  # another numba: slower, and just as right
    from numba.core.caching import Cache

    if callable(Cache._load_overload) and callable(Cache._guard_against_spurious_io_errors):
        Cache.load_overload = _load_overload  # type: ignore[method-assign]
