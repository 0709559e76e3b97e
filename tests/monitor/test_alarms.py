"""Alarms ring when something is wrong, by the limits, and hardly ever when nothing is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from tastemaker.monitor import DAY, Limits, alarms, track
from tastemaker.monitor.alarms import accuracy_alarm, drop_alarm
from tastemaker.store import Store

from .made import by_users, outcomes
from .shop import BOTH, LIMITS, add, falling, happen, liking, shop

START = 1000
STARS = {True: 5.0, False: 1.0}


def like_foretold(k: int) -> bool:
    """What the shop's first version foretells of item i{k}."""
    return falling()[k] > 0


@pytest.mark.parametrize(("right", "n", "rings"), [(41, 100, False), (40, 100, True), (9, 30, True), (8, 29, False)])
def test_accuracy_rings_when_wilson_s_upper_end_is_below_the_limit(right: int, n: int, rings: bool) -> None:
    found = accuracy_alarm(3, outcomes(np.arange(n)[::-1] < right), LIMITS)
    upper = binomtest(right, n).proportion_ci(0.95, "wilson").high
    assert (upper < 0.5 and n >= LIMITS.min_outcomes) == rings
    assert (found is not None) == rings
    if found is not None:
        assert (found.check, found.version, found.limit) == ("accuracy", 3, 0.5)
        assert (found.value, found.sample) == (right / n, n)
        assert f"at most {upper:.1%}" in str(found)
        assert "tastemaker rollback" in found.advice


def test_what_nobody_foretold_is_not_wrong() -> None:
    silent = outcomes(np.zeros(100, bool), said=np.zeros(100, bool))
    assert accuracy_alarm(0, silent, LIMITS) is None
    assert drop_alarm(0, outcomes(np.ones(100, bool)), silent, LIMITS) is None


def test_labels_flipped_for_200_outcomes_ring_within_them() -> None:
    """After 1,500 good outcomes in the window, which alone would outweigh them; a look each 10 outcomes."""
    first = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        good, bad = by_users(rng, 1500, 0.7), by_users(rng, 200, 0.7)
        right = np.concatenate([good.correct, ~bad.correct])
        looks = range(10, 201, 10)
        rang = [n for n in looks if accuracy_alarm(0, outcomes(right[: 1500 + n]), LIMITS) is not None]
        first.append(rang[0] if rang else 999)
    assert np.mean(np.array(first) <= 200) >= 0.98  # where ten users differ as these do, some 200 are hardly worse
    assert np.median(first) <= 60


def test_healthy_versions_ring_hardly_ever() -> None:
    """200 versions of 60 to 72 % accuracy, users who differ, 20 looks each: at most 1 % ever ring."""
    rang = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        found = by_users(rng, 1200, 0.60 + 0.04 * (seed % 4))
        first = found.where(np.arange(1200) < 400)
        looks = [
            found.where((np.arange(1200) >= max(400, n - 600)) & (np.arange(1200) < n)) for n in range(440, 1201, 40)
        ]
        rang += any(accuracy_alarm(0, w, LIMITS) or drop_alarm(0, first, w, LIMITS) for w in looks)
    assert rang <= 2


def test_a_drop_rings_and_says_from_where() -> None:
    rng = np.random.default_rng(1)
    first, later = by_users(rng, 800, 0.78), by_users(rng, 600, 0.55)
    found = drop_alarm(4, first, later, LIMITS)
    assert found is not None
    lost = 100 * (first.correct.mean() - later.correct.mean())
    assert (found.check, found.limit, found.sample, found.value) == ("drop", 5.0, 600, pytest.approx(lost))
    assert "in its first 14 days" in str(found)
    assert drop_alarm(4, first, later, replace(LIMITS, drop=lost + 1)) is None
    assert drop_alarm(4, first, later.where(np.arange(600) < 29), LIMITS) is None
    alone = replace(later, user=np.zeros(600, np.int64))
    assert drop_alarm(4, first, alone, LIMITS) is None  # one user's taste is no drop


def live(store: Store, rng: np.random.Generator, days: range, right: float, n: int = 25) -> None:
    """n outcomes a day of 40 users; the shop's version is right in this share of them."""
    rows = []
    for day in days:
        for k in range(n):
            item = int(rng.integers(12))
            liked = like_foretold(item) == (rng.random() < right)
            rows.append((f"u{rng.integers(40)}", f"i{item}", STARS[liked], START + 1 + day * DAY + k))
    happen(store, rows, tag=f"{days} ")


@BOTH
def test_a_project_s_alarms(store: Store, rng: np.random.Generator) -> None:
    """Healthy for six weeks, then all labels flip: quiet before, and accuracy rings within 200 outcomes."""
    shop(store)

    def ringing(day: int) -> list[str]:
        track(store, LIMITS, START + day * DAY)
        with store.read() as conn:
            return [alarm.check for alarm in alarms(conn, LIMITS, START + day * DAY)]

    assert ringing(0) == []
    live(store, rng, range(42), 0.8)
    assert [ringing(day) for day in (1, 14, 30, 42)] == [[]] * 4
    live(store, rng, range(42, 50), 0.2)  # 200 outcomes
    assert "accuracy" in ringing(50)
    live(store, rng, range(50, 62), 0.2)
    assert ringing(62) == ["accuracy", "drop"]
    live(store, rng, range(62, 95), 0.8)
    assert ringing(95) == []  # another window


def test_age(store: Store) -> None:
    shop(store)
    add(store, liking(falling()), at=2000, parent=0)
    with store.read() as conn:
        assert alarms(conn, LIMITS, 2000 + 90 * DAY) == []
        (found,) = alarms(conn, LIMITS, 2000 + 91 * DAY)
        assert alarms(conn, replace(LIMITS, max_age_days=0), 2000 + 9999 * DAY) == []
    assert (found.check, found.value, found.limit, found.sample) == ("age", 91.0, 90.0, 0)
    assert "tastemaker retrain" in found.advice


def test_nothing_active_nothing_rings(store: Store) -> None:
    with store.read() as conn:
        assert alarms(conn, LIMITS, 5) == []


def drift_of(store: Store, now: int) -> dict[str, float]:
    with store.read() as conn:
        found = alarms(conn, Limits(min_accuracy=0.0), now)
    return {alarm.check: alarm.value for alarm in found}


@pytest.mark.parametrize(
    ("items", "users", "stars", "rings"),
    [
        (range(12), "a", (1, 3, 5), set()),
        (range(6), "a", (1, 3, 5), {"items drift"}),  # nothing but wood
        (range(12), "b", (1, 3, 5), {"newcomers drift"}),
        (range(12), "a", (1, 1, 2), {"grades drift"}),
    ],
)
def test_drift(store: Store, rng: np.random.Generator, items: range, users: str, stars: tuple, rings: set) -> None:
    """A version that learned from a year; then a month of other items, other people or other grades."""
    past = [(f"a{k % 100}", f"i{k % 12}", float((1, 3, 5)[k // 12 % 3]), 1 + k * DAY // 4) for k in range(1460)]
    shop(store, at=None)
    happen(store, past)
    learned = past[-1][3]
    add(store, liking(falling()), at=learned + 10, parent=0, data_from=1, data_to=learned)
    now = [
        (f"{users}{rng.integers(100)}", f"i{rng.choice(items)}", float(rng.choice(stars)), learned + 11 + day * DAY)
        for day in range(29)
        for _ in range(20)
    ]
    happen(store, now, tag="now ")
    assert set(drift_of(store, learned + 30 * DAY)) == rings
