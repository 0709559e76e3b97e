"""Moment and history -> kind of item: a small network, learned in PyTorch, served by scorers.Choices.

Every choice is foretold from what its user had done strictly before it, as a query is served; staying with an item is a
sequel, which nobody has to foretell. Every epoch hides some
sides of some moments (the label, the clock, the place, the history), so that the network can do without each of them.
Cost an epoch: O(choices · kinds · hidden); 100,000 choices among 20 kinds take a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np

from ..data.arrays import Float32, Float64, Int64
from ..data.context import CODE, PLACE, column, named
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..data.known import first_contacts, known_before
from ..errors import MissingExtra, TrainingError
from ..scorers import ChoiceNet, Choices, Embeddings, Scorer
from ..scorers.choices import no_net
from ..scorers.embeddings import unit_rows
from ..scorers.situation import MOST, category_inputs, general_inputs, mapped_shares, situation_of
from ..watch import Watch
from .base import Algorithm

DAY = 86_400.0
FEW = 50  # choices, below which none are kept aside to stop by


@dataclass(frozen=True)
class Inputs:
    """z: float32 (n, d); x: float32 (n, n_categories, PER_CATEGORY); target: float32 (n, n_categories); weight (n,)"""

    z: Float32
    x: Float32
    target: Float32
    weight: Float32

    def part(self, rows: slice) -> "Inputs":
        return Inputs(self.z[rows], self.x[rows], self.target[rows], self.weight[rows])


@dataclass(frozen=True)
class ChoiceLearner(Algorithm):
    """
    context, labels, mapping: the block of context, what it says, and label -> kinds of item; a recipe's [context] tells
    batch_size: choices a step, at most; small data take a fiftieth of themselves
    hide:       chance that a side of a moment is hidden, each epoch anew
    rare:       places with fewer choices are one place with all others that are rare
    half_life:  days after which a choice weighs half; 0 = choices do not age
    balance:    0 = kinds weigh as often as they are chosen; 1 = each kind weighs the same
    appeal:     numbers of the catalog that draw everybody, a standard deviation as much as being chosen twice as often
    held_out:   share of the choices, the latest, on which learning stops and its sureness is set right; below FEW
                choices none are held out, and sureness is set right on each fifth by what the others taught
    """

    context: str = ""
    labels: tuple[str, ...] = ()
    mapping: Mapping[str, tuple[str, ...]] | None = None
    hidden: int = 32
    epochs: int = 12
    batch_size: int = 512
    learning_rate: float = 0.01
    l2: float = 1e-5
    hide: float = 0.1
    rare: int = 5
    half_life: float = 0.0
    balance: float = 0.0
    closeness: float = 0.5
    least: int = 10
    held_out: float = 0.1
    near: tuple[str, ...] = ("text", "lsa")
    appeal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0 or not 0.0 <= self.held_out < 1.0:
            raise TrainingError(
                f"{self}: epochs and batch_size are at least 1, learning_rate above 0, held_out below 1."
            )

    def require(self) -> None:
        if find_spec("torch") is None:
            raise MissingExtra("torch", "train", type(self).__name__)

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Choices:
        if start is not None:
            raise TrainingError("A choice network always learns anew, which takes seconds. Train without --from.")
        self.require()
        from .choice_torch import learned_net

        chosen = np.flatnonzero(train.liked() & first_contacts(train))
        chosen = chosen[np.argsort(train.events.time[chosen], kind="stable")]
        bare = self.untrained(features, train, chosen)
        if len(chosen) < self.least or not bare.membership.shape[1]:
            missing = self.least - len(chosen)
            raise TrainingError(
                f"{len(chosen)} choices are too few to learn from: {missing} more are needed (at least {self.least}). "
                "Until then the mapping answers."
                if missing > 0
                else "No item is of any kind: [tastes.families] of the recipe does not fit the catalog."
            )
        places = self._places(train)
        inputs = self._inputs(train, chosen, bare, places)
        net = learned_net(self, inputs, places, int(rng.integers(1 << 31)), watch)
        return self._with(bare, net, len(chosen))

    def untrained(self, features: Features, train: Dataset | None = None, chosen: Int64 | None = None) -> Choices:
        """The scorer before any network: the mapping, what everybody chooses, and how often the mapping was right."""
        membership = features.block(TASTES)
        c, labels = membership.shape[1], tuple(sorted(self.labels))
        mapping = self._matrix(labels, features.tastes)
        counts = np.zeros(len(membership))
        if train is not None and chosen is not None:
            counts = np.bincount(train.events.item[chosen], minlength=len(membership)).astype(np.float64)
        prior = counts @ membership + max(1.0, 0.01 * counts.sum()) / max(c, 1)
        prior = np.asarray(prior / prior.sum(), np.float32) if c else np.zeros(0, np.float32)
        right = np.zeros(len(labels), np.float32)
        if train is not None and chosen is not None:
            right = self._right(train, chosen, labels, mapping, prior, membership)
        block = next((name for name in self.near if features.block(name).shape[1]), self.near[0])
        vectors = Embeddings(unit_rows(features.block(block)), block)
        appeal = (np.log1p(counts) + self._drawn_to(features)).astype(np.float32)
        net = no_net(len(labels), c)
        return Choices(
            membership,
            appeal,
            vectors,
            self.closeness,
            self.context,
            list(labels),
            mapping,
            prior,
            right,
            net,
            0,
            self.least,
        )

    def _drawn_to(self, features: Features) -> Float64:
        """float64 (n_items,); the numbers of the block have mean 0 and deviation 1."""
        names, block = features.names.get("numbers", ()), features.block("numbers")
        mine = [np.log(2.0) * block[:, names.index(name)] for name in self.appeal if name in names]
        return np.asarray(sum(mine, np.zeros(len(features))), np.float64)

    def _matrix(self, labels: tuple[str, ...], kinds: tuple[str, ...]) -> Float32:
        """label -> kinds, evenly, float32 (n_labels, n_categories)."""
        found = np.zeros((len(labels), len(kinds)), np.float32)
        for label, row in zip(labels, found, strict=True):
            mine = [kinds.index(kind) for kind in (self.mapping or {}).get(label, ()) if kind in kinds]
            row[mine] = 1.0 / max(len(mine), 1)
        return found

    def _right(
        self,
        train: Dataset,
        chosen: Int64,
        labels: tuple[str, ...],
        mapping: Float32,
        prior: Float32,
        membership: Float32,
    ) -> Float32:
        """Of each label the share of choices that the mapping would have named, float32 (n_labels,); few say little."""
        context = named(train.events.context, self.context, labels, len(train))[chosen]
        known = ~np.isnan(context).any(axis=1)
        context, item = context[known], train.events.item[chosen][known]
        hit = (mapped_shares(context, mapping, prior) * membership[item]).sum(axis=1)
        total = context.sum(axis=0)
        return np.asarray((context * hit[:, None]).sum(axis=0) / (total + 1.0), np.float32)

    def _places(self, train: Dataset) -> Int64:
        """Codes of the places that are not rare, int64 (n_places,), sorted."""
        codes = train.events.context.get(column(PLACE, CODE))
        if codes is None:
            return np.zeros(0, np.int64)
        found, n = np.unique(codes[~np.isnan(codes) & (codes > 0)].astype(np.int64), return_counts=True)
        return np.asarray(found[n >= self.rare], np.int64)

    def _inputs(self, train: Dataset, chosen: Int64, bare: Choices, places: Int64) -> Inputs:
        z, x = [], []
        for _, batch in known_before(train, chosen, most=MOST, repeats=True):
            s = situation_of(batch, bare.block, bare.labels, bare.membership)
            z.append(general_inputs(s, places))
            x.append(category_inputs(s, bare.mapping, bare.prior))
        target = bare.membership[train.events.item[chosen]]
        return Inputs(np.concatenate(z), np.concatenate(x), target, self._weights(train.events.time[chosen], target))

    def _weights(self, time: Int64, target: Float32) -> Float32:
        age = (time.max() - time) / DAY
        fading: Float64 = 0.5 ** (age / self.half_life) if self.half_life > 0 else np.ones(len(time))
        share = target.mean(axis=0) + 1e-6
        weight = fading * (target @ (1.0 / share) ** self.balance)
        return np.asarray(weight / weight.mean(), np.float32)

    @staticmethod
    def _with(bare: Choices, net: ChoiceNet, learned: int) -> Choices:
        return replace(bare, net=net, learned=learned)
