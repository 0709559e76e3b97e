"""What is known of each item as numbers: named float32 blocks, one row an item."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DataError
from .arrays import Bool, Float32, Int64
from .vocab import Vocab

TASTES = "tastes"  # the block whose columns are what a user can state: the families
MISSING = " missing"  # ends the name of a column that is 1 where a number is missing


@dataclass(frozen=True)
class Features:
    """
    blocks: name -> float32 (n_items, d); a row of zeros means that nothing is known
    names:  block -> names of its columns, where they have names
    fitted: block -> what its encoder learned, plain values (means, deviations), where it learned something
    """

    items: Vocab
    blocks: Mapping[str, Float32]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for name, block in self.blocks.items():
            if block.ndim != 2 or len(block) != len(self.items):
                raise DataError(f"Feature block {name!r} is {block.shape}, not ({len(self.items)}, d).")
            bad = ~np.isfinite(block).all(axis=1)
            if bad.any():
                item = self.items.ids[int(np.argmax(bad))]
                raise DataError(f"Feature block {name!r} has a number that is not finite for item {item!r}.")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def tastes(self) -> tuple[str, ...]:
        return self.names.get(TASTES, ())

    def block(self, name: str) -> Float32:
        """float32 (n_items, d); a block that does not exist has d = 0."""
        return self.blocks.get(name, np.zeros((len(self.items), 0), np.float32))

    def matrix(self, names: Sequence[str]) -> Float32:
        """These blocks side by side, float32 (n_items, sum of d)."""
        nothing = np.zeros((len(self.items), 0), np.float32)
        return np.hstack([nothing, *(self.block(name) for name in names)]).astype(np.float32, copy=False)

    def known(self, name: str) -> Bool:
        """bool (n_items,): does the block say anything of the item, beside what is missing?"""
        block, names = self.block(name), self.names.get(name)
        return np.asarray((block if names is None else block[:, [not n.endswith(MISSING) for n in names]]).any(axis=1))

    def said(self, name: str) -> Float32:
        """The block, float32 (n_items, d), with zeros also where nothing but what is missing is known."""
        return self.block(name) * self.known(name)[:, None]

    def where(self, mask: Bool | Int64) -> "Features":
        """The items where mask (n_items,) is true, or at these rows."""
        ids = np.asarray(self.items.ids, object)[mask]
        return Features(Vocab(tuple(ids)), {name: b[mask] for name, b in self.blocks.items()}, self.names, self.fitted)

    @cached_property
    def digest(self) -> str:
        found = hashlib.sha256(self.items.digest.encode())
        for name in sorted(self.blocks):
            found.update(f"{name}{self.blocks[name].shape}".encode())
            found.update(np.ascontiguousarray(self.blocks[name]).tobytes())
        return found.hexdigest()
