"""Two small projects of other kinds: tracks that sound, in lists; and moments, with what somebody feels."""

import csv
from pathlib import Path

import numpy as np

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.foreign import sync

from ..lifecycle.moments import new_moments, some_clicks, user_data
from ..shops import edit

TRACKS, LISTS, EACH = 120, 40, 10
SOUND = ("danceability", "energy", "valence", "tempo", "loudness")
SMALL = {"dim = 64\nepochs = 6": "dim = 8\nhidden = [16]\nbatch_size = 64\nepochs = 2"}


def sounding(folder: Path) -> Path:
    """folder/stage: tracks of four kinds that differ in how they sound, and lists that keep to one; taught."""
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 4, TRACKS)
    sound = rng.normal(0, 1, (4, len(SOUND)))[kind] + rng.normal(0, 0.3, (TRACKS, len(SOUND)))
    head = ("track_id", "track_name", "track_artist", "genre", *SOUND)
    tracks = [(f"t{i}", f"Track {i}", f"Band {i // 3}", f"kind {kind[i]}", *sound[i].round(4)) for i in range(TRACKS)]
    chosen = [(u, rng.choice(np.flatnonzero(kind == u % 4), EACH, replace=False)) for u in range(LISTS)]
    heard = [(f"p{u}", f"t{i}") for u, mine in chosen for i in mine]
    catalog = written(folder / "tracks.csv", head, tracks)
    root = folder / "stage"
    Project.init(root, "music", catalog).close()
    edit(root / "recipe.toml", SMALL)
    with Project.open(root) as project:
        project.import_(written(folder / "lists.csv", ("playlist_id", "track_id"), heard))
        project.train()
    return root


def feeling(folder: Path) -> Path:
    """folder/feel: nobody has taught it, somebody has chosen a few times; the mapping speaks."""
    root = new_moments(folder)
    with Project.open(root) as project:
        user_data(root / "user_data.db", some_clicks(project, 8))
        sync(project.store, project.recipe)
    return root


def written(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path
