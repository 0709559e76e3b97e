"""Who may ask what, how much and how often; and that nothing is told to those who may not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tastemaker.lifecycle import Project
from tastemaker.store import Store
from tastemaker.store.keys import digest_of, list_keys, parts_of

from ..shops import copied
from .opened import Service, new_key, opened, until

OPEN = {"/health/live", "/health/ready", "/openapi.json"}
FILLED = {"user": "ann", "item": "an item", "request_id": "0123456789", "version": 1, "experiment": 1, "job": 1}
BODIES: dict[str, Any] = {
    "/v1/recommendations": {"n": 1},
    "/v1/events": [{"user": "u", "item": "i", "kind": "like"}],
    "/v1/impressions": [{"user": "u", "items": ["i"]}],
    "/v1/items": [{"id": "i"}],
    "/v1/users": [{"id": "u"}],
    "/v1/jobs": {},
}


def endpoints(service: Service) -> Iterator[tuple[str, str, str]]:
    """(method, template, path) of all that the OpenAPI names."""
    document = service.http.get("/openapi.json").json()
    for template, methods in document["paths"].items():
        path = template.format(**FILLED, what="items")
        for method in methods:
            yield method.upper(), template, path


def needed(method: str, path: str) -> str:
    if method == "GET":
        return "admin" if "/export/" in path else "read"
    if path == "/v1/recommendations":
        return "read"
    ingest = ("/v1/events", "/v1/impressions", "/v1/items", "/v1/users", "/v1/import/items")
    return "ingest" if method == "POST" and path in ingest else "admin"


def test_every_endpoint_needs_a_key_with_its_scope(service: Service, shop: Path) -> None:
    keys = {scope: new_key(shop, scope, name=scope) for scope in ("read", "ingest")}
    until(lambda: len(service.tenant.keys) == 3)
    seen = 0
    for method, template, path in endpoints(service):
        if template in OPEN:
            continue
        seen += 1
        body = {"json": BODIES.get(path)} if method == "POST" else {}
        for wrong in ({}, {"Authorization": "Bearer tm_000000000000_x"}, {"Authorization": "Basic YTpi"},
                      {"Authorization": f"Bearer {service.key}x"}):  # fmt: skip
            found = service.http.request(method, path, headers=wrong, **body)
            assert (found.status_code, found.headers["content-type"]) == (401, "application/problem+json"), path
            assert "Bearer" in found.headers["www-authenticate"]
        wanted = needed(method, path)
        for scope, key in keys.items():
            found = service.ask(method, path, key=key, **body)
            assert (found.status_code == 403) == (scope != wanted), (method, path, scope, found.text)
    assert seen > 20


def test_a_key_of_another_project_sees_nothing_of_this_one(tmp_path: Path, taught_light: Path) -> None:
    first = copied(taught_light, tmp_path)
    (tmp_path / "b").mkdir()
    second = copied(taught_light, tmp_path / "b").rename(tmp_path / "b" / "other")
    item = Project.open(first).catalog().items.ids[0]
    keys = [new_key(first, "admin"), new_key(second, "admin")]
    with opened(first, second, key=keys[0]) as service:
        service.post("/v1/events", [{"user": "secret ann", "item": item, "kind": "like"}])
        answer = service.recommend("secret ann")
        until(lambda: service.ask("GET", f"/v1/explanations/{answer['request_id']}").status_code == 200)
        service.key = keys[1]
        assert service.ask("GET", "/v1/users/secret ann").status_code == 404
        assert service.get("/v1/users")["users"] == [] or "secret ann" not in str(service.get("/v1/users"))
        assert service.ask("GET", f"/v1/explanations/{answer['request_id']}").status_code == 404
        assert service.ask("GET", "/v1/export/events").text == ""
        assert service.ask("DELETE", "/v1/users/secret ann").status_code == 404
        told = [service.ask("GET", "/metrics", key=key).text for key in keys]
        assert [('project="shop"' in text, 'project="other"' in text) for text in told] == [
            (True, False),
            (False, True),
        ]
        assert all("tastemaker_request_seconds" in text for text in told)
        service.key = keys[0]
        assert service.get("/v1/users/secret ann")["events"] == 1


def test_a_project_whose_database_is_away_keeps_no_other_one_back(tmp_path: Path, taught_light: Path) -> None:
    from tastemaker.errors import StoreError
    from tastemaker.serve.run import checked
    from tastemaker.serve.settings import Settings

    (tmp_path / "b").mkdir()
    away = copied(taught_light, tmp_path / "b").rename(tmp_path / "b" / "away")
    here = copied(taught_light, tmp_path)
    keys = [new_key(away, "admin"), new_key(here, "admin")]
    database = away / "tastemaker.db"
    database.rename(tmp_path / "kept.db")
    assert checked(Settings((str(away), str(here)))).projects == (str(away), str(here))
    with pytest.raises(StoreError, match="missing"):
        checked(Settings((str(away),)))
    with opened(away, here, key=keys[1]) as service:
        assert service.recommend("ann")["fallback"]["level"] == "active"
        assert service.ask("GET", "/v1/versions", key=keys[0]).status_code == 503
        (tmp_path / "kept.db").rename(database)
        until(lambda: service.ask("GET", "/v1/users/ann/recommendations", key=keys[0]).status_code == 200)


def test_a_database_that_hangs_delays_no_other_project(tmp_path: Path, taught_light: Path) -> None:
    (tmp_path / "b").mkdir()
    slow = copied(taught_light, tmp_path / "b").rename(tmp_path / "b" / "slow")
    here = copied(taught_light, tmp_path)
    with opened(slow, here, key=new_key(here, "admin")) as service, pytest.MonkeyPatch.context() as patch:
        go_on, hangs = Event(), service.worker.tenants["slow"]
        patch.setattr(hangs, "read_keys", lambda: go_on.wait(60.0))
        key = new_key(here, "read", name="late")
        until(lambda: service.ask("GET", "/v1/versions", key=key).status_code == 200)
        go_on.set()


def test_keys_are_kept_hashed_and_written_nowhere(service: Service, shop: Path, capfd: Any) -> None:
    id_, secret = parts_of(service.key) or ("", "")
    service.ask("GET", "/v1/nothing")
    with pytest.raises(AssertionError):
        service.get("/v1/users/nobody")
    with closing(Store.open(shop)) as store, store.read() as conn:
        (key,) = list_keys(conn)
        assert (key.id, key.digest) == (id_, digest_of(secret))
    for file in shop.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
    told = capfd.readouterr()
    assert secret not in told.out + told.err
    assert "nobody" not in told.err  # nor who was asked about
    assert secret not in service.http.get("/openapi.json").text


def test_a_key_that_asks_too_often_is_told_when_to_come_back(shop: Path) -> None:
    slow = new_key(shop, "read", name="slow", rate=1.0)
    with opened(shop) as service:
        codes = [service.ask("GET", "/v1/users/a/recommendations", key=slow).status_code for _ in range(4)]
        assert codes == [200, 200, 429, 429]
        found = service.ask("GET", "/v1/users/a/recommendations", key=slow)
        assert found.headers["retry-after"] == "1"
        assert service.ask("GET", "/v1/users/a/recommendations").status_code == 200


DEEP = b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
FUZZ: list[tuple[str, bytes, set[int]]] = [
    ("/v1/recommendations", DEEP, {400}),
    ("/v1/recommendations", b'{"context":{"a":{"b":' + b'{"c":' * 40 + b"1" + b"}" * 43, {400, 422}),
    ("/v1/recommendations", b'{"n": NaN}', {400}),
    ("/v1/recommendations", b'{"n": 1e999}', {400, 422}),
    ("/v1/recommendations", b'{"n": 123456789012345678901234567890}', {400, 422}),
    ("/v1/recommendations", b'{"taste": {"woody": -0.1}}', {422}),
    ("/v1/recommendations", b'{"user": "a\\u0000b"}', {422}),
    ("/v1/recommendations", b'{"user": "\\ud800"}', {400, 422}),
    ("/v1/recommendations", b'{"user": "\xff\xfe"}', {400}),
    ("/v1/recommendations", b'{"user": 7}', {422}),
    ("/v1/recommendations", b'{"user": ""}', {422}),
    ("/v1/recommendations", b'{"user": "' + b"x" * 300 + b'"}', {422}),
    ("/v1/recommendations", b'{"sql": "\'; DROP TABLE users; --"}', {422}),
    ("/v1/recommendations", b"[]", {422}),
    ("/v1/recommendations", b"", {422}),
    ("/v1/recommendations", b'"' + b"x" * 10_000_000 + b'"', {413}),
    ("/v1/events", b"{}", {422}),
    ("/v1/events", b"[]", {422}),
    ("/v1/events", b"[" + b",".join([b'{"user":"u","item":"i","kind":"like"}'] * 1001) + b"]", {422}),
    ("/v1/events", b'[{"user":"u","item":"i","kind":"like","time":99999999999999999999}]', {400, 200}),
    ("/v1/events", b'[{"user":"u","item":"i","kind":"rating","value":1e300}]', {200}),
    ("/v1/events", b'[{"user":"u","item":"i","kind":"rating","value":NaN}]', {400}),
    ("/v1/events", b'[{"user":"u","item":"i","kind":"like"}, {]', {400}),
    ("/v1/items", b'[{"id":"a","numbers":{"x":1e39}}]', {422}),
    ("/v1/items", b'[{"id":"a","text":{"description":"\\u0000"}}]', {422}),
    ("/v1/import/events", b"\xff\n{]\n", {200}),
]  # fmt: skip


def test_odd_bodies_are_refused_with_a_reason(service: Service) -> None:
    for path, body, codes in FUZZ:
        found = service.ask("POST", path, content=body, headers={"Content-Type": "application/json"})
        assert found.status_code in codes, (path, body[:60], found.status_code, found.text[:300])
        if found.status_code != 200:
            assert found.headers["content-type"] == "application/problem+json"
            assert len(found.json()["detail"]) > 10
    assert service.recommend("ann")["fallback"]["level"] == "active"


@pytest.mark.parametrize("user", ["日本語", "a b/c", "\u202eabc", "😀" * 60, "%2e%2e", "a?b#c", "' OR 1=1 --"])
def test_odd_ids_are_ids(service: Service, project: Project, user: str) -> None:
    from urllib.parse import quote

    item = project.catalog().items.ids[0]
    service.post("/v1/events", [{"user": user, "item": item, "kind": "like"}])
    assert service.get(f"/v1/users/{quote(user, safe='')}/recommendations")["items"]


def test_answers_carry_security_headers_and_their_id(service: Service) -> None:
    for path in ("/v1/users/ann/recommendations", "/v1/versions", "/v1/none", "/health/live"):
        found = service.ask("GET", path, headers={"X-Request-ID": "from-the-caller"})
        assert found.headers["x-request-id"] == "from-the-caller"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["cache-control"] == "no-store"
        assert "server" not in found.headers
    assert (
        service.ask("GET", "/v1/versions", headers={"X-Request-ID": "bad id\t"}).headers["x-request-id"] != "bad id\t"
    )


def test_a_bug_tells_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("tastemaker.serve.routes.versions.list_versions", fail)
    found = service.ask("GET", "/v1/versions")
    assert (found.status_code, found.headers["content-type"]) == (500, "application/problem+json")
    assert "hunter2" not in found.text


def test_the_open_door_is_for_this_machine_alone(shop: Path) -> None:
    from tastemaker.errors import QueryError, StoreError
    from tastemaker.serve.run import checked
    from tastemaker.serve.settings import Settings

    with pytest.raises(QueryError, match="not this machine"):
        checked(Settings((str(shop),), host="0.0.0.0", open_door=True))
    with pytest.raises(StoreError, match="keys create"):
        checked(Settings((str(shop),)))
    with opened(shop, open_door=True) as service:
        assert service.http.get("/v1/versions").status_code == 200
        assert service.http.get("/v1/versions", headers={"Tastemaker-Project": "other"}).status_code == 404


def test_a_span_names_the_route_and_not_the_user(shop: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="tracing is an extra: pip install 'tastemaker[telemetry]'")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from starlette.testclient import TestClient

    from tastemaker.serve.app import create
    from tastemaker.serve.settings import Settings
    from tastemaker.serve.tracing import around

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with TestClient(around(create(Settings((str(shop),), open_door=True)), provider)) as http:
        until(lambda: http.get("/health/ready").status_code == 200)
        answer = http.get("/v1/users/ann/recommendations")
    span = exporter.get_finished_spans()[-1]
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET user recommendations", 200)
    assert span.attributes["tastemaker.request_id"] == answer.headers["x-request-id"]
    assert "ann" not in span.to_json()
