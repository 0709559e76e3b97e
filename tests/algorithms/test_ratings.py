"""Rating models against their definitions; calibration on later events; and what they reach on real grades."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from tastemaker.algorithms import BayesMF, Biases, RatingBlend, RatingContent, RatingKNN, calibrate
from tastemaker.algorithms.calibrate import logistic
from tastemaker.algorithms.foretelling import Answers, bend, even, later, weights
from tastemaker.algorithms.graded import as_likes, threshold
from tastemaker.data.dataset import Scale
from tastemaker.data.features import Features
from tastemaker.errors import TrainingError
from tastemaker.evaluate import foretell
from tastemaker.metrics import calibration_error
from tastemaker.scorers.foretelling import KNOTS, hat_weights
from tastemaker.testing.worlds import World, lopsided_world
from tastemaker.watch import Watch

from .made import STARS, asking, world_of
from .test_biased_mf import asked_as, graded, signed

DATA = Path(__file__).parents[3] / "shared" / "data" / "movielens-small"


def learned(model, world):
    return model.learned(world.data, world.features, np.random.default_rng(0), Watch())


def test_biases_are_their_own_damped_means(rng):
    """At the fixed point each side is the damped mean of what the other leaves; a training user is no stranger."""
    stars = graded(rng)
    r = signed(stars)
    model = learned(Biases(damping_user=3.0, damping_item=4.0, drift=0.0), world_of(stars, "rating", STARS))
    seen, mean = ~np.isnan(r), np.nanmean(r)
    a = np.nansum(r - mean - model.bias, axis=1) / (seen.sum(axis=1) + 3.0)
    b = np.nansum(r - mean - a[:, None], axis=0) / (seen.sum(axis=0) + 4.0)
    np.testing.assert_allclose(model.bias, b, atol=2e-3)
    np.testing.assert_allclose(model.vectors(asked_as(r))[:, 0], a, atol=1e-5)


def test_neighbors_are_those_of_a_dense_loop(rng):
    stars = graded(rng, n_users=60)
    world = world_of(stars, "rating", STARS)
    model = learned(RatingKNN(k=4, shrink=5.0), world)
    r, biases = signed(stars), model.biases
    rest = r - biases.mean - biases.bias
    rest -= (np.nansum(rest, axis=1) / ((~np.isnan(r)).sum(axis=1) + 5.0))[:, None]
    lengths, firm = np.sqrt(np.nansum(rest**2, axis=0)), 5.0 * np.nanmean(rest**2)
    alike = np.nan_to_num(rest).T @ np.nan_to_num(rest) / (np.outer(lengths, lengths) + firm)
    np.fill_diagonal(alike, 0.0)
    for i, row in enumerate(alike):
        mine = slice(model.starts[i], model.starts[i + 1])
        best = [j for j in np.argsort(-row)[:4] if row[j] > 0]
        assert set(model.neighbors[mine].tolist()) == set(best)
        np.testing.assert_allclose(np.sort(model.weights[mine]), np.sort(row[best]), atol=1e-5)


def test_content_learns_who_likes_which_kind(rng):
    """Two kinds of items, two of users: after three grades of one kind, ungraded items of that kind come first."""
    kind, fan = np.arange(40) % 2, np.arange(80) % 2
    stars = np.where(kind == fan[:, None], 4.0, 2.0) + rng.choice([-1, 0, 1], (80, 40))
    stars[rng.random(stars.shape) < 0.5] = np.nan
    stars[:, 30:] = np.nan
    world = world_of(stars, "rating", STARS)
    block = np.eye(2, dtype=np.float32)[kind]
    model = learned(RatingContent(), World(world.data, Features(world.features.items, {"text": block})))
    told = np.zeros((1, 40))
    told[0, [0, 2, 4]], told[0, [1, 3]] = 1.0, -1.0
    new = model.score(asking(told))[0, 30:]
    assert new[::2].min() > new[1::2].max() + 0.2


def test_weights_are_found_again(rng):
    """Two members of which the second is right where much is known, the first where little is."""
    truth = rng.normal(0, 0.4, 30_000)
    n = rng.choice(KNOTS, len(truth))
    first = truth + rng.normal(0, np.where(n < 10, 0.05, 1.0))
    second = truth + rng.normal(0, np.where(n < 10, 1.0, 0.05))
    hats = hat_weights(n)
    same = np.tile(hat_weights(np.array([10])), (len(truth), 1))
    answers = Answers(np.column_stack([first, second]), np.zeros((len(truth), 0)), truth, truth > 0, hats, same)
    base, by_user, by_item = weights(answers)
    found = by_user + by_item[:, [2]]
    assert (found[0, :2] > 0.9).all()
    assert (found[1, 2:] > 0.9).all()
    assert np.abs(found[1, :2]).max() < 0.1
    np.testing.assert_allclose(base, 0.0, atol=0.02)
    assert np.abs(answers.weighed(base, by_user, by_item) - truth).mean() < 0.08


def test_nobody_asked_leaves_equal_weights():
    g = len(KNOTS)
    nothing = Answers(
        np.zeros((0, 2)), np.zeros((0, 0)), np.zeros(0), np.zeros(0, bool), np.zeros((0, g)), np.zeros((0, g))
    )
    base, by_user, by_item = weights(nothing)
    np.testing.assert_allclose(by_user, 0.5)
    assert not base.any()
    assert not by_item.any()


def test_the_later_part_is_cut_by_the_clock_or_dealt(rng):
    data = world_of(graded(rng), "rating", STARS).data
    timed = replace(data, events=replace(data.events, time=rng.permutation(len(data)).astype(np.int64)))
    found, late = later(timed, 0.2, rng)
    assert found is timed
    assert found.events.time[late].min() > found.events.time[~late].max()
    dealt, late = later(data, 0.2, rng)
    assert 0.1 < late.mean() < 0.3
    assert (dealt.events.time[late] > dealt.events.time[~late].max()).all()


def test_what_a_like_is_the_scale_says(rng):
    data = world_of(graded(rng), "rating", Scale(1, 5, 4)).data
    assert threshold(data) == pytest.approx(0.25)  # between 3 and 4 stars
    assert set(np.unique(as_likes(data).signed())) == {-1.0, 1.0}
    np.testing.assert_array_equal(as_likes(data).signed() > 0, data.liked())
    assert threshold(replace(data, scales={"rating": STARS})) == pytest.approx(0.25)
    assert threshold(data.where(data.liked())) == 0.0


def test_calibration_counts_likes_as_the_scale_does(rng):
    """The same grades: where only the best are likes, fewer are foretold."""
    world = lopsided_world()
    scales = {kind: replace(scale, like=scale.best) for kind, scale in world.data.scales.items()}
    model = learned(Biases(), world)
    easy, hard = (
        calibrate(model, replace(world.data, scales=kinds), np.random.default_rng(0))
        for kinds in (world.data.scales, scales)
    )
    batch = asking(np.zeros((1, 40)))
    assert hard.predict(batch).like.mean() < easy.predict(batch).like.mean() - 0.1
    np.testing.assert_array_equal(hard.predict(batch).value, easy.predict(batch).value)


def test_logistic_regression_is_at_its_optimum(rng):
    x = rng.normal(size=(400, 2))
    liked = rng.random(400) < 1 / (1 + np.exp(-(0.5 + x @ [2.0, -1.0])))
    found = logistic(x, liked, np.array([0.0, 1.0, 0.0]))
    target = np.where(liked, (liked.sum() + 1) / (liked.sum() + 2), 1 / ((~liked).sum() + 2))
    rows = np.column_stack([np.ones(400), x])
    slope = (1 / (1 + np.exp(-rows @ found)) - target) @ rows + 0.1 * (found - [0.0, 1.0, 0.0])
    np.testing.assert_allclose(slope, 0.0, atol=1e-2)
    np.testing.assert_array_equal(logistic(x[:0], liked[:0], np.array([0.0, 4.0, 0.0])), [0.0, 4.0, 0.0])


def test_the_curve_of_chances_is_found_and_never_turns(rng):
    z = rng.normal(0.5, 1.5, 40_000)
    found = bend(z, rng.random(len(z)) < expit(0.2 + 0.8 * z + 0.5 * np.clip(z, -4, 4) ** 3 / 16))
    np.testing.assert_allclose(found, [0.2, 0.8, 0.5], atol=0.08)
    few = bend(z[:50], rng.random(50) < expit(z[:50]))
    np.testing.assert_allclose(few[1:], [1.0, 0.0], atol=0.35)
    turning = bend(z, rng.random(len(z)) < expit(z - np.clip(z, -4, 4) ** 3 / 16))
    assert turning.tolist() == [0.0, 1.0, 0.0]


def test_those_who_are_asked_are_like_all(rng):
    busy = np.linspace(0.05, 1.0, 90)[:, None]
    data = world_of(np.where(rng.random((90, 40)) < busy, rng.integers(1, 11, (90, 40)) / 2, np.nan), "rating").data
    rows = np.sort(rng.permutation(len(data))[:1600])
    asked = even(rows, data, 400, rng)
    assert (np.diff(asked) > 0).all()
    assert np.isin(asked, rows).all()
    assert len(asked) == 400
    value, user = data.events.value, data.events.user
    for grade in np.unique(value):
        assert abs((value[asked] == grade).sum() - (value[rows] == grade).sum() / 4) <= 1
    assert np.corrcoef(np.bincount(user[asked], minlength=90), np.bincount(user[rows], minlength=90))[0, 1] > 0.85
    assert even(rows, data, 2000, rng) is rows


def test_a_blend_of_strangers_is_refused(rng):
    world = world_of(graded(rng), "rating", STARS)
    for members, named in (((), "none"), ((RatingBlend(),), None)):
        with pytest.raises(TrainingError, match="rating blend") as refused:
            RatingBlend(members=members).fit(*world, rng, Watch())
        assert named is None or named in str(refused.value)


@pytest.mark.parametrize("model", [BayesMF(dim=2, epochs=5), RatingBlend(members=(Biases(), RatingKNN(likes=False)))])
def test_few_grades_are_enough_for_an_answer(model, rng):
    stars = np.full((3, 8), np.nan)
    stars[0, 0], stars[1, 1] = 5, 2
    found = model.fit(*world_of(stars, "rating", STARS), np.random.default_rng(0), Watch())
    told = asking(np.eye(8)[:2])
    assert np.isfinite(found.score(told)).all()
    assert ((found.predict(told).like >= 0) & (found.predict(told).like <= 1)).all()


@pytest.mark.data
def test_real_grades_are_foretold_better_than_by_biases():
    """A random fifth of MovieLens small, two dozen factors short of what benchmarks/ratings.py measures."""
    if not DATA.exists():
        pytest.skip(f"{DATA} is not here")
    rows = np.loadtxt(DATA / "ratings.csv", delimiter=",", skiprows=1)
    user, item = (np.unique(rows[:, c], return_inverse=True)[1] for c in (0, 1))
    stars = np.full((user.max() + 1, item.max() + 1), np.nan)
    stars[user, item] = rows[:, 2]
    world = world_of(stars, "rating", Scale(0.5, 5, 3.5))
    test = np.random.default_rng(0).random(len(world.data)) < 0.2
    data = replace(world.data, events=replace(world.data.events, time=test.astype(np.int64)))
    errors = {}
    for model in (Biases(likes=False), BayesMF(dim=6, epochs=12, likes=False)):
        found = model.fit(data.where(~test), world.features, np.random.default_rng(0), Watch())
        said = foretell(found, data, np.flatnonzero(test))
        errors[type(model).__name__] = 2.25 * np.sqrt(said.losses()["squared error"].mean())
        assert calibration_error(said.chance, said.liked) < 0.04
    assert errors["BayesMF"] < errors["Biases"] - 0.005
    assert errors["BayesMF"] < 0.86
