"""What RankNet and DPL share: a scorer network conditioned on the user, learned in PyTorch, served by scorers.Mlp.

One step takes `batch_size` users and scores each one's list once (k forward passes where pairs would take k²). Every
epoch draws a fresh view of every user (views.py). Cost an epoch: O(users · k · (d h1 + h1 h2)); memory O(n_items · d).
"""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ..data.arrays import Float32
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..errors import MissingExtra, TrainingError
from ..scorers import Mlp, Scorer, core
from ..scorers.mlp import mean_embedding
from ..watch import Watch
from .base import Algorithm, adopted
from .taste import fit_prior
from .views import Lists, View, draw_view, lists_of, whole_view

if TYPE_CHECKING:
    import torch

    from .network_torch import Net


@dataclass(frozen=True)
class Network(Algorithm):
    """
    batch_size: users a step; accumulate: steps whose gradients are summed before the weights move
    patience:   epochs without a better validation loss before learning stops; 0 = never stop early
    """

    learns = "tastes"

    hidden: tuple[int, ...] = (128, 128)
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: Literal["cosine", "constant"] = "cosine"
    l2: float = 0.0
    dropout: float = 0.0
    accumulate: int = 1
    patience: int = 0
    blocks: tuple[str, ...] = (TASTES, "text", "numbers")
    near: str = "text"

    squash: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.accumulate < 1 or self.learning_rate <= 0:
            raise TrainingError(f"{self}: epochs, batch_size and accumulate are at least 1, learning_rate above 0.")

    @staticmethod
    @abstractmethod
    def loss(scores: "torch.Tensor", signed: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
        """scores, signed (q, k); target bool (q, k), the entries that count -> one number."""

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
    ) -> Mlp:
        self.require()
        from .network_torch import Net, one_thread

        lists = lists_of(train)
        if len(lists) == 0:
            raise TrainingError(f"{type(self).__name__} needs a user with two rated items; there is none.")
        first = self._start(start, features)
        prior = first.prior if first is not None else fit_prior(train, features)
        with one_thread():
            seed = int(rng.integers(1 << 31))
            net = Net(self, prior, features, seed)
            if first is not None:
                net.load(first)
            self._learn(net, lists, None if valid is None else lists_of(valid), seed, watch)
            return net.export()

    def _start(self, start: Scorer | None, features: Features) -> Mlp | None:
        if start is None:
            return None
        inner = core(start)
        widths = tuple(w.shape[0] for w in inner.weights) if isinstance(inner, Mlp) else ()
        if not isinstance(inner, Mlp) or widths != self.hidden or inner.squash != self.squash:
            raise TrainingError(
                f"{type(self).__name__} cannot start from this {type(inner).__name__} {widths or ''}: it needs a "
                f"network of widths {self.hidden} that the same algorithm learned. Train without --from."
            )
        return adopted(inner, features)

    def _learn(self, net: "Net", lists: Lists, valid: Lists | None, seed: int, watch: Watch) -> None:
        """Epochs until they are used up or validation stops improving; the best epoch is kept when there is one."""
        best, best_loss, waited = None, np.inf, 0
        first_loss = net.validate(lists, whole_view(lists))  # before any step: the first epoch can be lost already
        begun = net.restore(watch.restore())
        for epoch in range(begun, self.epochs):
            rng = np.random.default_rng((seed, epoch))  # keyed by the epoch, so that a resumed job is the same job
            loss = net.epoch(lists, draw_view(lists, rng), rng, epoch)
            if not np.isfinite(loss) or loss > 10.0 * first_loss + 1.0:
                raise TrainingError(
                    f"{type(self).__name__}: the loss degenerated to {loss:.3g} in epoch {epoch + 1} (it began at "
                    f"{first_loss:.3g}). Nothing was saved. Lower learning_rate (now {self.learning_rate:g})."
                )
            metrics = {"loss": loss}
            if valid is not None and len(valid):
                metrics["valid_loss"] = net.validate(valid, whole_view(valid))
                if metrics["valid_loss"] < best_loss - 1e-5:
                    best, best_loss, waited = net.weights(), metrics["valid_loss"], 0
                else:
                    waited += 1
            watch.progress(epoch + 1, self.epochs, **metrics)
            watch.save(partial(net.checkpoint, epoch + 1))
            if self.patience and waited >= self.patience:
                break
        if best is not None and self.patience:
            net.set_weights(best)
        watch.finished()


def user_inputs(net: "Net", lists: Lists, view: View) -> tuple[Float32, Float32]:
    """[tastes, spread] float32 (u, 2 p) and the history's embedding float32 (u, e) of every user of a view."""
    tastes, spread = net.prior.infer(view.profile, view.history)
    return np.hstack([tastes, spread]), mean_embedding(view.history, net.embedding)
