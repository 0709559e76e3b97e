"""Small projects on an invented catalog, quick to teach; and files of real users for them."""

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.sample import sample_file
from tastemaker.recipe.read import BUILT_IN

ITEMS = 90
BUILT = "scent"
# Lines of the built-in recipe -> what makes it quick.
QUICK = {
    r"dim = 300": "dim = 16",
    r"epochs = 100": "epochs = 3",
    r"users = 1000": "users = 60",
    r"users = 500": "users = 40",
    r"items = \d+": f"items = {ITEMS}",
    r"\[models.bpr\]": "[models.bpr]\nepochs = 10",
    r"\[models.dpl\]": "[models.dpl]\nepochs = 2\nhidden = [16, 8]",
    r"\[models.ranknet\]\nepochs = \d+": "[models.ranknet]\nepochs = 2\nhidden = [16, 16]",
}
LIGHT = {r"\[models.dpl\]\n(.*\n)+?\n": "\n"}  # no model that needs PyTorch


def edit(file: Path, changes: Mapping[str, str]) -> None:
    """Replace lines of a recipe, each found once."""
    text = file.read_text("utf-8")
    for pattern, new in changes.items():
        text, n = re.subn(rf"^{pattern}", new, text, flags=re.MULTILINE)
        assert n == 1, f"{pattern!r} is there {n} times"
    file.write_text(text, "utf-8")


def quick_recipe(folder: Path, light: bool = False) -> Path:
    file = folder / ("light.toml" if light else "quick.toml")
    shutil.copy(BUILT_IN / f"{BUILT}.toml", file)
    edit(file, QUICK | (LIGHT if light else {}))
    return file


def new_shop(folder: Path, light: bool = False) -> Path:
    """folder/shop, a project on folder/catalog.csv that nobody has taught yet."""
    recipe = quick_recipe(folder, light)
    catalog = sample_file(str(recipe), folder / "catalog.csv", 0)
    Project.init(folder / "shop", recipe, catalog).close()
    return folder / "shop"


def copied(shop: Path, folder: Path) -> Path:
    """The project and its catalog's file, in another folder."""
    shutil.copy(shop.parent / "catalog.csv", folder)
    return shutil.copytree(shop, folder / "shop")


def write_rankings(file: Path, rows: Iterable[tuple[str, str, float]], column: str = "rank") -> Path:
    """rows: (user, item, grade)."""
    lines = [f'"{user}","{item}",{grade}' for user, item, grade in rows]
    file.write_text("\n".join([f"user,item,{column}", *lines, ""]), "utf-8")
    return file


def real_rankings(project: Project, users: int = 60, seed: int = 0) -> list[tuple[str, str, float]]:
    """Users unlike the invented ones: all of them like what is sweet and nothing that is floral. Lists of ten."""
    catalog, tastes = project.catalog(), project.recipe.tastes
    membership = tastes.encode(catalog)
    joy = 3.0 * membership[:, tastes.names.index("sweet")] - 2.0 * membership[:, tastes.names.index("floral")]
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        items = rng.choice(len(catalog), 10, replace=False)
        order = np.argsort(-(joy[items] + rng.normal(0.0, 0.05, 10)))
        rows += [(f"ann {user}", catalog.items.ids[items[i]], place) for place, i in enumerate(order, 1)]
    return rows
