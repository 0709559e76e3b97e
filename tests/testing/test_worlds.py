import numpy as np
import pytest

from tastemaker.data.features import TASTES
from tastemaker.testing import grown, lopsided_world, one_item, one_user, without_tastes, without_text
from tastemaker.testing.same import assert_same
from tastemaker.testing.worlds import NEWCOMER, PURE, SILENT, STRANGER, TWIN, UNSEEN, questions


@pytest.mark.parametrize("seed", range(4))
def test_every_world_is_as_lopsided_as_promised(seed):
    data, features = lopsided_world(seed)
    events, membership = data.events, features.block(TASTES)
    of_users, of_items = np.bincount(events.user, minlength=80), np.bincount(events.item, minlength=40)
    assert (of_users[STRANGER], of_users[NEWCOMER], of_items[UNSEEN]) == (0, 1, 0)
    assert of_items[:5].mean() > 4 * of_items[5:].mean()  # popularity is skewed
    assert np.flatnonzero(~features.known("text")).tolist() == [SILENT]
    np.testing.assert_array_equal(membership[:PURE], np.eye(PURE))
    np.testing.assert_allclose(membership.sum(axis=1), 1.0, rtol=1e-5)
    assert membership.sum(axis=0).max() > 3 * membership.sum(axis=0).min()
    assert all((block[TWIN] == block[TWIN - 1]).all() for block in features.blocks.values())
    lengths = np.linalg.norm(features.block("text"), axis=1)
    np.testing.assert_allclose(np.delete(lengths, SILENT), 1.0, rtol=1e-5)
    unstated = np.isnan(data.profiles).mean(axis=1)
    assert {"all", "some", "none"} == {"all" if u == 1 else "some" if u else "none" for u in unstated}
    assert 0 < events.synthetic.sum() < len(events)
    assert len(set(zip(events.user, events.item, strict=True))) < len(events)  # something was rated again
    assert (data.signed() == 0.0).any()
    assert len(np.unique(events.kind)) == 2


def test_the_same_seed_is_the_same_world_and_another_is_not():
    assert_same(lopsided_world(3), lopsided_world(3))
    assert lopsided_world(3).features.digest != lopsided_world(4).features.digest


def test_poorer_worlds_lack_what_they_say_and_keep_the_rest(world):
    assert without_tastes(world).features.tastes == ()
    assert without_tastes(world).data.profiles.shape == (80, 0)
    assert without_text(world).features.block("text").shape == (40, 0)
    assert len(one_user(world).data.users) == 1
    assert len(one_user(world).data) == np.bincount(world.data.events.user).max()
    assert len(one_item(world).features) == len(one_item(world).data.catalog) == 1


def test_a_grown_catalog_begins_with_the_old_one(world):
    features = grown(world.features, 3)
    assert features.items.ids[:40] == world.features.items.ids
    np.testing.assert_array_equal(features.block("text")[:40], world.features.block("text"))
    assert not features.known("text")[-1]


@pytest.mark.parametrize("cut", [lambda world: world, without_tastes, without_text, one_user, one_item])
def test_questions_fit_every_world(world, cut):
    poorer = cut(world)
    batch = questions(poorer)
    assert batch.positives.shape == batch.ratings.shape == (6, len(poorer.features))
    assert batch.profile.shape == (6, len(poorer.features.tastes))
    assert (batch.user < len(poorer.data.users)).all()
