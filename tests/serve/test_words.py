"""What a newcomer is told: where the way in is, where a body ends to be JSON, and which name comes nearest."""

import pytest

from .opened import Service


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/nothing"])
def test_who_asks_for_what_is_not_there_is_shown_the_openapi(service: Service, path: str) -> None:
    stranger, known = service.http.get(path), service.ask("GET", path)
    assert (stranger.status_code, known.status_code) == (401, 404)
    assert "tastemaker keys create" in stranger.json()["detail"]
    for found in (stranger, known):
        assert "/openapi.json" in found.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/recommendations"])
def test_malformed_json_has_a_place(service: Service, path: str) -> None:
    json = {"content-type": "application/json"}
    found = service.ask("POST", path, content=b'{"n": 1,\n "likes": }', headers=json)
    assert (found.status_code, found.headers["content-type"]) == (400, "application/problem+json")
    assert "not JSON" in found.json()["detail"]
    assert "line 2 column 11" in found.json()["detail"]
    deep = service.ask("POST", path, content=b"[" * 30 + b"]" * 30, headers=json)
    assert (deep.status_code, "nested more than" in deep.json()["detail"]) == (400, True)


def test_a_taste_that_nobody_knows_is_a_bad_field(service: Service) -> None:
    found = service.post("/v1/recommendations", {"taste": {"wody": 0.9}}, 422)
    assert "'wody' is no taste of this project; did you mean 'woody'? It has: floral, " in found["detail"]
