"""What a time was made of, counted by the database in two passes, beside the same counted event by event."""

from collections import Counter

import numpy as np

from tastemaker.data.events import KINDS
from tastemaker.store import Store
from tastemaker.store.mix import Mix, count_between, read_labels, read_mixes
from tastemaker.store.quality import count_new, put_quality
from tastemaker.store.tables import events, items, users

from .shop import BOTH, happen, shop

Row = tuple[str, str, float, int]


def twin(rows: list[Row], span: tuple[int, int], item_row: dict[str, int]) -> Mix:
    mine = [row for row in rows if span[0] <= row[3] <= span[1]]
    who = {row[0] for row in mine}
    new = {u for u in who if min(row[3] for row in rows if row[0] == u) >= span[0]}
    grades = Counter((KINDS.index("rating"), row[2]) for row in mine)
    return Mix(len(mine), len(who), len(new), Counter(item_row[row[1]] for row in mine), grades)


@BOTH
def test_spans_are_counted_as_by_hand(store: Store, rng: np.random.Generator) -> None:
    shop(store)
    rows = [
        (f"u{rng.integers(8)}", f"i{int(12 * rng.random() ** 2)}", float(rng.integers(1, 6)), 2000 + 7 * k)
        for k in range(120)
    ]
    happen(store, rows)
    spans = [(2000, 2200), (2100, 2300), (2400, 2835), (1, 2), (2007, 2007)]
    with store.read() as conn:
        item_row = {row.id: row.row for row in conn.execute(items.select())}
        assert read_mixes(conn, spans) == [twin(rows, span, item_row) for span in spans]
        assert [count_between(conn, *span) for span in spans] == [mix.n for mix in read_mixes(conn, spans)]
        labels = read_labels(conn, [item_row["i3"]])
        assert list(labels) == [item_row["i3"]]
        assert labels == {row: said for row, said in read_labels(conn, item_row.values()).items() if row in labels}


@BOTH
def test_invented_events_are_not_counted_and_judged_ones_do_not_wait(store: Store) -> None:
    shop(store)
    happen(store, [("ann", f"i{k}", 5.0, 3000 + k) for k in range(10)])
    with store.begin() as conn:
        ids = list(conn.scalars(events.select().with_only_columns(events.c.id).order_by(events.c.time)))
        conn.execute(events.update().where(events.c.id == ids[9]).values(synthetic=True))
        assert read_mixes(conn, [(0, 9999)])[0][:3] == (9, 1, 1)
        user = conn.scalar(users.select().with_only_columns(users.c.row))
        row = {"user_row": user, "item_row": 0, "version": 0, "at": 3000, "recorded_at": 3000}
        said = {"level": "active", "known": 0, "actual": 1.0, "liked": True}
        assert put_quality(conn, [{"event": ids[4], "slate": None, **row, **said}]) == 1
        assert (count_new(conn, 3002, unjudged=True), count_new(conn, 3002)) == (5, 6)
