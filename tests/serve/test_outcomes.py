"""An outcome that names the answer it follows is joined to that one, whatever was shown since."""

from time import monotonic, time
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.lifecycle import Project
from tastemaker.monitor import Limits, track
from tastemaker.store.quality import read_outcomes
from tastemaker.store.slates import read_slates, slate_of_request
from tastemaker.store.tables import activations

from .opened import Service, ids_of, until


def test_an_outcome_joins_the_answer_it_names(service: Service, project: Project) -> None:
    first = service.recommend("ann", 6)
    item = ids_of(first)[4]
    second = service.post("/v1/recommendations", {"user": "ann", "candidates": ids_of(first)[4:], "n": 2})
    assert item in ids_of(second)

    def logged() -> list[dict[str, object]]:
        with project.store.read() as conn:
            return read_slates(conn, "ann")

    until(lambda: len(logged()) == 2)
    rows = [{"user": "ann", "item": item, "kind": "like", "request_id": first["request_id"]}]
    service.post("/v1/events", rows)
    track(project.store, Limits.of(project.store.recipe()), int(time()) + 5)
    with project.store.read() as conn:
        (slate,), (rank,) = (getattr(read_outcomes(conn), name).tolist() for name in ("slate", "rank_shown"))
    assert (slate, rank) == (next(row["id"] for row in logged() if row["request"] == first["request_id"]), 5)


def outcomes(project: Project) -> list[dict[str, Any]]:
    track(project.store, Limits.of(project.store.recipe()), int(time()) + 5)
    with project.store.read() as conn:
        found = read_outcomes(conn)
    columns = ("known", "predicted", "slate", "rank_shown", "version")
    return [dict(zip(columns, row, strict=True)) for row in zip(*(getattr(found, c) for c in columns), strict=True)]


def test_what_another_program_showed_is_judged_by_what_its_user_had_done(service: Service, project: Project) -> None:
    ids, now = project.catalog().items.ids, int(time())
    with project.store.begin() as conn:  # what answers has answered for long
        conn.execute(sa.update(activations).values(at=activations.c.at - 1000))
    early = [{"user": "ann", "item": id_, "kind": "like", "time": now - 100 + k} for k, id_ in enumerate(ids[:4])]
    service.post("/v1/events", early)
    late = [{"user": who, "item": ids[9], "kind": "like", "time": now - 1} for who in ("ann", "bob")]
    service.post("/v1/impressions", [{"user": "ann", "items": list(ids[8:12]), "time": now - 50}])
    service.post("/v1/events", late)
    shown, stranger = outcomes(project)[-2:]
    assert shown["rank_shown"] == 2
    assert shown["predicted"] != stranger["predicted"]


def test_what_was_shown_of_an_answer_keeps_what_was_known(service: Service, project: Project) -> None:
    answer = service.recommend("ann", 6)
    request, item = answer["request_id"], ids_of(answer)[4]

    def stored() -> Any:
        with project.store.read() as conn:
            return slate_of_request(conn, request)

    first = until(stored)
    service.post("/v1/impressions", [{"user": "ann", "items": ids_of(answer)[3:], "request_id": request}])
    service.post("/v1/impressions", [{"user": "bob", "items": ids_of(answer), "request_id": request}])
    with project.store.read() as conn:
        rows = read_slates(conn)[-2:]
    assert [row["level"] for row in rows] == [first.level, "elsewhere"]  # the answer was ann's
    assert rows[0]["query"] == first.query
    assert stored().id == first.id
    service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like", "request_id": request}])
    assert outcomes(project)[-1]["slate"] == rows[0]["id"]
    assert outcomes(project)[-1]["rank_shown"] == 2


def test_a_slate_is_dated_when_it_was_shown(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when a database that was away could keep it."""
    then, clock = 1_700_000_000, "tastemaker.serve.showing.time"
    service.tenant.writing._retry = monotonic() + 1.0
    monkeypatch.setattr(clock, lambda: float(then))
    request = service.recommend("ann", 3)["request_id"]
    monkeypatch.setattr(clock, lambda: float(then + 600))

    def stored() -> Any:
        with project.store.read() as conn:
            return slate_of_request(conn, request)

    assert until(stored).at == then
