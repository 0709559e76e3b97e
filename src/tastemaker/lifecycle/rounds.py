"""watch: look again and again; a round that fails is told, and the next one waits longer."""

from collections.abc import Callable, Iterator
from itertools import count
from time import sleep

from ..errors import Cancelled, TastemakerError
from .tick import Ticked

LONGEST = 3600.0  # seconds between two rounds that fail, at most


def rounds(
    look: Callable[[], Ticked], every: float, times: int, wait: Callable[[float], None] = sleep
) -> Iterator[Ticked | TastemakerError]:
    """What each look found, or why it failed; `times` of them, or without end."""
    pause = every
    for n in count(1):
        found: Ticked | TastemakerError
        try:
            found, pause = look(), every
        except Cancelled:
            raise
        except TastemakerError as error:
            found, pause = error, min(2.0 * pause, max(every, LONGEST))
        yield found
        if n == times:
            return
        wait(pause)
