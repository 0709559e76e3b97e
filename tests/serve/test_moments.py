"""The service where a recipe reads a context off what somebody typed."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tastemaker.data.context import place_code
from tastemaker.store import Store
from tastemaker.store.contexts import _loaded, text_models
from tastemaker.store.tables import events, slates

from ..lifecycle.moments import new_moments
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
    _loaded.cache_clear()  # as in another process
    with opened(root) as service:
        found = service.post("/v1/recommendations", asked)
        assert len(found["items"]) == 3
        assert "the emotion cannot be read" in found["fallback"]["reason"]
        assert len(service.recommend("ann", 3)["items"]) == 3
        (tmp_path / "away").rename(folder)
        until(lambda: "cannot be read" not in service.post("/v1/recommendations", asked)["fallback"]["reason"], 30.0)


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
