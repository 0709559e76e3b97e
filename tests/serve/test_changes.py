"""What changes takes effect at once: events, versions, the catalog, keys, forgetting."""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic, time
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.lifecycle import Project
from tastemaker.store.jobs import hand_job
from tastemaker.store.slates import read_slates
from tastemaker.store.tables import ab_assignments

from .opened import Service, ids_of, new_key, opened, until


def asked(service: Service, n: int = 10, **more: Any) -> Any:
    """A question that every version can answer."""
    return service.post("/v1/recommendations", {"taste": {"woody": 0.9}, "n": n, **more})


def test_an_event_changes_the_same_users_next_answer(service: Service, project: Project) -> None:
    before = service.recommend("ann", 10)
    assert service.recommend("ann", 10)["items"] == before["items"]  # from memory
    service.post("/v1/events", [{"user": "ann", "item": ids_of(before)[0], "kind": "like"}])
    after = service.recommend("ann", 10)
    assert ids_of(before)[0] not in ids_of(after)
    assert ids_of(after) == list(project.recommend(user="ann", n=10).items)
    assert service.recommend("bob", 10)["items"] == before["items"]


def test_an_event_is_stored_once_and_every_row_has_its_receipt(service: Service, project: Project) -> None:
    item = project.catalog().items.ids[0]
    rows = [
        {"user": "ann", "item": item, "kind": "like"},
        {"user": "ann", "item": "nothing", "kind": "like"},
        {"user": "ann", "item": item, "kind": "ranking", "value": 99},
        {"user": "ann", "item": item, "kind": "ranking", "value": 2, "id": "e1"},
    ]
    first = service.post("/v1/events", rows, headers={"Idempotency-Key": "k1"})
    assert [row["status"] for row in first["receipts"]] == ["accepted", "refused", "refused", "accepted"]
    assert "catalog" in first["receipts"][1]["reason"]
    assert "1 to 10" in first["receipts"][2]["reason"]
    again = service.post("/v1/events", rows, headers={"Idempotency-Key": "k1"})
    assert [row["status"] for row in again["receipts"]] == ["duplicate", "refused", "refused", "duplicate"]
    other = service.post("/v1/events", rows[3:], headers={"Idempotency-Key": "k2"})
    assert other["duplicate"] == 1
    assert service.get("/v1/users/ann")["events"] == 2


def test_an_idempotency_key_is_its_senders_and_of_one_body(service: Service, project: Project) -> None:
    item, more = project.catalog().items.ids[0], {"Idempotency-Key": "day-1"}
    row = {"user": "ann", "item": item, "kind": "like"}
    assert service.post("/v1/events", [row], headers=more)["accepted"] == 1
    assert service.post("/v1/events", [row], headers=more)["duplicate"] == 1
    other = [{**row, "user": "bob", "id": "b"}, {**row, "user": "bob", "item": "nothing"}]
    found = service.post("/v1/events", other, headers=more, status=409)
    assert "Idempotency-Key day-1 came with another body before. Nothing" in found["detail"]
    assert service.ask("GET", "/v1/users/bob").status_code == 404
    else_ = new_key(project.store.root, "ingest", name="another")
    until(lambda: service.ask("GET", "/v1/items", key=else_).status_code == 403)
    assert service.post("/v1/events", other, headers=more, key=else_)["accepted"] == 1
    assert service.post("/v1/events", other, headers=more, key=else_)["duplicate"] == 1
    assert service.post("/v1/events", [row], headers=more, key=else_, status=409)["status"] == 409
    assert service.get("/v1/users/ann")["events"] == 1


BAD: list[tuple[Any, str]] = [
    ({"item": "ITEM", "kind": "like"}, "user: Field required."),
    ({"user": "ann", "item": "ITEM", "kind": "adore"}, 'it is "adore".'),
    ({"user": "ann", "item": "ITEM", "kind": "like", "value": "NaN"}, "value: Input should be a finite number"),
    ({"user": "ann", "item": "ITEM", "kind": "like", "value": 1e300}, "value: "),
    ({"user": "ann", "item": "ITEM", "kind": "like", "time": "soon"}, 'it is "soon".'),
    ({"user": "x" * 5000, "item": "ITEM", "kind": "like"}, "user: String should have at most 256 characters"),
    ({"user": "a\nb", "item": "ITEM", "kind": "like"}, "user: String should match pattern"),
    ({"user": "ann", "item": "ITEM", "kind": "like", "y" * 5000: "secret"}, "Extra inputs are not permitted."),
    ({"user": "ann", "item": "ITEM", "kind": "like", "context": {"a": {"b": []}}}, "it is a list."),
    (7, "row: "),
    (None, "row: "),
    ([], "row: "),
]


