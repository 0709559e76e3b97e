"""A project's data in one place: its directory, database, artifacts and cache; the verbs are in the other rooms."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from ..errors import StoreError
from .artifacts import Artifacts
from .cache import Cache
from .database import make_engine, transaction
from .folders import replace_file
from .limits import Limits
from .location import PROJECT_FILE, Location, chosen_url, file_of, project_url, read_location, shown, stored_form
from .meta import get_meta, put_meta
from .schema import check_revision, check_room, drop, is_empty, revision, upgrade

MOMENT = 200  # ms


@dataclass(frozen=True)
class Store:
    root: Path
    engine: sa.Engine
    artifacts: Artifacts
    cache: Cache

    @classmethod
    def create(cls, root: Path, database: str | None, recipe: Mapping[str, Any]) -> "Store":
        """A new project; nothing stays behind if it cannot be made. database: a URL, "sqlite" or None."""
        if (root / PROJECT_FILE).exists():
            raise StoreError(f"{root} already is a project. Choose another directory, or remove {root / PROJECT_FILE}.")
        url = chosen_url(root, database)
        location = Location(stored_form(url, root), uuid4().hex)
        store = cls._at(root, location, url)
        with store._undone_on_failure() as on_failure:
            root.mkdir(parents=True, exist_ok=True)
            with store.begin() as conn:
                _begin_project(conn, location, recipe, shown(url))
            on_failure.append(store._drop)
            replace_file(root / PROJECT_FILE, location.as_toml().encode())
        return store

    @classmethod
    def open(cls, root: Path, database: str | None = None) -> "Store":
        """The project in this directory; StoreError unless all of it is there and has the newest schema."""
        store = cls.unchecked(root, database)
        try:
            store._check()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def unchecked(cls, root: Path, database: str | None = None) -> "Store":
        """For mending: the project, whatever is wrong with its database. Connects to nothing yet."""
        location = read_location(root)
        return cls._at(root, location, project_url(root, location, database))

    @classmethod
    def _at(cls, root: Path, location: Location, url: sa.URL) -> "Store":
        artifacts = location.artifacts if "://" in location.artifacts else str(root / location.artifacts)
        return cls(root, make_engine(url), Artifacts(artifacts), Cache(root / "cache"))

    def limited(self, limits: Limits, seconds: float) -> "Store":
        """The same on connections of its own, none of which is used longer than that at once."""
        return replace(self, engine=limits.on(make_engine(self.engine.url, ping=False), seconds))

    def begin(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that may write: one at a time, all or nothing."""
        return transaction(self.engine)

    def write_through(self) -> None:
        """SQLite: what was deleted is overwritten in the file itself, and no log holds it; unless others are at work
        for longer than a moment: then the next one does it."""
        if self.engine.dialect.name != "sqlite":
            return
        with suppress(sa.exc.DBAPIError), self.engine.connect() as conn:
            patience = conn.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            conn.exec_driver_sql(f"PRAGMA busy_timeout = {MOMENT}")
            try:
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:  # the pool hands this connection on
                conn.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that only reads, sees one moment, and waits for nobody."""
        return transaction(self.engine, writes=False)

    def recipe(self) -> dict[str, Any]:
        """The resolved recipe that the project was made with."""
        with self.read() as conn:
            return dict(get_meta(conn, "recipe"))

    def close(self) -> None:
        self.engine.dispose()

    @property
    def where(self) -> str:
        """The database, as messages name it."""
        return shown(self.engine.url)

    def _check(self) -> None:
        file = file_of(self.engine.url)
        if file is not None and not str(file).startswith("file:") and not file.is_file():
            raise StoreError(f"The project's database {file} is missing. Bring it back: tastemaker db restore FILE")
        with self.read() as conn:
            check_revision(revision(conn), self.where)
            if get_meta(conn, "id") != read_location(self.root).id:
                raise StoreError(
                    f"{self.where} belongs to another project than {self.root}. Correct the URL in {PROJECT_FILE}, "
                    "TASTEMAKER_DATABASE_URL or .env."
                )

    def _drop(self) -> None:
        with self.begin() as conn:
            drop(conn)

    @contextmanager
    def _undone_on_failure(self) -> Iterator[list[Callable[[], None]]]:
        """Runs what is in the list, then removes the files that were not there before."""
        file, undo = file_of(self.engine.url), list[Callable[[], None]]()
        made = [] if file is None else [file.with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm")]
        paths = [path for path in (*made, self.root) if not path.exists()]
        try:
            yield undo
        except BaseException:
            for step in undo:
                step()
            self.close()
            for path in paths:
                _remove(path)
            raise


def _begin_project(conn: sa.Connection, location: Location, recipe: Mapping[str, Any], where: str) -> None:
    check_room(conn, where)
    if (found := revision(conn)) is not None:  # what a killed `create` left is taken over
        check_revision(found, where)
        if not is_empty(conn):
            raise StoreError(f"{where} already holds a project. Give this one a database of its own.")
    upgrade(conn)
    put_meta(conn, id=location.id, recipe=recipe, created_at=int(time()), package=version("tastemaker"))


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink(missing_ok=True)
    elif not any(path.iterdir()):
        path.rmdir()
