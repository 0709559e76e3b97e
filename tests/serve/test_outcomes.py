"""An outcome that names the answer it follows is joined to that one, whatever was shown since."""

from time import time

from tastemaker.lifecycle import Project
from tastemaker.monitor import Limits, track
from tastemaker.store.quality import read_outcomes
from tastemaker.store.slates import read_slates

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
