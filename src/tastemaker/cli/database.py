"""db check, upgrade, backup, restore."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .output import Json, Output, Where

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.command()
def check(where: Where = ".", json: Json = False) -> None:
    """Is the schema current, is the database whole and of one mind, are all artifacts there and unaltered?"""
    from ..errors import StoreError
    from ..store import Store
    from ..store import check as look
    from ..store.location import find_root

    with closing(Store.unchecked(find_root(where))) as store:
        found = look(store)
    said = "\n".join(found.problems) or f"The database is whole; schema {found.schema}."
    if found.orphans:
        said += f"\n{len(found.orphans)} artifacts belong to no version; they are harmless."
    said = "\n".join([said, *found.leftovers])
    Output(json).result(asdict(found), text=said)
    if found.problems:
        raise StoreError(f"{len(found.problems)} problem(s) found; see above.")


@app.command()
def upgrade(where: Where = ".", json: Json = False) -> None:
    """Bring the schema to this program's version; back up first."""
    from ..store import Store, upgrade_database
    from ..store.location import find_root

    with closing(Store.unchecked(find_root(where))) as store:
        before, now = upgrade_database(store)
    said = f"Schema {before} -> {now}." if before != now else f"Schema {now} is current."
    Output(json).result({"before": before, "now": now}, text=said)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A .tar or .tar.gz file.")], where: Where = ".", json: Json = False
) -> None:
    """All tables and artifacts into one file that restores on SQLite and PostgreSQL alike."""
    from ..store import Store
    from ..store import backup as write
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store:
        done = write(store, file)
    Output(json).result(asdict(done), text=f"Wrote {file}: {_rows(done.rows)}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `db backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what the project holds now.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Bring a backup back; refuses to overwrite a project that holds something, unless forced."""
    from ..store import Store
    from ..store import restore as read
    from ..store.location import find_root

    with closing(Store.unchecked(find_root(where))) as store:
        done = read(store, file, force)
    Output(json).result(asdict(done), text=f"Restored {file}: {_rows(done.rows)}.")


def _rows(rows: dict[str, int]) -> str:
    return ", ".join(f"{n} {table.replace('_', ' ')}" for table, n in rows.items() if n)
