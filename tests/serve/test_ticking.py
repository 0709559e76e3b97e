"""A service that ticks: outcomes are judged without a timer of anybody's own."""

from pathlib import Path
from time import time

from tastemaker.lifecycle import Project
from tastemaker.store.quality import read_outcomes

from .opened import new_key, until
from .running import running


def test_a_service_ticks(shop: Path, project: Project) -> None:
    item = project.catalog().items.ids[0]
    with running(shop, new_key(shop, "ingest"), "--tick", "1") as service:
        event = {"user": "ann", "item": item, "kind": "like", "time": int(time())}
        sent = service.http.post("/v1/events", json=[event])
        assert sent.status_code == 200, sent.text

        def judged() -> int:
            with project.store.read() as conn:
                return len(read_outcomes(conn))

        assert until(judged, 60.0) == 1
