"""Where a project keeps its data: tastemaker.toml, the environment and `.env`, read into one database URL."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ..errors import StoreError

PROJECT_FILE = "tastemaker.toml"
SQLITE_FILE = "tastemaker.db"
SQLITE = "sqlite"  # the database's name where it is SQLITE_FILE in the project directory
ENVIRONMENT = "TASTEMAKER_DATABASE_URL"
SECRETS = ("password", "sslpassword")  # in a URL's query


@dataclass(frozen=True)
class Location:
    """The [project] table of tastemaker.toml.

    database:  "sqlite", or a URL without its password
    id:        the same as in the database, so that a URL of another project's database is noticed
    artifacts: a folder, relative to the project, or any URL that fsspec knows
    """

    database: str
    id: str
    artifacts: str = "artifacts"

    def as_toml(self) -> str:
        lines = [f"database = {json.dumps(self.database)}", f"id = {json.dumps(self.id)}"]
        if self.artifacts != "artifacts":
            lines.append(f"artifacts = {json.dumps(self.artifacts)}")
        return "\n".join(["[project]", *lines, ""])


def read_location(root: Path) -> Location:
    path = root / PROJECT_FILE
    if not path.is_file():
        make = f"tastemaker init {root} --recipe NAME"
        raise StoreError(f"{root} is no project: it has no {PROJECT_FILE}. Make one: {make}")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}. Correct the file.") from error
    if not {"database", "id"} <= set(found):
        raise StoreError(f"{path} has no database and id under [project]. Put them back, or make another project.")
    return Location(found["database"], found["id"], found.get("artifacts", "artifacts"))


def chosen_url(root: Path, database: str | None = None) -> sa.URL:
    """The database of a project that is being made: the argument, else the environment, else SQLite."""
    return read_url(database or environment_url(root) or SQLITE, root)


def project_url(root: Path, location: Location, database: str | None = None) -> sa.URL:
    """The database of a project that exists.

    The environment may move a project on a server to another address, and knows its password; a project kept in a
    file stays in its file.
    """
    stored = read_url(location.database, root)
    elsewhere = environment_url(root) if stored.get_backend_name() == "postgresql" else None
    return read_url(database or elsewhere, root) if database or elsewhere else stored


def environment_url(root: Path) -> str | None:
    """TASTEMAKER_DATABASE_URL from the environment, else from `.env` here or in the project."""
    files = (dotenv(folder / ".env") for folder in (Path.cwd(), root))
    return next((found[ENVIRONMENT] for found in (os.environ, *files) if found.get(ENVIRONMENT)), None)


def dotenv(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file; comments, quotes and a leading `export` are understood."""
    if not path.is_file():
        return {}
    lines = (line.strip().removeprefix("export ") for line in path.read_text(encoding="utf-8-sig").splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): _unquoted(value.strip()) for key, _, value in pairs}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def read_url(text: str | None, root: Path) -> sa.URL:
    """ "sqlite", sqlite:///FILE or postgresql://… as the URL of a driver that we use."""
    if text is None or text == SQLITE:
        return sa.URL.create("sqlite", database=str(root.absolute() / SQLITE_FILE))
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreError("The database URL cannot be read. Write it as postgresql://user@host/name.") from error
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise StoreError(f"{url.drivername}:// keeps no project. Use sqlite, sqlite:///FILE or postgresql://…")
    if url.database in (None, "", ":memory:"):
        raise StoreError("A database in memory keeps no project. Use sqlite, or sqlite:///FILE.")
    return url if str(url.database).startswith("file:") else url.set(database=str(Path(str(url.database)).absolute()))


def stored_form(url: sa.URL, root: Path) -> str:
    """What tastemaker.toml may say of a URL: no password."""
    if url == read_url(SQLITE, root):
        return SQLITE
    bare = url._replace(password=None).difference_update_query(SECRETS)
    return bare.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def shown(url: sa.URL) -> str:
    """What messages may say of a URL: the file, or the server without password and options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    bare = url._replace(password=None, query=sa.util.immutabledict())
    return bare.set(drivername="postgresql").render_as_string(hide_password=True)


def file_of(url: sa.URL) -> Path | None:
    """The file that holds the database; None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def find_root(start: str | Path) -> Path:
    """The nearest directory, this one or above, that is a project."""
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).exists():
            return folder
    raise StoreError(f"{here} is no project, nor is a folder above it. Run: tastemaker init DIR --recipe NAME")
