"""Every outcome beside what the version that answered had foretold: who, from what, and never twice."""

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.arms import deal
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.query import Query, Slate
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError
from tastemaker.monitor import DAY, Limits, quality, status, track
from tastemaker.scorers import Calibrated, Factors, Popularity
from tastemaker.store import Store, activate, forget, put_catalog, put_events, put_slate, rollback
from tastemaker.store.experiments import NewExperiment, start_experiment
from tastemaker.store.outcomes import daily_users
from tastemaker.store.quality import put_quality, read_outcomes
from tastemaker.store.tables import recommendation_quality

from .shop import BOTH, ITEMS, LIMITS, add, catalog, falling, happen, liking, shop

NOW = 10_000_000


def rows(store: Store) -> list[dict[str, Any]]:
    table = recommendation_quality
    with store.read() as conn:
        return [dict(row._mapping) for row in conn.execute(sa.select(table).order_by(table.c.at, table.c.event))]


def one(store: Store) -> dict[str, Any]:
    (found,) = rows(store)
    return found


def show(store: Store, user: str, items: tuple[str, ...], at: int, **changes: Any) -> int:
    fixed: dict[str, Any] = {"version": "0", "level": "active", "arm": None, "query": Query(user=user)}
    said = fixed | changes
    n = len(items)
    slate = Slate(items, (1.0,) * n, ("m",) * n, ((),) * n, said["version"], said["level"], "", said["arm"])
    with store.begin() as conn:
        return put_slate(conn, said["query"], slate, at)


@BOTH
def test_an_outcome_happened_when_we_heard_of_it_where_its_clock_ran_ahead(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, NOW + 300 * DAY), ("bob", "i2", 5, 1600)], received={0: 1500, 1: 1700})
    track(store, LIMITS, NOW)
    with store.read() as conn:
        found = quality(conn, LIMITS)
        assert (read_outcomes(conn).at.tolist(), found.until, found.whole.n) == ([1500, 1600], 1600, 2)
        assert daily_users(conn, 28) == 2 / 28


@BOTH
def test_a_row_says_what_was_foretold_and_what_became_of_it(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, 1500), ("ann", "i2", 2, 1600), ("bob", "i11", 4, 1700)])
    found = track(store, LIMITS, NOW)
    assert (found.added, found.shown, found.before, found.unclear, dict(found.versions or {})) == (3, 0, 0, 0, {0: 3})
    first, second, third = rows(store)
    values = falling()
    for row, item, stars, known in ((first, 1, 5, 0), (second, 2, 2, 1), (third, 11, 4, 0)):
        actual, value, chance = (stars - 3) / 2, values[item], 1 / (1 + np.exp(-4 * values[item]))
        assert row["predicted"] == pytest.approx(value, rel=1e-6)
        assert row["chance"] == pytest.approx(chance, rel=1e-6)
        assert row["actual"] == actual
        assert row["error"] == pytest.approx(value - actual, rel=1e-6)
        assert row["liked"] == (stars >= 4)
        assert row["correct"] == ((chance >= 0.5) == (stars >= 4))
        assert (row["known"], row["version"], row["level"], row["recorded_at"]) == (known, 0, "active", NOW)
        assert (row["arm"], row["test"], row["slate"], row["rank_shown"]) == (None, None, None, None)
    assert first["place"] == pytest.approx(1 / 11)  # one of the eleven others
    assert second["place"] == pytest.approx(1 / 10)  # i1 is known by now, and would not be shown again
    assert third["place"] == pytest.approx(1.0)


@BOTH
def test_an_outcome_is_judged_once(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, 1500)])
    assert track(store, LIMITS, NOW).added == 1
    assert track(store, LIMITS, NOW).added == 0
    happen(store, [("ann", "i2", 5, 1400)], tag="late ")  # heard of later, though it happened before
    assert track(store, LIMITS, NOW).added == 1
    assert [row["at"] for row in rows(store)] == [1400, 1500]


@BOTH
def test_nothing_is_judged_before_anything_answered(store: Store) -> None:
    assert track(store, LIMITS, NOW).added == 0  # not even a catalog
    shop(store, at=None)
    past = [("ann", "i1", 5, 500), ("ann", "i2", 5, 1000)]
    happen(store, past)
    assert (track(store, LIMITS, NOW).added, track(store, LIMITS, NOW).before) == (0, 2)
    with store.begin() as conn:
        activate(conn, 0, "first", 1000)
    happen(store, [("ann", "i3", 5, 1001)], tag="new ")
    found = track(store, LIMITS, NOW)
    assert (found.added, found.before) == (1, 2)
    assert one(store)["known"] == 2  # what nobody could foretell is known all the same


