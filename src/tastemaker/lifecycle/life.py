"""Invented days as events marked synthetic, and as rows of the other program's tables where the recipe names some."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from time import time as clock
from typing import Any

import numpy as np

from .. import store as database
from ..algorithms.text_lexicon import Lexicon
from ..data.catalog import Catalog
from ..data.context import CODE, PLACE, column, place_code
from ..data.dataset import Dataset
from ..data.events import KINDS, Events
from ..data.features import TASTES
from ..data.nearest import did_you_mean
from ..data.vocab import Vocab
from ..errors import DataError, QueryError
from ..recipe import Recipe
from ..recipe.context import ForeignTable, choice_model, read_lexicon
from ..store import Store
from ..synth.life import Choosing, Days, Life, Patterns, live, patterns
from .candidates import stream
from .foreign import INVENTED, families_of, foreign_of
from .synthesize import features_of

KIND = {"clicks": "click", "interactions": "play"}


@dataclass(frozen=True)
class Lived:
    """What was invented, and what its rows show. rows: table of the other program -> rows written there"""

    life: Life
    dataset: Dataset
    days: Days
    patterns: Patterns
    rows: Mapping[str, int]
    seed: int


def synthesize_life(
    store: Store, recipe: Recipe, seed: int, options: Mapping[str, Any], now: int | None = None
) -> Lived:
    """Replaces the invented people of an earlier call."""
    life = _life(recipe.life, options)
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    features, model = features_of(recipe, catalog), choice_model(recipe.models, recipe.context)
    if model is None or not len(catalog):
        raise DataError(
            "Days can be invented for a recipe with a [context] and a catalog. tastemaker import --catalog FILE"
        )
    bare, membership = model.untrained(features), features.block(TASTES)
    texts = _texts(recipe, model.context, store)
    n_texts = {row: len(texts[label]) for row, label in enumerate(bare.labels)}
    moment = int(clock()) if now is None else now
    days = live(life, bare.mapping, membership, n_texts, moment, stream(seed, "life"))
    data = _dataset(days, bare.labels, model.context, catalog, recipe)
    with store.begin() as conn:
        database.delete_synthetic(conn)
        database.put_events(conn, data, _keys(data, seed))
        database.put_meta(conn, synthetic={"seed": seed, "life": {f.name: getattr(life, f.name) for f in fields(life)}})
    rows = _write(store, recipe, days, bare.labels, texts, catalog)
    return Lived(life, data, days, patterns(days, bare.mapping, membership), rows, seed)


def _life(life: Life, options: Mapping[str, Any]) -> Life:
    known = {f.name for f in fields(Life)}
    for name in options:
        if name not in known:
            raise QueryError(f"{name!r} is nothing that invented days have{did_you_mean(name, known) or '.'}")
    found = replace(life, **options)
    if not found.users:
        raise DataError("[life] of recipe.toml says 0 users. Give some: --users 5")
    return found


def _texts(recipe: Recipe, block: str, store: Store) -> dict[str, list[str]]:
    """label -> what its people say."""
    context = recipe.context[block]
    lexicon = (
        read_lexicon(context.lexicon, store.root)
        if context.lexicon
        else Lexicon({label: {} for label in context.labels})
    )
    said, labels, _ = lexicon.texts(stream(0, "what people say"), each=1)
    found: dict[str, list[str]] = {label: [] for label in context.labels}
    for text, row in zip(said, labels, strict=True):
        found[lexicon.labels[row]].append(text)
    return {label: each or [label] for label, each in found.items()}


def _dataset(days: Days, labels: Any, block: str, catalog: Catalog, recipe: Recipe) -> Dataset:
    """Clicks and interactions in the order of time."""
    parts = {name: getattr(days, name) for name in KIND}

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts.values()])

    kind = np.repeat([KINDS.index(KIND[name]) for name in parts], [len(part.user) for part in parts.values()])
    order = np.argsort(both("time"), kind="stable")
    label, place, n = days.label[both("feeling")][order], both("place")[order], len(order)
    codes = np.array([place_code(one) for one in days.places], np.float32)
    context = {column(block, one): (label == row).astype(np.float32) for row, one in enumerate(labels)}
    time = both("time")[order]
    events = Events(
        user=both("user")[order].astype(np.int32), item=both("item")[order].astype(np.int32),
        value=np.ones(n, np.float32), time=time, received_at=time.copy(), kind=kind[order].astype(np.int8),
        synthetic=np.ones(n, bool), group=np.full(n, -1, np.int64),
        context=context | {column(PLACE, CODE): codes[place]},
    )  # fmt: skip
    users = Vocab(tuple(f"{INVENTED}{u + 1}" for u in range(int(days.user.max(initial=-1)) + 1)))
    return Dataset(events, catalog, users, recipe.tastes.names, scales=recipe.scales)


def _keys(data: Dataset, seed: int) -> list[str]:
    return [hashlib.sha256(f"life\0{seed}\0{n}".encode()).hexdigest()[:32] for n in range(len(data))]


def _write(
    store: Store, recipe: Recipe, days: Days, labels: Any, texts: Mapping[str, list[str]], catalog: Catalog
) -> dict[str, int]:
    """Feelings into the table with texts, clicks into the one with items, interactions into the one of families."""
    found = foreign_of(store, recipe)
    if found is None:
        return {}
    tables = recipe.foreign.tables
    rows = {name: _rows(table, recipe, days, labels, texts, catalog) for name, table in tables.items()}
    found.replace({name: table.user for name, table in tables.items()}, INVENTED, rows)
    return {name: len(made) for name, made in rows.items()}


def _rows(
    table: ForeignTable, recipe: Recipe, days: Days, labels: Any, texts: Mapping[str, list[str]], catalog: Catalog
) -> list[dict[str, Any]]:
    if not table.item and not table.family:
        told = zip(days.user, days.label, days.text, days.time, days.place, strict=True)
        return [
            _row(table, u, labels[at], t, days.places[p]) | ({table.text: texts[labels[at]][k]} if table.text else {})
            for u, at, k, t, p in told
        ]
    made: Choosing = days.clicks if table.item else days.interactions
    family = families_of(recipe, catalog)
    rows = zip(made.user, made.item, days.label[made.feeling], made.time, made.place, strict=True)
    return [
        _row(table, u, labels[at], t, days.places[p])
        | {name: value for name, value in ((table.item, catalog.items.ids[i]), (table.title, catalog.titles[i]),
                                           (table.family, family[i])) if name}
        for u, i, at, t, p in rows
    ]  # fmt: skip


def _row(table: ForeignTable, user: int, label: str, time: int, place: str) -> dict[str, Any]:
    where = [part.strip() for part in place.split(",", 1)] + ["", ""]
    return {table.user: f"{INVENTED}{user + 1}", table.label: label, table.time: int(time)} | dict(
        zip(table.place, where, strict=False)
    )
