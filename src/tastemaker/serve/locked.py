"""A file that one process has to itself, for as long as it lives: the lock ends with whoever holds it."""

import errno
import os
from pathlib import Path

TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    BEHIND = 1 << 40  # there, what is locked cannot be read: a byte that no file has

    def _lock(fd: int) -> None:
        os.lseek(fd, BEHIND, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(fd, 0, os.SEEK_SET)
else:

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def locked(path: Path, new: bool = False) -> int | None:
    """Its descriptor, to read and write; None where it is somebody else's, or gone. new: make it."""
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) | (os.O_CREAT if new else 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        _lock(fd)
    except OSError as error:
        os.close(fd)
        if error.errno not in TAKEN:
            raise
        return None
    if os.fstat(fd).st_nlink:
        return fd
    os.close(fd)  # who had it before has removed it meanwhile
    return None
