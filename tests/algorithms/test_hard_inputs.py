"""Every collaborative algorithm on what is legal but hard, and on what must be refused."""

import numpy as np
import pytest

from tastemaker.algorithms import BPRMF, EASE, IALS, BiasedMF, GraphFilter, ItemKNN
from tastemaker.errors import DataError

from ..threads import threads
from .made import STARS, asking, fit, likes_of, lopsided, world_of

OF_LIKES = {
    "bprmf": BPRMF(dim=4, epochs=10),
    "ease": EASE(l2=2.0),
    "graph": GraphFilter(),
    "smooth graph": GraphFilter(smooth=0.3, dim=4),
    "ials": IALS(dim=4, epochs=4),
    "exact ials": IALS(dim=4, epochs=4, solver="exact", counts=True),
    "cosine": ItemKNN(k=5),
    "tfidf": ItemKNN(k=5, weighting="tfidf"),
    "bm25": ItemKNN(k=5, weighting="bm25", shrink=0.0),
}
ALL = OF_LIKES | {"biasedmf": BiasedMF(dim=3, epochs=4)}
ONE_EVENT, TWO_COMPONENTS = np.zeros((5, 4)), np.zeros((7, 6))
ONE_EVENT[3, 1] = 1
TWO_COMPONENTS[:5, :2], TWO_COMPONENTS[5:, 3:] = 1, 1
HARD = {
    "a catalog of one item": np.ones((3, 1)),
    "one item, one user, one event": np.ones((1, 1)),
    "an empty row and an empty column": lopsided(np.random.default_rng(1), 12, 9),
    "first rows that are empty": np.vstack([np.zeros((9, 9)), lopsided(np.random.default_rng(2), 4, 9)]),
    "one event": ONE_EVENT,
    "one user": np.ones((1, 6)),
    "one user of few items": np.float64([[0, 1, 0, 0, 1, 0]]),
    "one item of many": np.eye(6)[[2] * 8],
    "all like everything": np.ones((6, 5)),
    "everybody likes another item": np.eye(6),
    "two worlds that never meet": TWO_COMPONENTS,
    "two items": np.float64([[1, 0], [1, 0], [0, 1]]),
}


def world(name, likes):
    """Likes; for an algorithm of grades, 5 stars and now and then 1."""
    if name != "biasedmf":
        return likes_of(likes)
    stars = np.where(np.add.outer(np.arange(len(likes)), np.arange(likes.shape[1])) % 3, 5.0, 1.0)
    return world_of(np.where(likes, stars, np.nan), "rating", STARS)


def questions(n):
    """Nothing, each item, everything, and one liked while all others are disliked."""
    return asking(np.vstack([np.zeros((1, n)), np.eye(n), np.ones((1, n)), 2 * np.eye(n)[[0]] - 1]))


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("name", ALL)
def test_hard_matrices_are_learned_and_answered(name, hard):
    likes = HARD[hard]
    model, n = fit(ALL[name], world(name, likes)), likes.shape[1]
    batch = questions(n)
    scores, (rows, best) = model.score(batch), model.top(batch, n + 1)
    assert scores.shape == (n + 3, n)
    assert not np.isinf(scores).any()
    met = likes.any(axis=0)
    if name == "biasedmf":
        assert np.isfinite(scores).all()
        own = model.mean + model.vectors(batch)[:, -1:]  # the mean, and the user's bias
        np.testing.assert_allclose(scores[:, ~met], np.broadcast_to(own, scores[:, ~met].shape), atol=1e-6)
    else:
        assert np.isnan(scores[0]).all()
        assert np.isnan(scores[:, ~met]).all()
        assert np.isnan(scores[1 : n + 1][~met]).all()
    for q in range(len(batch)):
        found = rows[q][rows[q] >= 0]
        assert len(set(found.tolist())) == len(found) == np.isfinite(scores[q]).sum()
        np.testing.assert_allclose(scores[q][found], best[q, : len(found)], rtol=1e-4, atol=1e-5)
    everything = np.tile(np.arange(n, dtype=np.int32), (len(batch), 1))
    sums = [each.values.sum(axis=1) for each in model.contributions(batch, everything)]
    np.testing.assert_allclose(sums, scores, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"ease", "cosine", "tfidf", "bm25"}])
def test_an_item_that_everybody_likes_is_known_even_alone(name):
    """Item weights have no weight of an item on itself, and say nothing there; all others answer."""
    scores = fit(ALL[name], world(name, np.ones((3, 1)))).score(asking(np.ones((1, 1))))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", OF_LIKES)
def test_worlds_that_never_meet_are_not_confused(name):
    """Whoever likes an item of one world is led to the rest of it before anything of the other."""
    model = fit(OF_LIKES[name], likes_of(TWO_COMPONENTS))
    scores = np.nan_to_num(model.score(asking(np.eye(6))), nan=-9.0)
    for one, others in ((0, [1]), (1, [0]), (3, [4, 5]), (4, [3, 5]), (5, [3, 4])):
        strange = [3, 4, 5] if one < 2 else [0, 1]
        assert scores[one, others].min() > scores[one, strange].max()


@pytest.mark.parametrize("name", OF_LIKES)
@pytest.mark.parametrize(("value", "said"), [(0.0, "0"), (-2.0, "-2"), (np.inf, "inf")])
def test_a_count_that_is_none_is_refused_by_name(name, value, said):
    plays = np.where(lopsided(np.random.default_rng(1), 12, 9), 3.0, np.nan)
    plays[4, 7] = value
    with pytest.raises(DataError, match=f"play of user 'user 4' and item 'item 7' has the value {said}, .*Correct or"):
        fit(OF_LIKES[name], world_of(plays, "play"))


@pytest.mark.parametrize("name", ALL)
def test_a_value_that_is_no_number_is_refused_by_name(name):
    kind = "rating" if name == "biasedmf" else "play"
    made = world_of(np.where(lopsided(np.random.default_rng(1), 12, 9), 3.0, np.nan), kind, STARS)
    made.data.events.value[5] = np.nan
    user, item = made.data.events.user[5], made.data.events.item[5]
    with pytest.raises(DataError, match=f"'user {user}'.*'item {item}'.* nan, which is no number .1 such"):
        fit(ALL[name], made)


@pytest.mark.parametrize("name", ALL)
def test_same_seed_same_bytes_on_one_thread_and_on_two(name):
    made, found = world(name, lopsided(np.random.default_rng(3), 150, 60, 12)), []
    for n in (1, 2, 2):
        with threads(n):
            model = fit(ALL[name], made, seed=7)
            arrays = {key: array.tobytes() for key, array in model.state()[1].items()}
            found.append((model.state()[0], arrays, np.nan_to_num(model.score(questions(60))).tobytes()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["bprmf", "ials", "exact ials", "biasedmf"])
def test_another_seed_gives_another_model(name):
    made = world(name, lopsided(np.random.default_rng(3), 40, 20))
    one, other = (fit(ALL[name], made, seed).state()[1] for seed in (1, 2))
    assert any(array.tobytes() != other[key].tobytes() for key, array in one.items())
