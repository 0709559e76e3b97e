"""What another program has written down becomes events with their context; every row is used, known, or told apart."""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import time as clock

import numpy as np

from .. import store as database
from ..data.catalog import Catalog
from ..data.context import CODE, PLACE, column, place_code
from ..data.dataset import Dataset
from ..data.events import AHEAD, KINDS, Events
from ..data.load_events import event_keys
from ..data.parse import to_time
from ..data.vocab import Vocab
from ..errors import DataError
from ..monitor import DAY
from ..recipe import Recipe
from ..recipe.context import ForeignTable
from ..store import Store
from ..store.foreign import Foreign

INVENTED = "synthetic-"  # users whose names begin so were invented
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class TableRead:
    """rows = texts (no item, and none meant) + events + sum of `lost` (reason -> rows) + invented; added: new events"""

    table: str
    rows: int
    events: int
    added: int
    texts: int
    invented: int
    lost: Mapping[str, int]


@dataclass(frozen=True)
class Synced:
    """blanked: texts that were older than the recipe keeps them"""

    tables: tuple[TableRead, ...]
    blanked: int = 0


def foreign_of(store: Store, recipe: Recipe) -> Foreign | None:
    """The other program's database; None = the recipe names none."""
    spec = recipe.foreign
    if not spec.database or not spec.tables:
        return None
    columns = {name: columns_of(table) for name, table in spec.tables.items()}
    return Foreign.at(spec.database, store.root, columns, {name: table.time for name, table in spec.tables.items()})


def columns_of(table: ForeignTable) -> list[str]:
    named = [table.user, table.item, table.title, table.family, table.label, table.text, table.time, *table.place]
    return list(dict.fromkeys(name for name in named if name))


def sync(store: Store, recipe: Recipe, now: int | None = None, blank: bool = False) -> Synced:
    """Read every table again; an event that is known adds nothing. blank: texts that are too old are emptied."""
    found = foreign_of(store, recipe)
    if found is None or not found.exists:
        return Synced(())
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    tables, met = [], Met({}, {})
    for name, spec in sorted(recipe.foreign.tables.items(), key=_turn):
        tables.append(_read(store, recipe, catalog, name, spec, found.read(name), met))
    return Synced(tuple(tables), blank_texts(store, recipe, now) if blank else 0)


def blank_texts(store: Store, recipe: Recipe, now: int | None = None) -> int:
    """Empty what was typed longer ago than the recipe keeps it; how many texts that were."""
    found, context = foreign_of(store, recipe), recipe.context.get(recipe.foreign.context)
    if found is None or context is None or not found.exists:
        return 0
    until = (int(clock()) if now is None else now) - context.keep_days * DAY
    return sum(found.blank(name, t.text, until) for name, t in recipe.foreign.tables.items() if t.text)


def forget_foreign(store: Store, recipe: Recipe, user: str) -> int:
    """Remove what the other program has written down of a user; how many rows that were."""
    found = foreign_of(store, recipe)
    if found is None or not found.exists:
        return 0
    return sum(found.remove({name: t.user for name, t in recipe.foreign.tables.items()}, user).values())


def write_moment(
    store: Store, recipe: Recipe, user: str, label: str, place: str, now: int, text: str = "", item: str | None = None
) -> list[str]:
    """Write what somebody felt, or with an item (an id) what they opened; the tables that have got a row."""
    found = foreign_of(store, recipe)
    if found is None:
        raise DataError("The recipe names no tables to write to. Add [foreign] to recipe.toml.")
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    row = -1 if item is None else int(catalog.items.rows([item])[0])
    written = []
    for name, t in recipe.foreign.tables.items():
        if bool(t.item) != (item is not None) or (t.family and not t.item):
            continue
        where = [part.strip() for part in place.split(",", 1)] + ["", ""]
        values = {t.user: user, t.label: label, t.time: now} | dict(zip(t.place, where, strict=False))
        told = (
            {t.text: text}
            if item is None
            else {t.item: item, t.title: catalog.titles[row], t.family: families_of(recipe, catalog)[row]}
        )
        found.append(name, [values | {column: value for column, value in told.items() if column}])
        written.append(name)
    return written


def families_of(recipe: Recipe, catalog: Catalog) -> list[str]:
    """What an item's kind is called: the category that tells it, or the family."""
    named = catalog.categories.get(recipe.tastes.tags or "")
    kinds = recipe.tastes.encode(catalog).argmax(axis=1)
    return [name or recipe.tastes.names[k] for name, k in zip(named or [""] * len(kinds), kinds.tolist(), strict=True)]


@dataclass(frozen=True)
class Met:
    """What rows of other tables say, in time. chosen: (user, family) -> (time, item id); felt: user -> (time, label)"""

    chosen: dict[tuple[str, str], list[tuple[int, str]]]
    felt: dict[str, list[tuple[int, str]]]


