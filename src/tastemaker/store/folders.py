"""Folders of small immutable directories, on a disk or in a bucket: written whole or not at all."""

import errno
import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any

from ..errors import StoreError

TEMPORARY = ".tmp-"
STALE_SECONDS = 3600
Stamp = tuple[tuple[str, int, int, int], ...]


class Folder(ABC):
    @abstractmethod
    def read(self, name: str, file: str) -> bytes:
        """FileNotFoundError where there is none."""

    @abstractmethod
    def write(self, name: str, files: Mapping[str, bytes], replace: bool) -> None:
        """A directory of these files; one that is there already is kept, unless `replace`."""

    def stamp(self, name: str) -> Stamp:
        """Changes with the files of a directory, as far as that can be seen without reading them."""
        return ()

    @abstractmethod
    def names(self) -> list[str]: ...

    @abstractmethod
    def remove(self, name: str) -> int:
        """Delete a directory for good; how many bytes that were, 0 where it is not there."""

    @abstractmethod
    def sweep(self) -> int:
        """Remove what killed writers left over an hour ago; how many directories that were."""


def folder_at(root: str) -> Folder:
    if "://" in root and not root.startswith("file://"):
        return Bucket(root)
    return Disk(Path(root.removeprefix("file://")))


class Disk(Folder):
    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str, file: str) -> bytes:
        return (self.root / name / file).read_bytes()

    def write(self, name: str, files: Mapping[str, bytes], replace: bool) -> None:
        temporary = self.root / f"{TEMPORARY}{secrets.token_hex(8)}"
        try:
            temporary.mkdir(parents=True)
            for file, data in files.items():
                write_synced(temporary / file, data)
            sync_directory(temporary)
            self._move(temporary, self.root / name, replace)
            sync_directory(self.root)
        except OSError as error:
            raise cannot_write(self.root, error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def stamp(self, name: str) -> Stamp:
        try:
            found = [(entry.name, entry.stat()) for entry in os.scandir(self.root / name)]
        except OSError:
            return ()
        return tuple(sorted((file, s.st_ino, s.st_size, s.st_mtime_ns) for file, s in found))

    def _move(self, temporary: Path, target: Path, replace: bool) -> None:
        if replace:
            aside = self.root / f"{TEMPORARY}{secrets.token_hex(8)}"
            with suppress(FileNotFoundError):  # somebody else mends it too
                target.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        try:
            temporary.rename(target)
        except OSError:
            if not target.exists():
                raise
            # Somebody else was faster, and the name says that the content is the same.

    def names(self) -> list[str]:
        found = self.root.iterdir() if self.root.is_dir() else ()
        return sorted(path.name for path in found if path.is_dir() and not path.name.startswith(TEMPORARY))

    def remove(self, name: str) -> int:
        aside = self.root / f"{TEMPORARY}{secrets.token_hex(8)}"
        try:
            (self.root / name).rename(aside)  # at once: nobody sees half of it
        except FileNotFoundError:
            return 0
        size = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file())
        shutil.rmtree(aside, ignore_errors=True)
        return size

    def sweep(self) -> int:
        stale = [path for path in self.root.glob(f"{TEMPORARY}*") if time() - path.stat().st_mtime > STALE_SECONDS]
        for path in stale:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale)


class Bucket(Folder):
    """Any file system of fsspec. It cannot rename a directory, so a manifest should be the last of `files`."""

    def __init__(self, root: str) -> None:
        import fsspec

        try:
            self.fs, path = fsspec.core.url_to_fs(root)
        except (ImportError, ValueError) as error:
            raise StoreError(f"Artifacts at {root} cannot be reached: {error}") from error
        self.path = str(path).rstrip("/")

    def read(self, name: str, file: str) -> bytes:
        return bytes(self.fs.cat_file(f"{self.path}/{name}/{file}"))

    def write(self, name: str, files: Mapping[str, bytes], replace: bool) -> None:
        try:
            self.fs.makedirs(f"{self.path}/{name}", exist_ok=True)
            for file, data in files.items():
                self.fs.pipe_file(f"{self.path}/{name}/{file}", data)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def names(self) -> list[str]:
        found: list[dict[str, Any]] = self.fs.ls(self.path, detail=True) if self.fs.exists(self.path) else []
        return sorted(str(entry["name"]).rsplit("/", 1)[-1] for entry in found if entry["type"] == "directory")

    def remove(self, name: str) -> int:
        path = f"{self.path}/{name}"
        if not self.fs.exists(path):
            return 0
        size = int(self.fs.du(path))
        self.fs.rm(path, recursive=True)
        return size

    def sweep(self) -> int:
        return 0  # nothing temporary is ever there


def write_synced(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    sync_file(path)


def replace_file(path: Path, data: bytes) -> None:
    """The old content or the new one, whenever the machine stops."""
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(temporary, data)
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    if os.name == "nt":  # Windows opens no directories, and renames durably
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(where: Path | str, error: OSError) -> StoreError:
    if error.errno == errno.ENOSPC:
        return StoreError(f"{where} cannot be written: the disk is full. Nothing was changed; free some space.")
    return StoreError(f"{where} cannot be written: {error.strerror or error}. Nothing was changed.")
