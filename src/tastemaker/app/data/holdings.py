"""What the project holds: counts, gaps, the long tail, when things happened, real beside invented, files, drift."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ...data.catalog import Catalog
from ...data.events import KINDS
from ...monitor import DAY, Drift
from ...store import Store, get_meta, list_imports
from ...store.tables import events, users
from .. import words
from .plot import Plot, Row, day_of, moment_of, thinned
from .trouble import refusals

STEPS = (1, 7, 30, 365)  # days a bar
BARS = 60  # at most
LINES = 200  # refused rows that are shown


@dataclass(frozen=True)
class Holdings:
    """kinds: (kind, real) -> events; per_item: of each item with any, most first; first, last: UTC seconds"""

    items: int
    listed: int
    users: int
    invented: int
    kinds: Mapping[tuple[str, bool], int]
    per_item: np.ndarray
    per_user: float
    first: int | None
    last: int | None
    files: Sequence[Row]
    refused: Sequence[Row]
    n_refused: int

    @property
    def real(self) -> int:
        return sum(n for (_, real), n in self.kinds.items() if real)

    @property
    def synthetic(self) -> int:
        return sum(n for (_, real), n in self.kinds.items() if not real)


def holdings(store: Store, catalog: Catalog) -> Holdings:
    e, n = events.c, sa.func.count()
    with store.read() as conn:
        people = {bool(s): k for s, k in conn.execute(sa.select(users.c.synthetic, n).group_by(users.c.synthetic))}
        counted = conn.execute(sa.select(e.kind, e.synthetic, n).group_by(e.kind, e.synthetic)).all()
        per_item = conn.scalars(sa.select(n).where(~e.synthetic).group_by(e.item_row + 0)).all()  # + 0: a scan
        first, last = conn.execute(sa.select(sa.func.min(e.time), sa.func.max(e.time)).where(~e.synthetic)).one()
        files, refused, n_refused = list_imports(conn), get_meta(conn, "refusals") or {}, refusals(conn)
    kinds = {(KINDS[kind], not synthetic): k for kind, synthetic, k in counted}
    real, known = sum(k for (_, r), k in kinds.items() if r), people.get(False, 0)
    return Holdings(
        len(catalog), int(catalog.available.sum()), known, people.get(True, 0), kinds,
        np.sort(np.array(per_item, np.int64))[::-1], real / known if known else 0.0, first, last,
        [_file(f) for f in reversed(files)],
        [{words.COL_FILE: source, words.COL_LINE: line, words.COL_WHY: why}
         for source, bad in refused.items() for line, why in bad][:LINES],
        sum(n_refused.values()),
    )  # fmt: skip


def _file(f: Any) -> Row:
    return {
        words.COL_FILE: f.source, words.COL_AS: f.what, words.COL_WHEN: moment_of(f.at), words.COL_ROWS: f.rows,
        words.COL_LOADED: f.loaded, words.COL_MERGED: f.merged, words.COL_REFUSED: f.refused,
        words.COL_REPAIRED: f.repaired,
    }  # fmt: skip


def gaps(catalog: Catalog, missing: Mapping[str, str]) -> list[Row]:
    """Columns, and how many items have nothing there."""
    found: dict[str, tuple[str, int]] = {}
    for kind, columns in ((words.KIND_TEXT, catalog.text), (words.KIND_CATEGORY, catalog.categories)):
        found |= {k: (kind, sum(v in ("", missing.get(k)) for v in column)) for k, column in columns.items()}
    found |= {k: (words.KIND_TAGS, sum(not tags for tags in column)) for k, column in catalog.tags.items()}
    found |= {k: (words.KIND_NUMBER, int(np.isnan(column).sum())) for k, column in catalog.numbers.items()}
    n = max(len(catalog), 1)
    return [
        {"column": name, "kind": kind, "without": k, "share": k / n} for name, (kind, k) in found.items()
    ]  # fmt: skip


def gaps_plot(rows: Sequence[Row]) -> Plot:
    """Of the columns that are empty anywhere."""
    ordered = sorted((row for row in rows if row["without"]), key=lambda row: -row["share"])
    return Plot(
        "gaps", words.GAPS_TITLE, "bar", ordered, "column", "share", words.COLUMN_AXIS, words.GAPS_AXIS, x_kind="name",
        percent=True, tips=("without", "kind"),
    )  # fmt: skip


def tail_plot(found: Holdings) -> Plot:
    """How few items have most of the events."""
    total = max(int(found.per_item.sum()), 1)
    shares = np.cumsum(found.per_item) / total
    n = max(found.items, 1)
    rows = [
        {"items": (k + 1) / n, "events": float(shares[k]), "item": k + 1, "its events": int(found.per_item[k])}
        for k in range(len(shares))
    ]
    start = [{"items": 0.0, "events": 0.0, "item": 0, "its events": 0}] if rows else []
    head = next((row["items"] for row in rows if row["events"] >= 0.5), 0.0)
    return Plot(
        "long-tail", words.TAIL_TITLE.format(head=head), "line", [*start, *thinned(rows)], "items", "events",
        words.TAIL_X, words.TAIL_Y, percent=True, diagonal=True,
    )  # fmt: skip


def when_plot(store: Store, found: Holdings) -> Plot | None:
    """Real and invented events by day, week, month or year; None without a real event."""
    if found.first is None or found.last is None:
        return None
    days = max(1, (found.last - found.first) // DAY + 1)
    width = next((s for s in STEPS if days / s <= BARS), STEPS[-1])
    size, e = width * DAY, events.c
    begin = e.time - e.time % size
    with store.read() as conn:
        chosen = sa.select(begin, sa.func.count()).where(~e.synthetic).group_by(begin).order_by(begin)
        rows = [{"begins": day_of(int(at)), "events": int(n)} for at, n in conn.execute(chosen)]
    return Plot(
        "events",
        words.WHEN_TITLE.format(step=words.STEP_NAMES[str(width)], first=day_of(found.first), last=day_of(found.last)),
        "bar",
        rows,
        "begins",
        "events",
        words.WHEN_X.format(step=words.STEP_NAMES[str(width)]),
        words.EVENTS_AXIS,
        x_kind="time",
    )


def sources_plot(found: Holdings) -> Plot:
    rows = [
        {"kind": kind, "source": words.REAL if real else words.INVENTED, "events": n}
        for (kind, real), n in sorted(found.kinds.items())
    ]
    return Plot(
        "sources", words.SOURCES_TITLE, "bar", rows, "kind", "events", words.SOURCES_X, words.EVENTS_AXIS,
        x_kind="name", series="source",
    )  # fmt: skip


def drift_rows(found: Sequence[Drift], limit: float) -> list[Row]:
    return [
        {words.COL_WHAT: d.what, words.COL_CHANGED_SO: words.YES if d.value > limit + d.by_chance else words.NO,
         words.COL_INDEX: f"{d.value:.3f}", words.COL_LIMIT: f"{limit + d.by_chance:.2f}",
         words.COL_EVENTS: d.n, words.COL_USERS: d.users, words.COL_CHANGED: d.most}
        for d in found
    ]  # fmt: skip
