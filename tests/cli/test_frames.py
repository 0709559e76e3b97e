"""tag-frames: from pictures to tags of the catalog, by a real model."""

import pytest

from tastemaker.lifecycle import Project

from ..data.frames.made import save_detector, save_picture, squares
from ..shops import edit
from .conftest import Run

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("PIL")


def pictures(here: Project, *names: str) -> None:
    for name in names:
        for n in range(2):
            save_picture(here.store.root / "frames" / name / f"{n}.png", squares(64, 64, ("red", 8, 16, 8)))


def test_pictures_become_tags_of_the_catalog(run: Run, here: Project) -> None:
    title = here.catalog().titles[3]
    pictures(here, title, "Nobody's")
    save_detector(here.store.root / "colors", "yolox")
    done = run("tag-frames", "frames", "--model", "colors", "-q")
    assert done.code == 0
    assert "tags.csv: 2 tags of 2 items, from 4 frames." in done.out
    assert "No items of this project: Nobody's." in done.out
    assert '[catalog.tagged] into = "seen"' in done.out
    edit(here.store.root / "recipe.toml", {r"\[events\]$": '[catalog.tagged]\ninto = "notes"\n[events]'})
    found = run("tag-frames", "frames", "--model", "colors", "--json").json
    assert found["next"] == "tastemaker import --tags tags.csv"
    assert found["unknown"] == ["Nobody's"]
    assert {item["item"]: list(item["tags"]) for item in found["items"]} == {title: ["red"], "Nobody's": ["red"]}
    assert (
        "2 rows read, tags of 1 items changed, 1 refused" in run("import", "--tags", "tags.csv", "--skip-bad-rows").out
    )
    with Project.open() as project:
        assert project.catalog().tags["notes"][3] == ("red",)


def test_what_makes_no_sense_is_refused(run: Run, here: Project) -> None:
    pictures(here, "a")
    for asked, why in (
        (("--model", "nothing"), "nothing has no detector.toml"),
        (("--model", "x", "--share", "2"), "--share 2"),
        (("--model", "x", "--every", "0"), "--every 0"),
    ):
        done = run("tag-frames", "frames", *asked)
        assert done.code != 0
        assert why in done.err
    save_detector(here.store.root / "colors", "yolo")
    assert "is no folder" in run("tag-frames", "none", "--model", "colors").err
    done = run("tag-frames", "frames", "--model", "colors", "--out", "no/such/tags.csv")
    assert "no/such/tags.csv cannot be written" in done.err
