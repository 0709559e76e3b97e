"""A project and its verbs, in the order of their story."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from .. import store as database
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.formats import read_as, read_published
from ..data.holdout import How
from ..data.query import Slate
from ..data.read import read_table
from ..data.table import Table
from ..recipe import Recipe, find_recipe, read_recipe, resolve
from ..store import ModelVersion, Store
from ..store.answers import Answers
from ..store.location import PROJECT_FILE, find_root
from ..watch import Watch
from .check import Checked, check_catalog
from .compare import Asked, Comparison, compare
from .evaluating import Evaluation, evaluate_project
from .imports import Imported, ImportedSet, import_catalog, import_events, import_published
from .pretrain import Pretrained, pretrain
from .published import published_recipe
from .synthesize import Synthesized, synthesize
from .train import Trained, train

RECIPE_FILE = "recipe.toml"


@dataclass(frozen=True)
class Project:
    """A directory with a recipe, a database and artifacts. Use it in a `with`, or call close()."""

    store: Store

    @classmethod
    def init(
        cls,
        root: str | Path,
        recipe: str | Path,
        catalog: Any = None,
        database: str | None = None,
        skip_bad_rows: bool = False,
    ) -> Self:
        """A new project. With a catalog it can answer at once: version 0 needs no training.

        recipe: a built-in name or a .toml file; catalog: a file, a SQL URL or a data frame; database: a SQL URL.
        """
        source = find_recipe(str(recipe))
        chosen = read_recipe(source)
        table = None if catalog is None else read_table(catalog)
        if table is not None:
            check_catalog(table, chosen, skip_bad_rows)  # before anything is made
        made = _created(Path(root), database, chosen, source.read_bytes())
        project = cls(made)
        if table is not None:
            import_catalog(made, chosen, table, skip_bad_rows)
        return project

    @classmethod
    def init_published(
        cls,
        root: str | Path,
        source: str,
        format: str | None = None,
        database: str | None = None,
        skip_bad_rows: bool = False,
    ) -> Self:
        """A new project for a public data set, or a table of events: recipe, catalog and events come from it."""
        found = read_published(source, format, skip_bad_rows)
        text = published_recipe(found)
        chosen = resolve({"name": found.source, **tomllib.loads(text)}, RECIPE_FILE)
        made = _created(Path(root), database, chosen, text.encode())
        import_published(made, chosen, found)
        return cls(made)

    @classmethod
    def open(cls, root: str | Path = ".") -> Self:
        """The project in this directory or the nearest one above it."""
        return cls(Store.open(find_root(Path(root))))

    @cached_property
    def recipe(self) -> Recipe:
        """What recipe.toml in the project says now; the database keeps the resolved form for what serves."""
        kept = self.store.recipe()
        chosen = replace(read_recipe(self.store.root / RECIPE_FILE), name=kept["name"])
        if kept != (resolved := chosen.as_json()):
            with self.store.begin() as conn:
                database.put_meta(conn, recipe=resolved)
        return chosen

    def check(self) -> Checked:
        """What was read and what it amounts to: items, gaps, families, and what the lexicon does not know."""
        with self.store.read() as conn:
            refusals = database.get_meta(conn, "refusals") or {}
        return Checked.of(self.catalog(), self.recipe, self.imports(), refusals)

    def import_(self, source: Any, skip_bad_rows: bool = False, format: str | None = None) -> Imported:
        """Real users' rankings, ratings or likes. format: "csv" or "parquet", whatever the file is called."""
        return import_events(self.store, self.recipe, _table(source, format), skip_bad_rows)

    def import_catalog(
        self, source: Any, skip_bad_rows: bool = False, delist_missing: bool = False, format: str | None = None
    ) -> Imported:
        """More items, or other facts of known ones; delist_missing: those that are not in it are delisted."""
        self._forget_answers()
        return import_catalog(self.store, self.recipe, _table(source, format), skip_bad_rows, delist_missing)

    def import_published(self, source: str, format: str, skip_bad_rows: bool = False) -> ImportedSet:
        """A public data set: the items that the catalog lacks, and all events."""
        self._forget_answers()
        return import_published(self.store, self.recipe, read_published(source, format, skip_bad_rows))

    def synthesize(self, users: int | None = None, rankings: int | None = None, seed: int = 0) -> Synthesized:
        """Invented users' rankings, as events marked synthetic; those of an earlier call are replaced."""
        return synthesize(self.store, self.recipe, users, rankings, seed)

    def pretrain(self, seed: int = 0, watch: Watch | None = None, half: bool = False) -> Pretrained:
        """Features, synthetic users, every model of the recipe, judgement; the best becomes active."""
        return pretrain(self.store, self.recipe, seed, watch or Watch(), half)

    def train(
        self,
        start: str | int = "active",
        seed: int = 0,
        watch: Watch | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Trained:
        """Fine-tune a version on real events; it is activated when it is clearly better on users it did not see."""
        return train(self.store, self.recipe, start, seed, watch or Watch(), options or {})

    def evaluate(self, seed: int = 1, watch: Watch | None = None, version: int | None = None) -> Evaluation:
        """Held-out users, held-out items, the cold-start curve; tables and PNGs."""
        return evaluate_project(self.store, self.recipe, seed, watch or Watch(), version)

    def compare(
        self,
        models: Sequence[str] = (),
        k: int = 20,
        seed: int = 0,
        watch: Watch | None = None,
        threshold: float | None = None,
        split: How = "auto",
        tune: bool = False,
    ) -> Comparison:
        """The collaborative models on this project's real events, learned and judged alike; nothing is kept."""
        asked = Asked(models, k, seed, threshold, split, tune)
        return compare(self.store.root.resolve().name, self.dataset(synthetic=False), None, asked, watch or Watch())

    def recommend(self, **asked: Any) -> Slate:
        """likes=[...], taste={...}, ratings={...}, user=..., n=10, filters={...}, candidates=[...]."""
        return self.answers.recommend(**asked)

    def versions(self) -> list[ModelVersion]:
        with self.store.read() as conn:
            return database.list_versions(conn)

    def activate(self, version: int, reason: str = "by hand") -> ModelVersion:
        self._forget_answers()
        with self.store.begin() as conn:
            return database.activate(conn, version, reason)

    def rollback(self, reason: str = "by hand") -> ModelVersion:
        """Back to the version that was active before; nothing is trained."""
        self._forget_answers()
        with self.store.begin() as conn:
            return database.rollback(conn, reason)

    def set_available(self, item: str, available: bool) -> str:
        """Delist an item, or bring it back; its id."""
        catalog = self.catalog()
        id_ = catalog.items.ids[catalog.find(item)]
        with self.store.begin() as conn:
            (database.relist if available else database.delist)(conn, [id_])
            database.put_meta(conn, catalog=uuid4().hex)
        self._forget_answers()
        return id_

    def forget(self, user: str) -> database.Forgotten:
        """Remove a user, their events and slates; and say which versions had learned from them."""
        with self.store.begin() as conn:
            return database.forget(conn, user)

    def catalog(self) -> Catalog:
        with self.store.read() as conn:
            return database.read_catalog(conn)

    def dataset(self, synthetic: bool | None = None) -> Dataset:
        """Events with their users and the catalog. synthetic: True = only invented, False = only real, None = both."""
        tastes, scales = self.recipe.tastes.names, self.recipe.scales
        with self.store.read() as conn:
            return database.read_dataset(conn, database.read_catalog(conn), tastes, scales, synthetic=synthetic)

    def imports(self) -> list[database.Import]:
        with self.store.read() as conn:
            return database.list_imports(conn)

    @property
    def answers(self) -> Answers:
        """The recommender of the active version; opened again when another version became active."""
        with self.store.read() as conn:
            active = database.active_version(conn)
            marks = database.get_meta(conn, "features"), database.get_meta(conn, "catalog")
        key = (None if active is None else active.id, *marks)
        kept = self.__dict__.get("_answers")
        if kept is None or kept[0] != key:
            kept = (key, Answers.open(self.store))
            self.__dict__["_answers"] = kept
        answers: Answers = kept[1]
        return answers

    def _forget_answers(self) -> None:
        self.__dict__.pop("_answers", None)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _table(source: Any, format: str | None) -> Table:
    return read_table(source) if format is None else read_as(format, source)


def _created(root: Path, database: str | None, recipe: Recipe, text: bytes) -> Store:
    """recipe.toml is there before the project is, so that a kill leaves a project with its recipe, or none."""
    file, here = root / RECIPE_FILE, root.exists()
    before = file.read_bytes() if file.exists() else None
    if not (root / PROJECT_FILE).exists():
        root.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
    try:
        return Store.create(root, database, recipe.as_json())
    except BaseException:
        if before is not None:
            file.write_bytes(before)
        else:
            file.unlink(missing_ok=True)
        if not here:
            root.rmdir()
        raise