def _turn(one: tuple[str, ForeignTable]) -> int:
    """Feelings come first, since what is chosen may lean on them, then choices that name their item."""
    return 1 if one[1].item else 2 if one[1].family else 0


def _latest(said: Sequence[tuple[int, str]], time: int, minutes: float) -> str:
    """The last that was said until then, and no longer before; "" = nothing."""
    at = bisect_right(said, (time, chr(0x10FFFF)))
    return said[at - 1][1] if at and time - said[at - 1][0] <= minutes * 60.0 else ""


@dataclass(frozen=True)
class _Used:
    user: str
    item: int
    time: int
    label: str
    place: str


def _read(
    store: Store, recipe: Recipe, catalog: Catalog, name: str, spec: ForeignTable, rows: Sequence[Row], met: Met,
) -> TableRead:  # fmt: skip
    used, lost, texts, invented = [], Counter[str](), 0, 0
    for row in rows:
        user = (row[spec.user] or "").strip()
        if user.startswith(INVENTED):
            invented += 1
        elif not spec.item and not spec.family:
            texts += 1
            _feel(row, spec, user, met)
        else:
            one = _used(row, spec, user, catalog, met)
            if isinstance(one, str):
                lost[one] += 1
            else:
                used.append(one)
    added = _put(store, recipe, catalog, spec, used) if used else 0
    return TableRead(name, len(rows), len(used), added, texts, invented, dict(lost))


def _feel(row: Row, spec: ForeignTable, user: str, met: Met) -> None:
    label = (row[spec.label] or "").strip() if spec.label else ""
    with suppress(ValueError):
        if label:
            insort(met.felt.setdefault(user, []), (to_time((row[spec.time] or "").strip()), label))


def _used(row: Row, spec: ForeignTable, user: str, catalog: Catalog, met: Met) -> _Used | str:
    """What a row says, or why it cannot be used."""
    try:
        time = to_time((row[spec.time] or "").strip())
    except ValueError:
        return "no time"
    if time > clock() + AHEAD:
        return "a time in the future"
    family = (row[spec.family] or "").strip().casefold() if spec.family else ""
    if not user:
        return "no user"
    if spec.item:
        item = (row[spec.item] or "").strip()
        insort(met.chosen.setdefault((user, family), []), (time, item))
    else:
        item = _latest(met.chosen.get((user, family), ()), time, spec.after)
        if not item:
            return "no item of that kind was chosen shortly before"
    at = int(catalog.items.rows([item])[0])
    if at < 0:
        return "an item that the catalog does not hold"
    place = ", ".join(part for part in ((row[p] or "").strip() for p in spec.place) if part)
    label = (row[spec.label] or "").strip() if spec.label else ""
    return _Used(user, at, time, label or _latest(met.felt.get(user, ()), time, spec.after), place)


def _put(store: Store, recipe: Recipe, catalog: Catalog, spec: ForeignTable, used: Sequence[_Used]) -> int:
    data = as_dataset(recipe, catalog, spec.kind, used)
    keys = event_keys(data, data.events.value.astype(np.float64), np.ones(len(data), bool))
    with store.begin() as conn:
        return database.put_events(conn, data, keys)


def as_dataset(recipe: Recipe, catalog: Catalog, kind: str, used: Sequence[_Used]) -> Dataset:
    users = Vocab(tuple(dict.fromkeys(one.user for one in used)))
    time = np.array([one.time for one in used], np.int64)
    n = len(used)
    events = Events(
        user=users.rows(one.user for one in used),
        item=np.array([one.item for one in used], np.int32),
        value=np.ones(n, np.float32),
        time=time,
        received_at=np.clip(time, 0, int(clock())),
        kind=np.full(n, KINDS.index(kind), np.int8),
        synthetic=np.zeros(n, bool),
        group=np.full(n, -1, np.int64),
        context=context_columns(recipe, [one.label for one in used], [one.place for one in used]),
    )
    return Dataset(events, catalog, users, recipe.tastes.names, scales=recipe.scales)


def context_columns(recipe: Recipe, labels: Sequence[str], places: Sequence[str]) -> dict[str, np.ndarray]:
    """Labels as whole distributions, NaN for one that nobody knows; places as codes."""
    block = recipe.foreign.context or next(iter(recipe.context), "")
    found = {column(PLACE, CODE): np.array([place_code(place) for place in places], np.float32)}
    context = recipe.context.get(block)
    if context is None:
        return found
    ours = {said: context.label(said) for said in dict.fromkeys(labels)}
    known = np.array([ours[said] is not None for said in labels], bool)
    for label in context.labels:
        is_it = np.array([ours[said] == label for said in labels], np.float32)
        found[column(block, label)] = np.where(known, is_it, np.float32(np.nan)).astype(np.float32)
    return found
