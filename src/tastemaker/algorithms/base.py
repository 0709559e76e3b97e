"""What every algorithm promises."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers import Scorer
from ..watch import Watch

Start = TypeVar("Start", bound=Scorer)


@dataclass(frozen=True)
class Algorithm(ABC):
    """Hyper-parameters and how to learn with them: a frozen dataclass of plain values.

    learns: from whose lists it can learn. "tastes" = also from invented users', whose tastes are known; "events" = from
    what real users did; "nothing" = it needs no one
    """

    learns: ClassVar[Literal["tastes", "events", "nothing"]] = "events"

    def require(self) -> None:  # noqa: B027 most algorithms need nothing
        """MissingExtra, with its install line, when this algorithm cannot learn on this machine."""

    @abstractmethod
    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Learn from `train`; all chance comes from `rng`.

        features: one row for each item of train.catalog
        valid:    rankings that only early stopping may look at
        start:    a scorer to fine-tune from; TrainingError when this algorithm cannot start from it
        """


def adopted(start: Start, features: Features) -> Start:
    """The model to fine-tune, knowing these features; TrainingError when they are not those that it learned from."""
    try:
        return start.with_items(features)
    except ValueError as mismatch:
        raise TrainingError(
            f"This {type(start).__name__} learned from other features than {', '.join(sorted(features.blocks))}. "
            "Train without --from, or with the features that it was trained with."
        ) from mismatch
