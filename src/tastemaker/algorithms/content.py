"""Content: stated tastes by the mapping, likes by the nearest embeddings. Nothing is learned; cost O(1)."""

from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..scorers import Blend, Embeddings, Mapping, Scorer
from ..scorers.embeddings import unit_rows
from ..watch import Watch
from .base import Algorithm


@dataclass(frozen=True)
class Content(Algorithm):
    learns = "nothing"

    near: tuple[str, ...] = ("text", "lsa", "numbers", TASTES)  # the first of these blocks that exists is compared
    likes: float = 0.5  # weight of the nearness to likes, beside 1 for the stated tastes

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Blend:
        return content_scorer(features, self.near, self.likes)


def content_scorer(features: Features, near: tuple[str, ...], likes: float = 0.5) -> Blend:
    """Tastes by membership; likes by the first of the blocks in `near` that exists."""
    block = next((name for name in near if features.block(name).shape[1]), near[0])
    nearest = Embeddings(unit_rows(features.said(block)), block)
    return Blend((Mapping(features.block(TASTES)), nearest), (1.0, likes))
