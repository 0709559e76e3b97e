"""Events on disk while the database is away: written and synced before they are acknowledged, replayed in order, once.

One file a worker, locked while it lives. What a killed worker left is taken over by another one, of any machine that
shares the folder; a line that it had not finished was never acknowledged. A replay that is cut short begins again:
every event carries the key that makes it the same event. For one thread.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex

import orjson

from ..errors import StoreError
from ..store.ingest import Told
from .locked import locked

CHUNK = 1000  # events handed on at once
READ = 1 << 16  # bytes
FOLDER = "spool"


@dataclass
class _File:
    """Ours while `fd` is open. size: bytes of acknowledged events; done: bytes of them that were handed on."""

    path: Path
    fd: int
    size: int
    done: int = 0

    def add(self, data: bytes) -> None:
        try:
            os.lseek(self.fd, self.size, os.SEEK_SET)
            _write_all(self.fd, data)
            os.fsync(self.fd)
        except OSError:
            os.ftruncate(self.fd, self.size)  # a half-written batch was not acknowledged: it must not be replayed
            raise
        self.size += len(data)

    def lines(self) -> Iterator[bytes]:
        """Those not handed on yet; what a killed worker had not finished is none."""
        os.lseek(self.fd, self.done, os.SEEK_SET)
        left, rest = self.size - self.done, b""
        while left:
            data = os.read(self.fd, min(READ, left))
            if not data:
                return
            left -= len(data)
            *whole, rest = (rest + data).split(b"\n")
            yield from whole


class Spool:
    """Of one project in one worker. lost: told how many lines could not be read."""

    def __init__(self, root: Path, most: int, lost: Callable[[int], None] = lambda n: None) -> None:
        """most: bytes on disk; what would be more is refused."""
        self._folder, self._most, self._lost = root / FOLDER, most, lost
        self._own: _File | None = None
        self._left: list[_File] = []  # by others, who are gone

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return sum(file.size - file.done for file in (*self._left, self._own) if file is not None)

    def any_waits(self) -> bool:
        """Of any worker that shares the folder."""
        return self._folder.is_dir() and any(path.stat().st_size for path in self._folder.glob("*.jsonl"))

    def add(self, told: Sequence[Told]) -> None:
        """On disk when this returns; StoreError where it cannot be."""
        data = b"".join(_line(one) + b"\n" for one in told)
        if self.size + len(data) > self._most:
            raise StoreError("The database is away and the spool is full: nothing was kept. Send it again later.")
        try:
            self._opened().add(data)
        except OSError as error:
            why = f"The database is away and the spool cannot be written ({error.strerror}): nothing was kept."
            raise StoreError(f"{why} Send it again later.") from error

    def adopt(self) -> None:
        """Take over what workers that are gone have left."""
        mine = {file.path for file in (*self._left, self._own) if file is not None}
        for path in sorted(self._folder.glob("*.jsonl")) if self._folder.is_dir() else ():
            fd = None if path in mine else locked(path)
            if fd is not None:
                self._left.append(_File(path, fd, os.fstat(fd).st_size))

    def replay(self, ingest: Callable[[Sequence[Told]], Sequence[Told] | None], most: int | None = None) -> int:
        """Hand on what waits, in order, and forget it; how many events that was, `most` at most.

        What `ingest` does not take stays; what it gives back will never be taken, and is put aside.
        """
        n = 0
        while (file := self._first()) is not None and (most is None or n < most):
            lines = []
            for line in file.lines():
                lines.append(line)
                if len(lines) == (CHUNK if most is None else min(CHUNK, most - n)):
                    break
            told, bad = _read(lines)
            if told:
                bad += [_line(one) for one in ingest(told) or ()]
            if bad:
                self._put_aside(file, bad)
            file.done = file.done + sum(map(len, lines)) + len(lines) if lines else file.size
            n += len(told)
            if file.done == file.size:
                self._end(file)
        return n

    def close(self) -> None:
        """What waits is there for the next one."""
        for file in [*self._left, *([] if self._own is None else [self._own])]:
            os.close(file.fd)
            if file.done == file.size:
                file.path.unlink(missing_ok=True)
        self._own, self._left = None, []

    def _first(self) -> _File | None:
        if self._left:
            return self._left[0]
        return self._own if self._own is not None and self._own.done < self._own.size else None

    def _end(self, file: _File) -> None:
        if file is self._own:
            os.ftruncate(file.fd, 0)
            file.size = file.done = 0
            return
        self._left.remove(file)
        os.close(file.fd)
        file.path.unlink(missing_ok=True)

    def _put_aside(self, file: _File, bad: Sequence[bytes]) -> None:
        """For a person to look at: an acknowledged event is never thrown away."""
        with file.path.with_suffix(".bad").open("ab") as aside:
            aside.write(b"".join(line + b"\n" for line in bad))
            aside.flush()
            os.fsync(aside.fileno())
        self._lost(len(bad))

    def _opened(self) -> _File:
        if self._own is None:
            self._folder.mkdir(exist_ok=True)
            fd = None
            while fd is None:  # whoever adopts may have been quicker than we
                path = self._folder / f"{os.getpid()}-{token_hex(4)}.jsonl"
                fd = locked(path, new=True)
            self._own = _File(path, fd, 0)
        return self._own


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _line(told: Told) -> bytes:
    return orjson.dumps(asdict(told))


def _read(lines: Sequence[bytes]) -> tuple[list[Told], list[bytes]]:
    """The events, and the lines that are none."""
    told, bad = [], []
    for line in lines:
        try:
            told.append(Told(**orjson.loads(line)))
        except (orjson.JSONDecodeError, TypeError):
            bad.append(line)
    return told, bad
