"""What breaks is answered all the same, labelled and counted; and nothing that was acknowledged is lost."""

from asyncio import new_event_loop
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.errors import StoreError
from tastemaker.lifecycle import Project
from tastemaker.serve.asking import Answer
from tastemaker.store.ingest import Told, ingest
from tastemaker.store.slates import read_slates

from .opened import Service, ids_of, opened, until

TASTE = {"taste": {"woody": 0.9}, "n": 5}


@contextmanager
def broken_database(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whoever begins a transaction is told that there is none."""
    store, said = service.tenant.store, StoreError("The database is away.")

    @contextmanager
    def away() -> Any:
        raise said
        yield

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "read", lambda self: away())
        patch.setattr(type(store), "begin", lambda self: away())
        until(lambda: not service.tenant.up)
        yield
    until(lambda: service.tenant.up)


def forget_answers(service: Service) -> None:
    for _, _, made in service.tenant.histories._kept.values():
        made.clear()


def make_scorer(service: Service, level: int, **methods: Any) -> Any:
    """Break a level of the chain that answers now."""
    guarded = service.tenant.live.answers.recommender.levels[level].scorer  # type: ignore[union-attr]
    inner = guarded.inner
    broken = type("Broken", (type(inner),), methods)
    made = broken(**{name: getattr(inner, name) for name in inner.__dataclass_fields__})
    object.__setattr__(guarded, "inner", made)
    return lambda: object.__setattr__(guarded, "inner", inner)


def fail(*_: Any) -> Any:
    raise RuntimeError("made to fail")


def test_a_level_that_fails_hands_on_to_the_next(service: Service) -> None:
    mend = make_scorer(service, 0, top=fail)
    found = service.post("/v1/recommendations", TASTE)
    assert len(found["items"]) == 5
    assert found["fallback"]["level"] != "active"
    assert "active failed: RuntimeError" in found["fallback"]["reason"]
    assert b'tastemaker_failures_total{project="shop",what="active (version 2)"} 1.0' in service.worker.metrics.text()
    mend()
    assert service.post("/v1/recommendations", TASTE)["fallback"] == {"level": "active", "reason": ""}


def test_now_and_then_a_scorer_fails(service: Service) -> None:
    calls, inner = [0], service.tenant.live.answers.recommender.levels[0].scorer.inner  # type: ignore[union-attr]

    def sometimes(self: Any, *asked: Any) -> Any:
        calls[0] += 1
        if calls[0] % 10 == 0:
            raise FloatingPointError
        return type(inner).top(self, *asked)

    make_scorer(service, 0, top=sometimes)
    levels = [service.post("/v1/recommendations", TASTE)["fallback"]["level"] for _ in range(40)]
    assert (levels.count("active"), len(levels)) == (36, 40)


def test_a_slow_level_is_passed_over_and_tried_again(shop: Path) -> None:
    with opened(shop, deadline_ms=100) as service:
        assert service.post("/v1/recommendations", TASTE)["fallback"]["level"] == "active"
        inner = service.tenant.live.answers.recommender.levels[0].scorer.inner  # type: ignore[union-attr]

        def slow(self: Any, *asked: Any) -> Any:
            sleep(0.6)
            return type(inner).top(self, *asked)

        mend = make_scorer(service, 0, top=slow)
        begun = monotonic()
        found = service.post("/v1/recommendations", TASTE)
        assert monotonic() - begun < 0.5
        assert (found["fallback"]["level"], len(found["items"])) == ("newest", 5)
        assert "nothing better within 100 ms" in found["fallback"]["reason"]
        sleep(0.7)  # the thread is free again, and leaves that level alone
        found = service.post("/v1/recommendations", TASTE)
        assert "active failed: Resting" in found["fallback"]["reason"]
        assert found["fallback"]["level"] == "content"
        mend()
        until(lambda: service.post("/v1/recommendations", TASTE)["fallback"]["level"] == "active")


def test_what_needs_no_model_keeps_the_rules_of_the_question(service: Service, project: Project) -> None:
    """Names become ids, filters and candidates count, also where everything failed or was too slow."""
    catalog = project.catalog()
    column, values = next(iter(catalog.categories.items()))
    wanted = values[0]
    fits = [id_ for id_, value in zip(catalog.items.ids, values, strict=True) if value == wanted]
    asked = {**TASTE, "filters": {column: wanted}, "exclude": [catalog.titles[catalog.items.rows([fits[-1]])[0]]]}
    expected = fits[:-1][::-1][:5]
    live = service.tenant.live
    assert live is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(live.answers.recommender), "recommend", fail)
        found = service.post("/v1/recommendations", asked)
        assert (found["fallback"]["level"], list(ids_of(found))) == ("newest", expected)
        patch.setattr(type(service.worker.scoring), "_answer_all", fail)
        found = service.post("/v1/recommendations", asked)
        assert (found["fallback"]["level"], list(ids_of(found))) == ("newest", expected)
        patch.setattr(type(service.worker.scoring), "_answer_safely", lambda *_: [])
        found = service.post("/v1/recommendations", asked)
        assert "nothing better within" in found["fallback"]["reason"]
        assert (found["fallback"]["level"], list(ids_of(found))) == ("newest", expected)
        refused = service.ask("POST", "/v1/recommendations", json={**TASTE, "exclude": ["nothing like it"]})
        assert refused.status_code == 404
    assert service.post("/v1/recommendations", asked)["fallback"]["level"] == "active"


def test_a_late_answer_counts_for_the_arm_of_its_user(service: Service, project: Project) -> None:
    from tastemaker.experiment.running import start
    from tastemaker.store.experiments import exposed

    start(project.store, 2, 1)
    until(lambda: service.recommend("ann")["experiment"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(service.worker.scoring), "_answer_safely", lambda *_: [])
        found = service.recommend("bob")
    assert (found["fallback"]["level"], found["experiment"]["id"]) == ("newest", 1)

    def met() -> bool:
        with project.store.read() as conn:
            counts = exposed(conn, 1)
        return counts.control + counts.treatment == 2

    until(met)


def test_an_explanation_is_not_waited_for_for_ever(shop: Path) -> None:
    with opened(shop, deadline_ms=20) as service, pytest.MonkeyPatch.context() as patch:
        path = f"/v1/explanations/{service.recommend('ann')['request_id']}"
        until(lambda: service.ask("GET", path).status_code != 404)
        patch.setattr(type(service.worker.scoring), "_answer_safely", lambda *_: [])
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(service.ask, "GET", path).result(20.0).status_code == 503


def test_without_its_scoring_thread_a_worker_is_not_ready(service: Service) -> None:
    service.worker.scoring.stop()
    until(lambda: service.ask("GET", "/health/ready").status_code == 503)


def test_the_recommender_itself_fails(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = type(service.tenant.live.answers.recommender)  # type: ignore[union-attr]
    with monkeypatch.context() as patch:
        patch.setattr(recommender, "encode", fail)
        found = service.post("/v1/recommendations", {**TASTE, "user": "ann"})
    assert (found["fallback"]["level"], len(found["items"])) == ("newest", 5)
    assert "RuntimeError" in found["fallback"]["reason"]


def test_an_artifact_is_deleted_while_it_answers_and_comes_back(
    service: Service, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastemaker.serve.watching.SLOW", 0.1)
    versions = {version.id: version for version in project.versions()}
    folder = Path(project.store.artifacts.root) / versions[2].artifact[:32]
    folder.rename(tmp_path / "away")
    assert service.post("/v1/recommendations", TASTE)["fallback"]["level"] == "active"
    service.tenant.opener._kept.clear()
    project.activate(1)
    until(lambda: service.tenant.live.marks.active == 1)  # type: ignore[union-attr]
    project.activate(2)
    until(lambda: service.tenant.live.marks.active == 2)  # type: ignore[union-attr]
    found = service.post("/v1/recommendations", TASTE)
    assert (found["fallback"]["level"], len(found["items"])) == ("content", 5)
    assert "version 2 cannot be used" in found["fallback"]["reason"]
    assert str(project.store.root) not in found["fallback"]["reason"]
    (tmp_path / "away").rename(folder)
    until(lambda: service.post("/v1/recommendations", TASTE)["fallback"] == {"level": "active", "reason": ""})


def test_the_database_is_away(service: Service, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    items = project.catalog().items.ids
    service.post("/v1/events", [{"user": "ann", "item": items[0], "kind": "like"}])
    known = service.recommend("ann")
    with broken_database(service, monkeypatch):
        forget_answers(service)
        found = service.recommend("ann")
        assert ids_of(found) == ids_of(known)
        assert "an older one is used" in found["fallback"]["reason"]
        assert "cannot be read" in service.recommend("bob")["fallback"]["reason"]
        rows = [{"user": "ann", "item": item, "kind": "like"} for item in items[1:4]]
        done = service.post("/v1/events", rows, 202, headers={"Idempotency-Key": "k"})
        assert done["spooled"] == 3
        assert service.post("/v1/events", rows, 202, headers={"Idempotency-Key": "k"})["spooled"] == 3
        assert service.tenant.spool.size > 0
        assert service.ask("GET", "/v1/items").status_code == 503
        assert service.ask("GET", "/health/live").status_code == 200
    until(lambda: service.tenant.spool.size == 0)
    assert service.get("/v1/users/ann")["events"] == 4  # in order, and once
    with project.store.read() as conn:
        said = [
            row.item_row for row in conn.execute(sa.text("SELECT item_row FROM events WHERE NOT synthetic ORDER BY id"))
        ]
    assert said == [0, 1, 2, 3]
    assert service.recommend("ann")["fallback"]["reason"] == ""


def test_what_cannot_be_opened_is_no_database_that_is_away(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = b'tastemaker_failures_total{project="shop",what="looking for changes"}'
    monkeypatch.setattr(type(service.tenant.opener), "open", lambda _: _raise(StoreError("no items yet")))
    project.activate(1)
    until(lambda: failures in service.worker.metrics.text())
    rows = [{"user": "ann", "item": project.catalog().items.ids[0], "kind": "like"}]
    for _ in range(10):
        assert service.post("/v1/events", rows)["accepted"] == 1
    assert service.post("/v1/recommendations", TASTE)["model"]["version"] == 2


def _raise(error: Exception) -> None:
    raise error


def test_a_bug_in_the_writing_thread_is_an_error_of_the_request(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"user": "ann", "item": project.catalog().items.ids[0], "kind": "like"}]
    with monkeypatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setattr("tastemaker.serve.writing.ingest", fail)
        assert pool.submit(service.ask, "POST", "/v1/events", json=rows).result(10.0).status_code == 500
    service.post("/v1/events", rows)


def test_what_the_database_never_takes_holds_nobody_up(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the sender of it, whom a spool would tell that it is safe, nor those whose events come later."""
    item = project.catalog().items.ids[0]

    def picky(conn: sa.Connection, told: Any, late: bool = False) -> Any:
        if any(one.key == "id:poison" for one in told):
            conn.exec_driver_sql("INSERT INTO events (id) VALUES (1)")  # refused by the table, as too long a key is
        return ingest(conn, told, late)

    def rows(user: str, *ids: str) -> Any:
        return [{"user": user, "item": item, "kind": "like", "id": id_} for id_ in ids]

    monkeypatch.setattr("tastemaker.serve.writing.ingest", picky)
    assert service.ask("POST", "/v1/events", json=rows("ann", "1", "poison")).status_code == 500
    assert service.tenant.spool.size == 0
    assert service.post("/v1/events", rows("ann", "1", "2"))["accepted"] == 2
    with ThreadPoolExecutor(8) as pool:
        asked = [rows("bob", str(k)) if k % 4 else rows("bob", "poison") for k in range(3, 19)]
        found = [one.status_code for one in pool.map(lambda r: service.ask("POST", "/v1/events", json=r), asked)]
    assert found == [200 if k % 4 else 500 for k in range(3, 19)]
    with broken_database(service, monkeypatch):
        sent = rows("cid", *(str(k) for k in range(20, 25)), "poison", *(str(k) for k in range(25, 30)))
        assert service.post("/v1/events", sent, status=202)["spooled"] == 11
    until(lambda: service.tenant.spool.size == 0)
    assert service.get("/v1/users/cid")["events"] == 10
    (aside,) = (project.store.root / "spool").glob("*.bad")
    assert aside.read_text("utf-8").count("id:poison") == 1


def test_a_slate_that_cannot_be_written_keeps_no_other_one_back(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Answer.row

    def row(self: Answer, request_id: str, at: int) -> Any:
        return fail() if request_id == "poisoned" else whole(self, request_id, at)

    monkeypatch.setattr(Answer, "row", row)
    for k in range(9):
        more = {"X-Request-Id": "poisoned" if k == 4 else f"request-{k}"}
        service.get("/v1/users/ann/recommendations", headers=more)

    def logged() -> int:
        with project.store.read() as conn:
            return len(read_slates(conn, "ann"))

    until(lambda: logged() == 8)
    assert 'tastemaker_slates_total{fate="lost",project="shop"} 1.0' in service.ask("GET", "/metrics").text


def test_the_writing_thread_ends_whatever_fails(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(shop) as service:
        service.recommend("ann")
        writing = service.tenant.writing
        monkeypatch.setattr(service.tenant.spool, "close", fail)
    assert not writing.is_alive()
    loop = new_event_loop()
    told = [Told("ann", "i", 2, 1.0, 5, 5, "k")]
    with closing(loop), pytest.raises(StoreError, match="being stopped"):
        loop.run_until_complete(writing.send(told, loop))


def test_a_model_that_does_not_fit_into_memory_is_left_out(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tastemaker.serve.live.size_of", lambda level: (2 << 20) if level.version == "2" else 0)
    with opened(shop, memory_mb=1) as service:
        found = service.post("/v1/recommendations", TASTE)
        assert found["model"]["version"] != 2
        assert "active (version 2) needs more than 1 MB" in found["fallback"]["reason"]
        assert service.tenant.live is not None
        assert service.tenant.live.damage == ()  # nothing that might mend, so nothing is opened again for it
        assert len(found["items"]) == 5


def test_a_project_that_opens_late(shop: Path, tmp_path: Path) -> None:
    """The database comes back while the service starts."""
    from starlette.testclient import TestClient

    from tastemaker.serve.app import create
    from tastemaker.serve.settings import Settings

    database = shop / "tastemaker.db"
    database.rename(tmp_path / "away.db")
    door = create(replace(Settings((str(shop),)), open_door=True, poll_ms=50))
    with TestClient(door, raise_server_exceptions=False) as http:
        assert http.get("/health/ready").status_code == 503
        assert http.get("/v1/users/ann/recommendations").status_code == 503
        (tmp_path / "away.db").rename(database)
        until(lambda: http.get("/health/ready").status_code == 200)
        assert http.get("/v1/users/ann/recommendations").status_code == 200


def test_answers_are_remembered_no_longer_than_the_history_that_they_were_made_of(service: Service) -> None:
    item = service.recommend("ann")["items"][0]["id"]
    histories = service.tenant.histories
    mark = service.tenant.marks.of(service.tenant.name, "ann")
    assert list(histories.made("ann", mark) or ()) == [(5, False)]
    assert histories.made("ann", mark + 1) is None
    service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}])
    assert service.recommend("ann", 3)["items"][0]["id"] != item
    kept = [key for _, _, made in histories._kept.values() for key in made]
    assert kept == [(3, False)]
    histories.clear()
    assert histories._made == 0