def test_a_history_that_is_imported_later_is_not_foretold(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, 500)], received={0: 5000})
    happen(store, [("ann", "i2", 5, 700)], received={0: 800}, tag="b")
    assert (track(store, LIMITS, NOW).added, track(store, LIMITS, NOW).before) == (0, 2)


def test_who_answered_then_is_asked(store: Store) -> None:
    shop(store)
    add(store, liking(falling()[::-1]), at=2000)
    with store.begin() as conn:
        rollback(conn, "worse", 3000)
    times = [1500, 2000, 2001, 2999, 3000, 3001]  # whoever takes over answers from the next second on
    happen(store, [("ann", f"i{k}", 5, t) for k, t in enumerate(times)])
    track(store, LIMITS, NOW)
    assert [row["version"] for row in rows(store)] == [0, 0, 1, 1, 1, 0]
    assert [round(row["predicted"], 2) for row in rows(store)][1:3] == [0.74, round(falling()[9], 2)]


def test_what_was_heard_of_before_an_activation_is_not_held_against_it(store: Store) -> None:
    """A clock that is ahead: the event says 2500, but we knew of it at 1500, so version 1 may have learned of it."""
    shop(store)
    add(store, liking(falling()[::-1]), at=2000)
    happen(store, [("ann", "i1", 5, 2500)], received={0: 1500})
    track(store, LIMITS, NOW)
    assert one(store)["version"] == 0


def test_a_clock_that_jumps_back(store: Store) -> None:
    """Version 1 began at 5000 by a clock that was then set back to 2000, where version 2, which had learned up to
    4000, began."""
    shop(store)
    add(store, liking(falling()[::-1]), at=5000)
    add(store, liking(falling()), at=2000, data_to=4000)
    times = [1500, 2500, 4500, 5500]
    happen(store, [("ann", f"i{k}", 5, t) for k, t in enumerate(times)])
    found = track(store, LIMITS, NOW)
    assert (found.added, found.unclear) == (3, 1)  # at 2500, of which version 2 may have learned
    with store.read() as conn:
        known = read_outcomes(conn)
    assert list(zip(known.at.tolist(), known.version.tolist(), strict=True)) == [(1500, 0), (4500, 2), (5500, 2)]
    again = track(store, LIMITS, NOW)
    assert (again.added, again.unclear) == (0, 0)
    assert status(store, NOW).waiting == 0  # nobody is asked to tick for it


def test_a_clock_that_was_far_ahead_once_silences_nobody(store: Store) -> None:
    shop(store)
    add(store, liking(falling()), at=9_000_000)
    add(store, liking(falling()), at=2000, data_to=1900)
    happen(store, [("ann", "i1", 5, 2500)])
    track(store, LIMITS, NOW)
    assert one(store)["version"] == 2


@BOTH
def test_the_list_that_showed_the_item(store: Store) -> None:
    shop(store)
    add(store, liking(falling()[::-1]), at=2000)
    show(store, "ann", ("i1", "i5"), 1500)
    latest = show(store, "ann", ("i4", "i5", "i1"), 1900)
    show(store, "bob", ("i5",), 1950)
    show(store, "ann", ("i5",), 2100)  # too late to have been foretold
    happen(store, [("ann", "i5", 5, 2100), ("ann", "i9", 5, 2100)])
    found = track(store, LIMITS, NOW)
    shown, other = rows(store)
    assert (shown["slate"], shown["rank_shown"], shown["version"]) == (latest, 2, 0)
    assert (other["slate"], other["rank_shown"], other["version"]) == (None, None, 1)
    assert (found.added, found.shown) == (2, 1)


def test_a_list_counts_for_some_days(store: Store) -> None:
    shop(store)
    show(store, "ann", ("i5",), 1500)
    happen(store, [("ann", "i5", 5, 1500 + 7 * DAY)])
    happen(store, [("bob", "i5", 5, 1500 + 7 * DAY)], tag="b")
    show(store, "bob", ("i5",), 1499)
    track(store, Limits(shown_days=7), NOW)
    assert [row["rank_shown"] for row in rows(store)] == [1, None]


