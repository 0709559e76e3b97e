"""The event matrix that collaborative algorithms learn from: who liked what, checked."""

import numpy as np

from ..data.arrays import Bool, Csr
from ..data.dataset import Dataset
from ..data.events import AGAINST, KINDS
from ..errors import DataError, TrainingError


def liked(train: Dataset, counts: bool = False) -> Csr:
    """csr (n_users, n_items), positive: 1 for each item that a user liked; or with `counts`, how often.

    A grade is a like when its scale says so, and the latest grade of a pair counts. Events of other
    kinds are likes whose value is a count, which add up. DataError for a value that is no number or no count.
    """
    events, signed = train.events, train.signed()
    graded = np.isin(events.kind, [KINDS.index(kind) for kind in train.scales])
    against = np.isin(events.kind, [KINDS.index(kind) for kind in AGAINST])
    _refuse(train, ~np.isfinite(events.value), "which is no number")
    _refuse(train, ~graded & ~against & (events.value <= 0), "and a count must be above 0")
    plain = ~graded & ~against
    found = (train if plain.all() else train.where(plain)).matrix("sum")  # what is plain throughout is not copied
    if graded.any():
        grades = train.where(graded)
        latest = grades.matrix("last", grades.liked().astype(np.float32))
        found = (latest + found).tocsr()
    found.eliminate_zeros()
    found.sort_indices()
    if not counts:
        found.data = np.ones_like(found.data)
    if found.nnz == 0:
        raise TrainingError(f"None of the {len(signed)} events is a like, so there is nothing to learn from.")
    return found


def _refuse(train: Dataset, bad: Bool, why: str) -> None:
    if not bad.any():
        return
    at, events = int(np.argmax(bad)), train.events
    raise DataError(
        f"The {KINDS[events.kind[at]]} of user {train.users.ids[events.user[at]]!r} and item "
        f"{train.catalog.items.ids[events.item[at]]!r} has the value {events.value[at]:g}, {why} ({int(bad.sum())} "
        "such events). Correct or drop them and import again."
    )
