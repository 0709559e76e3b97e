"""The items with the largest dot products, of vectors that are asked again and again."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32

FEW = 128  # queries that a first look at whole numbers answers sooner than a matrix product of all of them
LARGE = 1 << 20  # numbers in the vectors from which on it pays
LONGEST = 1e15  # of a number in a query, so that no sum overflows


@dataclass(eq=False)
class Sought:
    """items: float32 (n_items, d); known: bool (n_items,), the others are never found"""

    items: Float32
    known: Bool
    _asked: bool = False
    _banned: tuple[Bool | None, Int32] | None = field(default=None, repr=False)

    def top(self, left: Float32, n: int, exclude: Csr | None, allowed: Bool | None) -> tuple[Int32, Float32]:
        """The n largest left . item; nothing for a row of zeros. left: (q, d)."""
        rows, scores = self._found(np.ascontiguousarray(left, np.float32), n, exclude, allowed)
        silent = ~left.any(axis=1)
        if silent.any():
            rows[silent], scores[silent] = -1, np.nan
        return rows, scores

    def _found(self, left: Float32, n: int, exclude: Csr | None, allowed: Bool | None) -> tuple[Int32, Float32]:
        few = len(left) <= FEW and self.items.size >= LARGE
        again, self._asked = few and self._asked, self._asked or few
        if again and self._shadow is not None and bool((np.abs(left) < LONGEST).all()):  # a second time: it will last
            from ..kernels.shadow import top_of_shadow

            return top_of_shadow(left, self.items, self._shadow, n, exclude, self._out(allowed))
        from ..kernels.topk import top_of_factors

        return top_of_factors(left, self.items, n, exclude, self.known if allowed is None else self.known & allowed)

    @cached_property
    def _shadow(self):  # type: ignore[no-untyped-def]
        from ..kernels.shadow import shadow_of

        return shadow_of(np.ascontiguousarray(self.items, np.float32))

    def _out(self, allowed: Bool | None) -> Int32:
        """Rows that may not be found; remembered for as long as a mask that nobody can write into stays the same."""
        kept = self._banned
        if kept is not None and kept[0] is allowed:
            return kept[1]
        out = np.flatnonzero(~(self.known if allowed is None else self.known & allowed)).astype(np.int32)
        if allowed is None or not allowed.flags.writeable:
            self._banned = (allowed, out)
        return out
