"""Commands: parse, call lifecycle, print. No logic lives here, and nothing heavy is imported before it is needed."""

import atexit
import gc
import os
import sys

PATIENCE = 200_000  # new objects between two looks for garbage: by default 700, and a tenth of a short command's time


def main() -> None:
    """Run the command line; errors of ours become one line and exit code 1, never a traceback."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported; see kernels/threads.py
    if "serve" not in sys.argv:  # it runs for long, and there a long look for garbage is a slow answer
        gc.set_threshold(PATIENCE, 20, 20)
        atexit.register(gc.freeze)  # at its end nothing is looked through once more, which takes a fifth of a second
    from ..errors import Cancelled, TastemakerError
    from .app import app
    from .output import fail

    try:
        app(standalone_mode=True)
    except Cancelled as error:
        fail(error)
        sys.exit(130)
    except TastemakerError as error:
        fail(error)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
    except MemoryError:
        fail("Out of memory. Close other programs, or try a smaller catalog or fewer synthetic users.")
        sys.exit(1)
    except OSError as error:
        fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}. Nothing was half-written.")
        sys.exit(1)


__all__ = ["main"]
