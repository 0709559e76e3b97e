"""Who is forgotten while events of theirs wait on disk stays forgotten."""

import time
from pathlib import Path

from tastemaker.lifecycle import Project
from tastemaker.serve.spool import Spool
from tastemaker.store.forgetting import KNOWN, drop_forgotten
from tastemaker.store.ingest import Told, ingest

from .opened import opened, until


def told(user: str, item: str, key: str, at: int) -> Told:
    return Told(user, item, 2, 1.0, at, at, key)


def waiting(root: Path, *events: Told) -> Path:
    spool = Spool(root, 1 << 20)
    spool.add(events)
    spool.close()
    (file,) = (root / "spool").glob("*.jsonl")
    return file


def users(project: Project) -> set[str]:
    return set(project.dataset(synthetic=False).users.ids)


def test_what_waits_of_who_was_forgotten_is_dropped(shop: Path, project: Project) -> None:
    item, now = project.catalog().items.ids[0], int(time.time())
    with project.store.begin() as conn:
        ingest(conn, [told("ann", item, "a", now - 60), told("bob", item, "b", now - 60)])
    file = waiting(shop, told("ann", item, "late", now - 30), told("ann", item, "anew", now + 60),
                   told("bob", item, "c", now - 30))  # fmt: skip
    project.forget("ann")
    with opened(shop) as service:
        until(lambda: not file.exists())
        assert (service.get("/v1/users/ann")["events"], service.get("/v1/users/bob")["events"]) == (1, 2)


def test_it_is_known_for_as_long_as_anything_waits(shop: Path, project: Project) -> None:
    item, now = project.catalog().items.ids[0], int(time.time())
    with project.store.begin() as conn:
        ingest(conn, [told("ann", item, "a", now - 60)])
    spool = Spool(shop, 1 << 20)
    assert not spool.any_waits()
    spool.add([told("ann", item, "late", now - 30)])
    assert Spool(shop, 1 << 20).any_waits()  # whoever asks
    project.forget("ann")

    def takes(events: object) -> None:
        with project.store.begin() as conn:
            assert ingest(conn, events, late=True) == ["forgotten"]  # type: ignore[arg-type]

    spool.replay(takes)
    assert not spool.any_waits()
    spool.close()
    assert "ann" not in users(project)
    with project.store.begin() as conn:
        drop_forgotten(conn, time.time() + KNOWN)
        assert ingest(conn, [told("ann", item, "again", now)], late=True) == ["accepted"]
