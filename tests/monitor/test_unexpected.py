"""What nobody expected: which they are, and a planted taste is told from an odd user and from noise."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tastemaker.monitor import Cluster, clusters, odds_of_like, unexpected
from tastemaker.monitor.unexpected import Share
from tastemaker.store.quality import Outcomes

from .made import outcomes

N_ITEMS, FAMILIES = 60, ("woody", "floral", "fresh", "sweet")
MEMBER = np.eye(4, dtype=np.float32)[np.arange(N_ITEMS) % 4]
VECTORS = (MEMBER @ np.random.default_rng(7).normal(size=(4, 8))).astype(np.float32)


def test_what_is_unexpected() -> None:
    """liked, chance, place -> which it is; of 101 items the top ten have a place below .1."""
    cases = [
        (True, 0.19, 0.1, "liked"), (True, 0.21, 0.1, ""), (True, 0.4, 0.51, "liked"), (True, 0.6, 0.9, ""),
        (False, 0.81, 0.9, "disliked"), (False, 0.79, 0.5, ""), (False, 0.6, 0.09, "disliked"), (False, 0.6, 0.1, ""),
        (False, 0.4, 0.0, ""), (True, np.nan, 0.6, "liked"), (False, np.nan, 0.0, "disliked"),
        (True, np.nan, np.nan, ""),
    ]  # fmt: skip
    liked, chance, place, wanted = (np.array(column) for column in zip(*cases, strict=True))
    found = unexpected(replace(outcomes(np.ones(12, bool)), liked=liked, chance=chance, place=place), 101)
    assert np.where(found.liked, "liked", np.where(found.disliked, "disliked", "")).tolist() == wanted.tolist()
    assert (found.any == (wanted != "")).all()


def world(rng: np.random.Generator, n: int = 1500) -> Outcomes:
    """Likes of 50 users, some of whom are busy."""
    user = rng.choice(50, n, p=rng.dirichlet(np.ones(50)))
    return replace(outcomes(np.ones(n, bool), user), item=rng.integers(0, N_ITEMS, n))


def told(found: Outcomes, flagged: np.ndarray, rng: np.random.Generator) -> dict[str, Cluster]:
    users = {k: f"u{k}" for k in range(50)}
    odds = odds_of_like(found)
    return {c.by: c for c in clusters(found, flagged, odds, MEMBER, FAMILIES, VECTORS, users, rng)}


def test_a_new_taste_is_told_from_noise(rng: np.random.Generator) -> None:
    found = world(rng)
    flagged = rng.random(1500) < np.where(MEMBER[found.item, 1] == 1, 0.15, 0.05)  # floral is liked, and nobody knew
    by = told(found, flagged, rng)
    assert by["family"].sure
    assert by["neighbors"].sure
    assert not by["user"].sure
    assert next(iter(by["family"].most)) == "floral"
    many, usual = by["family"].most["floral"]
    assert many == flagged[MEMBER[found.item, 1] == 1].sum()
    assert usual < many


def test_an_odd_user_is_no_new_taste(rng: np.random.Generator) -> None:
    """All of one busy user's likes are unexpected, and that user likes nothing but wood."""
    found = world(rng)
    found.user[:120], found.item[:120] = 49, rng.integers(0, N_ITEMS // 4, 120) * 4
    found.user[120:] %= 49
    flagged = (rng.random(1500) < 0.05) | (np.arange(1500) < 120)
    by = told(found, flagged, rng)
    assert by["user"].sure
    assert next(iter(by["user"].most)) == "u49"
    assert not by["family"].sure
    assert not by["neighbors"].sure


def test_noise_is_called_noise() -> None:
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = world(rng, 400)
        wrong += sum(c.sure for c in told(found, rng.random(400) < 0.1, rng).values())
    assert wrong <= 4  # of 120 tests at 1 %; more than 4 happen once in 100 such runs


def test_what_happens_as_often_as_foretold_is_noise() -> None:
    """Floral things are given ten times the odds, and turn out liked as often as that: nothing new is in it."""
    wrong = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found = world(rng, 800)
        chance = np.where(MEMBER[found.item, 1] == 1, 0.18, 0.02)
        found = replace(found, chance=chance)
        wrong += told(found, rng.random(800) < chance, rng)["family"].sure
    assert wrong <= 2


def test_rounds_are_drawn_one_after_the_other(rng: np.random.Generator) -> None:
    """All rounds at once would hold 80 MB."""
    found = world(rng, 20_000)
    tracemalloc.start()
    try:
        told(found, rng.random(20_000) < 0.1, rng)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_of_each_user_as_many_as_were_unexpected_are_drawn(rng: np.random.Generator) -> None:
    user, flagged, key = rng.integers(0, 9, 200) ** 2, rng.random(200) < 0.2, rng.gumbel(size=200) * 5
    flagged[user == 4] = False
    drawn = sorted(Share.of(user, flagged).drawn(key).tolist())
    wanted = []
    for one in range(81):
        mine = sorted(np.flatnonzero(user == one), key=lambda k: -key[k])
        wanted += mine[: flagged[user == one].sum()]
    assert drawn == sorted(wanted)


def test_too_few_say_nothing(rng: np.random.Generator) -> None:
    found = world(rng, 100)
    assert told(found, np.arange(100) < 9, rng) == {}
    assert told(found, np.ones(100, bool), rng) == {}


def test_concentration_by_hand() -> None:
    """Nine of one user and three of another: 78 of 132 ordered pairs are of one user."""
    rng = np.random.default_rng(0)
    user = np.repeat([0, 1], 20)
    found = replace(outcomes(np.ones(40, bool), user), item=np.zeros(40, np.int64))
    flagged = np.zeros(40, bool)
    flagged[:9], flagged[20:23] = True, True
    (cluster,) = clusters(found, flagged, np.ones(40), MEMBER[:, :1], ("x",), VECTORS[:, :1], {0: "a", 1: "b"}, rng)
    assert cluster.found == pytest.approx((9 * 8 + 3 * 2) / (12 * 11))
    assert cluster.most == {"a": (9.0, pytest.approx(6.0, abs=0.4)), "b": (3.0, pytest.approx(6.0, abs=0.4))}
