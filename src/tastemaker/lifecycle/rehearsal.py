"""The whole pipeline on generated data, in a project apart: files, import, features, learning, judgement, answers.

Nothing of it is pretended: the very code of a real training runs. The world is planted (synth/listeners.py), so that
what was found can be compared with what is there. The project is marked, and nothing in it can be activated.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import numpy as np

from .. import store as database
from ..data.arrays import Float64
from ..data.table import names_of
from ..errors import StoreError, TrainingError
from ..recipe import Recipe, read_recipe
from ..scorers.embeddings import unit_rows
from ..store.alike import tower_of
from ..store.location import PROJECT_FILE, find_root
from ..synth.listeners import Planted, planted, same_group
from ..watch import Watch
from .candidates import stream
from .learn_events import Learned
from .opened import RECIPE_FILE
from .project import Project
from .teach import Taught

ITEMS, GROUPS, LISTENERS, PLAYS = 800, 40, 250, 20
FOLDER = "rehearsal"
ASKED = 300  # items whose neighbors are looked at


@dataclass(frozen=True)
class Rehearsed:
    """neighbors: who is asked -> the share of an item's ten nearest that is of its planted group; real: what would
    happen with real data, in a sentence; device: where it was learned"""

    taught: Taught
    folder: Path
    items: int
    listeners: int
    plays: int
    neighbors: Mapping[str, float]
    seconds: float
    device: str
    real: str

    def as_json(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in ("items", "listeners", "plays", "seconds", "device", "real")}
        versions = [asdict(version) for version in self.taught.versions]
        marks = {"rehearsal": True, "activated": False, "folder": str(self.folder), "neighbors": dict(self.neighbors)}
        marks["failed"] = dict(self.taught.lesson.failed)
        return {**marks, **found, "versions": versions}


def rehearse(where: str | Path, options: Mapping[str, Any], seed: int, watch: Watch) -> Rehearsed:
    """Needs a project's recipe.toml, and no database that answers. A rehearsal before this one is removed."""
    root = find_root(Path(where))
    recipe = read_recipe(root / RECIPE_FILE)
    plain = _plain(recipe)
    begun = monotonic()
    world = planted(ITEMS, GROUPS, LISTENERS, PLAYS, stream(seed, "rehearsal"), dim=len(plain) // 2)
    folder = root / FOLDER
    if (folder / PROJECT_FILE).exists():
        rmtree(folder)
    with TemporaryDirectory() as made:
        files = _written(Path(made), (root / RECIPE_FILE).read_bytes(), recipe, world, plain, seed)
        with Project.init(folder, files[0], files[1], "sqlite") as project:
            project.import_(files[2])
            with project.store.begin() as conn:
                database.put_meta(conn, **{database.REHEARSAL: True})
            taught = project.train(seed=seed, watch=watch, options=options)
    assert isinstance(taught, Taught)
    found = _neighbors(taught, world, stream(seed, "asked"))
    seconds, n = monotonic() - begun, len(world.user)
    return Rehearsed(
        taught, folder, ITEMS, LISTENERS, n, found, seconds, _device(), _with_real_data(root, taught.lesson.learned, n)
    )


def _plain(recipe: Recipe) -> list[str]:
    """The number columns that the world is written into; TrainingError where this recipe cannot rehearse so."""
    if not any(model.learns == "events" for model in recipe.models.values()):
        raise TrainingError(
            "This recipe learns from invented users anyway, so that is its rehearsal: tastemaker pretrain"
        )
    made = {*recipe.features.circular, *(n for n, c in recipe.catalog.numbers.items() if c in recipe.catalog.extract)}
    plain = [name for name in recipe.catalog.numbers if name not in made]
    if len(plain) < 4 or "numbers" not in recipe.features.blocks:
        raise TrainingError(
            f"A rehearsal writes a hidden structure into the numbers of [catalog], and there are {len(plain)} (needed: "
            "4). The whole story on an invented catalog: tastemaker demo"
        )
    return plain[: len(plain) // 2 * 2]


def _written(
    folder: Path, text: bytes, recipe: Recipe, world: Planted, plain: Sequence[str], seed: int
) -> tuple[Path, Path, Path]:
    """The recipe, the items and the plays as files, with the recipe's own column names."""
    columns, rng = recipe.catalog, stream(seed, "rehearsal columns")
    titles = [f"Generated {row}" for row in range(ITEMS)]
    cells: dict[str, Sequence[Any]] = {_first(columns.title): titles}
    for place, name in enumerate(plain):
        column: Float64 = world.numbers[:, place].astype(np.float64)
        told = np.sign(column) * np.expm1(np.abs(column)) if name in recipe.features.log else column
        cells[_first(columns.numbers[name])] = told.tolist()
    for name, period in recipe.features.circular.items():
        cells[_first(columns.numbers[name])] = rng.uniform(0.0, period, ITEMS).tolist()
    for source in (*columns.categories.values(), *columns.text.values()):
        cells.setdefault(_first(source), [f"nobody {row}" for row in range(ITEMS)])
    for source in columns.id:
        cells.setdefault(_first(source), [f"generated-{row}" for row in range(ITEMS)])
    known = [
        " / ".join(str(cells[_first(source)][row]) for source in columns.id) or titles[row] for row in range(ITEMS)
    ]
    who, what = (_first(name) for name in (recipe.events.user, recipe.events.item))
    plays = {who: [f"listener-{u}" for u in world.user], what: [known[i] for i in world.item]}
    recipe_file = folder / f"{FOLDER}.toml"
    recipe_file.write_bytes(text)
    return recipe_file, _csv(folder / "items.csv", cells), _csv(folder / "plays.csv", plays)


def _first(name: str) -> str:
    return names_of(name)[0]


def _csv(path: Path, cells: Mapping[str, Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    return path


def _neighbors(taught: Taught, world: Planted, rng: np.random.Generator) -> dict[str, float]:
    asked = rng.choice(ITEMS, ASKED, replace=False).astype(np.int32)
    found: dict[str, float] = {}
    for one in taught.lesson.learned:
        tower = tower_of(one.final.scorer)
        if tower is not None:
            found.setdefault("learned", same_group(tower.near.vectors, world.group, asked))
    raw = unit_rows(taught.lesson.features.block("numbers"))
    found["raw numbers"] = same_group(raw, world.group, asked)
    found["who knows the hidden place"] = same_group(world.hidden, world.group, asked)
    return {**found, "chance": (ITEMS / GROUPS - 1) / (ITEMS - 1)}


def _device() -> str:
    if find_spec("torch") is None:
        return "the processor, without PyTorch"
    from ..algorithms.together_torch import device

    return device()[1]


def _with_real_data(root: Path, learned: Sequence[Learned], n: int) -> str:
    took = sum(one.seconds for one in learned)
    said = (
        "With real data `tastemaker train` does the same: learns, is judged on what it has not seen, learns again from "
    )
    said += "everything, and is active if it is surely better."
    try:
        with Project.open(root) as project, project.store.read() as conn:
            events = database.count_events(conn).real
    except StoreError as error:
        return f"{said} But now: {error}"
    if not events:
        return f"{said} There are no real events yet: tastemaker import FILE"
    return f"{said} Your {events} events would take about {took * events / n:.0f} s."
