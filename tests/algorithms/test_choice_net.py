"""A network of choices: the contract, its definition solved another way, and what it does with few and many."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from tastemaker.algorithms import ChoiceLearner
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.features import TASTES, Features
from tastemaker.data.known import first_contacts, known_before
from tastemaker.data.vocab import Vocab
from tastemaker.errors import TrainingError
from tastemaker.scorers.situation import category_inputs, general_inputs
from tastemaker.testing import AlgorithmContract
from tastemaker.testing.worlds import lopsided_world, one_user, without_tastes, without_text
from tastemaker.watch import Watch

KINDS = ("red", "green", "blue")
MAPPING = {"high": ("red",), "low": ("green",)}
HOUR, DAY = 3600, 86_400
BEGIN = 1_700_438_400  # a midnight


class TestChoiceLearner(AlgorithmContract):
    algorithm = ChoiceLearner(
        "weather", ("dry", "wet"), {"dry": ("woody",), "wet": ("fresh", "floral")}, epochs=4, least=5
    )
    learns = False  # kinds of items, not items: lists of ranked items are not what it is for

    @pytest.mark.parametrize("cut", [without_text, one_user])
    def test_poorer_worlds_work(self, cut):
        super().test_poorer_worlds_work(cut)

    def test_where_items_are_of_no_kind_nothing_is_learned(self):
        with pytest.raises(TrainingError, match="No item is of any kind"):
            self.fit(without_tastes(lopsided_world()))


def little_world(n=400, habit=0.9, seed=0, users=8):
    """Choices an hour or more apart; in the evening everybody's are blue, whatever the label says."""
    rng = np.random.default_rng(seed)
    ids = Vocab(tuple(f"item {i}" for i in range(12)))
    catalog = Catalog(ids, ids.ids, {}, {}, {})
    kind = np.arange(12) % 3
    user, day, hour = rng.integers(0, users, n), rng.integers(0, 60, n), rng.integers(0, 24, n)
    label = rng.integers(0, 2, n)
    evening = (hour >= 18) & (rng.random(n) < habit)
    chosen = np.where(evening, 2, label)
    item = np.array([rng.choice(np.flatnonzero(kind == k)) for k in chosen])
    time = BEGIN + day * DAY + hour * HOUR + rng.integers(0, HOUR, n)
    order = np.argsort(time, kind="stable")
    events = events_of(
        user[order].astype(np.int32), item[order].astype(np.int32), np.ones(n, np.float32), "click", time=time[order]
    )
    context = {"mood:high": (label == 0)[order].astype(np.float32), "mood:low": (label == 1)[order].astype(np.float32)}
    data = Dataset(replace(events, context=context), catalog, Vocab(tuple(f"u{u}" for u in range(users))))
    return data, Features(ids, {TASTES: np.eye(3, dtype=np.float32)[kind]}, {TASTES: KINDS})


def learned(data, features, **more):
    model = ChoiceLearner("mood", ("high", "low"), MAPPING, **more)
    return model.fit(data, features, np.random.default_rng(0), Watch())


def test_a_few_choices_by_chance_do_not_make_it_sure():
    """By heart it knows them all; what it says of those that it has not met sets its sureness right."""
    data, features = little_world(40)
    chance = replace(data.events, item=np.random.default_rng(5).integers(0, 12, 40).astype(np.int32))
    data = replace(data, events=chance)
    model = learned(data, features)
    _, batch = next(iter(known_before(data, np.arange(40), repeats=True)))
    shares = model.net.shares(model.situation(batch), model.mapping, model.prior)
    assert shares.max(axis=1).mean() < 0.55
    sure, _ = little_world(40, habit=1.0)
    assert learned(sure, features).net.temperature < model.net.temperature


def test_it_learns_what_the_mapping_cannot_know():
    data, features = little_world(1500)
    model = learned(data, features)
    _, batch = next(iter(known_before(data, np.arange(len(data)), repeats=True)))
    shares, _ = model.shares(model.situation(batch))
    hour = data.events.time % DAY // HOUR
    assert shares[hour >= 19][:, 2].mean() > 0.7
    assert shares[(hour > 1) & (hour < 16)][:, 2].mean() < 0.15


def test_numpy_serves_what_torch_has_learned():
    """The served network beside its formula, written with loops."""
    data, features = little_world(120)
    model = learned(data, features, epochs=2)
    _, batch = next(iter(known_before(data, np.arange(100, 110), repeats=True)))
    s, net = model.situation(batch), model.net
    z, x = general_inputs(s, net.places), category_inputs(s, model.mapping, model.prior)
    found = net.shares(s, model.mapping, model.prior)
    for q in range(10):
        logits = [
            np.maximum(z[q] @ net.general + x[q, c] @ net.each + net.kind[c], 0) @ net.out
            + x[q, c] @ net.skip + z[q] @ net.direct[:, c] + net.bias[c]
            for c in range(3)
        ]  # fmt: skip
        e = np.exp((np.array(logits) - max(logits)) / net.temperature)
        np.testing.assert_allclose(found[q], e / e.sum(), rtol=1e-4)


def test_ten_choices_are_enough_and_nine_are_not():
    data, features = little_world(10)
    assert learned(data, features).learned == 10
    with pytest.raises(TrainingError, match="9 choices are too few to learn from: 1 more are needed"):
        learned(data.where(np.arange(10) < 9), features)


def test_how_often_the_mapping_was_right_is_counted():
    data, features = little_world(2000, habit=0.0)
    model = learned(data, features, epochs=1)
    assert model.right == pytest.approx(np.ones(2), abs=0.01)
    data, features = little_world(2000, habit=1.0)
    assert learned(data, features, epochs=1).right == pytest.approx(np.full(2, 0.75), abs=0.06)


def test_a_sequel_is_no_choice():
    data, _ = little_world(50)
    again = data.events.where(np.arange(50) < 20)
    later = replace(again, time=again.time + 60)
    names = [*("user", "item", "value", "time", "received_at", "kind", "synthetic", "group")]
    both = {name: np.concatenate([getattr(data.events, name), getattr(later, name)]) for name in names}
    context = {name: np.concatenate([c, later.context[name]]) for name, c in data.events.context.items()}
    twice = replace(data, events=replace(data.events, **both, context=context))
    assert first_contacts(twice)[50:].sum() == 0
    assert first_contacts(twice, within=30).sum() >= first_contacts(twice).sum() + 20


def test_old_choices_fade_and_rare_kinds_can_weigh_more():
    data, features = little_world(300)
    how = ChoiceLearner("mood", ("high", "low"), MAPPING, half_life=10.0)
    target = features.block(TASTES)[data.events.item]
    weights = how._weights(data.events.time, target)
    age = (data.events.time.max() - data.events.time) / DAY
    np.testing.assert_allclose(weights / weights[-1], 0.5 ** ((age - age[-1]) / 10.0), rtol=1e-4)
    even = replace(how, half_life=0.0, balance=1.0)._weights(data.events.time, target)
    each = [float(even[target[:, k] == 1].sum()) for k in range(3)]
    assert max(each) / min(each) == pytest.approx(1.0, abs=0.01)
