"""What a query says beside its items: how somebody feels, when and where it is, and what they chose at such hours.

Each side of it can be unknown, which is an input of its own; so parts of a score are found by leaving sides out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int64
from ..data.context import CODE, PLACE, RECENT, column, named
from ..data.query import Batch

SIDES = ("context", "recent", "hour", "weekday", "place", "history", "stated")
DAY, HOUR = 86_400.0, 3600.0
FAST = 3.0  # days after which a choice counts half as recent
NEAR_HOUR = 1.5  # hours, the width within which two moments are at the same time of day
PRIOR = 2.0  # choices that what everybody chooses weighs, where somebody has few of their own
MOST = 256  # choices of a history that are looked at, the latest
PER_CATEGORY = 6


@dataclass(frozen=True)
class Situation:
    """
    context, recent: float32 (q, n_labels), NaN = unknown;  place: int64 (q,) codes, 0 = unknown
    hour, weekday:   float32 (q,), of UTC, NaN = no clock
    stated:          float32 (q, n_categories), NaN = not stated
    all, same, late: float32 (q, n_categories), what was chosen: ever, at this hour, of late; sums of weights
    """

    context: Float32
    recent: Float32
    hour: Float32
    weekday: Float32
    place: Int64
    stated: Float32
    all: Float32
    same: Float32
    late: Float32

    def __len__(self) -> int:
        return len(self.hour)

    def take(self, rows: Int64) -> "Situation":
        return Situation(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def without(self, hidden: Bool) -> "Situation":
        """The situation of which only some sides are known. hidden: bool (q, len(SIDES))"""
        h = dict(zip(SIDES, hidden.T, strict=True))
        gone, blind = h["history"][:, None], h["hour"][:, None]

        def nan(values: Float32, mask: Bool) -> Float32:
            return np.where(mask if values.ndim == 1 else mask[:, None], np.float32(np.nan), values)

        kept = {name: np.where(gone, np.float32(0), getattr(self, name)) for name in ("all", "same", "late")}
        kept["same"] = np.where(blind, np.float32(0), kept["same"])
        told = {name: nan(getattr(self, name), h[name]) for name in ("context", "recent", "hour", "weekday", "stated")}
        return replace(self, **told, place=np.where(h["place"], 0, self.place), **kept)


def situation_of(batch: Batch, block: str, labels: Sequence[str], membership: Float32) -> Situation:
    q, c = len(batch), membership.shape[1]
    context, recent = (named(batch.context, name, labels, q) for name in (block, RECENT + block))
    place = np.nan_to_num(batch.context.get(column(PLACE, CODE), np.zeros(q, np.float32))).astype(np.int64)
    known = batch.now > 0
    now = np.where(known, batch.now, 0)
    hour = np.where(known, now % DAY / HOUR, np.nan).astype(np.float32)
    weekday = np.where(known, (now // DAY + 3) % 7, np.nan).astype(np.float32)  # 1 January 1970 was a Thursday
    stated = batch.profile if batch.profile.shape[1] == c else np.full((q, c), np.nan, np.float32)
    chosen = _latest(batch)
    when = np.asarray(chosen.when, np.float64)
    age = np.maximum(np.repeat(now, chosen.n) - when, 0.0)
    dated = (when > 0) & np.repeat(known, chosen.n)
    apart = np.abs((np.repeat(now, chosen.n) - when) % DAY)
    apart = np.minimum(apart, DAY - apart) / HOUR
    weights = {
        "all": np.ones(len(when)),
        "same": np.where(dated, np.exp(-0.5 * (apart / NEAR_HOUR) ** 2), 0.0),
        "late": np.where(dated, 0.5 ** (age / DAY / FAST), 0.0),
    }
    counts = {name: _counts(chosen, weight, membership) for name, weight in weights.items()}
    return Situation(context, recent, hour, weekday, place, np.asarray(stated, np.float32), **counts)


@dataclass(frozen=True)
class _Chosen:
    """Liked items of each query, the latest MOST. n: int64 (q,); row, when: (m,); value: float32 (m,)"""

    n: Int64
    row: Int64
    value: Float32
    when: Int64


def _latest(batch: Batch) -> _Chosen:
    evidence, when = batch.evidence(), batch.moments()
    query = np.repeat(np.arange(len(batch)), np.diff(evidence.indptr))
    good = evidence.data > 0
    query, row, value, when = query[good], evidence.indices[good], evidence.data[good], when[good]
    n = np.bincount(query, minlength=len(batch))
    if n.max(initial=0) > MOST:
        order = np.lexsort((-when, query))
        place = np.arange(len(order)) - np.repeat(np.cumsum(n) - n, n)
        kept = np.sort(order[place < MOST])
        query, row, value, when = query[kept], row[kept], value[kept], when[kept]
        n = np.bincount(query, minlength=len(batch))
    return _Chosen(n, row.astype(np.int64), value, when)


def _counts(chosen: _Chosen, weight: np.ndarray, membership: Float32) -> Float32:
    """Σ weight · membership over each query's choices, float32 (q, n_categories)."""
    starts = np.concatenate([[0], np.cumsum(chosen.n)]).astype(np.int64)
    data = (weight * chosen.value).astype(np.float32)
    matrix = Csr((data, chosen.row.astype(np.int32), starts.astype(np.int32)), shape=(len(chosen.n), len(membership)))
    return np.asarray(matrix @ membership, np.float32)


def general_inputs(s: Situation, places: Int64) -> Float32:
    """z, float32 (q, d): what is said of the moment; a zero says nothing."""
    known = np.asarray(~np.isnan(s.context).any(axis=1, keepdims=True))
    turn = 2.0 * np.pi * np.stack([s.hour / 24.0, s.hour / 12.0, s.weekday / 7.0], axis=1)  # (q, 3)
    clock = np.nan_to_num(np.concatenate([np.sin(turn), np.cos(turn)], axis=1))
    said = np.stack([known[:, 0], ~np.isnan(s.hour), ~np.isnan(s.weekday)], axis=1)
    here = s.place[:, None] == places[None, :]
    much = np.log1p(np.stack([s.all.sum(axis=1), s.same.sum(axis=1)], axis=1)) / 3.0
    return np.hstack([np.nan_to_num(s.context), np.nan_to_num(s.recent), clock, said, here, much]).astype(np.float32)


def category_inputs(s: Situation, mapping: Float32, prior: Float32) -> Float32:
    """x, float32 (q, n_categories, PER_CATEGORY): log shares around what everybody chooses."""
    mapped = mapped_shares(s.context, mapping, prior)
    base = np.log(prior)

    def share(counts: Float32) -> Float32:
        total = counts.sum(axis=1, keepdims=True)
        return np.asarray(np.log((counts + PRIOR * prior) / (total + PRIOR)) - base, np.float32)

    sides = [np.log(0.9 * mapped + 0.1 * prior) - base, share(s.all), share(s.same), share(s.late)]
    found = [*sides, np.nan_to_num(s.stated - 0.5), np.broadcast_to(base, s.all.shape)]
    return np.asarray(np.stack(found, axis=2), np.float32)


def mapped_shares(context: Float32, mapping: Float32, prior: Float32) -> Float32:
    """What the mapping says, float32 (q, n_categories); what everybody chooses, where it cannot say."""
    known = ~np.isnan(context).any(axis=1, keepdims=True)
    said = np.nan_to_num(context) @ mapping
    total = said.sum(axis=1, keepdims=True)
    return np.asarray(np.where(known & (total > 0), said / np.maximum(total, 1e-9), prior), np.float32)
