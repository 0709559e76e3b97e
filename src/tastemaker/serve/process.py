"""What a server's process loads: the settings of the environment, one BLAS thread, the application."""

import ctypes
import gc
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported; see kernels/threads.py
os.environ.setdefault("NUMBA_NUM_THREADS", "1")  # a second one waits for a core that the loop needs: 14 ms instead of 2
with suppress(OSError, AttributeError, TypeError):
    ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX: a heap for each thread would keep what loading took
gc.set_threshold(50_000)  # else a third of the time of loading goes into walks; see watching.py for what follows

from .. import kernels  # noqa: E402
from .app import create  # noqa: E402
from .measuring import MULTIPLE  # noqa: E402
from .settings import Settings  # noqa: E402
from .shared import allocate  # noqa: E402
from .tracing import traced  # noqa: E402

COUNTED = ("counter", "histogram", "gauge_livesum", "gauge_livemax")  # kinds of files of Prometheus' client


def application() -> Any:
    """The ASGI application, as servers load it."""
    settings = Settings.of_environment()
    if not os.access(str(kernels.__path__[0]), os.W_OK):  # numba refuses to compile what it cannot keep anywhere
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(settings.projects[0]) / "cache" / "kernels"))
    if folder := os.environ.get(MULTIPLE):
        for kind in COUNTED:  # else Prometheus' client begins with a hole
            allocate(Path(folder) / f"{kind}_{os.getpid()}.db", 1 << 18)
    return traced(create(settings))
