"""What is known of how items are used, and what that is worth to models that learn from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..algorithms import Together
from ..data.dataset import Dataset
from ..data.duplicates import tied
from ..data.events import KINDS
from ..data.pairs import pairs_of
from ..recipe import Recipe

ENOUGH = 200_000  # events, beyond which pairs are counted among so many of them


@dataclass(frozen=True)
class Usage:
    """
    kinds:  kind of event -> how many; users, items: how many have any
    pairs:  items that occur together, as the recipe's model of them counts, how many such pairs
    surprising: those that do so more than once, and more often than chance has it (of many items one meeting always is)
    sampled: counted among a part of the users
    unknown: items that lack most of the numbers; spare, groups: how many items another one stands for, of how many
    """

    kinds: Mapping[str, int]
    users: int
    items: int
    pairs: int
    surprising: int
    sampled: bool
    unknown: int
    spare: int
    groups: int

    @classmethod
    def of(cls, data: Dataset, recipe: Recipe, joined: Sequence[str] = ()) -> "Usage":
        """joined: the numbers that count; none = all that are known of any item."""
        counts = np.bincount(data.events.kind, minlength=len(KINDS))
        kinds = {kind: int(n) for kind, n in zip(KINDS, counts, strict=True) if n}
        part = _part(data)
        model = next((model for model in recipe.models.values() if isinstance(model, Together)), Together())
        pairs = pairs_of(part, model.window, model.gap) if len(part) else None
        ties = tied(data.catalog, recipe.catalog.tied)
        gaps = [np.isnan(column) for name, column in data.catalog.numbers.items() if name in (joined or [name])]
        gaps = gaps if joined else [gap for gap in gaps if not gap.all()]
        unknown = int((np.mean(gaps, axis=0) > 0.5).sum()) if gaps and len(data.catalog) else 0
        return cls(
            kinds, len(np.unique(data.events.user)), len(np.unique(data.events.item)),
            0 if pairs is None else len(pairs),
            0 if pairs is None else int(((pairs.weight > 0) & (pairs.count > 1)).sum()),
            len(part) < len(data), unknown, int(ties.spare.sum()), ties.n_groups,
        )  # fmt: skip


def _part(data: Dataset) -> Dataset:
    """The events of some users, all of theirs."""
    if len(data) <= ENOUGH:
        return data
    users = np.random.default_rng(0).permutation(len(data.users))
    most = np.cumsum(np.bincount(data.events.user, minlength=len(users))[users]) <= ENOUGH
    return data.where(np.isin(data.events.user, users[most]))
