"""Content for what nobody has met, collaboration for the rest; and what decides between them."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tastemaker.algorithms import IALS, Algorithm, Content, GraphFilter, Hybrid
from tastemaker.algorithms.hybrid import FEW, NEVER, Strata, clearly_better, event_counts
from tastemaker.algorithms.strangers import TOLD, mean_ndcg, strangers
from tastemaker.data.arrays import csr
from tastemaker.errors import TrainingError
from tastemaker.scorers import Embeddings, Popularity
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.testing import AlgorithmContract
from tastemaker.testing.interactions import dataset_of_pairs
from tastemaker.watch import Watch

QUICK = Hybrid((Content(), GraphFilter(near=())))


class TestHybrid(AlgorithmContract):
    algorithm = Hybrid((Content(), IALS(dim=8, epochs=6, near=())))


@dataclass(frozen=True)
class Given(Algorithm):
    """A content model of these vectors."""

    vectors: tuple[tuple[float, ...], ...] = ()

    def fit(self, train, features, rng, watch, valid=None, start=None):
        return Embeddings(unit_rows(np.array(self.vectors, np.float32)), "")


def town(rng, n_items=300, n_users=600, groups=10):
    """Users stay in one of ten groups, and met items tell the group exactly; what content tells of it is blurred."""
    group = rng.integers(0, groups, n_items)
    chance = 1.0 / np.arange(1, n_items + 1) ** 0.7
    user, item = [], []
    for u in range(n_users):
        mine = np.flatnonzero((group == u % groups) & (np.arange(n_items) % 4 != 0))  # a quarter is met by nobody
        theirs = rng.choice(mine, min(8, len(mine)), replace=False, p=chance[mine] / chance[mine].sum())
        user += [u] * len(theirs)
        item += theirs.tolist()
    data, features = dataset_of_pairs(np.array(user, np.int32), np.array(item, np.int32), n_users, n_items)
    vectors = np.eye(groups)[group] + rng.normal(0, 0.45, (n_items, groups))
    return data, features, Given(tuple(map(tuple, vectors.tolist()))), group


def test_it_is_as_good_as_either_on_its_ground_and_better_between(rng):
    data, features, content, group = town(rng)
    late = data.events.user >= 500
    train, test = data.where(~late), data.where(late)
    found = strangers(test, 100, np.random.default_rng(1))
    assert found is not None
    graph = GraphFilter(near=())
    model = Hybrid((content, graph)).fit(train, features, rng, Watch())
    alone = [member.fit(train, features, rng, Watch()) for member in (content, graph)]
    scores = [mean_ndcg(one, *found, 10) for one in alone]
    assert mean_ndcg(model, *found, 10) >= 0.97 * max(scores)
    assert max(scores) > min(scores) + 0.03  # there was something to choose
    unmet = np.flatnonzero(np.arange(len(group)) % 4 == 0)
    batch = found[0]
    theirs = np.array([group[batch.positives[[q]].indices[0]] for q in range(len(batch))])
    rows = np.tile(unmet.astype(np.int32), (len(batch), 1))
    ours, plain = model.score(batch, rows), alone[0].score(batch, rows)
    np.testing.assert_allclose(ours / plain, np.ones_like(ours), rtol=1e-3)  # of what nobody met, content's very order
    assert (group[unmet][np.argmax(ours, axis=1)] == theirs).mean() > 0.7
    assert np.isnan(alone[1].score(batch, rows)).all()


def test_a_part_that_is_noise_is_given_no_say(rng):
    data, features, _, _ = town(rng)
    noise = Given(tuple(map(tuple, rng.normal(size=(300, 10)).tolist())))
    model = Hybrid((noise, GraphFilter(near=()))).fit(data, features, rng, Watch())
    found = strangers(data, 200, rng)
    assert found is not None
    alone = GraphFilter(near=()).fit(data, features, rng, Watch())
    assert mean_ndcg(model, *found, 10) > 0.95 * mean_ndcg(alone, *found, 10)


def test_among_settings_each_model_alone_is_tried(rng):
    """What says the same of everything has no say, whatever its weight: nothing is better than the other alone."""
    data, features, content, _ = town(rng)
    found = strangers(data, 100, rng)
    assert found is not None
    models = (content.fit(data, features, rng, Watch()), Popularity(np.zeros(300, np.float32)))
    strata = Strata.of(models, *found, event_counts(data), 50, 10)
    weights = strata.best()
    alone = strata.ndcg(np.array([[0.0, 0.0], [NEVER, 0.0]]))
    assert weights[0, 0] == 0.0
    units = np.log(strata.spread)[:, None] * np.array([[1.0, 0.0], [1.0, 0.0]])
    assert strata.ndcg(weights + units).mean() == pytest.approx(alone.mean(), abs=0.02)


def test_what_is_met_is_not_hidden_when_hiding_it_would_pay(rng):
    """Users who are looked at want only what nobody met; the model still shows as much that is known as content."""
    data, features, content, group = town(rng)
    n = 40
    told = rng.choice(np.flatnonzero(np.arange(300) % 4 != 0), n)
    wanted = [np.flatnonzero((group == group[j]) & (np.arange(300) % 4 == 0)) for j in told]
    owner = np.repeat(np.arange(n), [len(w) for w in wanted])
    looked = csr(owner, np.concatenate(wanted), np.ones(len(owner), np.float32), (n, 300))
    batch = strangers(data, n, rng)[0]
    batch = replace(batch, positives=csr(np.arange(n), told, np.ones(n, np.float32), (n, 300)))
    counts = event_counts(data)
    models = (content.fit(data, features, rng, Watch()), GraphFilter(near=()).fit(data, features, rng, Watch()))
    strata = Strata.of(models, batch, looked, counts, 100, 10)
    plain = np.array([[0.0, 0.0], [NEVER, 0.0]])
    chosen = strata.best()
    hiding = chosen + np.array([[0.0, -3.0], [0.0, -3.0]])
    assert strata.whole.ndcg(hiding, 10).mean() > strata.whole.ndcg(chosen, 10).mean()
    assert strata.whole.shown(chosen, 10) >= strata.whole.shown(plain, 10)


def test_strangers_tell_a_half_and_look_for_the_rest(rng):
    data, *_ = town(rng)
    batch, wanted = strangers(data, 50, rng)
    assert len(batch) == 50
    assert (batch.user == -1).all()
    told = np.diff(batch.positives.indptr)
    assert ((told >= 1) & (told <= TOLD)).all()
    assert batch.positives.multiply(wanted).nnz == 0
    assert strangers(data.where(np.zeros(len(data), bool)), 50, rng) is None


def test_it_has_two_members_and_somebody_to_ask(world):
    with pytest.raises(TrainingError, match="two members"):
        Hybrid((Content(),))
    alone = world.data.where(np.arange(len(world.data)) < 1)
    model = QUICK.fit(alone, world.features, np.random.default_rng(0), Watch())
    assert not model.share.any()  # nobody can be asked, so content answers alone


def test_what_one_user_says_in_many_strata_is_one_witness(rng):
    """Forty users who differ by chance, asked in eight strata each, in all of which each says the same."""
    each = rng.normal(0.1, 0.5, 40)
    user, lift = np.repeat(np.arange(40), 8), np.repeat(each, 8)
    nothing = np.zeros(len(lift))
    error = each.std() / np.sqrt(40)
    assert 2.0 * error > each.mean() > 0.7 * error
    assert not clearly_better(lift, nothing, user, 2.0)
    assert clearly_better(lift, nothing, np.arange(len(lift)), 2.0)  # as if they were strangers to one another
    assert clearly_better(lift, nothing, user, 0.7)
    assert clearly_better(nothing + 1.0, nothing, user)
    few = user < FEW - 1
    assert not clearly_better(nothing[few] + 1.0, nothing[few], user[few])
