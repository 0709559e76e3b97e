"""Saved models: directories named by the digest of what is in them, verified whenever they are read. No pickle."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from ..errors import ArtifactError, StoreError
from .folders import Folder, Stamp, folder_at
from .tables.json import plain_json

Json = dict[str, Any]
Arrays = dict[str, np.ndarray[Any, Any]]
FORMAT = 1
MANIFEST = "manifest.json"
ARRAYS = "arrays.safetensors"
NAME_LENGTH = 32  # hex digits of the digest that name the directory
HALF_MAX = float(np.finfo(np.float16).max)
FEW_SMALL = 0.01  # share of an array's numbers that may be below what float16 holds with all its bits


@dataclass(frozen=True)
class Artifacts:
    """root: a folder, or any URL that fsspec knows.

    manifest.json lists the sha256 of every other file, and the digest of an artifact is the sha256 of manifest.json:
    one digest covers every byte. Its keys keep their order, which the digest covers too.
    """

    root: str

    def put(
        self,
        manifest: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray[Any, Any]],
        half: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> str:
        """Keep all of it under the digest that is returned; the same again changes nothing.

        half: float32 arrays take half the room and come back rounded to 11 bits.
        """
        halved = {name: a.astype(np.float16) for name, a in arrays.items() if half and _fits_half(a)}
        contents = {ARRAYS: packed({**arrays, **halved}), **(files or {})}
        document = {
            "format": FORMAT,
            "manifest": manifest,
            "half": sorted(halved),
            "files": {name: sha256(data).hexdigest() for name, data in contents.items()},
        }
        head = plain_json(document).encode()
        digest = sha256(head).hexdigest()
        self.keep(digest, {**contents, MANIFEST: head})
        return digest

    def keep(self, digest: str, contents: Mapping[str, bytes]) -> None:
        """Write the files of an artifact as `files` gave them, once they are seen to be whole."""
        _verified(digest, contents, f"Artifact {digest[:12]}")
        was_there = digest[:NAME_LENGTH] in self._folder.names()
        try:
            self.files(digest)
        except ArtifactError:
            self._folder.write(digest[:NAME_LENGTH], contents, replace=was_there)

    def get(self, digest: str, version: int | None = None) -> tuple[Json, Arrays]:
        """Manifest and arrays; ArtifactError, naming `version`, when a single bit is not what was put."""
        from safetensors.numpy import load

        contents = self.files(digest, version)
        document = json.loads(contents[MANIFEST])
        arrays: Arrays = load(contents[ARRAYS])
        return document["manifest"], arrays | {name: arrays[name].astype(np.float32) for name in document["half"]}

    def manifest(self, digest: str) -> Json:
        """The manifest alone, verified."""
        what = _what(digest, None)
        found: Json = _document(digest, self._read(digest, MANIFEST, what), what)["manifest"]
        return found

    def get_file(self, digest: str, name: str, version: int | None = None) -> bytes:
        """One of the small files that were put beside the arrays."""
        what = _what(digest, version)
        document = _document(digest, self._read(digest, MANIFEST, what), what)
        if name not in document["files"]:
            raise ArtifactError(f"{what} has no file {name!r}. It has: {', '.join(document['files'])}")
        data = self._read(digest, name, what)
        _check(name, data, document, what)
        return data

    def files(self, digest: str, version: int | None = None) -> dict[str, bytes]:
        """Every file by name, manifest.json last, verified."""
        what = _what(digest, version)
        head = self._read(digest, MANIFEST, what)
        names = _document(digest, head, what)["files"]
        contents = {name: self._read(digest, name, what) for name in names} | {MANIFEST: head}
        _verified(digest, contents, what)
        return contents

    def stamp(self, digest: str) -> Stamp:
        """Changes with the files of an artifact on a disk; of one in a bucket nobody knows."""
        return self._folder.stamp(digest[:NAME_LENGTH])

    def remove(self, digest: str) -> int:
        """Delete an artifact; its bytes."""
        return self._folder.remove(digest[:NAME_LENGTH])

    def sweep(self) -> int:
        """Remove what killed writers left over an hour ago; how many directories that were."""
        return self._folder.sweep()

    def orphans(self, known: Collection[str]) -> list[str]:
        """Names of the directories that belong to none of the `known` digests."""
        return sorted(set(self._folder.names()) - {digest[:NAME_LENGTH] for digest in known})

    @cached_property
    def _folder(self) -> Folder:
        return folder_at(self.root)

    def _read(self, digest: str, file: str, what: str) -> bytes:
        try:
            return self._folder.read(digest[:NAME_LENGTH], file)
        except FileNotFoundError as error:
            raise _unusable(what, f"{file} is missing") from error
        except OSError as error:
            raise _unusable(what, f"{file} cannot be read ({error.strerror or error})") from error


def _fits_half(array: np.ndarray[Any, Any]) -> bool:
    """None too large, and hardly any so small that its bits, or all of it, would be lost."""
    size = np.abs(array[np.isfinite(array) & (array != 0)])
    least = np.finfo(np.float16).tiny
    small = size.size > 0 and float((size < least).mean()) > FEW_SMALL
    return array.dtype == np.float32 and not small and not bool((size > HALF_MAX).any())


def packed(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The arrays as one .safetensors file."""
    from safetensors.numpy import save

    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise StoreError(f"Array {name!r} holds {array.dtype}, and an artifact keeps numbers only.")
    # safetensors writes the bytes as they lie in memory: a transposed or byte-swapped array would come back scrambled.
    return save({name: np.asarray(a, a.dtype.newbyteorder("="), order="C") for name, a in arrays.items()})


def _what(digest: str, version: int | None) -> str:
    name = f"artifact {digest[:12]}"
    return f"Version {version} ({name})" if version is not None else name.capitalize()


def _verified(digest: str, contents: Mapping[str, bytes], what: str) -> None:
    document = _document(digest, contents[MANIFEST], what)
    if set(contents) != {*document["files"], MANIFEST}:
        raise _unusable(what, "its files are not those that its manifest names")
    for name in document["files"]:
        _check(name, contents[name], document, what)


def _document(digest: str, head: bytes, what: str) -> Json:
    if sha256(head).hexdigest() != digest:
        raise _unusable(what, f"{MANIFEST} was altered or is damaged")
    document: Json = json.loads(head)
    if document["format"] != FORMAT:
        raise ArtifactError(
            f"{what}: {MANIFEST} was written by a newer tastemaker (format {document['format']}, not {FORMAT}). "
            "Run: pip install -U tastemaker; or go back: tastemaker rollback"
        )
    for name in document["files"]:
        if name in ("", ".", "..", MANIFEST) or {"/", "\\", ":"} & set(name):
            raise ArtifactError(f"{what}: a file may not be called {name!r}.")
    return document


def _check(name: str, data: bytes, document: Json, what: str) -> None:
    if sha256(data).hexdigest() != document["files"][name]:
        raise _unusable(what, f"{name} was altered or is damaged")


def _unusable(what: str, trouble: str) -> ArtifactError:
    return ArtifactError(
        f"{what}: {trouble}. Go back to the version before: tastemaker rollback; "
        "or bring back a backup: tastemaker db restore FILE --force"
    )
