"""What happened: who, what, when, how strongly. Immutable columns of equal length."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from ..errors import DataError
from .arrays import Bool, Float32, Int8, Int32, Int64

# The row of a kind in this tuple is its code in `Events.kind` and in the database: append only.
KINDS = ("ranking", "rating", "like", "play", "click", "skip")
AGAINST = ("skip",)  # kinds that speak against an item
AHEAD = 86_400  # seconds that a sender's clock may be ahead of ours before its events are refused


@dataclass(frozen=True)
class Events:
    """
    user, item:  int32 rows into the Vocabs of the Dataset that holds them
    value:       float32, as it was given: a rank, a number of stars, a count
    time:        int64 UTC seconds, when it happened; received_at: when we heard of it
    kind:        int8 codes into KINDS
    synthetic:   bool, True for events of invented users
    group:       int64, the ranking, session or playlist that the event belongs to; -1 = none
    context:     name -> float32 (n,)
    """

    user: Int32
    item: Int32
    value: Float32
    time: Int64
    received_at: Int64
    kind: Int8
    synthetic: Bool
    group: Int64
    context: Mapping[str, Float32] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {f.name: len(getattr(self, f.name)) for f in fields(self) if f.name != "context"}
        lengths |= {name: len(column) for name, column in self.context.items()}
        if len(set(lengths.values())) != 1:
            raise DataError(f"Event columns differ in length: {lengths}.")

    def __len__(self) -> int:
        return len(self.user)

    def where(self, mask: Bool | Int64) -> "Events":
        """The events where mask (n,) is true, or at these positions."""
        cut = {f.name: getattr(self, f.name)[mask] for f in fields(self) if f.name != "context"}
        return Events(**cut, context={name: column[mask] for name, column in self.context.items()})


def events_of(
    user: Int32, item: Int32, value: Float32, kind: str, *,
    time: Int64 | int = 0, group: Int64 | int = -1, synthetic: bool = False,
) -> Events:  # fmt: skip
    """Events of one kind and one source; scalars are spread over all rows."""
    n = len(user)
    moment = np.broadcast_to(np.asarray(time, np.int64), (n,)).copy()
    return Events(
        user=np.asarray(user, np.int32),
        item=np.asarray(item, np.int32),
        value=np.asarray(value, np.float32),
        time=moment,
        received_at=moment,
        kind=np.full(n, KINDS.index(kind), np.int8),
        synthetic=np.full(n, synthetic),
        group=np.broadcast_to(np.asarray(group, np.int64), (n,)).copy(),
    )
