"""A small rated world with a clock: people rate, over months, what they mostly like; and a project on it."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tastemaker.lifecycle import Project

GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi")
START, DAY = 1_600_000_000, 86_400


@dataclass(frozen=True)
class World:
    """likes: float64 (n_users, n_genres); genres: of each item, two rows into GENRES; quality: (n_items,), in stars."""

    likes: np.ndarray
    genres: np.ndarray
    quality: np.ndarray


def world(users: int = 80, items: int = 60, seed: int = 0) -> World:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(GENRES), items)
    second = (first + rng.integers(1, len(GENRES), items)) % len(GENRES)
    return World(
        rng.normal(0.0, 1.0, (users, len(GENRES))), np.column_stack([first, second]), rng.normal(0.0, 0.6, items)
    )


def rows(
    found: World, days: int = 120, each: int = 25, seed: int = 1, first_day: int = 0
) -> list[tuple[str, str, float, int]]:
    """(user, item, stars, time), in time: users arrive one after the other and rate for a few weeks."""
    rng, made = np.random.default_rng(seed), []
    n_users, n_items = len(found.likes), len(found.quality)
    for user in range(n_users):
        begins = first_day + rng.uniform(0, days * 0.8)
        for item in rng.choice(n_items, min(each, n_items), replace=False):
            taste = found.likes[user, found.genres[item]].mean()
            stars = np.clip(np.rint(2 * (3.3 + 0.9 * taste + found.quality[item] + rng.normal(0, 0.4))) / 2, 0.5, 5)
            when = START + int((begins + rng.exponential(days * 0.08)) * DAY)
            made.append((f"u{user}", str(item), float(stars), when))
    return sorted(made, key=lambda row: row[3])


def write_items(file: Path, found: World) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(["movieId", "title", "genres"])
        for item, (a, b) in enumerate(found.genres):
            out.writerow([item, f"Film {item} ({1950 + item})", f"{GENRES[a]}|{GENRES[b]}"])
    return file


def write_ratings(file: Path, made: list[tuple[str, str, float, int]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(["userId", "movieId", "rating", "timestamp"])
        out.writerows(made)
    return file


def new_project(
    folder: Path, found: World | None = None, database: str | None = None, models: str = "[models.biases]"
) -> Path:
    """folder/night: the built-in recipe of ratings with these models; nobody has rated anything yet."""
    from tastemaker.recipe.read import BUILT_IN

    found = world() if found is None else found
    text = (BUILT_IN / "movies.toml").read_text("utf-8")
    before, after = text.index("[models."), text.index("[retrain]")
    recipe = folder / "night.toml"
    recipe.write_text(f"{text[:before]}[models.content]\n{models}\n\n{text[after:]}", "utf-8")
    Project.init(folder / "night", recipe, write_items(folder / "movies.csv", found), database=database).close()
    return folder / "night"
