"""Several rating models as one: weights learned on later events, by how much is known of user and item.

See algorithms.foretelling; a member's own calibration is not used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers import Scorer
from ..watch import Watch
from .base import Algorithm
from .bayes_mf import BayesMF
from .foretelling import RatingModel
from .rating_content import RatingContent
from .rating_knn import RatingKNN


@dataclass(frozen=True)
class RatingBlend(RatingModel):
    members: tuple[Algorithm, ...] = field(default_factory=lambda: (BayesMF(), RatingContent(), RatingKNN(likes=False)))

    def require(self) -> None:
        for member in self.members:
            member.require()

    def members_of(self) -> Sequence[RatingModel]:
        found = [member for member in self.members if isinstance(member, RatingModel)]
        others = [type(member).__name__ for member in self.members if not isinstance(member, RatingModel)]
        if others or not found:
            raise TrainingError(
                f"A rating blend needs members that foretell grades; it has {', '.join(others) or 'none'}. Name models "
                "such as bayesmf, ratingknn, ratingcontent or biases in `members`."
            )
        return found

    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> Scorer:
        raise TrainingError("A rating blend cannot be a member of another. Name its members there.")