def test_a_row_that_is_none_is_refused_alone_and_says_why(service: Service, project: Project) -> None:
    item = project.catalog().items.ids[0]
    rows = [json.loads(json.dumps(row).replace("ITEM", item)) for row, _ in BAD]
    good = {"user": "ann", "item": item, "kind": "like"}
    found = service.post("/v1/events", [good, *rows, {**good, "user": "bob"}], headers={"Idempotency-Key": "mixed"})
    assert [row["status"] for row in found["receipts"]] == ["accepted", *["refused"] * len(BAD), "accepted"]
    assert (found["accepted"], found["refused"]) == (2, len(BAD))
    for row, (said, why) in zip(found["receipts"][1:], BAD, strict=False):
        assert why in row["reason"], said
        assert len(row["reason"]) < 300
        assert "secret" not in row["reason"]
    assert [service.get(f"/v1/users/{user}")["events"] for user in ("ann", "bob")] == [1, 1]
    again = service.post("/v1/events", [good, *rows, {**good, "user": "bob"}], headers={"Idempotency-Key": "mixed"})
    assert (again["duplicate"], again["refused"]) == (2, len(BAD))


def test_a_moment_that_has_not_come_is_refused_row_by_row(service: Service, project: Project) -> None:
    item, now = project.catalog().items.ids[0], int(time())
    sent = [now - 5, now + 3600, now + 2 * 86_400, 32_503_680_000]  # an hour is a clock that is a little ahead
    rows = [{"user": "ann", "item": item, "kind": "like", "time": moment} for moment in sent]
    found = service.post("/v1/events", rows)["receipts"]
    assert [row["status"] for row in found] == ["accepted", "accepted", "refused", "refused"]
    assert f"The time {sent[3]} is in the future; it is " in found[3]["reason"]
    lines = "\n".join(json.dumps(row) for row in rows[1:])
    done = service.ask("POST", "/v1/import/events", content=lines).json()
    assert (done["stored"], [row["line"] for row in done["refused"]]) == (1, [2, 3])
    body = [{"user": "ann", "items": [item], "time": moment} for moment in sent]
    assert "Impression 2: The time" in service.post("/v1/impressions", body, status=409)["detail"]
    assert service.post("/v1/impressions", body[:2]) == {"accepted": 2}


def test_an_event_of_another_program_is_noticed(service: Service, project: Project) -> None:
    from tastemaker.store.ingest import Told, ingest

    first = ids_of(service.recommend("ann", 5))[0]
    with project.store.begin() as conn:
        ingest(conn, [Told("ann", first, 2, 1.0, 5, 5, "k")])
    until(lambda: first not in ids_of(service.recommend("ann", 5)))


def test_another_version_is_taken_up_and_rolled_back(service: Service) -> None:
    assert asked(service)["model"]["version"] == 2
    service.post("/v1/versions/1:activate", {"reason": "to see"})
    until(lambda: asked(service)["model"] == {"name": "content", "version": 1})
    service.post("/v1/versions:rollback")
    until(lambda: asked(service)["model"] == {"name": "bpr", "version": 2})
    assert service.ask("POST", "/v1/versions/9:activate").status_code == 404


