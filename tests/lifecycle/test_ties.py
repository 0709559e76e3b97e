"""One thing under several ids, whichever of them is written, asked for, or corrected later."""

from pathlib import Path

from tastemaker.data.events import KINDS
from tastemaker.lifecycle import Project
from tastemaker.store.ingest import Told, ingest

from ..listening import ITEMS, NUMBERS, begun, rows, world

HEADS = ("thing_id", "title", "maker", *NUMBERS)


def again(i: int, title: str) -> tuple[object, ...]:
    return (f"again{i}", title, f"maker {i // 3}", *world().numbers[i])


def told(item: str, key: str) -> Told:
    return Told("p0", item, KINDS.index("play"), 1.0, 1_700_000_000, 1_700_000_000, key)


def items_of(project: Project) -> list[str]:
    data = project.dataset(synthetic=False)
    return [data.catalog.items.ids[row] for row in data.events.item]


def test_what_is_written_or_asked_by_a_spare_id_is_meant_for_the_one_that_is_shown(tmp_path: Path):
    with begun(tmp_path, plays=False) as project:
        project.import_catalog(rows(tmp_path / "more.csv", HEADS, [again(4, "THING 4!"), again(9, "thing 9")]))
        with project.store.begin() as conn:
            assert ingest(conn, [told("again4", "a"), told("t7", "b"), told("nothing", "c")]) == [
                "accepted", "accepted", "unknown item",
            ]  # fmt: skip
        assert items_of(project) == ["t4", "t7"]
        query = project.answers.query(likes=["again9"], ratings={}, exclude=["again4"])
        assert (query.likes, query.exclude) == (("t9",), ("t4",))
        assert project.answers.similar(["again9"], n=3).items == project.answers.similar(["t9"], n=3).items


def test_a_title_that_is_corrected_later_ties_and_unties(tmp_path: Path):
    with begun(tmp_path, plays=False) as project:
        project.import_catalog(rows(tmp_path / "1.csv", HEADS, [again(4, "Quite another")]))
        project.import_(rows(tmp_path / "plays.csv", ("person", "thing"), [("p0", "again4"), ("p1", "t9")]))
        assert items_of(project) == ["again4", "t9"]
        project.import_catalog(rows(tmp_path / "2.csv", HEADS, [again(4, "Thing 4")]))
        assert items_of(project) == ["t4", "t9"]
        assert project.catalog().available.sum() == ITEMS
        project.import_catalog(rows(tmp_path / "3.csv", HEADS, [again(4, "Quite another")]))
        assert project.catalog().available.all()
        project.import_(rows(tmp_path / "plays2.csv", ("person", "thing"), [("p5", "again4")]))
        assert items_of(project) == ["t4", "t9", "again4"]
