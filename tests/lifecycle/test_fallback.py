"""A damaged or failing model: another level answers, and the slate says which and why."""

from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tastemaker.errors import StoreError
from tastemaker.lifecycle import Project
from tastemaker.store import ModelVersion, NewVersion, activate, add_versions, check, get_meta
from tastemaker.store.answers import Answers
from tastemaker.store.artifacts import Artifacts

from ..shops import ITEMS, real_rankings, write_rankings

WOODY = {"woody": 0.9}


def flip(project: Project, versions: Iterable[ModelVersion], file: str = "arrays.safetensors") -> None:
    """One bit of a byte in the middle of a file of these versions' artifacts."""
    for artifact in {v.artifact for v in versions}:
        damage(Path(project.store.artifacts.root) / artifact[:32] / file)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def reopened(project: Project) -> Answers:
    return Answers.open(project.store)


@pytest.mark.parametrize("file", ["arrays.safetensors", "manifest.json"])
def test_a_flipped_byte_in_the_active_version(taught: Project, file: str) -> None:
    flip(taught, [taught.versions()[2]], file)
    slate = reopened(taught).recommend(taste=WOODY, n=5)
    assert (slate.level, slate.version) == ("content", "0")
    assert set(slate.sources) == {"content"}
    assert slate.level_reason.startswith("version 2 cannot be used: Version 2 (artifact ")
    assert f"{file} was altered or is damaged" in slate.level_reason


def test_the_parent_answers_for_its_child(taught: Project, tmp_path: Path) -> None:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught)))
    tuned = taught.train().version
    taught.activate(tuned.id)
    healthy = {id_: Answers.open(taught.store, id_).recommend(taste=WOODY) for id_ in (2, 3)}
    assert (healthy[3].level, healthy[2].level) == ("active", "asked")
    flip(taught, [tuned])
    slate = reopened(taught).recommend(taste=WOODY)
    assert (slate.level, slate.version, slate.items) == ("parent", "2", healthy[2].items)
    flip(taught, [taught.versions()[2]])
    slate = reopened(taught).recommend(taste=WOODY)
    assert (slate.level, slate.version) == ("content", "0")
    assert slate.level_reason.count("cannot be used") == 2


def test_a_long_lineage_is_not_read(taught: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    last = taught.versions()[-1]
    with taught.store.begin() as conn:
        for parent in range(last.id, last.id + 6):
            made = NewVersion(**{f.name: getattr(last, f.name) for f in fields(NewVersion)} | {"state": "candidate"})
            add_versions(conn, [replace(made, parent=parent)])
            activate(conn, parent + 1, "test")
    healthy, read = reopened(taught).recommend(taste=WOODY), list[int | None]()
    get = Artifacts.get
    monkeypatch.setattr(Artifacts, "get", lambda self, digest, v=None: (read.append(v), get(self, digest, v))[1])
    levels = reopened(taught).recommender.levels
    assert [level.version for level in levels] == [str(last.id + 6), str(last.id + 5), "0", "none"]
    assert [v for v in read if v is not None] == [last.id + 6, last.id + 5, 0]

    assert taught.prune(keep=1).kept == (0, last.id + 4, last.id + 5, last.id + 6)
    before = reopened(taught)
    taught.rollback()
    slate = taught.recommend(taste=WOODY)
    assert (slate.items, slate.scores) == (healthy.items, healthy.scores)
    assert before.recommend(taste=WOODY) == healthy
    with pytest.raises(StoreError, match=f"Version {last.id} was pruned"):
        taught.activate(last.id)
    slate = Answers.open(taught.store, last.id).recommend(taste=WOODY)
    assert (slate.level, slate.version) == ("content", "0")
    assert f"version {last.id} cannot be used: Version {last.id} was pruned: its numbers are gone" in slate.level_reason


def test_when_every_artifact_is_damaged_the_newest_answer(taught: Project) -> None:
    flip(taught, taught.versions())
    answers = reopened(taught)
    slate = answers.recommend(taste=WOODY, n=3)
    assert (slate.level, slate.version, slate.sources) == ("newest", "none", ("newest",) * 3)
    assert slate.items == tuple(reversed(taught.catalog().items.ids[-3:]))
    assert slate.level_reason.count("cannot be used") == 2
    with pytest.raises(StoreError, match="Nothing here compares items"):
        answers.similar(slate.items[:1])


def test_an_artifact_that_is_gone(taught: Project) -> None:
    folder = Path(taught.store.artifacts.root) / taught.versions()[2].artifact[:32]
    for file in folder.iterdir():
        file.unlink()
    slate = reopened(taught).recommend(taste=WOODY)
    assert slate.level == "content"
    assert "manifest.json is missing" in slate.level_reason


def test_pretrain_mends_what_is_damaged(taught: Project) -> None:
    flip(taught, taught.versions()[1:])
    assert reopened(taught).recommend(taste=WOODY).level == "content"
    taught.pretrain()  # the same artifacts are written again
    assert reopened(taught).recommend(taste=WOODY).version == "2"


def test_features_that_are_lost_matter_only_to_items_that_joined(taught: Project, tmp_path: Path) -> None:
    with taught.store.read() as conn:
        digest = get_meta(conn, "features")
    damage(Path(taught.store.artifacts.root) / digest[:32] / "arrays.safetensors")
    (problem,) = check(taught.store).problems
    assert "arrays.safetensors was altered or is damaged" in problem
    assert reopened(taught).recommend(taste=WOODY).level == "active"
    (tmp_path / "new.csv").write_text('Brand,Name,Notes,Description\nNew,Cedar,"cedar, oud",\n', "utf-8")
    taught.import_catalog(tmp_path / "new.csv")
    slate = reopened(taught).recommend(taste=WOODY, n=ITEMS + 1)
    assert slate.level == "content"
    assert "version 2 cannot be used" in slate.level_reason
    assert "New / Cedar" in slate.items
    taught.pretrain()
    assert reopened(taught).recommend(taste=WOODY).level == "active"


def test_a_catalog_that_is_another_one(taught: Project) -> None:
    with taught.store.begin() as conn:
        conn.exec_driver_sql("UPDATE items SET id = 'Somebody else' WHERE \"row\" = 3")
    slate = reopened(taught).recommend(taste=WOODY)
    assert slate.level == "newest"
    assert "version 2 cannot be used: Version 2 was made for another catalog. Run: tastemaker pretrain" in (
        slate.level_reason
    )
