"""Rows of quality: what is pending, what is kept, and what is forgotten with a user."""

import pytest
import sqlalchemy as sa

from tastemaker.errors import QueryError
from tastemaker.store import Store, add_versions, forget, put_catalog, put_events
from tastemaker.store.experiments import NewExperiment, expose, start_experiment
from tastemaker.store.quality import count_new, count_unjudged, read_pending, real_event_ids
from tastemaker.store.tables import ab_assignments

from .toys import candidate, catalog, dataset, keys


@pytest.fixture
def filled(store: Store) -> Store:
    with store.begin() as conn:
        put_catalog(conn, catalog())
        put_events(conn, dataset(), keys())
        put_events(conn, dataset(True, ("s1", "s2", "s3", "s4")), keys("made"))
    return store


def test_what_is_pending_comes_in_time_and_page_by_page(filled: Store) -> None:
    with filled.read() as conn:
        whole = read_pending(conn, 0, 4, (0, 0), 99)
        assert [(one.time, one.user) for one in whole] == [(20, "busy")] * 2 + [
            (50, "busy"),
            (90, "busy"),
            (2**40, "quiet"),
        ]
        assert whole[0].event < whole[1].event
        rest = read_pending(conn, 0, 4, (whole[0].time, whole[0].event), 2)
        assert rest == whole[1:3]
        assert read_pending(conn, 50, 4, (0, 0), 99) == whole[3:]
        assert {one.item_row for one in read_pending(conn, 0, 1, (0, 0), 99)} == {0}
        assert (count_unjudged(conn, 50), count_unjudged(conn, None), count_new(conn, 50)) == (3, 5, 2)
        assert len(real_event_ids(conn)) == 5


def test_assignments_are_forgotten_too(filled: Store) -> None:
    with filled.begin() as conn:
        add_versions(conn, [candidate(), candidate()])
        start_experiment(conn, NewExperiment(control=0, treatment=1))
        expose(conn, ["busy", "passer-by"], 7)
        forget(conn, "busy")
        assert list(conn.scalars(sa.select(ab_assignments.c.user))) == ["passer-by"]
        assert forget(conn, "passer-by").events == 0  # who was met, and did nothing
        assert list(conn.scalars(sa.select(ab_assignments.c.user))) == []
    with pytest.raises(QueryError, match="No user has the id"), filled.begin() as conn:
        forget(conn, "passer-by")
