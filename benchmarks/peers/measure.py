"""Seconds and peak memory of one piece of work. Standard library only: every peer's environment can load it."""

import ctypes
import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Quality = dict[str, float]


@dataclass(frozen=True)
class Work:
    """run: what is timed; figure: its result and seconds -> the number to compare; quality: not timed either."""

    run: Callable[[], Any]
    figure: Callable[[Any, float], float]
    quality: Callable[[Any], Quality] = lambda _: {}


def measured(work: Work, judged: bool) -> dict[str, Any]:
    """One round. peak_mb: the whole process at its highest; grown_mb: how far that is above the level before."""
    gc.collect()
    _give_back()
    before = _reset_peak()
    start = time.perf_counter()
    result = work.run()
    seconds = time.perf_counter() - start
    peak = _peak_kb()
    figures = {"seconds": seconds, "peak_mb": peak / 1024, "grown_mb": (peak - before) / 1024}
    return {"figure": work.figure(result, seconds), **figures, "quality": work.quality(result) if judged else {}}


def _give_back() -> None:
    """Hand freed memory to the system, or what a round left in the allocator would hide what the next one needs."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):  # not glibc
        return


def _reset_peak() -> int:
    """Forget the high-water mark; resident kB now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _peak_kb()  # the mark of the process's whole life is what is left
    return _status("VmRSS")


def _peak_kb() -> int:
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _status(field: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def pace(ends: list[float]) -> float:
    """Seconds an epoch, given when each ended; the first is left out, since it pays for what is set up once."""
    return (ends[-1] - ends[0]) / (len(ends) - 1)


@dataclass(frozen=True)
class Trained:
    """lists: () -> int32 (n_users, 20), what the model recommends, seen items left out."""

    lists: Callable[[], Any]
    epochs: int
    seconds: float


def for_seconds(seconds: float, trial: int, fit: Callable[[int], Callable[[], Any]]) -> Trained:
    """A model trained from nothing for as many epochs as fit in `seconds`, at the pace of two trials right before.

    No seconds: as many epochs as the trial has.
    """
    if seconds <= 0:
        return once(trial, fit)
    short, long = once(trial, fit).seconds, once(3 * trial, fit).seconds
    pace = max(long - short, 0.1 * long) / (2 * trial)
    return once(max(1, round((seconds - short) / pace) + trial), fit)


def once(epochs: int, fit: Callable[[int], Callable[[], Any]]) -> Trained:
    start = time.perf_counter()
    lists = fit(epochs)
    return Trained(lists, epochs, time.perf_counter() - start)
