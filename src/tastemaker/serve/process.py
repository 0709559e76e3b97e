"""What a server's process loads: the settings of the environment, one BLAS thread, the application."""

import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported; see kernels/threads.py
os.environ.setdefault("NUMBA_NUM_THREADS", "1")  # a second one waits for a core that the loop needs: 14 ms instead of 2

from .app import create
from .tracing import traced


def application() -> Any:
    """The ASGI application, as servers load it."""
    return traced(create())
