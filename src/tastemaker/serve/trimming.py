"""What loading took is given back. Most of it is LLVM: there to read kernels compiled long ago, not to answer."""

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

LEAST = 4096  # KB of a library's part that are worth it
DONT_NEED = 4  # MADV_DONTNEED of Linux


class _Part(NamedTuple):
    """start: its address; size: bytes; resident: KB; changed: KB that are no more as the file has them"""

    start: int
    size: int
    resident: int
    changed: int


def trim() -> int:
    """Free memory to the system, and pages of libraries, which come back by themselves when touched; MB of those.

    Only on Linux does this do anything.
    """
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        parts = [part for part in _of_libraries() if part.resident >= LEAST and not part.changed]
        return sum(part.resident for part in parts if not libc.madvise(part.start, part.size, DONT_NEED)) >> 10
    return 0


def _of_libraries() -> Iterator[_Part]:
    """Parts of this process's memory that are files and cannot be written (proc(5), smaps)."""
    with open("/proc/self/smaps", encoding="utf-8", errors="replace") as file:
        head: list[str] = []
        kb: dict[str, int] = {}
        for line in file:
            name, _, value = line.partition(":")
            if " " in name:  # 7f00-7f10 r-xp 00000000 fe:00 12 /usr/lib/…
                head, kb = line.split(maxsplit=5), {}
            elif name != "VmFlags":
                kb[name] = int(value.split()[0])
            elif head[1][1:] in ("--p", "-xp") and len(head) == 6 and head[5].startswith("/"):
                start, end = (int(text, 16) for text in head[0].split("-"))
                yield _Part(start, end - start, kb["Rss"], kb["Anonymous"] + kb["Swap"])
