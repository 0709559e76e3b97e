"""Events without content: pairs of users and items as a Dataset, for tests and benchmarks."""

import numpy as np

from ..data.arrays import Int32
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.events import events_of
from ..data.features import Features
from ..data.vocab import Vocab


def dataset_of_pairs(user: Int32, item: Int32, n_users: int, n_items: int) -> tuple[Dataset, Features]:
    """One like a pair, int32 (n,) each; the features say nothing of any item."""
    items = Vocab(tuple(f"i{row}" for row in range(n_items)))
    catalog = Catalog(items, items.ids)
    users = Vocab(tuple(f"u{row}" for row in range(n_users)))
    return Dataset(events_of(user, item, np.ones(len(user), np.float32), "like"), catalog, users), Features(items, {})
