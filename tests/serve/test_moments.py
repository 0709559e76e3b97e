"""The service where a recipe reads a context off what somebody typed."""

from contextlib import closing
from pathlib import Path

import pytest

from tastemaker.store import Store
from tastemaker.store.contexts import text_models

from ..lifecycle.moments import new_moments
from .opened import opened, until


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
    with opened(root) as service:
        found = service.post("/v1/recommendations", asked)
        assert len(found["items"]) == 3
        assert "the text could not be read: ArtifactError" in found["fallback"]["reason"]
        assert len(service.recommend("ann", 3)["items"]) == 3
        (tmp_path / "away").rename(folder)
        until(lambda: "could not" not in service.post("/v1/recommendations", asked)["fallback"]["reason"], 30.0)


def test_a_label_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with opened(new_moments(tmp_path)) as service:
        found = service.post("/v1/recommendations", {"context": {"emotion": "peckish"}, "n": 3})
        assert "'peckish' is no emotion that is known" in found["fallback"]["reason"]
