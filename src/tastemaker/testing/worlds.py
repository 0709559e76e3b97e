"""Little worlds with known answers. Lopsided on purpose: a symmetric world cannot see a transpose."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..data.arrays import Float32, Int32, csr, empty_csr
from ..data.catalog import Catalog
from ..data.dataset import Dataset, Scale
from ..data.events import KINDS, Events
from ..data.features import TASTES, Features
from ..data.query import Batch
from ..data.vocab import Vocab

NAMES = ("woody", "floral", "fresh", "sweet", "odd")
N_ITEMS, N_USERS = 40, 80
PURE = 5  # items 0 … 4 are wholly of one taste each
SILENT = 7  # the item whose text says nothing
TWIN = 11  # looks exactly like item 10
UNSEEN = 39  # the item that nobody has rated
STRANGER, NEWCOMER = 0, 1  # the user without any event, and the one with a single one
SCALES = {"ranking": Scale(worst=10, best=1), "rating": Scale(worst=1, best=5)}


class World(NamedTuple):
    data: Dataset
    features: Features


def lopsided_world(seed: int = 0) -> World:
    """40 items, 5 tastes, 80 users who rank or rate what suits their tastes.

    Popularity falls as 1 / rank; one taste is everywhere and one is rare; a third of the profiles is withheld wholly or
    in part; lists hold 2 to 10 items; some items tie, some are rated twice, one has no text and one no rating.
    """
    rng = np.random.default_rng(seed)
    catalog, features = _catalog(rng)
    tastes = _tastes(rng)
    events = _events(rng, tastes, features.block(TASTES))
    users = Vocab(tuple(f"user {u}" for u in range(N_USERS)))
    return World(Dataset(events, catalog, users, NAMES, _stated(rng, tastes), SCALES), features)


def without_tastes(world: World) -> World:
    """The same world where nobody ever spoke of tastes."""
    data, features = world
    bare = replace(data, tastes=(), profiles=np.zeros((len(data.users), 0), np.float32))
    return World(bare, _without_block(features, TASTES))


def without_text(world: World) -> World:
    """The same world where no item has a text."""
    return World(world.data, _without_block(world.features, "text"))


def one_user(world: World) -> World:
    """The same world with the one user who has most events."""
    data, features = world
    busiest = int(np.bincount(data.events.user).argmax())
    events = data.events.where(data.events.user == busiest)
    alone = replace(events, user=np.zeros(len(events), np.int32))
    users = Vocab((data.users.ids[busiest],))
    return World(replace(data, events=alone, users=users, profiles=data.profiles[[busiest]]), features)


def one_item(world: World) -> World:
    """The same world with its first item only."""
    data, features = world
    first = np.arange(len(data.catalog)) == 0
    events = data.events.where(data.events.item == 0)
    return World(replace(data, events=events, catalog=data.catalog.where(first)), features.where(first))


def grown(features: Features, n: int = 3, seed: int = 0) -> Features:
    """The features with n more items behind, which look like known ones; the last one's text says nothing."""
    rng = np.random.default_rng(seed)
    like = rng.integers(0, len(features), n)
    blocks = {name: np.vstack([block, block[like]]) for name, block in features.blocks.items()}
    if "text" in blocks:
        blocks["text"][-1] = 0.0
    items = Vocab((*features.items.ids, *(f"new item {i}" for i in range(n))))
    return Features(items, blocks, features.names)


