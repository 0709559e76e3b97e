"""A shop with real users of three kinds, dated, and a model whose settings are poor on purpose."""

import sys
from pathlib import Path

import numpy as np

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.tuning_begin import Wanted

from ..shops import copied

START = 1_700_000_000
HOURS = 24 * 20
POOR = """
[models.knn]                       # of what they liked
algorithm = "itemknn"
k = 2                              # too few
shrink = 150

# what a reader should know
[models.both]
algorithm = "blend"
members = ["knn", { algorithm = "graph", out = 0.4 }]
"""


def tunable(shop: Path, folder: Path, seed: int = 0) -> Path:
    """A copy of the shop with 160 users' 1,920 ratings and two models that learn from them."""
    root = copied(shop, folder)
    recipe = root / "recipe.toml"
    text = recipe.read_text("utf-8")
    at = text.index("[judge]") if "[judge]" in text else len(text)
    recipe.write_text(text[:at] + POOR.lstrip("\n") + "\n" + text[at:], "utf-8")
    with Project.open(root) as project:
        project.import_(write_ratings(root / "ratings.csv", project.catalog().items.ids, seed))
    return root


def write_ratings(file: Path, ids: tuple[str, ...], seed: int = 0) -> Path:
    """Each user likes a third of the items, and a few that everybody likes."""
    rng = np.random.default_rng(seed)
    lines = ["user,item,rating,time"]
    for user in range(160):
        mine = rng.permutation(np.flatnonzero(np.arange(len(ids)) % 3 == user % 3))[:9]
        others = rng.permutation(np.flatnonzero(np.arange(len(ids)) % 3 != user % 3))[:3]
        for item in (*mine, *others):
            stars = int(rng.choice((4, 5))) if item in mine or item < 4 else int(rng.choice((1, 2, 5)))
            lines.append(f'"u{user}","{ids[item]}",{stars},{START + 3600 * int(rng.integers(HOURS)) + user}')
    file.write_text("\n".join([*lines, ""]), "utf-8")
    return file


if __name__ == "__main__":
    root, search, trials = sys.argv[1:]
    with Project.open(root) as project:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        project.tune(Wanted(resume="") if search == "resume" else Wanted("knn", search, int(trials), seed=5))
