"""How long each block of features is when it enters a learner; folded into the weights again when one is served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32
from ..data.features import Features
from ..scorers import TastePrior


@dataclass(frozen=True)
class Scaling:
    """scaled = (raw - center) * scale;  center, scale: float32 (d,)."""

    center: Float32
    scale: Float32

    def apply(self, raw: Float32) -> Float32:
        return ((raw - self.center) * self.scale).astype(np.float32)

    def fold(self, weight: Float32) -> tuple[Float32, Float32]:
        """Weights (d, k) on scaled inputs -> weights on raw ones, and the constant (k,) that comes with them."""
        raw = (weight * self.scale[:, None]).astype(np.float32)
        return raw, (-self.center @ raw).astype(np.float32)

    def unfold(self, raw: Float32) -> tuple[Float32, Float32]:
        """The inverse of `fold`: weights on scaled inputs, and the constant to add."""
        return (raw / self.scale[:, None]).astype(np.float32), (self.center @ raw).astype(np.float32)


def scaling_of(features: Features, blocks: Sequence[str]) -> Scaling:
    """Each block is centred, and its rows are as long as `gain` says (root mean square over items)."""
    found = [features.block(name) for name in blocks]
    scale = [np.full(b.shape[1], gain(b.shape[1]) / length(b), np.float32) for b in found]
    return Scaling(features.matrix(blocks).mean(axis=0), np.concatenate(scale))


def gain(width: int) -> float:
    """A wide block says less a column, so that it overfits less.

    Chosen on validation users: with 2 for every block, 300 columns of text take several points off the quality.
    """
    return 2.0 * min(1.0, 10.0 / max(width, 1))


def length(block: Float32) -> float:
    """Root mean square length of a row around the mean row; 1 for a block that does not vary."""
    spread = float(np.sqrt(((block - block.mean(axis=0)) ** 2).sum(axis=1).mean())) if block.size else 1.0
    return spread if spread > 1e-9 else 1.0


def match_length(prior: TastePrior) -> float:
    """Standard deviation of the match t · x over users and items, 1 where there is nothing to match."""
    if prior.p == 0:
        return 1.0
    users = np.linalg.cholesky(np.linalg.inv(prior.precision.astype(np.float64)))
    return length((prior.looks() @ users).astype(np.float32))
