"""Little public data sets, written as their publishers write them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

Lines = Mapping[int, Sequence[int]]

# user -> items; lopsided: one item that nearly all have, one busy user, one with a single item.
TRAIN: Lines = {0: [0, 1, 2, 3, 5, 8, 9], 1: [0, 2, 3], 3: [0, 4, 1, 7], 4: [6], 7: [0, 2, 9, 5, 4]}
TEST: Lines = {0: [4, 6], 1: [1, 9], 3: [2], 4: [0, 2], 7: [8, 3]}
ITEMS = [
    ("1", "Étoile, The (1995)", ("Comedy", "Drama")),
    ("2", "Plain: A Story (2006)", ("Drama",)),
    ("7", "Nameless", ()),
    ("30", "Long One (1999)", ("Action", "Comedy", "Western")),
]
# user, item, rating, time
RATINGS = [
    (1, 1, 5, 978300760), (1, 30, 3, 978302109), (1, 2, 1, 978301968), (2, 1, 4, 978298413), (9, 7, 2, 978220179),
    (9, 1, 5, 978199279),
]  # fmt: skip
GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
]  # fmt: skip


def write_lightgcn(folder: Path, train: Lines = TRAIN, test: Lines = TEST) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("train.txt", train), ("test.txt", test)):
        text = "".join(" ".join(map(str, (user, *items))) + "\n" for user, items in lines.items())
        (folder / name).write_text(text, "utf-8")
    return folder


def write_movielens(folder: Path, edition: str = "latest") -> Path:
    """ITEMS and RATINGS as "latest", "10m", "1m" or "100k"."""
    folder.mkdir(parents=True, exist_ok=True)
    {"latest": _latest, "10m": _10m, "1m": _1m, "100k": _100k}[edition](folder)
    return folder


def _latest(folder: Path) -> None:
    tags = ["|".join(tags) or "(no genres listed)" for *_, tags in ITEMS]
    items = [f'{id_},"{title}",{tag}' for (id_, title, _), tag in zip(ITEMS, tags, strict=True)]
    rows = [",".join(map(str, row)) for row in RATINGS]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *items, ""]), "utf-8")
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows, ""]), "utf-8")


def _1m(folder: Path, encoding: str = "latin-1") -> None:
    tags = ["|".join(tags) for *_, tags in ITEMS]
    items = [f"{id_}::{title}::{tag}" for (id_, title, _), tag in zip(ITEMS, tags, strict=True)]
    rows = ["::".join(map(str, row)) for row in RATINGS]
    (folder / "movies.dat").write_text("\n".join([*items, ""]), encoding)
    (folder / "ratings.dat").write_text("\n".join([*rows, ""]), encoding)


def _10m(folder: Path) -> None:
    _1m(folder, "utf-8")
    (folder / "tags.dat").write_text("1::1::good::978300760\n", "utf-8")


def _100k(folder: Path) -> None:
    flags = [[str(int(genre in (tags or ("unknown",)))) for genre in GENRES] for *_, tags in ITEMS]
    items = [
        f"{id_}|{title}|01-Jan-1995||http://x/{id_}|{'|'.join(f)}"
        for (id_, title, _), f in zip(ITEMS, flags, strict=True)
    ]
    rows = ["\t".join(map(str, row)) for row in RATINGS]
    (folder / "u.item").write_text("\n".join([*items, ""]), "latin-1")
    (folder / "u.data").write_text("\n".join([*rows, ""]), "latin-1")
