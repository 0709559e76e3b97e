"""What somebody does in the app, as events of the project: real ones, with the list that had shown the item."""

from dataclasses import dataclass, replace
from time import time
from uuid import uuid4

import numpy as np

from ... import store as database
from ...data.context import columns_of
from ...data.dataset import Dataset
from ...data.events import events_of
from ...data.vocab import Vocab
from ...store import Store
from ...store.answers import Answers
from .discover import Shown


@dataclass(frozen=True)
class Done:
    """kind: like, skip or rating; value: on its scale, 1 where it has none"""

    user: str
    item: str
    kind: str
    value: float = 1.0


def record(store: Store, answers: Answers, done: Done, shown: Shown | None, shown_at: int) -> None:
    """One transaction: the list, once a showing, and what was done. shown_at: UTC seconds."""
    catalog, now = answers.catalog, int(time())
    made = events_of(
        np.zeros(1, np.int32), catalog.items.rows([done.item]), np.array([done.value], np.float32), done.kind, time=now
    )
    around = columns_of(shown.query.context) if shown is not None and shown.query.user == done.user else {}
    made = replace(made, context={name: np.array([value], np.float32) for name, value in around.items()})
    data = Dataset(made, catalog, Vocab((done.user,)), scales=answers.scales)
    with store.begin() as conn:
        if shown is not None and shown.query.user == done.user:
            database.put_slate(conn, shown.query, shown.slate, min(shown_at, now - 1))
        database.put_events(conn, data, [f"app:{uuid4().hex}"])
