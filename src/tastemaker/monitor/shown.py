"""Which list had shown an item to a user before an outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from ..data.arrays import Int64
from ..data.query import Query
from ..data.vocab import Vocab
from ..store.slates import ELSEWHERE, read_shown

NOT_SHOWN = -1


@dataclass(frozen=True)
class Shown:
    """slates: what was shown to anybody asked for; at: int64 (n,), position in it, NOT_SHOWN; rank: int64 (n,), 1 =
    first."""

    slates: Sequence[Row[Any]]
    at: Int64
    rank: Int64

    @classmethod
    def before(
        cls, conn: Connection, users: Sequence[str], items: Int64, moments: Int64, catalog: Vocab, window: int,
        requests: Sequence[str | None] = (),
    ) -> "Shown":  # fmt: skip
        """For each user, item row and moment, (n,) each, the latest list strictly before, at most `window` seconds.

        requests: an entry an outcome, the answer that it follows as its sender says; None = none is named
        """
        who = Vocab(tuple(dict.fromkeys(users)))
        until = int(moments.max()) + any(requests)  # an answer that is named may be of the same second
        found = read_shown(conn, who.ids, int(moments.min()) - window, until)
        at, rank = np.full(len(items), NOT_SHOWN, np.int64), np.zeros(len(items), np.int64)
        places = [(k, r, id_) for k, slate in enumerate(found) for r, id_ in enumerate(slate.items, 1)]
        if not places:
            return cls(found, at, rank)
        slate, position = (np.array(column, np.int64) for column in list(zip(*places, strict=True))[:2])
        when = np.array([found[k].at for k in slate.tolist()], np.int64)
        user = who.rows(found[k].user for k in slate.tolist())
        keys = _keys(user, catalog.rows(id_ for _, _, id_ in places), when)
        order = np.argsort(keys, order=("user", "item", "time"), kind="stable")
        asked = _keys(who.rows(users), items, moments)
        last = np.searchsorted(keys[order], asked) - 1
        one = order[np.maximum(last, 0)]
        same = (last >= 0) & (keys["user"][one] == asked["user"]) & (keys["item"][one] == asked["item"])
        same &= when[one] >= moments - window
        at[same], rank[same] = slate[one[same]], position[one[same]]
        _join_named(found, users, [catalog.ids[row] for row in items.tolist()], requests, at, rank)
        return cls(found, at, rank)


def _join_named(
    found: Sequence[Row[Any]], users: Sequence[str], items: Sequence[str], requests: Sequence[str | None], at: Int64,
    rank: Int64,
) -> None:  # fmt: skip
    """An outcome that names an answer belongs to it, where that was given to its user and held its item."""
    own_last = sorted(range(len(found)), key=lambda k: found[k].level != ELSEWHERE)  # what was answered is known best
    named = {found[k].request: k for k in own_last if found[k].request is not None}
    for k, request in enumerate(requests):
        place = None if request is None else named.get(request)
        if place is not None and found[place].user == users[k] and items[k] in found[place].items:
            at[k], rank[k] = place, found[place].items.index(items[k]) + 1


def query_of(slate: Row[Any], tastes: tuple[str, ...]) -> Query:
    """What was known of the user when the slate was made, as far as `tastes` go."""
    said = slate.query
    return Query(
        likes=tuple(said["likes"]), ratings=said["ratings"], context=said["context"], now=said["now"],
        profile={taste: value for taste, value in said["profile"].items() if taste in tastes},
    )  # fmt: skip


def _keys(user: np.ndarray, item: np.ndarray, time: Int64) -> np.ndarray:
    found = np.empty(len(user), [("user", np.int64), ("item", np.int64), ("time", np.int64)])
    found["user"], found["item"], found["time"] = user, item, time
    return found
