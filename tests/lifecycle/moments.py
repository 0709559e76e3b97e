"""A project of moments on an invented catalog, and choices of real users for it."""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.sample import sample_file

BUILT = "mood"
NOON = 1_700_481_600  # Monday, 20 November 2023, 12:00 UTC
HOUR, DAY = 3600, 86_400


def new_moments(folder: Path, database: str | None = None) -> Path:
    """folder/feel, a project that nobody has taught."""
    Project.init(folder / "feel", BUILT, sample_file(BUILT, folder / "videos.csv", 0), database).close()
    return folder / "feel"


def copied(root: Path, folder: Path) -> Path:
    return shutil.copytree(root, Path(tempfile.mkdtemp(dir=folder)) / "feel")


def at(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def user_data(file: Path, clicks: Sequence[tuple[str, str, str, str, int]], logs: int = 3, stays: bool = True) -> Path:
    """Tables as another program made them. clicks: name, video, category, emotion, time"""
    with sqlite3.connect(file) as base:
        base.executescript(
            "CREATE TABLE emotion_logs (name TEXT, emotion TEXT, input TEXT, timestamp TEXT, city TEXT, country TEXT);"
            "CREATE TABLE video_clicks (name TEXT, video_id TEXT, video_title TEXT, video_category TEXT, emotion TEXT,"
            " timestamp DATETIME, city TEXT, country TEXT);"
            "CREATE TABLE video_interactions (name TEXT, video_genre TEXT, emotion TEXT, timestamp TEXT, city TEXT,"
            " country TEXT);"
        )
        for n in range(logs):
            base.execute(
                "INSERT INTO emotion_logs VALUES (?,?,?,?,?,?)",
                ("ann", "sad", f"words {n}", at(NOON + n), "Oslo", "Norway"),
            )
        for name, video, kind, emotion, time in clicks:
            base.execute(
                "INSERT INTO video_clicks VALUES (?,?,?,?,?,?,?,?)",
                (name, video, "", kind, emotion, at(time), "Oslo", "Norway"),
            )
            if stays:
                base.execute(
                    "INSERT INTO video_interactions VALUES (?,?,?,?,?,?)",
                    (name, kind, emotion, at(time + 60), "Oslo", "Norway"),
                )
    base.close()
    return file


def some_clicks(
    project: Project, n: int, emotion: str = "sad", kind: int = 0, users: int = 1
) -> list[tuple[str, str, str, str, int]]:
    """n clicks of items of one category, an hour apart."""
    catalog = project.catalog()
    column = catalog.categories["category"]
    name = sorted(set(column))[kind]
    mine = [i for i, category in enumerate(column) if category == name]
    return [
        (
            f"ann {k % users}" if users > 1 else "ann",
            catalog.items.ids[mine[k % len(mine)]],
            name,
            emotion,
            NOON + k * HOUR,
        )
        for k in range(n)
    ]
