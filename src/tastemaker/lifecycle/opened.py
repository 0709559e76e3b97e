"""A project that is open: what it holds, what it answers, and which version answers."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import time
from types import TracebackType
from typing import Any, Self

from .. import store as database
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.query import Slate
from ..explain.explainer import Explained, explain_answers, explain_slate
from ..monitor import Status, status
from ..recipe import Recipe, read_recipe
from ..store import ModelVersion, Store
from ..store.answers import Answers
from .framing import FramesTagged, tag_frames

RECIPE_FILE = "recipe.toml"


@dataclass(frozen=True)
class Opened:
    """Use it in a `with`, or call close()."""

    store: Store

    @cached_property
    def recipe(self) -> Recipe:
        """What recipe.toml in the project says now; the database keeps the resolved form for what serves."""
        kept = self.store.recipe()
        chosen = replace(read_recipe(self.store.root / RECIPE_FILE), name=kept["name"])
        if kept != (resolved := chosen.as_json()):
            with self.store.begin() as conn:
                database.put_meta(conn, recipe=resolved)
        return chosen

    def recommend(self, **asked: Any) -> Slate:
        """likes=[...], taste={...}, ratings={...}, user=..., n=10, filters={...}, candidates=[...]."""
        return self.answers.recommend(**asked)

    def explain(self, slate: int | None = None, **asked: Any) -> Explained:
        """What counted for each item, as numbers that add up to its score, and in words; asked: as for `recommend`.

        slate: the number of an answer that was kept, instead
        """
        return explain_answers(self.answers, asked) if slate is None else explain_slate(self.store, slate)

    def tag_frames(self, folder: str | Path, model: str | Path, out: str | Path, **how: Any) -> FramesTagged:
        """What a detector in the folder `model` sees in frames of the items, as a table for `import_tags`."""
        return tag_frames(self.catalog(), self.recipe, Path(folder), Path(model), Path(out), **how)

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

    def prune(self, keep: int, dry: bool = False) -> database.Pruned:
        """Delete the arrays of old versions; what may still be needed stays, and so does every version's record."""
        return database.prune(self.store, keep, dry)

    def status(self) -> Status:
        """What is deployed, since when, why and how well; what rings, runs and was decided."""
        return status(self.store, int(time()))

    def set_available(self, item: str, available: bool) -> str:
        """Delist an item, or bring it back; its id."""
        catalog = self.catalog()
        id_ = catalog.items.ids[catalog.find(item)]
        with self.store.begin() as conn:
            (database.relist if available else database.delist)(conn, [id_])
            database.tell_listed(conn)
        self._forget_answers()
        return id_

    def forget(self, user: str) -> database.Forgotten:
        """Remove a user, their events and slates; and say which versions had learned from them."""
        elsewhere = self._forget_elsewhere(user)
        with self.store.begin() as conn:
            found = database.forget(conn, user, elsewhere)
        self.store.write_through()
        return found

    def _forget_elsewhere(self, user: str) -> int:
        """Rows of theirs in the tables of another program ([foreign]), which are removed, with what they typed."""
        from .foreign import forget_foreign

        return forget_foreign(self.store, self.recipe, user)

    def log_feeling(self, user: str, text: str = "", label: str = "", place: str = "", now: int | None = None) -> str:
        """Write to the recipe's table of feelings what somebody typed, or told; the label that was read off it."""
        from .foreign import write_moment

        if not label:
            blocks = self.answers.query(text=text).context.get(self.recipe.foreign.context, {})
            label = max(blocks, key=lambda name: blocks[name], default="")
        write_moment(self.store, self.recipe, user, label, place, int(time()) if now is None else now, text)
        return label

    def log_choice(self, user: str, item: str, label: str = "", place: str = "", now: int | None = None) -> None:
        """Write to the recipe's table of choices which item somebody opened, by its title or id, and how they felt."""
        from .foreign import sync, write_moment

        catalog = self.catalog()
        id_ = catalog.items.ids[catalog.find(item)]
        write_moment(self.store, self.recipe, user, label, place, int(time()) if now is None else now, item=id_)
        sync(self.store, self.recipe)

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

    def serve(self, **settings: Any) -> None:
        """Behind HTTP until it is stopped: port=8000, workers=1, open_door=False … (serve.settings.Settings)."""
        from ..serve.run import serve
        from ..serve.settings import Settings

        serve(Settings(projects=(str(self.store.root),), **settings))

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