def test_nothing_takes_its_place_before_it_is_warm(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who asks meanwhile waits for one question of the warming up at most."""
    recommender, go_on, sizes = type(service.tenant.live.answers.recommender), Event(), list[int]()  # type: ignore[union-attr]
    before = recommender.recommend

    def slow(self: Any, queries: Any, *more: Any, **named: Any) -> Any:
        if self.levels[0].version == "1":
            sizes.append(len(queries))
            assert go_on.wait(30.0)
        return before(self, queries, *more, **named)

    for k in range(5):
        asked(service, now=k)
    monkeypatch.setattr("tastemaker.serve.watching.WARM_SECONDS", 0.2)
    monkeypatch.setattr(recommender, "recommend", slow)
    service.post("/v1/versions/1:activate")
    until(lambda: sizes)
    end = monotonic() + 0.5
    until(lambda: monotonic() > end)
    assert service.tenant.live.marks.active == 2  # type: ignore[union-attr]
    go_on.set()
    until(lambda: asked(service)["model"]["version"] == 1)
    assert sizes[0] == 1


def test_another_recipe_is_taken_up(service: Service, project: Project) -> None:
    from tastemaker.store.meta import get_meta, put_meta

    first = ids_of(asked(service))[0]
    ask = {"user": "ann", "taste": {"woody": 0.9}, "n": 10}
    service.post("/v1/events", [{"user": "ann", "item": first, "kind": "like"}])
    assert first not in ids_of(service.post("/v1/recommendations", ask))
    with project.store.begin() as conn:
        recipe = get_meta(conn, "recipe")
        put_meta(conn, recipe={**recipe, "rules": {**recipe["rules"], "repeat": True}})
    until(lambda: first in ids_of(service.post("/v1/recommendations", ask)))


def test_no_answer_mixes_versions_under_load(service: Service) -> None:
    expected = {}
    for version in (1, 2):
        service.post(f"/v1/versions/{version}:activate")
        until(lambda v=version: asked(service)["model"]["version"] == v)
        expected[version] = ids_of(asked(service))
    assert expected[1] != expected[2]
    end, seen = Event(), Counter()

    def ask() -> None:
        k = 0
        while not end.is_set():
            k += 1
            found = asked(service, now=k)
            assert ids_of(found) == expected[found["model"]["version"]]
            assert found["fallback"]["level"] == "active"
            seen[found["model"]["version"]] += 1

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for k in range(20):
            service.post("/v1/versions/1:activate" if k % 2 else "/v1/versions/2:activate")
            until(lambda k=k: service.tenant.live.marks.active == (1 if k % 2 else 2))  # type: ignore[union-attr]
        end.set()
        for one in asking:
            one.result()
    assert min(seen[1], seen[2]) > 0


def test_users_of_an_experiment_keep_their_arm(service: Service, project: Project) -> None:
    from tastemaker.data.arms import deal
    from tastemaker.experiment.running import start
    from tastemaker.store.experiments import exposed

    test = start(project.store, 2, 1)
    until(lambda: service.recommend("u0")["experiment"])
    for k in range(30):
        found = asked(service, user=f"u{k}")
        arm = deal(f"u{k}", test.salt, 0.5)
        assert found["experiment"] == {"id": 1, "arm": arm}
        assert found["model"]["version"] == {"control": 2, "treatment": 1}[arm]
        assert found["fallback"]["level"] == "challenger"

    def met() -> bool:
        with project.store.read() as conn:
            counts = exposed(conn, 1)
        return counts.control + counts.treatment == 30

    until(met)
    assert service.get("/v1/experiments")["experiments"][0]["state"] == "running"
    assert service.get("/v1/experiments/1/report")["verdict"]


def test_a_delisted_item_vanishes_at_once_and_comes_back(service: Service) -> None:
    first = ids_of(service.recommend("ann", 5))[0]
    service.post("/v1/items", [{"id": first, "available": False}])
    assert first not in ids_of(service.recommend("ann", 50))
    service.post("/v1/items", [{"id": first, "available": True}])
    until(lambda: first in ids_of(service.recommend("ann", 5)))


def test_another_program_delists_and_nothing_is_opened_again(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it takes no longer than a look: another worker's delisted items are gone as quickly."""
    opened, opening = [0], type(service.tenant.opener).open

    def counted(self: Any) -> Any:
        opened[0] += 1
        return opening(self)

    monkeypatch.setattr(type(service.tenant.opener), "open", counted)
    first = ids_of(service.recommend("ann", 5))[0]
    project.set_available(first, False)
    until(lambda: first not in ids_of(service.recommend("ann", 50)))
    assert len(ids_of(service.post("/v1/recommendations", {"candidates": [first], "taste": {"woody": 0.9}}))) == 0
    project.set_available(first, True)
    until(lambda: first in ids_of(service.recommend("ann", 5)))
    assert opened[0] == 0
    assert service.recommend("ann")["fallback"]["level"] == "active"
    service.post("/v1/versions/1:activate")  # a chain that is opened later knows it as well
    project.set_available(first, False)
    until(lambda: asked(service)["model"]["version"] == 1)
    assert first not in ids_of(asked(service, 90))


def test_a_new_item_is_recommendable_after_its_job(service: Service, project: Project) -> None:
    old = service.get(f"/v1/items/{project.catalog().items.ids[0]}")
    made = {"id": "brand new", "title": "New", "tags": old["tags"], "categories": old["categories"]}
    done = service.post("/v1/items", [made])
    assert (done["added"], done["changed"]) == (1, 0)
    assert service.recommend("ann")["fallback"]["level"] == "active"  # nobody waits for it
    assert project.run_job(done["job"]).state == "done"
    until(lambda: "brand new" in service.tenant.live.catalog.items)  # type: ignore[union-attr]
    found = service.post("/v1/recommendations", {"candidates": ["brand new"], "n": 1, "taste": {"woody": 1.0}})
    assert (ids_of(found), found["fallback"]["level"]) == (["brand new"], "active")
    assert "brand new" in ids_of(service.get(f"/v1/items/{old['id']}/similar", params={"n": 5}))


def test_what_is_not_said_of_an_item_stays(service: Service, project: Project) -> None:
    id_ = project.catalog().items.ids[0]
    before = service.get(f"/v1/items/{id_}")
    service.post("/v1/items", [{"id": id_, "title": "Renamed"}])
    assert service.get(f"/v1/items/{id_}") == before | {"title": "Renamed"}
    refused = service.ask("POST", "/v1/items", json=[{"id": id_, "tags": {"nots": ["a"]}}])
    assert refused.status_code == 404
    assert "did you mean" in refused.json()["detail"]


@pytest.mark.parametrize("how", ["here", "elsewhere"])
def test_a_forgotten_user_is_forgotten(service: Service, project: Project, how: str) -> None:
    stranger = ids_of(service.recommend("bob", 10))
    service.post("/v1/events", [{"user": "ann", "item": stranger[0], "kind": "like"}])
    assert ids_of(service.recommend("ann", 10)) != stranger
    if how == "here":
        assert service.ask("DELETE", "/v1/users/ann").json()["events"] == 1
    else:
        project.forget("ann")
    until(lambda: ids_of(service.recommend("ann", 10)) == stranger)
    assert service.ask("GET", "/v1/users/ann").status_code == 404


def test_what_a_forgotten_user_was_shown_a_moment_ago_is_gone_too(service: Service, project: Project) -> None:
    def logged() -> list[str]:
        with project.store.read() as conn:
            return [str(row["request"]) for row in read_slates(conn)]

    for _ in range(3):
        item = ids_of(service.recommend("bob", 10))[0]
        service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}])
        service.recommend("ann", 5)  # not logged yet
        assert service.ask("DELETE", "/v1/users/ann").status_code == 200
    service.get("/v1/users/ann/recommendations", headers={"X-Request-Id": "afterwards"})
    until(lambda: "afterwards" in logged())
    with project.store.read() as conn:
        assert [row["request"] for row in read_slates(conn, "ann")] == ["afterwards"]
    assert len(logged()) == 4


