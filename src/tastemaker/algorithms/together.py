"""Together: a network makes a unit vector of an item's features, so that items that occur together lie together.

Learned from pairs (data/pairs.py), drawn by their weight; an epoch draws as many as there are likes. Two objectives:

    contrastive  -log  exp(e_a·e_b / τ - log q_b) / Σ_j exp(e_a·e_j / τ - log q_j)    j: the batch, hard negatives
    cosine       (1 - e_a·e_b) + mean_j max(0, e_a·e_j - margin)                   j: drawn at random

InfoNCE (van den Oord et al. 2018, "Representation Learning with Contrastive Predictive Coding", eq. 4) with the
sampled-softmax correction: q is how often chance puts an item into the batch (Yi et al. 2019, "Sampling-Bias-Corrected
Neural Modeling for Large Corpus Item Recommendations", eq. 3). Users are dealt apart: some are only validated on, and
some items are learned from by nobody. By the loss of their pairs the best epoch is chosen, and by NDCG@10 the gains of
what stands beside; then everything is learned from for as many epochs. Cost of a step: O(batch_size (network +
batch_size dim)). Learned in PyTorch, served by scorers.Tower.
"""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Literal

import numpy as np

from ..data.arrays import Bool
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..data.pairs import dealt_apart, pairs_of
from ..errors import MissingExtra, TrainingError
from ..kernels.threads import one_blas_thread
from ..scorers import Scorer, Tower, core
from ..watch import Watch
from .base import Algorithm, adopted
from .checkpoints import Checkpoints
from .held_out import check_share
from .together_draws import Draws, category_codes
from .together_gains import best_gains
from .together_job import asked_of, learn

FEWEST = 4  # users to be validated on, below which every epoch is learned and nobody is asked


@dataclass(frozen=True)
class Together(Algorithm):
    """
    blocks, beside: what the network sees, and what is compared beside its output (scorers.Tower)
    learning_rate:  of the first step; it falls to 0 in a straight line over all epochs
    window, gap:    which items of a group are a pair (data.pairs.pairs_of)
    held_out:       share of the users who are validated on, unless validation events are given; 0 = nobody
    fresh:          share of the items that nobody learns from meanwhile
    patience:       epochs without a lower validation loss before learning stops; 0 = never stop early
    negatives:      drawn for each pair, a share of `hard` from the items of the same `category` (a category of the
                    catalog, or the first of its tags), the others at random; the contrastive objective takes only
                    the hard ones beside its batch
    keep:           checkpoints that are kept beside the best
    """

    dim: int = 64
    hidden: tuple[int, ...] = (128,)
    objective: Literal["contrastive", "cosine"] = "contrastive"
    epochs: int = 50
    batch_size: int = 512
    learning_rate: float = 1e-3
    l2: float = 0.0
    dropout: float = 0.1
    temperature: float = 0.1
    margin: float = 0.0
    negatives: int = 4
    hard: float = 0.0
    category: str = ""
    window: int = 0
    gap: int = 1800
    held_out: float = 0.2
    fresh: float = 0.1
    patience: int = 10
    keep: int = 3
    blocks: tuple[str, ...] = ("numbers", "text", "lsa", TASTES)
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size, self.dim, self.keep, self.negatives) < 1:
            raise TrainingError(f"{self}: epochs, batch_size, dim, negatives and keep are at least 1.")
        if self.learning_rate <= 0 or self.temperature <= 0:
            raise TrainingError(f"{self}: learning_rate and temperature are above 0.")
        if not (0.0 <= self.fresh < 1.0 and 0.0 <= self.hard <= 1.0 and 0.0 <= self.dropout < 1.0):
            raise TrainingError(f"{self}: fresh, hard and dropout are shares between 0 and 1.")
        if self.held_out:
            check_share(self.held_out)

    def require(self) -> None:
        if find_spec("torch") is None:
            raise MissingExtra("torch", "train", type(self).__name__)

    @one_blas_thread()
    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Tower:
        self.require()
        from .together_torch import Net

        seed = int(rng.integers(1 << 31))
        begun = self._start(start, features)
        part, asking, fresh = self._dealt(train, valid, seed)
        net = Net(self, features, self._draws(part), seed)
        asked = None if asking is None else asked_of(asking, net, fresh)
        again = asked is not None and valid is None
        on = replace(watch, stage=f"{watch.stage} on {net.device_name}")
        total = self.epochs * (1 + again)
        net.load(begun)
        best = learn(net, self.epochs, asked, Checkpoints.of(watch, self.keep, "choose"), on, 0, total)
        model = net.export()
        gains = model.gains if begun is None else begun.gains
        if asked is not None and self.beside:
            gains = best_gains(model, features, asked.batch, asked.wanted)
        if again:
            net = Net(self, features, self._draws(train), seed)
            net.load(begun)
            learn(net, best, None, Checkpoints.of(watch, self.keep, "learn"), on, total - best, total)
        return replace(net.export(), gains=gains).with_items(features)

    def _dealt(self, train: Dataset, valid: Dataset | None, seed: int) -> tuple[Dataset, Dataset | None, Bool | None]:
        """What is learned from, who is validated on, and which items nobody has met."""
        if valid is not None:
            return train, valid, None
        liking = train.where(train.liked())
        if round(self.held_out * len(np.unique(liking.events.user))) < FEWEST:
            return train, None, None
        dealt = dealt_apart(liking, self.held_out, self.fresh, np.random.default_rng((seed, 1)))
        return dealt.split.train, dealt.split.valid, dealt.fresh

    def _draws(self, data: Dataset) -> Draws:
        pairs = pairs_of(data, self.window, self.gap)
        pairs = pairs.where(pairs.weight > 0)
        if not len(pairs):
            raise TrainingError(
                f"No two items occur together more often than by chance in these {len(data)} events, so there is "
                "nothing to learn. Import more events, widen `window`, or take another model."
            )
        return Draws(pairs, int(data.liked().sum()), category_codes(data, self.category))

    def _start(self, start: Scorer | None, features: Features) -> Tower | None:
        if start is None:
            return None
        inner = core(start)
        if not isinstance(inner, Tower) or tuple(w.shape[1] for w in inner.weights) != (*self.hidden, self.dim):
            raise TrainingError(
                f"{type(self).__name__} cannot start from this {type(inner).__name__}: it needs a network of widths "
                f"{(*self.hidden, self.dim)} that it learned itself. Train without --from."
            )
        if (inner.blocks, inner.beside) != (self.blocks, self.beside):
            raise TrainingError(f"That model learned from {inner.blocks}, not {self.blocks}. Train without --from.")
        return adopted(inner, features)
