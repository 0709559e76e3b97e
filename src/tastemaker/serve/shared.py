"""A word that the workers of one machine share: which users changed. One memory read a request, no message, no lock."""

import mmap
import os
from pathlib import Path
from time import time_ns
from zlib import crc32

SLOTS = 1 << 16  # users that fall on one slot are only read again once too often


class UserMarks:
    """A user's mark changes when something about them was written; a copy that carries the old mark is stale."""

    def __init__(self, path: Path | None) -> None:
        """path: a file shared by all workers; None = this process is alone."""
        size = SLOTS * 8
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                file.truncate(size)
                self._map = mmap.mmap(file.fileno(), size)
        self._words = memoryview(self._map).cast("Q")

    def of(self, tenant: str, user: str) -> int:
        return self._words[crc32(f"{tenant}\0{user}".encode("utf-8", "replace")) % SLOTS]

    def touch(self, tenant: str, user: str) -> None:
        slot = crc32(f"{tenant}\0{user}".encode("utf-8", "replace")) % SLOTS
        self._words[slot] = time_ns()  # a number that was never there before, whoever writes at the same time