def test_a_worker_drops_what_it_holds_of_who_was_forgotten_by_another(shop: Path, project: Project) -> None:
    key = new_key(shop, "admin")
    with opened(shop, key=key) as one, opened(shop, key=key) as two:
        item = ids_of(two.recommend("bob", 10))[0]
        one.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}])
        two.tenant.writing._retry = float("inf")  # nothing is logged for a while
        for user, name in (("ann", "before"), ("nobody", "stays-there")):
            two.get(f"/v1/users/{user}/recommendations", headers={"X-Request-Id": name})
        assert one.ask("DELETE", "/v1/users/ann").status_code == 200
        assert one.ask("DELETE", "/v1/users/nobody").status_code == 404  # nothing is changed
        two.get("/v1/users/ann/recommendations", headers={"X-Request-Id": "afterwards"})
        two.tenant.writing._retry = 0.0
        until(lambda: len(two.tenant.writing.showing) == 0)
        with project.store.read() as conn:
            assert [row["request"] for row in read_slates(conn)][-2:] == ["stays-there", "afterwards"]
            assert len(read_slates(conn, "ann")) == 1


def test_who_was_forgotten_meets_an_experiment_anew(shop: Path, project: Project) -> None:
    from tastemaker.experiment.running import start

    def met() -> list[str]:
        with project.store.read() as conn:
            return list(conn.scalars(sa.select(ab_assignments.c.user)))

    start(project.store, 2, 1)
    key = new_key(shop, "admin")
    with opened(shop, key=key) as one, opened(shop, key=key) as two:
        for service in (one, two):
            until(lambda of=service: of.recommend("bob")["experiment"])
            service.recommend("ann")
        until(lambda: sorted(met()) == ["ann", "bob"])
        until(lambda: len(one.tenant.writing.showing) + len(two.tenant.writing.showing) == 0)
        assert one.ask("DELETE", "/v1/users/ann").status_code == 200
        assert met() == ["bob"]
        until(lambda: two.recommend("ann") and "ann" in met())  # as soon as this worker has heard of it


