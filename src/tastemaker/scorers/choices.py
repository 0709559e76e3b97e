"""Which kind of item suits a moment, and which items of that kind suit the user: a network, with a mapping beneath it.

    score(u, i) = log Σ_c P(c | moment) m_ic  +  a_i - max_{j of i's kind} a_j  +  w cos(u, i),   a_i = log appeal of i

P is the network's where it has learned from enough choices and is at least as sure as the mapping has been right; else
the mapping's (label -> kinds); else, where no label is known, what everybody chooses. `spoke` says which, and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import factorial
from typing import Self

import numpy as np

from ..data.arrays import Bool, Float32, Int32, Int64
from ..data.features import TASTES, Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer, Voice, merged
from .embeddings import Embeddings
from .situation import PER_CATEGORY, SIDES, Situation, category_inputs, general_inputs, mapped_shares, situation_of

NEURAL, MAPPING, POPULAR = "neural", "mapping", "popular"
WISH = 4.0  # what a stated taste of 1 instead of 1/2 adds to the mapping's log share, twice
STRIPE = 512  # queries that the network answers at once


@dataclass(frozen=True)
class ChoiceNet:
    """h_c = relu(z W_z + x_c W_x + e_c);  logit_c = h_c · w + x_c · s + z A_c + b_c;  P = softmax(logit / temperature)

    places: int64 (n_places,), codes it knows;  general: float32 (d, h), W_z;  each: float32 (PER_CATEGORY, h), W_x
    kind: float32 (n_categories, h), e;  out: float32 (h,), w;  skip: float32 (PER_CATEGORY,), s
    direct: float32 (d, n_categories), A;  bias: float32 (n_categories,), b
    """

    places: Int64
    general: Float32
    each: Float32
    kind: Float32
    out: Float32
    skip: Float32
    direct: Float32
    bias: Float32
    temperature: float

    def shares(self, s: Situation, mapping: Float32, prior: Float32) -> Float32:
        """P, float32 (q, n_categories)."""
        found = np.empty((len(s), len(self.bias)), np.float32)
        for start in range(0, len(s), STRIPE):
            part = s.take(np.arange(start, min(start + STRIPE, len(s))))
            z, x = general_inputs(part, self.places), category_inputs(part, mapping, prior)
            h = np.maximum((z @ self.general)[:, None, :] + x @ self.each + self.kind, 0.0)  # (q, c, h)
            logit = (h @ self.out + x @ self.skip + z @ self.direct + self.bias) / self.temperature
            logit -= logit.max(axis=1, keepdims=True)
            found[start : start + len(part)] = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
        return found


@dataclass(frozen=True)
class Choices(Scorer):
    """
    membership: float32 (n_items, n_categories), rows that sum to 1;  appeal: float32 (n_items,), a log
    near:       what likes are compared by;  closeness: w
    labels:     what the block of context says, in order;  mapping: float32 (n_labels, n_categories), rows of sum 1 or 0
    prior:      float32 (n_categories,), what everybody chooses;  right: float32 (n_labels,), how often the mapping was
    learned:    choices that the network has learned from;  least: fewer are too few
    """

    membership: Float32
    appeal: Float32
    near: Embeddings
    closeness: float
    block: str
    labels: Sequence[str]
    mapping: Float32
    prior: Float32
    right: Float32
    net: ChoiceNet
    learned: int
    least: int

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return len(self.membership)

    @cached_property
    def _kind(self) -> Int64:
        """The kind that an item is most of, int64 (n_items,)."""
        return np.asarray(self.membership.argmax(axis=1), np.int64)

    def situation(self, batch: Batch) -> Situation:
        return situation_of(batch, self.block, self.labels, self.membership)

    def shares(self, s: Situation) -> tuple[Float32, list[Voice]]:
        """P(c | moment), float32 (q, n_categories), and who says so."""
        return self._spoken(s, self._voices(s))

    def spoke(self, batch: Batch) -> list[Voice]:
        return self._voices(self.situation(batch))[0]

    def mapped(self, s: Situation) -> Float32:
        """What the mapping says, tilted by stated tastes; without a label, by what everybody chooses."""
        found = mapped_shares(s.context, self.mapping, self.prior)
        found = (0.98 * found + 0.02 * self.prior) * np.exp(WISH * np.nan_to_num(s.stated - 0.5))
        return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)

    def wanted(self, shares: Sequence[float], row: int) -> Float32:
        """What each label, by its share, gives an item through the mapping, float32 (n_labels, n_categories)."""
        return np.asarray(np.array(shares, np.float32)[:, None] * self.mapping * self.membership[row], np.float32)

    def score_all(self, batch: Batch) -> Float32:
        shares, _ = self.shares(self.situation(batch))
        return np.asarray(self._log(shares @ self.membership.T) + self._within(batch), np.float32)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return np.take_along_axis(self.score_all(batch), rows.astype(np.int64), axis=1)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact Shapley values of the sides of the moment (in log space), each like's nearness, and the appeal."""
        found = []
        for q in range(len(batch)):
            one = batch.take(slice(q, q + 1))
            sides = self._sides(one, items[q])
            within = self._within(one)[0, items[q]]
            near = self.near.contributions(one, items[q : q + 1])[0]
            parts = [(p, c) for p, c in zip(near.parts, near.values.T, strict=True) if p.kind == "item"]
            close = np.array([np.nan_to_num(c) * self.closeness for _, c in parts]).reshape(len(parts), len(within))
            columns = [*sides[1], *close, within - close.sum(axis=0)]
            names = (*sides[0], *(p for p, _ in parts), Part("appeal"))
            found.append(merged(names, np.stack(columns, axis=1).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        """New items are of the kinds that their features say, and as appealing as the median item."""
        appeal = np.full(len(features), float(np.median(self.appeal)) if self.n_items else 0.0, np.float32)
        appeal[: self.n_items] = self.appeal
        membership = features.block(TASTES)
        membership = np.vstack([self.membership, membership[self.n_items :]])
        return replace(self, membership=membership, appeal=appeal, near=self.near.with_items(features))

    def _voices(self, s: Situation) -> tuple[list[Voice], Float32]:
        """Who speaks for each query, and the network's shares (zeros where it was not asked)."""
        known = np.asarray(~np.isnan(s.context).any(axis=1))
        shares = np.zeros((len(s), self.membership.shape[1]), np.float32)
        if self.learned < self.least:
            why = f"the network has learned from {self.learned} choices, and needs {self.least}"
            why = why if self.learned else "no network has been trained yet"
            return [self._lower(bool(k), why) for k in known], shares
        shares = self.net.shares(s, self.mapping, self.prior)
        sure = shares.max(axis=1)
        right = np.where(known, np.nan_to_num(s.context) @ self.right, 0.0)
        broken = np.asarray(~np.isfinite(shares).all(axis=1))
        voices = []
        for k, p, r, bad in zip(known.tolist(), sure.tolist(), right.tolist(), broken.tolist(), strict=True):
            if bad:
                voices.append(self._lower(k, "the network's answer is no number"))
            elif p < r:
                voices.append(
                    self._lower(k, f"the network is less sure ({p:.0%}) than the mapping was right ({r:.0%})")
                )
            else:
                voices.append(Voice(NEURAL, "" if k else f"no {self.block} is known"))
        return voices, shares

    def _lower(self, known: bool, why: str) -> Voice:
        return Voice(MAPPING, why) if known else Voice(POPULAR, f"no {self.block} is known; {why}")

    def _spoken(self, s: Situation, found: tuple[list[Voice], Float32]) -> tuple[Float32, list[Voice]]:
        voices, shares = found
        plain = np.array([voice.who != NEURAL for voice in voices], bool)
        return np.where(plain[:, None], self.mapped(s), shares).astype(np.float32), voices

    def _within(self, batch: Batch) -> Float32:
        """How far an item is behind the most appealing one of its kind, and how near to likes, float32 (q, n_items)."""
        near = self.closeness * np.nan_to_num(self.near.score_all(batch))
        return np.asarray(near + self._behind, np.float32)

    @cached_property
    def _behind(self) -> Float32:
        """log appeal_i - max_j log appeal_j among the items of its kind, float32 (n_items,)."""
        best = np.full(self.membership.shape[1], -np.inf, np.float32)
        np.maximum.at(best, self._kind, self.appeal)
        return np.asarray(self.appeal - best[self._kind], np.float32)

    def _sides(self, one: Batch, items: Int32) -> tuple[list[Part], list[Float32]]:
        """Who spoke stays fixed: what each known side moved its answer by, beside the answer that knows nothing."""
        s = self.situation(one)
        neural = self._voices(s)[0][0].who == NEURAL
        sides = np.flatnonzero(_known(s))
        subsets = (np.arange(1 << len(sides))[:, None] >> np.arange(len(sides)) & 1).astype(bool)
        hidden = np.ones((len(subsets), len(SIDES)), bool)
        hidden[:, sides] = ~subsets
        many = s.take(np.zeros(len(subsets), np.int64)).without(hidden)
        shares = self.net.shares(many, self.mapping, self.prior) if neural else self.mapped(many)
        values = self._log(shares @ self.membership[items].T)  # (2^g, n)
        parts, columns = [Part("base")], [values[0]]
        g = len(sides)
        weights = np.array([factorial(k) * factorial(g - k - 1) / factorial(g) for k in range(g)])
        for k, side in enumerate(sides.tolist()):
            without = np.flatnonzero(~subsets[:, k])
            gain = values[without + (1 << k)] - values[without]
            parts.append(Part("context", self.block if side == 0 else SIDES[side]))
            columns.append(np.asarray(weights[subsets[without].sum(axis=1)] @ gain, np.float32))
        return parts, columns

    @staticmethod
    def _log(shares: Float32) -> Float32:
        return np.asarray(np.log(np.maximum(shares, 1e-9)), np.float32)


def _known(s: Situation) -> Bool:
    """Which sides of one query's situation say anything, bool (len(SIDES),)."""
    told = {name: ~np.isnan(getattr(s, name)).all() for name in ("context", "recent", "hour", "weekday", "stated")}
    return np.array([bool({**told, "place": s.place.any(), "history": s.all.any()}[side]) for side in SIDES])


def no_net(n_labels: int, n_categories: int) -> ChoiceNet:
    """Stands where nothing was learned; never asked."""
    d = general_width(n_labels, 0)

    def zeros(*shape: int) -> Float32:
        return np.zeros(shape, np.float32)

    return ChoiceNet(
        np.zeros(0, np.int64), zeros(d, 1), zeros(PER_CATEGORY, 1), zeros(n_categories, 1), zeros(1),
        zeros(PER_CATEGORY), zeros(d, n_categories), zeros(n_categories), 1.0,
    )  # fmt: skip


def general_width(n_labels: int, n_places: int) -> int:
    """Columns of `general_inputs`."""
    return 2 * n_labels + 6 + 3 + n_places + 2
