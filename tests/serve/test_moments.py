"""The service where a recipe reads a context off what somebody typed."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.context import LAST, lately, place_code
from tastemaker.data.events import KINDS
from tastemaker.lifecycle import Project
from tastemaker.serve import histories
from tastemaker.serve.histories import Histories
from tastemaker.serve.shared import UserMarks
from tastemaker.store import Store, put_catalog
from tastemaker.store.contexts import _load, text_models
from tastemaker.store.ingest import Told, ingest, read_contexts
from tastemaker.store.tables import events, slates

from ..lifecycle.moments import HOUR, NOON, new_moments
from ..store.toys import catalog
from .opened import Service, opened, until


def _contexts(service: Service) -> dict[str, dict[str, float]]:
    with service.tenant.store.read() as conn:
        return {row.key: row.context for row in conn.execute(sa.select(events.c.key, events.c.context))}


def test_what_was_typed_is_read_and_the_answer_says_who_spoke(tmp_path: Path) -> None:
    with opened(new_moments(tmp_path)) as service:
        said = service.post(
            "/v1/recommendations", {"text": "I cried all night and I miss her", "n": 3, "explain": True}
        )
        assert said["spoke"] == "mapping"
        assert max(said["context"]["emotion"].items(), key=lambda one: one[1])[0] == "sad"
        assert len(said["items"]) == 3
        asked = f"/v1/explanations/{said['request_id']}"
        until(lambda: service.ask("GET", asked).status_code == 200)
        assert all(" suits “sad” (0." in one["sentence"] for one in service.get(asked)["items"])
        given = service.post("/v1/recommendations", {"context": {"emotion": "happy"}, "place": "Oslo", "n": 3})
        assert given["context"]["emotion"]["happy"] == 1.0
        assert service.ask("POST", "/v1/recommendations", json={"text": "x" * 200_000}).status_code == 422
        assert service.post("/v1/recommendations", {"text": "I miss her " * 9_309, "n": 1})["spoke"] == "mapping"


def test_a_text_that_cannot_be_read_is_answered_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads it is loaded once; where that failed, the scoring thread goes on, and tries again some time."""
    monkeypatch.setattr("tastemaker.serve.watching.SLOW", 0.1)
    root = new_moments(tmp_path)
    asked = {"text": "I cried all night and I miss her", "n": 3}
    with closing(Store.open(root)) as store:
        with store.read() as conn:
            artifact = text_models(conn)["emotion"]["artifact"]
        folder = Path(store.artifacts.root) / artifact[:32]
    with opened(root) as service:
        folder.rename(tmp_path / "away")
        assert max(service.post("/v1/recommendations", asked)["context"]["emotion"].values()) > 0.2
    _load.cache_clear()  # as in another process
    with opened(root) as service:
        found = service.post("/v1/recommendations", asked)
        assert len(found["items"]) == 3
        assert "the emotion cannot be read" in found["fallback"]["reason"]
        assert len(service.recommend("ann", 3)["items"]) == 3
        (tmp_path / "away").rename(folder)
        until(lambda: "cannot be read" not in service.post("/v1/recommendations", asked)["fallback"]["reason"], 30.0)


def test_a_bug_in_what_reads_a_text_costs_the_text_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("a secret of the text")

    root = new_moments(tmp_path)
    with opened(root) as service, Project.open(root) as project:
        item = service.post("/v1/recommendations", {"n": 1})["items"][0]["id"]
        monkeypatch.setattr("tastemaker.text.model.TextModel.distribution", fails)
        found = service.post("/v1/recommendations", {"text": "I miss her", "likes": [item], "n": 3})
        assert item not in [one["id"] for one in found["items"]]
        assert "the emotion cannot be read" in found["fallback"]["reason"]
        assert "ZeroDivisionError" in found["fallback"]["reason"]
        assert "secret" not in found["fallback"]["reason"]
        assert 'what="reading a text"' in service.ask("GET", "/metrics").text
        assert "the emotion cannot be read" in project.recommend(text="I miss her", n=3).level_reason


def test_a_label_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with opened(new_moments(tmp_path)) as service:
        found = service.post("/v1/recommendations", {"context": {"emotion": "peckish"}, "n": 3})
        assert "'peckish' is no emotion that is known" in found["fallback"]["reason"]


def test_an_event_brings_its_moment_in_the_recipe_s_words(tmp_path: Path) -> None:
    told = [
        {"emotion": "Sadness"}, {"emotion": {"sad": 1, "joy": 2, "happiness": 1}}, {"emotion:sad": 3.0},
        {"emotion": "wistful"}, {"emotion": {"sad": -1}},
    ]  # fmt: skip
    with opened(new_moments(tmp_path)) as service:
        item = service.post("/v1/recommendations", {"n": 1})["items"][0]["id"]
        rows = [
            {"user": "u", "item": item, "kind": "click", "id": str(k), "context": one} for k, one in enumerate(told)
        ]
        rows.append({"user": "v", "item": item, "kind": "click", "id": "there", "place": "Oslo"})
        receipts = service.post("/v1/events", rows)["receipts"]
        assert [one["status"] for one in receipts] == ["accepted"] * 3 + ["refused"] * 2 + ["accepted"]
        assert "'wistful' is no emotion that is known" in receipts[3]["reason"]
        kept = _contexts(service)
        assert len(kept["id:0"]) == 7
        assert [kept[f"id:{k}"]["emotion:sad"] for k in range(3)] == [1.0, 0.25, 1.0]
        assert kept["id:1"]["emotion:happy"] == 0.75
        assert kept["id:there"] == {"place:code": place_code("oslo")}


