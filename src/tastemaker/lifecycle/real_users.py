"""Real users in three parts that never mix: learned from, calibrated on, judged on."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.arrays import Int64
from ..data.case import Case
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.query import Query
from ..data.split import GroupSplit
from ..errors import DataError

TEST, VALID = 0.2, 0.1  # shares of the users
ENOUGH = 4  # rated items of a user who can be judged on


def split_real(data: Dataset) -> GroupSplit:
    """The real events, split by user.

    A user's part depends on the id alone, so that whoever judges one round of training judges every later one and has
    taught none, not even while there were few ratings. Where nobody would be left to teach, everybody teaches.
    """
    real = data.where(~data.events.synthetic)
    counts = np.bincount(real.events.user, minlength=len(data.users))
    if not len(real):
        raise DataError("There are no real events to learn from. Run: tastemaker import FILE")
    if counts.max(initial=0) < 2:
        raise DataError("No real user has rated two items, so nothing says what is preferred to what. Import more.")
    share = np.array([_share(id_) for id_ in data.users.ids])
    part = np.where(share < TEST, 2, np.where(share < TEST + VALID, 1, 0))
    if counts[part == 0].max(initial=0) < 2:
        part = np.zeros_like(part)
    mine = part[real.events.user]
    return GroupSplit(real.where(mine == 0), real.where(mine == 1), real.where(mine == 2), by="user")


def _share(id_: str) -> float:
    """A number in [0, 1) that is always the same for this id."""
    return int.from_bytes(hashlib.sha256(b"part\0" + id_.encode()).digest()[:8], "big") / 2**64


def n_users(data: Dataset) -> int:
    return len(np.unique(data.events.user))


def together(data: Dataset, parts: Sequence[Dataset]) -> Dataset:
    """The events of `data` that belong to users with an event in one of the parts."""
    users = np.unique(np.concatenate([part.events.user for part in parts]))
    return data.where(np.isin(data.events.user, users))


def real_case(data: Dataset, features: Features, rng: np.random.Generator) -> Case | None:
    """Each user's earlier half of rated items is known, the later half is to be ordered; tastes as they were stated.

    What happened at one moment is in random order: a file without times, or sorted by rank, says nothing of what was
    known first. None with fewer than two users.
    """
    when = np.empty(len(data), np.float32)
    when[np.lexsort((rng.random(len(data)), data.events.time))] = np.arange(1, len(data) + 1)
    matrix, latest = data.matrix("last", data.signed()), data.matrix("last", when)
    queries, lists, signed = [], [], []
    for user in np.flatnonzero(np.diff(matrix.indptr) >= ENOUGH):
        mine = slice(int(matrix.indptr[user]), int(matrix.indptr[user + 1]))
        rows, values = matrix.indices[mine], matrix.data[mine]
        order: Int64 = np.argsort(latest.data[mine], kind="stable")
        known, asked = order[: len(order) // 2], order[len(order) // 2 :]
        ratings = {data.catalog.items.ids[rows[j]]: float(values[j]) for j in known}
        stated = zip(features.tastes, data.profiles[user], strict=False)
        queries.append(Query(ratings=ratings, profile={t: float(v) for t, v in stated if not np.isnan(v)}))
        lists.append(rows[asked])
        signed.append(values[asked] + 1.0)
    if len(queries) < 2:
        return None
    items, relevance = _padded(lists, -1).astype(np.int32), _padded(signed, np.nan).astype(np.float32)
    protocol = "real users held out: the earlier half known, the later half ordered; one moment in random order"
    return Case("real", protocol, tuple(queries), items, relevance)


def _padded(rows: Sequence[Any], empty: float) -> np.ndarray[Any, Any]:
    found = np.full((len(rows), max(map(len, rows))), empty)
    for i, row in enumerate(rows):
        found[i, : len(row)] = row
    return found
