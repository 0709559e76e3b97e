import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Mapping
from tastemaker.testing import ScorerContract


class TestMapping(ScorerContract):
    def scorer(self, world):
        return Mapping(world.features.block(TASTES))


def test_it_is_the_sum_of_stated_tastes_times_membership(world, asked):
    membership = world.features.block(TASTES)
    scores = Mapping(membership).score(asked)
    for q, profile in enumerate(asked.profile):
        for i in range(len(membership)):
            said = [float(t) * float(m) for t, m in zip(profile, membership[i], strict=True) if not np.isnan(t)]
            np.testing.assert_allclose(scores[q, i], sum(said) if said else np.nan, rtol=1e-5)
