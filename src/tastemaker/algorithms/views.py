"""What a model gets to see of each training user: a different part of what is known at every step.

A served user may have stated all tastes, some, or none, exactly or not, and may have rated nothing or ten items. So
each step draws a view of every user: some of the rated items are the history that the model sees, the others are what
it has to rank; and of the tastes some are withheld and some are blurred.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32, csr
from ..data.dataset import Dataset

FULL, NONE = 0.4, 0.2  # shares of views with all tastes exact, and with none; the rest withholds a random share
BLUR = 0.2  # standard deviation added to the tastes of half of the views that are not exact
NO_HISTORY = 0.4  # share of views without any history


@dataclass(frozen=True)
class Lists:
    """The rated items of each user, padded to the longest list.

    items: int32 (u, k), -1 = padding;  signed: float32 (u, k);  profile: float32 (u, p), NaN = not stated
    """

    items: Int32
    signed: Float32
    profile: Float32
    n_items: int

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: np.ndarray) -> "Lists":
        return replace(self, items=self.items[rows], signed=self.signed[rows], profile=self.profile[rows])


@dataclass(frozen=True)
class View:
    """profile: float32 (u, p);  history: csr (u, n_items);  target: bool (u, k), what is to be ranked."""

    profile: Float32
    history: Csr
    target: Bool


def lists_of(data: Dataset, longest: int = 100) -> Lists:
    """One list for each user with two or more rated items; of a longer history the latest `longest` are kept."""
    matrix = data.matrix("last", data.signed())
    when = np.empty(len(data), np.float32)
    when[np.argsort(data.events.time, kind="stable")] = np.arange(1, len(data) + 1)
    latest = data.matrix("last", when)
    counts = np.minimum(np.diff(matrix.indptr), longest)
    users = np.flatnonzero(counts >= 2)
    width = int(counts[users].max(initial=0))
    items, signed = np.full((len(users), width), -1, np.int32), np.zeros((len(users), width), np.float32)
    for row, user in enumerate(users):
        at = np.arange(int(matrix.indptr[user]), int(matrix.indptr[user + 1]))
        if len(at) > longest:
            at = np.sort(at[np.argsort(-latest.data[at], kind="stable")[:longest]])
        items[row, : len(at)], signed[row, : len(at)] = matrix.indices[at], matrix.data[at]
    return Lists(items, signed, data.profiles[users], len(data.catalog))


def draw_view(lists: Lists, rng: np.random.Generator) -> View:
    n, width = lists.items.shape
    known = lists.items >= 0
    most = np.maximum(known.sum(axis=1) - 2, 0)  # at least two are left to rank
    seen = np.where(rng.random(n) < NO_HISTORY, 0, rng.integers(0, most + 1))
    order = np.argsort(np.where(known, rng.random((n, width)), 2.0), axis=1)
    history = np.zeros((n, width), bool)
    np.put_along_axis(history, order, np.arange(width)[None, :] < seen[:, None], axis=1)
    return View(_withheld(lists.profile, rng), as_csr(lists, history), known & ~history)


def whole_view(lists: Lists) -> View:
    """All tastes, no history, everything to be ranked: what validation looks at."""
    nothing = np.zeros(lists.items.shape, bool)
    return View(lists.profile, as_csr(lists, nothing), lists.items >= 0)


def as_csr(lists: Lists, chosen: Bool) -> Csr:
    row, column = np.nonzero(chosen)
    shape = (len(lists), lists.n_items)
    return csr(row, lists.items[row, column], lists.signed[row, column], shape)


def _withheld(profile: Float32, rng: np.random.Generator) -> Float32:
    n = len(profile)
    kind = rng.random(n)
    share = np.where(kind < FULL, 0.0, np.where(kind < FULL + NONE, 1.0, rng.random(n)))[:, None]
    blurred = (rng.random(n) < 0.5) & (kind >= FULL)
    noise = np.where(blurred[:, None], rng.normal(0.0, BLUR, profile.shape), 0.0)
    shown = np.clip(profile + noise, 0.0, 1.0)
    return np.where(rng.random(profile.shape) < share, np.nan, shown).astype(np.float32)