def test_what_was_felt_lately_counts_as_it_does_for_the_library(tmp_path: Path) -> None:
    """The network hears what surrounded a user's last events, in whatever order they were told."""
    root = new_moments(tmp_path)
    with Project.open(root) as project:
        project.synthesize_life(users=12, texts=40, clicks=60, interactions=5, habit=0.8)
        project.train(options={"epochs": 9})
        project.activate(max(version.id for version in project.versions()), "whatever it is worth")
    with opened(root) as service:
        items = [item["id"] for item in service.get("/v1/items")["items"][:8]]
        felt = [*["happy"] * 3, *["angry"] * 3, None, {"emotion": {"sad": 1, "angry": 3}}]
        rows = [
            {"user": user, "item": item, "kind": "click", "time": NOON - k * HOUR, "place": "Oslo"}
            | ({} if one is None else {"context": one if isinstance(one, dict) else {"emotion": one}})
            for user in ("new", "ann")
            for k, (item, one) in enumerate(zip(items, felt if user == "new" else felt[::-1], strict=True))
        ]
        assert service.post("/v1/events", rows)["accepted"] == 16
        with Project.open(root) as project:
            for user in ("new", "ann"):
                mine = project.answers.query(user=user, now=NOON)
                assert mine.context["recent emotion"]["happy"] > 0.4 if user == "new" else mine.context
                answer = service.post("/v1/recommendations", {"user": user, "now": NOON, "n": 10})
                heard = service.tenant.histories.remembered(user)
                assert heard is not None
                assert heard.context == mine.context
                theirs = project.recommend(user=user, now=NOON, n=10)
                assert [item["id"] for item in answer["items"]] == [*theirs.items]
                assert [item["score"] for item in answer["items"]] == pytest.approx(theirs.scores)


def test_only_contexts_that_count_are_read_and_say_what_all_of_them_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the slow way: all contexts of a user, in order of time, then the last."""
    rng, read, names = np.random.default_rng(3), list[int](), [f"feeling:{name}" for name in "abc"]
    told = [
        Told(f"u{rng.integers(4)}", str(rng.choice(["oud", "rose", "late"])), KINDS.index("like"), 1.0,
             int(rng.integers(9)), 5, f"k{k}",
             {name: float(rng.random()) for name in names if rng.random() < 0.4} or None)
        for k in range(200)
    ]  # fmt: skip

    def reads(conn: sa.Connection, ids: list[int]) -> dict[int, dict[str, float]]:
        read.extend(ids)
        return read_contexts(conn, ids)

    monkeypatch.setattr(histories, "read_contexts", reads)
    here, users = catalog("oud", "rose"), [f"u{k}" for k in range(5)]
    with closing(Store.create(tmp_path / "shop", "sqlite", {})) as store:
        with store.begin() as conn:
            put_catalog(conn, catalog("oud", "rose", "late"))  # one came after the catalog that answers
            assert set(ingest(conn, told)) == {"accepted"}
        known = Histories("shop", UserMarks(None)).known(users, store.read, here, {}, around=True)
    assert len(read) == 4 * LAST
    for user in users:
        mine = sorted((one for one in told if one.user == user and one.item != "late"), key=lambda one: one.time)
        columns = {name: np.array([(one.context or {}).get(name) for one in mine], np.float32) for name in names}
        slow = lately(columns) if mine else {}
        assert {block: {name: value for name, value in said.items() if value} for block, said in slow.items()} == {
            block: {name: value for name, value in said.items() if value} for block, said in known[user].context.items()
        }


def test_an_event_that_is_quicker_than_the_log_has_the_moment_of_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastemaker.serve.writing.PATIENCE", 5.0)
    with opened(new_moments(tmp_path)) as service:
        answer = service.post("/v1/recommendations", {"user": "u", "context": {"emotion": "sad"}, "n": 1})
        row = {"item": answer["items"][0]["id"], "kind": "click", "request_id": answer["request_id"]}
        service.post("/v1/events", [{**row, "user": "u", "id": "quick"}])
        assert _contexts(service)["id:quick"]["emotion:sad"] == 1.0


def test_an_event_without_a_moment_has_that_of_the_answer_it_follows(tmp_path: Path) -> None:
    with opened(new_moments(tmp_path)) as service:
        asked = {"user": "u", "text": "I cried all night and I miss her", "place": "Oslo", "n": 1}
        answer = service.post("/v1/recommendations", asked)

        def logged() -> int:
            with service.tenant.store.read() as conn:
                return conn.scalar(sa.select(sa.func.count()).select_from(slates)) or 0

        until(logged)
        row = {"item": answer["items"][0]["id"], "kind": "click", "request_id": answer["request_id"]}
        service.post("/v1/events", [{**row, "user": "u", "id": "mine"}, {**row, "user": "w", "id": "no one's"}])
        kept = _contexts(service)
        assert kept["id:mine"]["emotion:sad"] > 0.4
        assert kept["id:mine"]["place:code"] == place_code("oslo")
        assert kept["id:no one's"] is None
