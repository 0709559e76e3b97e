"""The grades that rating models learn from: who graded what how, checked."""

from dataclasses import replace

import numpy as np

from ..data.arrays import Csr
from ..data.dataset import Dataset, Scale
from ..data.events import KINDS
from ..errors import DataError, TrainingError


def graded(train: Dataset, who: str) -> Csr:
    """The latest preference of each pair in [-1, 1], csr (n_users, n_items); a stored 0 is a grade in the middle."""
    events = only_graded(train, who)
    found = events.matrix("last", events.signed())
    found.sort_indices()
    return found


def only_graded(train: Dataset, who: str) -> Dataset:
    """The events of kinds that have a scale; TrainingError when there are none, DataError for a grade of no number."""
    kinds = [KINDS.index(kind) for kind in train.scales]
    found = train.where(np.isin(train.events.kind, kinds))
    if len(found) == 0:
        raise TrainingError(f"{who} learns from grades, and no event has one. For likes and plays use ials or graph.")
    bad = ~np.isfinite(found.events.value)
    if bad.any():
        at = int(np.argmax(bad))
        raise DataError(
            f"User {train.users.ids[found.events.user[at]]!r} graded item "
            f"{train.catalog.items.ids[found.events.item[at]]!r} with {found.events.value[at]:g}, which is no number "
            f"({int(bad.sum())} such grades). Correct or drop them and import again."
        )
    return found


def as_likes(train: Dataset) -> Dataset:
    """The same events, each grade as 1 when its scale says that it is a like, else as -1."""
    value = np.where(train.liked(), np.float32(1.0), np.float32(-1.0))
    return replace(
        train, events=replace(train.events, value=value), scales={kind: Scale(-1.0, 1.0) for kind in train.scales}
    )


def threshold(train: Dataset) -> float:
    """The preference between the best disliked and the worst liked grade; 0 where they overlap or one is missing."""
    signed, liked = train.signed(), train.liked()
    if liked.all() or not liked.any():
        return 0.0
    low, high = float(signed[~liked].max()), float(signed[liked].min())
    return (low + high) / 2.0 if low < high else 0.0
