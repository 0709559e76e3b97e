"""Events on disk while the database is away: written and synced before they are acknowledged, replayed in order, once.

One file a worker. What a killed worker left is taken over by the next one; a line that it had not finished was never
acknowledged. A replay that is cut short begins again: every event carries the key that makes it the same event.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex

import orjson

from ..errors import StoreError
from ..store.ingest import Told
from .measuring import is_alive

CHUNK = 1000
FOLDER = "spool"


class Spool:
    """Of one project in one worker."""

    def __init__(self, root: Path, most: int) -> None:
        """most: bytes on disk; what would be more is refused."""
        self._folder, self._most = root / FOLDER, most
        self._name = f"{os.getpid()}-{token_hex(4)}.jsonl"
        self._fd: int | None = None
        self.size = 0

    def add(self, told: Sequence[Told]) -> None:
        """On disk when this returns; StoreError where it cannot be."""
        data = b"".join(orjson.dumps(asdict(one)) + b"\n" for one in told)
        if self.size + len(data) > self._most:
            raise StoreError("The database is away and the spool is full: nothing was kept. Send it again later.")
        try:
            fd = self._opened()
            try:
                _write_all(fd, data)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, self.size)  # a half-written batch was not acknowledged, so it must not be replayed
                raise
        except OSError as error:
            why = f"The database is away and the spool cannot be written ({error.strerror}): nothing was kept."
            raise StoreError(f"{why} Send it again later.") from error
        self.size += len(data)

    def adopt(self) -> None:
        """Take over what workers that are gone have left."""
        for path in sorted(self._folder.glob("*.jsonl")) if self._folder.is_dir() else ():
            if path.name == self._name or _alive(path):
                continue
            taken = path.with_suffix(f".{os.getpid()}")
            try:
                path.rename(taken)  # only one of two workers succeeds
                left = _lines(taken.read_bytes())
                if left:
                    self.add(left)
                taken.unlink()
            except (OSError, StoreError):
                continue

    def replay(self, ingest: Callable[[Sequence[Told]], None]) -> int:
        """Hand on what is kept, in order; how many that was. Stays as it is where `ingest` fails."""
        if not self.size:
            return 0
        told = _lines((self._folder / self._name).read_bytes())
        for start in range(0, len(told), CHUNK):
            ingest(told[start : start + CHUNK])
        os.ftruncate(self._opened(), 0)
        self.size = 0
        return len(told)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            if not self.size:
                (self._folder / self._name).unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._fd is None:
            self._folder.mkdir(exist_ok=True)
            self._fd = os.open(self._folder / self._name, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        return self._fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _lines(data: bytes) -> list[Told]:
    """Complete lines only."""
    found = []
    for line in data.split(b"\n")[:-1]:
        try:
            found.append(Told(**orjson.loads(line)))
        except (orjson.JSONDecodeError, TypeError):
            continue
    return found


def _alive(path: Path) -> bool:
    """Is the worker that writes it still there?"""
    pid = path.name.partition("-")[0]
    return pid.isdigit() and is_alive(int(pid))
