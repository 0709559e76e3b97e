import numpy as np
import pytest

from tastemaker.algorithms import Popular
from tastemaker.testing import AlgorithmContract
from tastemaker.testing.worlds import UNSEEN
from tastemaker.watch import Watch


class TestPopular(AlgorithmContract):
    algorithm = Popular()
    learns = False  # everybody gets the same order
    reports = False


def test_it_is_the_damped_mean_of_the_last_preference_of_each_user(world, rng):
    model = Popular(damping=2.0).fit(*world, rng, Watch())
    events, latest = world.data.events, {}
    for n, signed in enumerate(world.data.signed()):
        latest[int(events.user[n]), int(events.item[n])] = max(
            latest.get((int(events.user[n]), int(events.item[n])), (-1, -1, 0.0)),
            (int(events.time[n]), n, float(signed)),
        )
    for item in range(len(world.features)):
        mine = [signed for (_, i), (_, _, signed) in latest.items() if i == item]
        assert model.values[item] == pytest.approx(sum(mine) / (len(mine) + 2.0), abs=1e-5)
    assert model.values[UNSEEN] == 0.0


def test_more_damping_is_nearer_to_0(world, rng):
    loose, tight = (np.abs(Popular(damping).fit(*world, rng, Watch()).values) for damping in (1.0, 50.0))
    assert (tight <= loose).all()
