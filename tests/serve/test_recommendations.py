"""What is recommended, how it is labelled, and that the service answers as the library does."""

from pathlib import Path

import pytest

from tastemaker.lifecycle import Project

from ..shops import copied
from .opened import Service, ids_of, opened, until


def test_an_answer_says_where_it_comes_from(service: Service) -> None:
    found = service.recommend("nobody", n=3)
    assert set(found) == {"request_id", "took_ms", "model", "experiment", "fallback", "items"}
    assert found["model"] == {"name": "bpr", "version": 2}
    assert (found["experiment"], found["fallback"]) == (None, {"level": "active", "reason": ""})
    assert [item["rank"] for item in found["items"]] == [1, 2, 3]
    assert found["took_ms"] > 0


def test_the_service_answers_as_the_library_does(service: Service, project: Project) -> None:
    items = project.catalog().items.ids
    asked = {"likes": [items[3], items[7]], "taste": {"woody": 0.9}, "n": 7}
    told, expected = service.post("/v1/recommendations", {**asked, "explain": True}), project.recommend(**asked)
    assert ids_of(told) == list(expected.items)
    assert [item["score"] for item in told["items"]] == pytest.approx(expected.scores, abs=1e-5)
    for item, reasons in zip(told["items"], expected.reasons, strict=True):
        assert [(r["part"], round(r["weight"], 3)) for r in item["reasons"]] == [
            (r.part, round(r.weight, 3)) for r in reasons
        ]


def test_a_known_user_is_answered_from_their_history(service: Service, project: Project) -> None:
    items = project.catalog().items.ids
    told = [{"user": "ann", "item": item, "kind": "like"} for item in items[10:14]]
    service.post("/v1/events", told)
    expected = project.recommend(user="ann", n=6)
    assert ids_of(service.recommend("ann", 6)) == list(expected.items)
    assert not set(items[10:14]) & set(ids_of(service.recommend("ann", 50)))


def test_candidates_exclusions_and_filters(service: Service, project: Project) -> None:
    catalog = project.catalog()
    some = list(catalog.items.ids[:8])
    found = service.post("/v1/recommendations", {"candidates": some, "exclude": some[:2], "n": 8})
    assert set(ids_of(found)) == set(some[2:])
    brand = catalog.categories["brand"][5]
    found = service.post("/v1/recommendations", {"filters": {"brand": brand}, "n": 5})
    assert {catalog.categories["brand"][row] for row in catalog.items.rows(ids_of(found))} == {brand}


def test_a_diverse_list_repeats_itself_less(service: Service, project: Project) -> None:
    catalog = project.catalog()

    def alike(diversity: float) -> float:
        found = service.post("/v1/recommendations", {"taste": {"woody": 1.0}, "n": 10, "diversity": diversity})
        rows = catalog.items.rows(ids_of(found)).tolist()
        words = [{tag.lower() for column in catalog.tags.values() for tag in column[row]} for row in rows]
        pairs = [(a, b) for k, a in enumerate(words) for b in words[:k]]
        return sum(len(a & b) / len(a | b) for a, b in pairs) / len(pairs)

    assert alike(0.7) < alike(0.0)


def test_similar_items(service: Service, project: Project) -> None:
    item = project.catalog().items.ids[4]
    found = service.get(f"/v1/items/{item}/similar", params={"n": 4})
    assert ids_of(found) == list(project.answers.similar([item], 4).items)
    assert service.ask("GET", "/v1/items/nothing/similar").status_code == 404


def test_what_nobody_knows_is_named(service: Service) -> None:
    for body, status, says in (
        ({"likes": ["No Such Thing"]}, 404, "No item is called"),
        ({"taste": {"wody": 0.5}}, 422, "did you mean"),
        ({"filters": {"colour": "red"}}, 404, "Nothing can be filtered by"),
    ):
        found = service.ask("POST", "/v1/recommendations", json=body)
        assert found.status_code == status
        assert found.headers["content-type"] == "application/problem+json"
        assert says in found.json()["detail"]


def test_an_answer_can_be_explained_later(service: Service, project: Project) -> None:
    items = project.catalog().items.ids
    service.post("/v1/events", [{"user": "ann", "item": items[0], "kind": "like"}])
    told = service.recommend("ann", 3)
    path = f"/v1/explanations/{told['request_id']}"
    until(lambda: service.ask("GET", path).status_code == 200)
    found = service.get(path)
    assert [item["id"] for item in found["items"]] == ids_of(told)
    assert found["note"] == ""
    for item, shown in zip(found["items"], told["items"], strict=True):
        assert sum(reason["weight"] for reason in item["reasons"]) == pytest.approx(shown["score"], abs=1e-4)
        assert item["sentence"]
    assert service.ask("GET", "/v1/explanations/nobody-asked-this").status_code == 404


def test_it_serves_before_any_training(tmp_path: Path, new_light: Path) -> None:
    with opened(copied(new_light, tmp_path)) as service:
        found = service.post("/v1/recommendations", {"taste": {"woody": 0.9}, "n": 5})
        assert service.recommend("nobody")["fallback"]["level"] == "newest"
        assert (found["model"], len(found["items"])) == ({"name": "content", "version": 0}, 5)


def test_slates_are_logged_with_what_was_known(service: Service, project: Project) -> None:
    from tastemaker.store import read_slates

    told = service.recommend("ann", 4)

    def logged() -> list[dict[str, object]]:
        with project.store.read() as conn:
            return read_slates(conn, "ann")

    (row,) = until(logged)
    assert (row["request"], row["items"], row["version"]) == (told["request_id"], ids_of(told), "2")
    assert row["propensities"] == [1.0] * 4
