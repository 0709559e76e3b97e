"""Items that occur together lie together: the contract, the two losses by their definitions, and the served network."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tastemaker.algorithms import EASE, Together
from tastemaker.algorithms.together_draws import Draws, category_codes
from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.features import Features
from tastemaker.data.pairs import pairs_of
from tastemaker.data.query import Batch
from tastemaker.data.vocab import Vocab
from tastemaker.errors import TrainingError
from tastemaker.scorers import Tower
from tastemaker.testing import AlgorithmContract
from tastemaker.testing.worlds import without_text
from tastemaker.watch import Watch

torch = pytest.importorskip("torch")
own = pytest.importorskip("tastemaker.algorithms.together_torch")

SMALL = Together(dim=8, hidden=(16,), epochs=4, batch_size=64, learning_rate=0.01, blocks=("text", "tastes"))


class TestTogether(AlgorithmContract):
    algorithm = SMALL


class TestPlain(AlgorithmContract):
    algorithm = replace(SMALL, objective="cosine", beside=("text",), held_out=0.0)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_contrastive_loss_is_its_definition(rng):
    n, k, d, tau = 5, 2, 3, 0.2
    a, b = unit(rng.normal(size=(n, d))), unit(rng.normal(size=(n, d)))
    against, log_q, log_hard = (
        unit(rng.normal(size=(n * k, d))).reshape(n, k, d),
        rng.normal(size=n),
        rng.normal(size=(n, k)),
    )
    same = rng.random((n, n)) < 0.3
    np.fill_diagonal(same, False)
    expected = []
    for i in range(n):
        over = [np.exp(a[i] @ b[j] / tau) / np.exp(log_q[j]) for j in range(n) if not same[i, j]]
        over += [np.exp(a[i] @ against[i, j] / tau) / np.exp(log_hard[i, j]) for j in range(k)]
        expected.append(-np.log(np.exp(a[i] @ b[i] / tau) / np.exp(log_q[i]) / sum(over)))
    found = own.contrastive(*map(torch.from_numpy, (a, b, log_q, same, against, log_hard)), tau)
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-9)


def test_the_cosine_loss_is_its_definition(rng):
    a, b, against = unit(rng.normal(size=(4, 3))), unit(rng.normal(size=(4, 3))), unit(rng.normal(size=(8, 3)))
    expected = np.mean([1 - a[i] @ b[i] for i in range(4)])
    expected += np.mean([max(0.0, a[i] @ against[2 * i + j] - 0.1) for i in range(4) for j in range(2)])
    found = own.cosine(*map(torch.from_numpy, (a, b, against.reshape(4, 2, 3))), 0.1)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def net_of(world, spec, seed=3):
    pairs = pairs_of(world.data)
    draws = Draws(pairs.where(pairs.weight > 0), 200, category_codes(world.data, spec.category))
    return own.Net(spec, world.features, draws, seed)


@pytest.mark.parametrize("spec", [SMALL, replace(SMALL, hidden=(), beside=("text",)), replace(SMALL, hidden=(9, 7))])
def test_the_served_vectors_are_those_of_the_torch_network(world, spec):
    net = net_of(world, spec)
    for epoch in range(2):
        net.epoch(np.random.default_rng(epoch), epoch)
    with torch.no_grad():
        expected = net.encode(torch.arange(len(world.features)), False).numpy()
    served = net.export()
    known = served.near.vectors.any(axis=1)
    expected = np.hstack([expected, *(world.features.block(name) for name in spec.beside)])
    np.testing.assert_allclose(served.near.vectors[known], unit(expected)[known], atol=1e-5)
    other = net_of(world, spec, seed=4)
    other.load(served)
    np.testing.assert_allclose(other.export().near.vectors, served.near.vectors, atol=1e-5)


def test_an_item_of_which_nothing_is_known_has_no_vector(world):
    blank = {name: block.copy() for name, block in world.features.blocks.items()}
    for block in blank.values():
        block[6] = 0.0
    features = Features(world.features.items, blank, world.features.names)
    model = SMALL.fit(world.data, features, np.random.default_rng(0), Watch())
    assert not model.near.vectors[6].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(model.near.vectors, 6, axis=0), axis=1), 1.0, rtol=1e-5)


def test_draws_follow_the_weights_and_hard_ones_share_the_category(world):
    pairs = pairs_of(world.data)
    pairs = pairs.where((pairs.weight > 0) & (pairs.a > 3))
    category = np.arange(40) % 3
    category[10] = -1
    draws = Draws(pairs, 40_000, category)
    found = draws.epoch(np.random.default_rng(0), 2, 3)
    assert found.against.shape == (40_000, 5)
    assert not np.isin(found.against, [0, 1, 2, 3]).any()  # what is in no pair is learned from in no way
    ends = np.bincount(np.concatenate([found.a, found.b]), minlength=40) / 80_000
    np.testing.assert_allclose(ends, pairs.marginal(), atol=0.005)
    named = found.a != 10
    assert (category[found.against[named, 2:]] == category[found.a[named]][:, None]).all()
    assert len(np.unique(found.against[~named, 2:])) > 14
    met = pairs.marginal() > 0
    np.testing.assert_allclose(np.exp(draws.log_chance())[met], pairs.marginal()[met], rtol=1e-4)
    assert (draws.log_chance()[~met] == draws.log_chance()[met].min()).all()


def hidden_rooms(rng, n_items=120, n_users=150):
    """Rooms that users stay in, and features in which a nuisance is six times as long as what tells the rooms."""
    room = rng.integers(0, 4, n_items)
    tells = np.stack([np.cos(room * np.pi / 2), np.sin(room * np.pi / 2)], axis=1) + rng.normal(0, 0.2, (n_items, 2))
    block = np.hstack([tells, 6.0 * rng.normal(size=(n_items, 2))]).astype(np.float32)
    user, item = [], []
    for u in range(n_users):
        theirs = rng.choice(np.flatnonzero(room == u % 4), 6, replace=False)
        user += [u] * 6
        item += theirs.tolist()
    from tastemaker.testing.interactions import dataset_of_pairs

    data, _ = dataset_of_pairs(np.array(user, np.int32), np.array(item, np.int32), n_users, n_items)
    return data, Features(data.catalog.items, {"numbers": block}), room


@pytest.mark.parametrize("objective", ["contrastive", "cosine"])
def test_it_finds_what_people_go_by_also_for_items_that_nobody_has_met(rng, objective):
    """Four of five nearest neighbors share the hidden room, where raw nearness is chance (a quarter)."""
    data, features, room = hidden_rooms(rng)
    unmet = np.arange(len(room)) % 6 == 0
    data = data.where(~unmet[data.events.item])
    spec = Together(dim=8, hidden=(32,), epochs=20, batch_size=128, learning_rate=0.01, objective=objective,
                    blocks=("numbers",), dropout=0.0)  # fmt: skip
    model = spec.fit(data, features, rng, Watch())

    def same_room(vectors):
        near = vectors[unmet] @ vectors.T
        near[np.arange(unmet.sum()), np.flatnonzero(unmet)] = -2.0
        best = np.argsort(-near, axis=1)[:, :10]
        return float((room[best] == room[unmet][:, None]).mean())

    assert same_room(unit(features.block("numbers"))) < 0.45
    assert same_room(model.near.vectors) > 0.8


def test_a_stranger_hears_more_of_the_same_and_each_like_s_part_is_told(rng):
    data, features, room = hidden_rooms(rng)
    model = Together(dim=8, hidden=(32,), epochs=10, batch_size=128, learning_rate=0.01, blocks=("numbers",)).fit(
        data, features, rng, Watch()
    )
    n = len(room)
    likes = np.flatnonzero(room == 2)[:3]
    one = np.ones(3, np.float32)
    batch = Batch(
        csr(np.zeros(3, int), likes, one, (1, n)),
        empty_csr(1, n),
        np.array([-1], np.int32),
        np.zeros((1, 0), np.float32),
    )
    rows, scores = model.top(batch, 8, batch.positives)
    assert (room[rows[0]] == 2).mean() > 0.7
    (parts,) = model.contributions(batch, rows)
    np.testing.assert_allclose(parts.values.sum(axis=1), scores[0], atol=1e-5)
    shares = np.stack([model.near.vectors[rows[0]] @ model.near.vectors[j] / 3 for j in likes], axis=1)
    np.testing.assert_allclose(parts.values[:, 1:], shares, atol=1e-6)


def test_what_validation_users_did_changes_no_weight_of_the_epochs_that_are_chosen_from(rng):
    data, features, _ = hidden_rooms(rng)
    spec = replace(SMALL, blocks=("numbers",), patience=0, epochs=2)
    late = data.events.user >= 120
    train, valid = data.where(~late), data.where(late)
    other = replace(valid, events=replace(valid.events, item=(valid.events.item * 7 + 1) % 120))
    one, two = (spec.fit(train, features, np.random.default_rng(0), Watch(), valid=v) for v in (valid, valid))
    np.testing.assert_array_equal(one.weights[0], two.weights[0])
    curves = []
    for v in (valid, other):
        seen = []
        spec.fit(
            train,
            features,
            np.random.default_rng(0),
            Watch(report=lambda p, s=seen: s.append(dict(p.metrics))),
            valid=v,
        )
        curves.append(seen)
    assert [m["loss"] for m in curves[0]] == [m["loss"] for m in curves[1]]
    assert [m["recall"] for m in curves[0]] != [m["recall"] for m in curves[1]]
    assert {"loss", "valid_loss", "recall"} <= curves[0][0].keys()


def test_each_epoch_is_learned_on_one_thread_whatever_ran_before_it(rng, monkeypatch):
    """Kernels that measure the recall leave PyTorch on as many threads as there are."""
    data, features, _ = hidden_rooms(rng)
    threads, loss = [], own.Net.loss

    def looked(net, drawn, learn):
        threads.append(torch.get_num_threads())
        return loss(net, drawn, learn)

    monkeypatch.setattr(own.Net, "loss", looked)
    replace(SMALL, blocks=("numbers",)).fit(data, features, rng, Watch())
    assert set(threads) == {1}


def test_the_rate_falls_in_a_straight_line_to_nothing_and_no_further(rng, monkeypatch):
    rates = []
    step = own.Adam.step
    monkeypatch.setattr(own.Adam, "step", lambda self, rate: (rates.append(rate), step(self, rate))[1])
    data, features, _ = hidden_rooms(rng)
    replace(SMALL, blocks=("numbers",), held_out=0.0).fit(data, features, rng, Watch())
    n = len(rates)
    assert n > SMALL.epochs
    np.testing.assert_allclose(rates, SMALL.learning_rate * (1.0 - np.arange(n) / n), rtol=1e-9)


def test_it_stops_when_the_validation_loss_gets_no_lower(rng):
    data, features, _ = hidden_rooms(rng)
    done = []
    spec = replace(SMALL, blocks=("numbers",), patience=3, epochs=60)
    spec.fit(data, features, rng, Watch(report=lambda p: done.append((p.done, p.total, dict(p.metrics)))))
    chosen = [m for n, _, m in done if n <= 60]
    again = [m for n, _, m in done if n > 60]
    assert done[-1][:2] == (120, 120)
    assert 3 < len(chosen) < 60
    best = int(np.argmin([m["valid_loss"] for m in chosen]))
    assert len(chosen) == best + 1 + 3
    assert len(again) == best + 1  # then everything is learned from, for as many epochs
    assert not any(again)
    assert {"recall_new"} <= chosen[0].keys()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"epochs": 0}, "at least 1"),
        ({"temperature": 0.0}, "above 0"),
        ({"dropout": 1.0}, "shares"),
        ({"held_out": 2.0}, "held_out"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, says):
    with pytest.raises(TrainingError, match=says):
        Together(**wrong)


def test_nothing_together_is_said(world):
    alone = events_of(np.arange(5), np.arange(5), np.ones(5, np.float32), "like")
    data = Dataset(alone, world.data.catalog, Vocab(tuple("abcde")))
    with pytest.raises(TrainingError, match="nothing to learn"):
        SMALL.fit(data, world.features, np.random.default_rng(0), Watch())
    with pytest.raises(TrainingError, match="these columns: "):
        replace(SMALL, category="nope", hard=0.5).fit(world.data, world.features, np.random.default_rng(0), Watch())


def test_fine_tuning_takes_its_own_kind_only(world):
    rng = np.random.default_rng(0)
    model = SMALL.fit(*world, rng, Watch())
    assert isinstance(SMALL.fit(*world, rng, Watch(), start=model), Tower)
    strangers = [
        (EASE().fit(*world, rng, Watch()), SMALL, world),
        (model, replace(SMALL, dim=5), world),
        (model, replace(SMALL, beside=("text",)), world),
        (model, SMALL, without_text(world)),
    ]
    for start, spec, on in strangers:
        with pytest.raises(TrainingError, match="--from"):
            spec.fit(*on, rng, Watch(), start=start)


def test_hard_negatives_do_not_hinder_learning(world):
    column = next(iter(world.data.catalog.categories))
    spec = replace(SMALL, category=column, hard=1.0, negatives=3)
    for one in (spec, replace(spec, objective="cosine")):
        model = one.fit(*world, np.random.default_rng(0), Watch())
        assert np.isfinite(model.near.vectors).all()


def test_hard_negatives_may_share_the_first_of_their_tags(world):
    tags = tuple(("rock", "live") if i % 2 else () if i == 4 else ("folk",) for i in range(len(world.data.catalog)))
    catalog = replace(world.data.catalog, tags={"genre": tags})
    codes = category_codes(replace(world.data, catalog=catalog), "genre")
    assert codes[4] == -1
    assert len({codes[1], codes[3], codes[0], codes[2]}) == 2
    assert codes[1] == codes[3] != codes[0] == codes[2]


def test_every_pair_of_learned_items_is_comparable(world):
    vectors = SMALL.fit(*world, np.random.default_rng(0), Watch()).near.vectors
    for i, j in combinations(range(0, 40, 7), 2):
        assert -1.001 <= float(vectors[i] @ vectors[j]) <= 1.001
