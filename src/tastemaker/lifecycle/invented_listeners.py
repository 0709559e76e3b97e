"""A catalog that nobody has used yet: listeners are invented on it, marked, so that models of events can learn."""

import numpy as np

from .. import store as database
from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.events import events_of
from ..data.vocab import Vocab
from ..errors import DataError
from ..recipe import Recipe
from ..scorers.embeddings import unit_rows
from ..store import Store
from ..synth.listeners import listeners_of
from ..watch import Watch
from .candidates import stream
from .pretrain import project_features
from .synthesize import Synthesized, put_invented

LISTENERS, EACH = 500, 30  # at least so many, and what each of them plays


def invent_listeners(store: Store, recipe: Recipe, seed: int, watch: Watch) -> None:
    """They like what is alike in numbers and in names; those of an earlier call are replaced. DataError where the
    recipe describes users to invent: then `pretrain` is what learns from them."""
    if recipe.invents:
        raise DataError("There are no real events to learn from. Run: tastemaker import FILE, or tastemaker pretrain")
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    features = project_features(store, recipe, catalog, seed, watch)
    said = [name for name in features.blocks if features.block(name).any()]
    blocks = [name for name in said if name == "numbers" or name.startswith("same ")] or said
    parts = [unit_rows(features.block(name)) for name in blocks]
    vectors = unit_rows(np.hstack(parts)) if parts else np.zeros((len(catalog), 1), np.float32)
    known = int(vectors.any(axis=1).sum())
    if known < 2:
        raise DataError(
            f"There are too few real events, and only {known} of {len(catalog)} items of which enough is known to "
            "invent any. Run: tastemaker import FILE, or import --catalog FILE with numbers or categories"
        )
    with store.begin() as conn:
        put_invented(conn, _listening(recipe, catalog, vectors, seed))


def _listening(recipe: Recipe, catalog: Catalog, vectors: Float32, seed: int) -> Synthesized:
    n = max(recipe.synth.users, LISTENERS)
    user, item = listeners_of(vectors, n, EACH, stream(seed, "listeners"))
    pairs = np.unique(user.astype(np.int64) * len(vectors) + item)
    user, item = (pairs // len(vectors)).astype(np.int32), (pairs % len(vectors)).astype(np.int32)
    events = events_of(user, item, np.ones(len(user), np.float32), "like", synthetic=True)
    users = Vocab(tuple(f"synthetic-listener-{u}" for u in range(n)))
    return Synthesized(Dataset(events, catalog, users), {}, {}, seed)