def test_stated_tastes_of_a_user_count(service: Service, project: Project) -> None:
    service.post("/v1/users", [{"id": "ann", "profile": {"woody": 0.9}}])
    assert ids_of(service.recommend("ann")) == list(project.recommend(taste={"woody": 0.9}, n=5).items)
    assert service.ask("POST", "/v1/users", json=[{"id": "ann", "profile": {"wody": 1}}]).status_code == 404


def test_a_key_is_revoked_without_a_restart(service: Service, project: Project) -> None:
    from tastemaker.store.keys import revoke_key

    key = new_key(project.store.root, "read", name="short-lived")
    path = "/v1/users/ann/recommendations"
    until(lambda: service.ask("GET", path, key=key).status_code == 200)
    with project.store.begin() as conn:
        revoke_key(conn, "short-lived", 5)
    until(lambda: service.ask("GET", path, key=key).status_code == 401)


def test_pages_and_transfer(service: Service, project: Project) -> None:
    ids, cursor = [], None
    while True:
        page = service.get("/v1/items", params={"limit": 40} | ({} if cursor is None else {"cursor": cursor}))
        ids += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert tuple(ids) == project.catalog().items.ids
    service.post("/v1/events", [{"user": "ann", "item": ids[0], "kind": "like"}])
    lines = service.ask("GET", "/v1/export/events").text
    assert lines.count("\n") == 1
    service.ask("DELETE", "/v1/users/ann")
    back = service.ask("POST", "/v1/import/events", content=lines + '{"user": "ann"}\n').json()
    assert (back["stored"], back["refused"][0]["line"]) == (1, 2)
    assert service.get("/v1/users/ann")["events"] == 1
    service.post("/v1/events", [{"user": "ann", "item": ids[1], "kind": "like", "id": "7"}])
    for what in (
        "events",
        "users",
    ):  # what comes back is what is there: by its sender's id, by its batch, or by a user's
        lines = service.ask("GET", f"/v1/export/{what}").text
        again = service.ask("POST", f"/v1/import/{what}", content=lines).json()
        assert again == {"rows": lines.count("\n"), "stored": 0, "duplicate": lines.count("\n"), "refused": []}, what
        assert again["rows"] >= 1 + (what == "events")
    items = service.ask("GET", "/v1/export/items").text
    assert service.ask("POST", "/v1/import/items", content=items).json()["stored"] == 0


def test_long_keys_of_an_export_come_back(service: Service, project: Project) -> None:
    """Also those that other programs gave: none is refused, and none is stored twice."""
    item = project.catalog().items.ids[0]
    keys = ["k" * 1000, "id:" + "k" * 300, "ü" * 1300, "k" * 9000]
    rows = [{"user": "ann", "item": item, "kind": "like", "key": key} for key in keys]
    for stored in (4, 0):
        back = service.ask("POST", "/v1/import/events", content="\n".join(map(json.dumps, rows))).json()
        assert (back["stored"], back["duplicate"], back["refused"]) == (stored, 4 - stored, [])
    lines = service.ask("GET", "/v1/export/events").text
    assert [json.loads(line).get("key") in keys for line in lines.splitlines()] == [True, True, False, False]
    assert service.ask("POST", "/v1/import/events", content=lines).json()["duplicate"] == 4


