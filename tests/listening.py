"""A small world of things with numbers, in groups that the numbers hide, and people who keep to a few of them."""

import csv
from pathlib import Path

import numpy as np

from tastemaker.lifecycle import Project
from tastemaker.synth.listeners import Planted, planted

ITEMS, GROUPS, PEOPLE, EACH = 240, 12, 80, 15
NUMBERS = tuple("abcdefgh")
RECIPE = """
title = "things"
[source]
catalog = ["things", "facts"]
events = "plays"
on = "thing_id | id"
[catalog]
id = ["thing_id | id"]
title = "title"
categories = { maker = "maker" }
optional = ["maker", "year"]
numbers = { a = "a", b = "b", c = "c", d = "d", e = "e", f = "f", g = "g", h = "h", year = "year" }
[catalog.tied]
by = ["maker"]
number = "a"
within = 0.001
[catalog.extract]
year = { of = "released", pattern = '^(\\d{4})' }
[events]
user = "person | who"
item = "thing | thing_id"
time = "at"
kind = "what"
kinds = { played = "play", liked = "like", skipped = "skip" }
called = "lists"
[features]
blocks = ["numbers"]
same = ["maker"]
[synth]
users = 40
[models.embedding]
algorithm = "together"
blocks = ["numbers"]
beside = ["same maker"]
dim = 8
hidden = [16]
epochs = 3
batch_size = 64
keep = 2
[models.graph]
near = []
[models.hybrid]
members = ["embedding", "graph"]
[judge]
later = "ranking"
[rules]
repeat = true
"""


def world() -> Planted:
    return planted(ITEMS, GROUPS, PEOPLE, EACH, np.random.default_rng(3), dim=4)


def written(folder: Path, made: Planted) -> tuple[Path, Path, Path]:
    """Recipe, things and plays as files; a thing's maker has three things, of any group."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe = folder / "things.toml"
    recipe.write_text(RECIPE, "utf-8")
    things = [(f"t{i}", f"Thing {i}", f"maker {i // 3}", *made.numbers[i]) for i in range(ITEMS)]
    plays = [(f"p{u}", f"t{i}") for u, i in zip(made.user, made.item, strict=True)]
    return (
        recipe,
        rows(folder / "things.csv", ("thing_id", "title", "maker", *NUMBERS), things),
        rows(folder / "plays.csv", ("person", "thing"), plays),
    )


def rows(path: Path, names: tuple[str, ...], values: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *values])
    return path


def begun(folder: Path, plays: bool = True) -> Project:
    recipe, things, played = written(folder / "files", world())
    project = Project.init(folder / "stage", recipe, things)
    if plays:
        project.import_(played)
    return project
