"""Figures of a window, against sums written out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from scipy.stats import binomtest

from tastemaker.data.query import Query, Slate
from tastemaker.monitor import DAY, Limits, figures, quality, track
from tastemaker.monitor.quality import figures_of_items
from tastemaker.store import Store, put_slate
from tastemaker.store.quality import read_outcomes
from tastemaker.store.tables import recommendation_quality

from .made import by_users, outcomes
from .shop import BOTH, LIMITS, add, falling, happen, liking, shop

T = 1000


def told(store: Store) -> None:
    """Two versions, one after the other, and what became of what they said."""
    shop(store)
    happen(store, [("ann", "i0", 5, T + 1), ("ann", "i1", 1, T + 2), ("bob", "i0", 5, T + 3), ("bob", "i11", 5, T + 4)])
    add(store, liking(falling()[::-1]), at=T + DAY)
    happen(
        store, [("ann", "i11", 5, T + DAY + 1), ("cem", "i0", 4, T + DAY + 2), ("cem", "i2", 1, T + DAY + 3)], tag="b"
    )
    track(store, LIMITS, T + 2 * DAY)


@BOTH
def test_a_window_s_figures(store: Store) -> None:
    told(store)
    with store.read() as conn:
        found = quality(conn, LIMITS, T + 2 * DAY)
        rows = [dict(row._mapping) for row in conn.execute(sa.select(recommendation_quality))]
    assert {v: (f.n, f.users, f.said) for v, f in found.versions.items()} == {0: (4, 2, 4), 1: (3, 2, 3)}
    assert (found.versions[0].accuracy.mean, found.versions[1].accuracy.mean) == (0.5, pytest.approx(2 / 3))
    whole = found.whole
    interval = binomtest(4, 7).proportion_ci(0.95, "wilson")
    assert (whole.accuracy.low, whole.accuracy.high) == pytest.approx((interval.low, interval.high))
    errors = np.array([row["error"] for row in rows])
    chance = np.array([row["chance"] if row["liked"] else 1 - row["chance"] for row in rows])
    assert whole.rmse == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert whole.log_loss == pytest.approx(-np.mean(np.log(chance)), rel=1e-5)
    assert whole.liked == pytest.approx(5 / 7)
    assert whole.place == pytest.approx(np.mean([row["place"] for row in rows if row["liked"]]))
    assert np.isnan(whole.ndcg)
    assert found.days == {0: (2, 4), DAY: (2, 3)}
    assert found.curve[:, 2].sum() == 7


def test_a_window_has_two_ends(store: Store) -> None:
    told(store)
    with store.read() as conn:
        assert quality(conn, Limits(window_days=1), T + DAY + 2).whole.n == 4 - 2 + 2
        assert quality(conn, LIMITS, T).whole.n == 0
        assert quality(conn, LIMITS, T + 2 * DAY, version=1).whole.n == 3
        assert quality(conn, LIMITS).until == T + DAY + 3  # by the last outcome, where nobody says when


def test_items_count_from_enough_outcomes_on(store: Store) -> None:
    told(store)
    with store.read() as conn:
        assert quality(conn, LIMITS, T + 2 * DAY).items == {}
        found = quality(conn, Limits(min_samples=2), T + 2 * DAY).items
    assert {row: f.n for row, f in found.items()} == {0: 3, 11: 2}


def test_all_items_at_once_are_each_item_alone(rng: np.random.Generator) -> None:
    n, silent = 900, rng.random(900) < 0.1
    item = np.minimum(rng.pareto(0.7, n).astype(np.int64), 40)
    silent |= item == 3  # of which nobody could say anything
    chance = np.where(silent, np.nan, rng.random(n))
    found = replace(
        outcomes(np.ones(n, bool), rng.integers(0, 90, n)), item=item, chance=chance, liked=rng.random(n) < 0.6,
        predicted=2 * chance - 1, actual=rng.uniform(-1, 1, n), place=np.where(rng.random(n) < 0.3, np.nan, chance),
    )  # fmt: skip
    told = figures_of_items(found, 5)
    assert told.keys() == {k for k in range(41) if (item == k).sum() >= 5}
    assert told[3].said == 0
    for row, one in told.items():
        alone = vars(figures(found.where(item == row)))
        assert vars(one.accuracy) == pytest.approx(vars(alone["accuracy"]), nan_ok=True)
        for name, value in vars(replace(one, accuracy=0.0)).items():
            if name == "accuracy":
                continue
            assert value == pytest.approx(alone[name], rel=1e-6, nan_ok=True), (row, name)


@BOTH
def test_segments_and_the_head_of_the_catalog(store: Store) -> None:
    told(store)
    with store.read() as conn:
        found = quality(conn, LIMITS, T + 2 * DAY).segments
    assert {name: f.n for name, f in found.items()} == {
        "users: newcomers (under 5 known)": 7, "items: head": 5, "items: tail": 2,
    }  # fmt: skip  # i0 and i11 are the fifth of the catalog with most events


def test_a_project_without_outcomes(store: Store) -> None:
    with store.read() as conn:
        found = quality(conn, LIMITS)
    assert (found.whole.n, found.versions, found.days) == (0, {}, {})
    assert np.isnan(found.whole.accuracy.mean)


def test_ndcg_of_lists(store: Store) -> None:
    shop(store)
    with store.begin() as conn:
        for user in ("ann", "bob", "cem"):
            shown = Slate(("i0", "i1", "i2", "i3"), (1.0,) * 4, ("m",) * 4, ((),) * 4, "0", "active")
            put_slate(conn, Query(user=user), shown, T + 10)
    liked = [("ann", "i1", 5), ("ann", "i3", 5), ("ann", "i3", 5), ("bob", "i0", 5), ("bob", "i1", 1), ("cem", "i0", 1)]
    happen(store, [(*row, T + 20 + k) for k, row in enumerate(liked)])
    track(store, LIMITS, T + DAY)
    with store.read() as conn:
        found = quality(conn, LIMITS, T + DAY).whole
    ann = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))  # i3, liked twice, counts once
    assert found.ndcg == pytest.approx((ann + 1.0) / 2)  # of cem's list nothing was liked


def test_users_who_differ_are_worth_less(rng: np.random.Generator) -> None:
    found = figures(by_users(rng, 1000, 0.7, spread=3.0))
    assert found.n == 1000
    assert found.independent < 400
    assert figures(outcomes(np.ones(0, bool))).n == 0


def test_what_is_read_is_what_was_written(store: Store) -> None:
    told(store)
    with store.read() as conn:
        found = read_outcomes(conn, version=0)
    assert found.item.tolist() == [0, 1, 0, 11]
    assert found.correct.tolist() == [True, False, True, False]
    assert (found.test.tolist(), found.slate.tolist()) == ([-1] * 4, [-1] * 4)
    assert len(found.where(found.liked)) == 3


def test_columns_that_nobody_looks_at_are_not_read(store: Store) -> None:
    told(store)
    with store.read() as conn:
        whole, some = read_outcomes(conn, version=0), read_outcomes(conn, version=0, only=("item", "chance", "liked"))
    assert len(some) == len(whole)
    for name in ("item", "chance", "liked", "said", "correct"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name))
    assert (some.user.tolist(), some.rank_shown.tolist(), some.at.tolist()) == ([-1] * 4, [0] * 4, [0] * 4)
    assert some.event.dtype == whole.event.dtype