def test_a_list_is_asked_with_the_query_that_made_it(store: Store) -> None:
    """A model of histories; and whatever the user has done since, or says in the query of the item itself, is not
    told."""
    vectors = np.eye(len(ITEMS), dtype=np.float32)[:, :4].copy()
    vectors[:, 0] += 0.3
    factors = Factors(
        near=(), items=vectors, spectrum=np.zeros(4, np.float32), bias=np.zeros(12, np.float32),
        mean=0.0, l2=1.0, alpha0=0.0, nu=0.0, n_seen=12, graded=False,
    )  # fmt: skip
    model = Calibrated(factors, 1.0, 0.0, 4.0, 0.0)
    with store.begin() as conn:
        put_catalog(conn, catalog())
    add(store, model, at=1000)
    query = Query(user="ann", likes=("i1",), ratings={"i2": -1.0, "i3": 0.5})
    show(store, "ann", ("i3", "i0"), 2000, query=query)
    happen(store, [("ann", "i4", 5, 2500), ("ann", "i3", 5, 3000)])
    track(store, LIMITS, NOW)
    found = rows(store)[1]
    asked = {"likes": ("i1",), "ratings": {"i2": -1.0}}
    from tastemaker.recommender import single

    alone = single(catalog(), ("woody", "floral"), model)
    said, level = alone.predict([Query(**asked)], np.array([[3]], np.int32))  # type: ignore[arg-type]
    assert found["predicted"] == pytest.approx(float(said.value[0, 0]), rel=1e-6)
    assert (found["known"], level.tolist()) == (2, [[0]])


def test_lists_that_make_no_sense_are_no_lists(store: Store) -> None:
    """A version that is not there, items that nobody knows, a user whom nobody has met."""
    shop(store)
    show(store, "ann", ("gone", "i5"), 1500, version="77")
    show(store, "nobody", ("i6",), 1500)
    show(store, "ann", ("i6",), 1500, version="features", level="content")
    happen(store, [("ann", "i5", 5, 1600), ("ann", "i6", 5, 1700), ("ann", "i7", 5, 1700)])
    track(store, LIMITS, NOW)
    assert [(row["version"], row["rank_shown"]) for row in rows(store)] == [(0, 2), (0, 1), (0, None)]


def test_a_grade_that_is_revised_is_foretold_anew_and_blind(store: Store) -> None:
    shop(store)
    happen(store, [("ann", "i1", 5, 1500), ("ann", "i2", 5, 1550), ("ann", "i1", 1, 1600)])
    track(store, LIMITS, NOW)
    assert [(row["actual"], row["known"]) for row in rows(store)] == [(1.0, 0), (1.0, 1), (-1.0, 1)]


@BOTH
def test_arms_of_an_experiment(store: Store) -> None:
    shop(store)
    other = add(store, liking(falling()[::-1]))
    with store.begin() as conn:
        started = start_experiment(conn, NewExperiment(control=0, treatment=other, salt="s", started_at=2000))
    users = [f"u{k}" for k in range(20)]
    happen(store, [(user, "i1", 5, 1900) for user in users])
    happen(store, [(user, "i2", 5, 2100) for user in users], tag="b")
    track(store, LIMITS, NOW)
    with store.begin() as conn:
        activate(conn, other, "by hand", 3000)  # which ends the dealing
    happen(store, [(user, "i3", 5, 3100) for user in users], tag="c")
    track(store, LIMITS, NOW)
    found = rows(store)
    assert {(row["version"], row["arm"], row["test"]) for row in found[:20]} == {(0, None, None)}
    for user, row in zip(users, found[20:40], strict=True):
        arm = deal(user, "s", 0.5)
        assert (row["arm"], row["test"], row["level"]) == (arm, started.id, "challenger")
        assert row["version"] == (other if arm == "treatment" else 0)
    assert {(row["version"], row["arm"]) for row in found[40:]} == {(other, None)}


@pytest.mark.parametrize(("kind", "liked"), [("click", True), ("like", True), ("play", True), ("skip", False)])
def test_kinds_without_grades(store: Store, kind: str, liked: bool) -> None:
    shop(store)
    happen(store, [("ann", "i0", 1.0, 1500)], kind)
    track(store, LIMITS, NOW)
    found = one(store)
    assert (found["liked"], found["actual"], found["correct"]) == (liked, 1.0 if liked else -1.0, liked)


