"""Users with tracked outcomes, written straight into the tables."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import sqlalchemy as sa

from tastemaker.data.arms import TREATMENT
from tastemaker.store.experiments import Experiment, expose
from tastemaker.store.tables import events, items, recommendation_quality, users
from tastemaker.store.tables.base import next_row

DAY = 86_400


def record(conn: sa.Connection, rows: Iterable[dict[str, Any]]) -> None:
    """rows: user (id) and whatever a tracked outcome should have; each gets an event of its own."""
    known = {row.id: row.row for row in conn.execute(sa.select(users.c.id, users.c.row))}
    new, judged, added = [], [], []
    first, following = next_row(conn, users.c.row), (conn.scalar(sa.select(sa.func.max(events.c.id))) or 0) + 1
    item = conn.scalar(sa.select(sa.func.min(items.c.row)))
    for number, row in enumerate(rows, following):
        if row["user"] not in known:
            known[row["user"]] = first + len(new)
            new.append({"row": known[row["user"]], "id": row["user"], "synthetic": False})
        at = row.get("at", 1000)
        whose = {"user_row": known[row["user"]], "item_row": item}
        added.append({"id": number, **whose, "kind": 0, "value": 1.0, "time": at,
                      "received_at": at, "synthetic": False, "grp": -1, "key": f"made {number}"})  # fmt: skip
        fixed = {"event": number, **whose, "level": "active", "at": at,
                 "recorded_at": at, "known": 0, "actual": 1.0, "liked": True, "correct": True,
                 "error": 0.5, "place": 0.25, "chance": None,
                 "arm": None, "test": None, "rank_shown": None, "slate": None}  # fmt: skip
        judged.append(fixed | {k: v for k, v in row.items() if k != "user"})
    for table, each in ((users, new), (events, added), (recommendation_quality, judged)):
        if each:
            conn.execute(sa.insert(table), each)


def crowd(
    conn: sa.Connection, test: Experiment, n: int, lift: float = 0.0, seed: int = 0, first: int = 0, **changes: Any
) -> None:
    """n users meet the experiment, evenly spread over 10 days; each has 1 to 9 outcomes, .6 of them correct, lifted."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, user in enumerate(f"user {i}" for i in range(first, first + n)):
        at = test.started_at + (k * 10 * DAY) // n
        dealt = expose(conn, [user], at)[user]
        chance = np.clip(rng.beta(6, 4) + (lift if dealt.arm == TREATMENT else 0.0), 0, 1)
        for _ in range(int(rng.integers(1, 10))):
            good = bool(rng.random() < chance)
            rows.append({"user": user, "at": at, "test": test.id, "arm": dealt.arm, "version": dealt.version,
                         "correct": good, "liked": good, **changes})  # fmt: skip
    record(conn, rows)
