"""A project and its verbs, in the order of their story."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .. import store as database
from ..data.formats import read_as, read_published
from ..data.holdout import How
from ..data.read import read_table
from ..data.stream_sql import stream_sql
from ..data.table import Table
from ..errors import DataError, MissingExtra, StoreError, TastemakerError
from ..recipe import Recipe, find_recipe, read_recipe, resolve
from ..store import Store
from ..store.location import PROJECT_FILE, find_root
from ..watch import Watch
from .check import Checked, check_catalog
from .check_events import Usage
from .compare import Asked, Comparison, compare
from .evaluating import Evaluation, evaluate_project
from .evaluating_events import EventEvaluation, evaluate_on_events
from .imports import Imported, ImportedSet, import_catalog, import_events, import_published, import_tags
from .looking import looked
from .opened import RECIPE_FILE
from .pretrain import Pretrained, pretrain
from .published import published_recipe
from .searched import Searched
from .source import import_source
from .streaming import import_stream
from .synthesize import Synthesized, synthesize
from .teach import Taught, TaughtFew, teach
from .train import Trained, train
from .under_way import interrupted
from .versions import SideBySide, compare_versions

if TYPE_CHECKING:
    from .foreign import Synced
    from .impact import Impact
    from .life import Lived
    from .replay import Policy, Replayed
    from .texts import TextsLearned
    from .tick import Ticked


@dataclass(frozen=True)
class Project(Searched):
    """A directory with a recipe, a database and artifacts. Use it in a `with`, or call close()."""

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
            project.sync()
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

    def check(self) -> Checked:
        """What was read and what it amounts to: items, gaps, families, and what the lexicon does not know."""
        with self.store.read() as conn:
            kept = database.get_metas(conn, "refusals", "unused")
        data = self.dataset(synthetic=False)
        source = looked(self.store, self.recipe)
        joined = source.joined if source is not None else ()
        usage = Usage.of(data, self.recipe, joined) if len(data) or self.recipe.catalog.tied.by else None
        found = Checked.of(data.catalog, self.recipe, self.imports(), kept["refusals"] or {})
        return replace(found, usage=usage, source=source, unused=tuple(kept["unused"] or ()))

    def import_(
        self, source: Any, skip_bad_rows: bool = False, format: str | None = None, watch: Watch | None = None
    ) -> Imported:
        """Real users' rankings, ratings, likes or plays; of a SQL URL a part at a time, so that any size fits.

        format: "csv" or "parquet", whatever the file is called
        """
        if isinstance(source, str) and "://" in source and format is None:
            return import_stream(self.store, self.recipe, partial(stream_sql, source), skip_bad_rows, watch)
        return import_events(self.store, self.recipe, _table(source, format, watch), skip_bad_rows, watch)

    def import_source(self, skip_bad_rows: bool = False, watch: Watch | None = None) -> list[Imported]:
        """Items and events of the tables that the recipe names under [source]."""
        self._forget_answers()
        return import_source(self.store, self.recipe, skip_bad_rows, watch)

    def import_catalog(
        self, source: Any, skip_bad_rows: bool = False, delist_missing: bool = False, format: str | None = None,
        watch: Watch | None = None,
    ) -> Imported:  # fmt: skip
        """More items, or other facts of known ones; delist_missing: those that are not in it are delisted."""
        self._forget_answers()
        table = _table(source, format, watch)
        return import_catalog(self.store, self.recipe, table, skip_bad_rows, delist_missing, watch)

    def import_tags(self, source: Any, skip_bad_rows: bool = False, format: str | None = None) -> Imported:
        """Other people's tags of the items, one a row; [catalog.tagged] of the recipe says which columns."""
        self._forget_answers()
        return import_tags(self.store, self.recipe, _table(source, format), skip_bad_rows)

    def import_published(
        self, source: str, format: str, skip_bad_rows: bool = False, watch: Watch | None = None
    ) -> ImportedSet:
        """A public data set: the items that the catalog lacks, and all events."""
        self._forget_answers()
        with (watch or Watch()).step("read"):
            found = read_published(source, format, skip_bad_rows)
        return import_published(self.store, self.recipe, found, watch)

    def synthesize(self, users: int | None = None, rankings: int | None = None, seed: int = 0) -> Synthesized:
        """Invented users' rankings, as events marked synthetic; those of an earlier call are replaced."""
        return synthesize(self.store, self.recipe, users, rankings, seed)

    def synthesize_life(self, seed: int = 0, now: int | None = None, **options: Any) -> "Lived":
        """Invented days: feelings that are told, and what is chosen after them; options: fields of [life]."""
        from .life import synthesize_life

        self._forget_answers()
        return synthesize_life(self.store, self.recipe, seed, options, now)

    def sync(self, now: int | None = None, blank: bool = False) -> "Synced":
        """Read the tables of another program ([foreign]); blank: empty texts that are older than the recipe keeps."""
        from .foreign import sync

        return sync(self.store, self.recipe, now, blank)

    def train_emotion(
        self, source: Path | None = None, block: str | None = None, encoder: str = "words", watch: Watch | None = None,
        force: bool = False,
    ) -> "TextsLearned":  # fmt: skip
        """A better reader of texts, from labelled ones; None = the recipe's lexicon again. block: of [context]."""
        from .texts import train_texts

        self._forget_answers()
        return train_texts(self.store, self.recipe, source, block, encoder, watch or Watch(), force)

    def pretrain(self, seed: int = 0, watch: Watch | None = None, half: bool = False) -> Pretrained:
        """Features, synthetic users, every model of the recipe, judgement; the best becomes active."""
        return pretrain(self.store, self.recipe, seed, watch or Watch(), half)

    def train(
        self, start: str | int = "active", seed: int = 0, watch: Watch | None = None,
        options: Mapping[str, Any] | None = None, models: Sequence[str] = (), resume: bool = False,
    ) -> Trained | Taught | TaughtFew:  # fmt: skip
        """Learn from real events; what is clearly better than the active version replaces it.

        Where the recipe names models that learn from events, they are judged on what came later (Taught). Others are
        fine-tuned from a version and judged on users whom it did not see (Trained). resume: what was begun and never
        ended goes on as it was asked for; the other arguments but `watch` are left out
        """
        self._forget_answers()
        self.sync()
        if resume:
            asked = interrupted(self.store)
            start, seed, options, models = asked.start, asked.seed, asked.options, asked.models
        if models or any(model.learns == "events" for model in self.recipe.models.values()):
            return teach(self.store, self.recipe, models, start, seed, watch or Watch(), options or {})
        return train(self.store, self.recipe, start, seed, watch or Watch(), options or {})

    def evaluate(
        self, seed: int = 1, watch: Watch | None = None, version: int | None = None
    ) -> Evaluation | EventEvaluation:
        """Tables and PNGs: on invented users, items and the cold start.

        A version that learned from real events is judged on those that it has not seen.
        """
        with self.store.read() as conn:
            found = database.active_version(conn) if version is None else database.version(conn, version)
        if found is not None and found.data_to is not None:
            return evaluate_on_events(self.store, self.recipe, found, seed)
        return evaluate_project(self.store, self.recipe, seed, watch or Watch(), version)

    def compare(
        self, models: Sequence[str] = (), k: int = 20, seed: int = 0, watch: Watch | None = None,
        threshold: float | None = None, split: How = "auto", tune: bool = False,
    ) -> Comparison:  # fmt: skip
        """The collaborative models on this project's real events, learned and judged alike; nothing is kept."""
        asked = Asked(models, k, seed, threshold, split, tune)
        return compare(self.store.root.resolve().name, self.dataset(synthetic=False), None, asked, watch or Watch())

    def compare_versions(self, first: int, second: int, seed: int = 0) -> SideBySide:
        """Two versions on events that neither has learned from, paired user by user."""
        return compare_versions(self.store, self.recipe, first, second, seed)

    def retrain(self, force: bool = True, search: bool = False, seed: int = 0, watch: Watch | None = None) -> "Ticked":
        """Look, and learn here and now; force: whatever the triggers say; search: settings around the present ones."""
        from .tick import tick_here

        self._forget_answers()
        self.sync()
        return tick_here(self.store, self.recipe, search=search, force=force, seed=seed, watch=watch)

    def tick(self, search: bool = False, seed: int = 0) -> "Ticked":
        """Look, and learn in a process of its own when it is time."""
        from .tick import tick

        self._forget_answers()
        unread = ""
        try:
            self.sync(blank=True)
        except (DataError, MissingExtra, StoreError) as error:
            unread = str(error)
        return replace(tick(self.store, self.recipe, search=search, seed=seed), unread=unread)

    def replay(
        self, source: Any = None, policies: "Sequence[Policy]" = ("loop",), keep: Path | None = None, **how: Any
    ) -> "tuple[list[Replayed], Path]":
        """A past, the project's own by default, through the whole loop in a project apart; and the picture of it."""
        from .replays import past_of, replay_all

        return replay_all(self.store, self.recipe, past_of(self.store, self.recipe, source), policies, keep, **how)

    def watch(self, every: float = 60.0, times: int = 0, search: bool = False) -> Iterator["Ticked | TastemakerError"]:
        """`tick` every so many seconds, `times` times or without end; why, where one fails."""
        from .rounds import rounds

        return rounds(lambda: self.tick(search), every, times)

    def impact(self, version: int | None = None, items: int = 3, seed: int = 0, watch: Watch | None = None) -> "Impact":
        """Outcomes that a version did not expect, and what learning from them changes; nothing is kept."""
        from .impact import impact

        return impact(self.store, self.recipe, version, items, seed, watch or Watch())

    def run_job(self, job: int, watch: Watch | None = None) -> database.Job:
        """Carry out a job that is queued."""
        from .tick import run_job

        run_job(self.store, self.recipe, job, watch or Watch())
        with self.store.read() as conn:
            return database.find_job(conn, job)


def _table(source: Any, format: str | None, watch: Watch | None = None) -> Table:
    with (watch or Watch()).step("read"):
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
