"""Ticks beside the service: looks, and trainings when it is time, in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def ticking(roots: Sequence[str], seconds: int) -> Iterator[None]:
    """`tick` of each project every so many seconds, 0 = never; the lease sees to it that no two train at once.

    A tick that is under way at the end ends by itself, and a service that is killed leaves nothing that ticks on.
    """
    stop = Event()

    def tick(root: str) -> None:
        while not stop.wait(seconds):
            command = [sys.executable, "-m", "tastemaker", "tick", "-p", root]
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    for root in roots if seconds else ():
        Thread(target=tick, args=(root,), daemon=True).start()
    try:
        yield
    finally:
        stop.set()
