"""The network, the mapping beneath it, and which of them speaks."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.features import TASTES
from tastemaker.scorers import ChoiceNet, Choices, Embeddings
from tastemaker.scorers.choices import MAPPING, NEURAL, POPULAR, general_width, no_net
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.testing import ScorerContract
from tastemaker.testing.worlds import lopsided_world, questions

LABELS = ("bad", "good", "odd")
MONDAY_NOON = 1_700_481_600  # 2023-11-20 12:00 UTC


def net(n_categories, rng, learned=True):
    if not learned:
        return no_net(len(LABELS), n_categories)
    d, h = general_width(len(LABELS), 2), 5
    shapes = ((d, h), (6, h), (n_categories, h), (h,), (6,), (d, n_categories), (n_categories,))
    places, draws = np.array([7, 9]), [rng.normal(0, 0.5, s).astype(np.float32) for s in shapes]
    return ChoiceNet(places, *draws, 1.3)


def made(features, learned=50):
    rng = np.random.default_rng(3)
    membership = features.block(TASTES)
    c = membership.shape[1]
    mapping = np.zeros((3, c), np.float32)
    mapping[0, 0] = mapping[1, 1] = mapping[2, c - 1] = 1.0
    return Choices(
        membership, rng.normal(size=len(features)).astype(np.float32),
        Embeddings(unit_rows(features.block("text")), "text"), 0.7, "mood of the day", LABELS, mapping,
        np.full(c, 1 / c, np.float32), np.array([0.1, 0.1, 1.0], np.float32),
        net(c, rng, learned > 0), learned, 10,
    )  # fmt: skip


def told(batch):
    """The questions at a moment of which most sides are known."""
    context = np.array(
        [[np.nan] * 3, [0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0, 0, 1], [0.2, 0.7, 0.1], [1, 0, 0]], np.float32
    )
    said = {f"mood of the day:{label}": context[:, k] for k, label in enumerate(LABELS)}
    before = {f"recent {name}": values[::-1] for name, values in said.items()}
    columns = {**said, **before, "place:code": np.full(6, 9.0, np.float32)}
    return replace(batch, context=columns, now=np.full(6, MONDAY_NOON))


class TestChoices(ScorerContract):
    def scorer(self, world):
        return made(world.features)


class TestMappingAlone(ScorerContract):
    def scorer(self, world):
        return made(world.features, 0)


@pytest.mark.parametrize("learned", [0, 50])
def test_contributions_add_up_in_a_rich_moment(world, learned):
    model, batch = made(world.features, learned), told(questions(world))
    items = np.tile(np.array([0, 7, 39, 3], np.int32), (6, 1))
    scores = model.score(batch, items)
    for q, each in enumerate(model.contributions(batch, items)):
        np.testing.assert_allclose(each.values.sum(axis=1), scores[q], atol=1e-4)
        assert ("context", "hour") in [tuple(p) for p in each.parts]


def test_labels_are_heard_by_their_names_whatever_others_there_are(world):
    model, batch = made(world.features), told(questions(world))
    known = model.score(batch)
    stranger = {"mood of the day:aloof": np.float32([0, 0, 0, 0, 0, np.nan]), "place:of": np.zeros(6, np.float32)}
    np.testing.assert_array_equal(model.score(replace(batch, context={**stranger, **batch.context})), known)
    only = replace(batch, context={"mood of the day:aloof": np.ones(6, np.float32)})
    assert np.isnan(model.situation(only).context).all()
    without = {name: values for name, values in batch.context.items() if name != "mood of the day:odd"}
    shares = model.situation(replace(batch, context=without)).context
    np.testing.assert_allclose(shares[1], [8 / 9, 1 / 9, 0], rtol=1e-6)
    assert np.isnan(shares[3]).all()  # only the name that is gone was said


def test_who_speaks(world):
    batch = told(questions(world))
    who = [voice.who for voice in made(world.features).spoke(batch)]
    assert who[0] == NEURAL  # no label, but a network that knows the hour
    assert who[3] == MAPPING  # of the third label the mapping has always been right
    assert {v.who for v in made(world.features, 0).spoke(batch)} == {MAPPING, POPULAR}
    assert made(world.features, 0).spoke(batch)[0].who == POPULAR


def test_nine_choices_are_too_few_and_ten_are_not(world):
    batch = told(questions(world)).take(slice(1, 2))
    nine, ten = (made(world.features, n).spoke(batch)[0] for n in (9, 10))
    assert (nine.who, ten.who) == (MAPPING, NEURAL)
    assert "9 choices, and needs 10" in nine.why


def test_the_mapping_s_category_comes_first(world):
    model, batch = made(world.features, 0), told(questions(world))
    shares, _ = model.shares(replace(model.situation(batch), stated=np.full((6, 5), np.nan, np.float32)))
    assert shares[5].argmax() == 0
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)


def test_a_broken_network_steps_aside(world):
    model, batch = made(world.features), told(questions(world))
    hurt = replace(model, net=replace(model.net, bias=np.full(5, np.nan, np.float32)))
    assert NEURAL not in {voice.who for voice in hurt.spoke(batch)}
    assert np.isfinite(hurt.score(batch)).all()


def test_hours_of_a_history_count_by_their_nearness(world):
    """A liked item of noon counts at noon, and hardly at midnight."""
    from tastemaker.data.arrays import csr

    model, batch = made(world.features), told(questions(world)).take(slice(0, 1))
    rated = csr(np.array([0]), np.array([0]), np.array([1.0]), batch.ratings.shape)
    when = type(rated)((np.array([MONDAY_NOON - 5 * 86_400]), rated.indices, rated.indptr), shape=rated.shape)
    noon = replace(batch, ratings=rated, when=when)
    night = replace(noon, now=noon.now + 12 * 3600)
    assert model.situation(noon).same.sum() == pytest.approx(1.0)
    assert model.situation(night).same.sum() < 1e-6
    assert model.situation(night).all.sum() == pytest.approx(1.0)


def test_new_items_join_the_kinds_they_are_of(world):
    from tastemaker.testing.worlds import grown

    wider = made(lopsided_world().features).with_items(grown(world.features, 3))
    assert wider.membership.shape[0] == len(world.features) + 3
