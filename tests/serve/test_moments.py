"""The service where a recipe reads a context off what somebody typed."""

from pathlib import Path

from ..lifecycle.moments import new_moments
from .opened import opened


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