def questions(world: World) -> Batch:
    """Six queries: nothing known; all tastes; some tastes; likes; ratings, one neutral, one of a liked item; all."""
    data, features = world
    n, p = len(features), len(features.tastes)
    rng = np.random.default_rng(5)
    profile = np.full((6, p), np.nan, np.float32)
    profile[[1, 5]] = rng.random((2, p))
    profile[2, : p // 2] = 0.9
    liked = [(3, 2), (3, 5), (4, 1), (5, 3)]
    rated = [(4, 1, -1.0), (4, 6, 0.5), (4, 8, 0.0), (5, 4, -0.6), (5, SILENT, 1.0)]
    return Batch(
        positives=csr(*_cells([(q, i % n, 1.0) for q, i in liked]), (6, n)),
        ratings=csr(*_cells([(q, i % n, v) for q, i, v in rated if i < n]), (6, n)),
        user=np.minimum([-1, 2, -1, 3, -1, STRANGER], len(data.users) - 1).astype(np.int32),
        profile=profile,
    )


def asks(profiles: Float32, n_items: int) -> Batch:
    """Queries that state these tastes, float32 (q, p), and nothing else."""
    nothing = empty_csr(len(profiles), n_items)
    return Batch(nothing, nothing, np.full(len(profiles), -1, np.int32), np.asarray(profiles, np.float32))


def _cells(cells: list[tuple[int, int, float]]) -> tuple[Int32, Int32, Float32]:
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    return np.array(rows, np.int32), np.array(columns, np.int32), np.array(values, np.float32)


def _catalog(rng: np.random.Generator) -> tuple[Catalog, Features]:
    membership = rng.dirichlet((0.9, 0.6, 0.4, 0.25, 0.08), N_ITEMS).astype(np.float32)  # (n_items, p)
    membership[:PURE] = np.eye(len(NAMES), dtype=np.float32)
    membership[TWIN] = membership[TWIN - 1]
    text = (membership @ rng.normal(size=(len(NAMES), 8)) + rng.normal(0.0, 0.3, (N_ITEMS, 8))).astype(np.float32)
    text[TWIN] = text[TWIN - 1]
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    text[SILENT] = 0.0
    tags = tuple(tuple(NAMES[f] for f in np.argsort(-row) if row[f] > 0.2) for row in membership)
    items = Vocab(tuple(f"item {i}" for i in range(N_ITEMS)))
    catalog = Catalog(
        items=items,
        titles=tuple(f"Title {i % 38}" for i in range(N_ITEMS)),  # two titles stand for two items each
        text={"description": tuple("" if i == SILENT else f"smells {' '.join(tags[i])}" for i in range(N_ITEMS))},
        tags={"notes": tags},
        categories={"brand": tuple("AABACADEFG"[i % 10] for i in range(N_ITEMS))},
    )
    return catalog, Features(items, {TASTES: membership, "text": text}, {TASTES: NAMES})


def _tastes(rng: np.random.Generator) -> Float32:
    """What users truly like, (n_users, p): three kinds of user, the first one frequent."""
    kinds = np.array([(0.9, 0.1, 0.3, 0.1, 0.1), (0.1, 0.9, 0.6, 0.2, 0.1), (0.2, 0.1, 0.3, 0.9, 0.8)])
    mine = kinds[rng.choice(3, N_USERS, p=(0.6, 0.3, 0.1))] + rng.normal(0.0, 0.1, (N_USERS, len(NAMES)))
    return np.clip(mine, 0.0, 1.0).astype(np.float32)


def _stated(rng: np.random.Generator, tastes: Float32) -> Float32:
    """Profiles: one in six withheld, one in six told in part; NaN = not stated."""
    kind = np.arange(N_USERS) % 6
    hidden = (kind[:, None] == 1) | ((kind[:, None] == 4) & (rng.random(tastes.shape) < 0.5))
    return np.where(hidden, np.nan, tastes).astype(np.float32)


def _events(rng: np.random.Generator, tastes: Float32, membership: Float32) -> Events:
    """One list a user; every fourth user gives stars instead of ranks, every seventh rates one item again, later."""
    rows: list[tuple[int, int, float, int, int, int]] = []  # user, item, value, time, kind, group
    popular = 1.0 / np.arange(1, N_ITEMS + 1)
    popular[UNSEEN] = 0.0
    for user in range(NEWCOMER, N_USERS):
        length = 1 if user == NEWCOMER else int(rng.integers(2, 11)) if user % 3 == 0 else 10
        items = rng.choice(N_ITEMS, length, replace=False, p=popular / popular.sum())
        joy = membership[items] @ tastes[user] + rng.normal(0.0, 0.05, length)
        place = np.argsort(np.argsort(-joy)) / max(length - 1, 1)  # 0 = best … 1 = worst
        kind = KINDS.index("rating" if user % 4 == 0 else "ranking")
        values = np.round(5.0 - 4.0 * place if user % 4 == 0 else 1.0 + 9.0 * place)
        start = 1_700_000_000 + 3600 * int(rng.integers(0, 1000))
        rows += [
            (user, int(items[s]), float(values[s]), start + s, kind, user) for s in range(length)
        ]  # a list is one group
        if user % 7 == 0:
            rows.append((user, int(items[0]), float(values[0]), start + 9_000, kind, 1000 + user))
    user_, item, value, time, kind_, group = (np.array(column) for column in zip(*rows, strict=True))
    return Events(
        user=user_.astype(np.int32),
        item=item.astype(np.int32),
        value=value.astype(np.float32),
        time=time.astype(np.int64),
        received_at=time.astype(np.int64) + 60,
        kind=kind_.astype(np.int8),
        synthetic=user_ >= 30,
        group=group.astype(np.int64),
    )


def _without_block(features: Features, block: str) -> Features:
    blocks = {name: array for name, array in features.blocks.items() if name != block}
    return Features(features.items, blocks, {name: names for name, names in features.names.items() if name != block})