def test_who_cannot_say_is_not_judged_by_it(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
    add(store, Popularity(np.array(falling(), np.float32)), at=1000)
    happen(store, [("ann", "i2", 5, 1500)])
    track(store, LIMITS, NOW)
    found = one(store)
    assert [found[name] for name in ("predicted", "chance", "error", "correct")] == [None] * 4
    assert (found["level"], found["place"], found["liked"]) == ("active", pytest.approx(2 / 11), True)


def test_a_damaged_version_is_stood_in_for_and_that_is_said(store: Store) -> None:
    shop(store)
    add(store, liking(falling()[::-1]), at=2000, parent=0)
    with store.begin() as conn:
        conn.execute(sa.text("UPDATE model_versions SET artifact = :a WHERE id = 1"), {"a": "cd" * 32})
    happen(store, [("ann", "i0", 5, 2500)])
    track(store, LIMITS, NOW)
    found = one(store)
    assert (found["version"], found["level"], round(found["predicted"], 2)) == (1, "content", 0.9)


def test_items_that_joined_after_the_version(store: Store) -> None:
    """Popularity cannot say anything of an item that it never met; the outcome is kept all the same."""
    shop(store)
    more = catalog(14)
    with store.begin() as conn:
        put_catalog(conn, more)
        made = events_of(np.array([0]), np.array([13]), np.array([5.0], np.float32), "rating", time=1500)
        put_events(conn, Dataset(made, more, Vocab(("ann",))), ["k"])
    assert track(store, LIMITS, NOW).added == 1
    assert (one(store)["item_row"], one(store)["correct"]) == (13, None)


def test_an_item_that_nobody_has_imported_has_no_outcomes(store: Store) -> None:
    shop(store)
    unknown = Catalog(Vocab(("later",)), ("Later",))
    made = events_of(np.array([0]), np.array([0]), np.array([5.0], np.float32), "rating", time=1500)
    with pytest.raises(DataError, match="'later', which the catalog does not hold"), store.begin() as conn:
        put_events(conn, Dataset(made, unknown, Vocab(("ann",))), ["k"])
    assert track(store, LIMITS, NOW).added == 0


@BOTH
def test_who_was_forgotten_leaves_nothing(store: Store) -> None:
    shop(store)
    show(store, "ann", ("i1",), 1200)
    happen(store, [("ann", "i1", 5, 1500), ("bob", "i1", 5, 1600)])
    track(store, LIMITS, NOW)
    kept = rows(store)
    with store.begin() as conn:
        forget(conn, "ann")
    assert [row["user_row"] for row in rows(store)] == [kept[1]["user_row"]]
    with store.begin() as conn:  # a tracker that had read ann's event before she was forgotten
        assert put_quality(conn, [{k: v for k, v in row.items() if k != "id"} for row in kept]) == 0


def test_batches_make_no_difference(store: Store, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    shop(store)
    made = [(f"u{rng.integers(9)}", f"i{rng.integers(12)}", float(rng.integers(1, 6)), int(rng.integers(1001, 1100)))
            for _ in range(300)]  # fmt: skip
    happen(store, made)
    for k in range(40):
        show(store, f"u{k % 9}", tuple(rng.permutation(ITEMS)[:4]), 1000 + 2 * k)
    track(store, LIMITS, NOW)
    whole = rows(store)
    with store.begin() as conn:
        conn.execute(sa.delete(recommendation_quality))
    monkeypatch.setattr("tastemaker.monitor.tracker.BATCH", 7)
    assert track(store, LIMITS, NOW).added == len(whole) == 300
    assert [row | {"id": 0} for row in rows(store)] == [row | {"id": 0} for row in whole]


@BOTH
def test_kill_9_and_a_second_tracker_lose_and_double_nothing(store: Store) -> None:
    shop(store)
    happen(store, [(f"u{k % 50}", f"i{k % 12}", float(1 + k % 5), 1001 + k) for k in range(400)])
    command = [sys.executable, "-m", "tests.monitor.tracking", str(store.root)]
    here = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.15)
        process.kill()
    with store.read() as conn:
        assert len(read_outcomes(conn)) % 20 == 0
    both = [subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    with closing(Store.open(store.root)) as again, again.read() as conn:
        found = read_outcomes(conn)
    assert found.at.tolist() == list(range(1001, 1401))
    assert len(np.unique(found.event)) == 400
