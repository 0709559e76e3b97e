"""How often the same was said before, of a table that is read part by part: twelve bytes for each thing said."""

import numpy as np

from .arrays import Int64


class Repeats:
    """Counts by a hash of 64 bits. Sorted runs, each at least twice as long as the next: O(log n) of them are asked."""

    def __init__(self) -> None:
        self._runs: list[tuple[Int64, Int64]] = []  # hashes, ascending, and how often each came (int32)

    def before(self, said: Int64) -> Int64:
        """How many before it say the same as each, int64 (n,), of this part and of all that came earlier."""
        order = np.argsort(said, kind="stable")
        hashes, first, counts = np.unique(said[order], return_index=True, return_counts=True)
        known = np.zeros(len(hashes), np.int64)
        for run, often in self._runs:
            at = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            known += np.where(run[at] == hashes, often[at], 0)
        found = np.empty(len(said), np.int64)
        found[order] = np.repeat(known - first, counts) + np.arange(len(said))
        self._add(hashes, counts)
        return found

    def _add(self, hashes: Int64, counts: Int64) -> None:
        if not len(hashes):
            return
        while self._runs and len(self._runs[-1][0]) < 2 * len(hashes):
            run, often = self._runs.pop()
            both, inverse = np.unique(np.concatenate([run, hashes]), return_inverse=True)
            counts = np.bincount(inverse, np.concatenate([often, counts])).astype(np.int64)
            hashes = both
        self._runs.append((hashes, counts.astype(np.int32)))