def test_a_bad_line_of_an_import_costs_the_others_nothing(service: Service) -> None:
    users = (
        '{"id":"u1","profile":{"woody":0.5}}\n{"id":"u2","profile":{"nix":0.5}}\n{"id":"u3","profile":{"woody":3}}\n'
    )
    found = service.ask("POST", "/v1/import/users", content=users + "{]\n" * 1500).json()
    assert (found["rows"], found["stored"], len(found["refused"])) == (1503, 1, 1000)
    assert "'nix' is no taste of this project" in found["refused"][0]["reason"]
    assert [one["line"] for one in found["refused"][:3]] == [2, 3, 4]
    item = service.get("/v1/items")["items"][0]["id"]
    kept = [{"user": "u1", "item": item, "kind": "like", "key": key} for key in ("a\0b", "x" * 20_001, "fine")]
    found = service.ask("POST", "/v1/import/events", content="\n".join(map(json.dumps, kept))).json()
    assert (found["stored"], [one["line"] for one in found["refused"]]) == (1, [1, 2])
    items = '{"id":"n1","title":"One","tags":{"nix":["a"]}}\n{"id":"n2","title":"Two"}\n{"id":"n3","title":3}\n'
    found = service.ask("POST", "/v1/import/items", content=items).json()
    assert (found["rows"], found["stored"]) == (3, 1)
    assert "no tags column 'nix'" in found["refused"][0]["reason"]
    assert found["refused"][1]["reason"] == "title: Input should be a valid string; it is 3."
    made_up = next(one["id"] for one in service.get("/v1/users")["users"] if one["synthetic"])
    found = service.ask("POST", "/v1/import/users", content=json.dumps({"id": made_up}) + '\n{"id":"u9"}\n').json()
    assert (found["stored"], found["refused"][0]["line"]) == (1, 1)


def test_jobs_are_rows(service: Service) -> None:
    made = service.post("/v1/jobs", {"kind": "tune", "search": 3}, status=202)
    assert (made["kind"], made["state"]) == ("retrain", "queued")
    assert service.post(f"/v1/jobs/{made['id']}:cancel")["state"] == "cancelled"
    assert service.get("/v1/jobs")["jobs"][0]["id"] == made["id"]
    assert service.ask("GET", "/v1/jobs/77").status_code == 404


def test_two_workers_of_a_service_see_each_others_events(shop, project: Project, tmp_path) -> None:
    key = new_key(shop, "admin")
    marks = str(tmp_path / "marks")
    with opened(shop, key=key, marks=marks) as one, opened(shop, key=key, marks=marks) as two:
        first = ids_of(two.recommend("ann", 5))[0]
        one.post("/v1/events", [{"user": "ann", "item": first, "kind": "like"}])
        assert first not in ids_of(two.recommend("ann", 5))  # at once, not at the next look


def test_items_that_are_stored_get_their_job_even_if_the_service_dies_between(
    service: Service, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.tenant.settings = replace(service.tenant.settings, run_jobs=True)
    items, run = [{"id": "late", "title": "Late"}], list[int]()

    def dies(*_: Any) -> None:
        raise RuntimeError("killed before any process was started")

    monkeypatch.setattr("tastemaker.serve.routes.items.run_job", dies)
    assert service.ask("POST", "/v1/items", json=items).status_code == 500
    (job,) = service.get("/v1/jobs")["jobs"]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with project.store.begin() as conn:
        hand_job(conn, job["id"], gone.pid)
    monkeypatch.setattr("tastemaker.serve.routes.items.run_job", lambda tenant, id_: run.append(id_))
    assert service.post("/v1/items", items) == {"added": 0, "changed": 0, "unchanged": 1, "job": job["id"]}
    assert service.post("/v1/items", items)["job"] is None  # somebody who lives sees to it
    assert run == [job["id"]]
