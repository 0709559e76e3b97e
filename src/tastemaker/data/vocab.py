"""The one door between external ids and row numbers."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import DataError
from .arrays import Int32


@dataclass(frozen=True)
class Vocab:
    """A fixed, ordered set of ids. Row i of every array belongs to ids[i]."""

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self._row) != len(self.ids):
            repeated = next(id_ for row, id_ in enumerate(self.ids) if self._row[id_] != row)
            raise DataError(f"The id {repeated!r} appears twice; merge or rename its rows before building a Vocab.")

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._row

    @cached_property
    def _row(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.ids)}

    @cached_property
    def digest(self) -> str:
        """Equal digests mean equal ids in equal order."""
        return hashlib.sha256("".join(f"{len(id_)}:{id_}" for id_ in self.ids).encode()).hexdigest()

    def rows(self, ids: Iterable[str]) -> Int32:
        """Row numbers, int32 (n,); an unknown id is -1."""
        return np.fromiter((self._row.get(id_, -1) for id_ in ids), np.int32)

    def where(self, mask: Iterable[bool]) -> "Vocab":
        return Vocab(tuple(id_ for id_, keep in zip(self.ids, mask, strict=True) if keep))
