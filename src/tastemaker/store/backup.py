"""A whole project in one tar file, and back: rows as JSON lines, so that SQLite and PostgreSQL read each other's."""

import io
import json
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from time import time
from typing import IO, Any

import sqlalchemy as sa

from ..errors import ArtifactError, StoreError
from .folders import TEMPORARY, cannot_write, sync_directory, sync_file
from .location import file_of, read_location
from .meta import put_meta
from .needed import needed_artifacts
from .schema import HEAD, REVISIONS, check_revision, check_room, drop, is_empty, project_tables, revision, upgrade
from .store import Store
from .tables.base import METADATA, add_new
from .tables.json import plain_json

FORMAT = 1
SUMMARY = "backup.json"  # the last member: a file without it is not whole


@dataclass(frozen=True)
class Summary:
    """rows and digests by table; missing: artifacts that were damaged when the backup was made."""

    format: int
    schema: str
    at: int
    rows: dict[str, int]
    digests: dict[str, str]
    artifacts: dict[str, list[str]]  # digest -> files
    missing: list[str]


def backup(store: Store, file: Path) -> Summary:
    """Write tables and the artifacts that it needs as of one moment; `.gz` or `.tgz` at the end packs them."""
    if file.exists():
        raise StoreError(f"{file} exists. Give the backup another name, or remove the file.")
    temporary = file.with_name(f"{TEMPORARY}{token_hex(8)}")
    try:
        packed = file.suffix in (".gz", ".tgz")
        with store.read() as conn, tarfile.open(temporary, "w:gz" if packed else "w") as tar:
            summary = _write(tar, store, conn)
        sync_file(temporary)
        temporary.replace(file)
        sync_directory(file.absolute().parent)
    except OSError as error:
        raise cannot_write(file, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return summary


def restore(store: Store, file: Path, force: bool = False) -> Summary:
    """Put the project of a backup in the place of this one: all of it, or nothing is changed.

    force: although this project holds something already, or its database is damaged.
    """
    with _opened(file) as tar:
        summary = _summary(tar, file)
        if force:
            _set_aside_if_damaged(store)
        with store.begin() as conn:
            _check_target(conn, store, force)
            drop(conn)
            upgrade(conn, summary.schema)
            for table in project_tables(conn):
                _read_table(tar, conn, table, summary)
            _renumber(conn)
            upgrade(conn)
            put_meta(conn, id=read_location(store.root).id)
            for digest, names in summary.artifacts.items():
                _read_artifact(tar, store, digest, names)
    return summary


def _write(tar: tarfile.TarFile, store: Store, conn: sa.Connection) -> Summary:
    schema = revision(conn)
    if schema is None:
        check_revision(schema, store.where)
    tables = {table.name: _add_table(tar, conn, table) for table in project_tables(conn)}
    artifacts, missing = {}, []
    for digest in sorted(needed_artifacts(conn, store.artifacts)):
        try:
            files = store.artifacts.files(digest)
        except ArtifactError:
            missing.append(digest)
            continue
        artifacts[digest] = list(files)
        for name, data in files.items():
            _add(tar, f"artifacts/{digest}/{name}", io.BytesIO(data), len(data))
    rows = {name: rows for name, (rows, _) in tables.items()}
    digests = {name: digest for name, (_, digest) in tables.items()}
    summary = Summary(FORMAT, str(schema), int(time()), rows, digests, artifacts, missing)
    data = plain_json(asdict(summary)).encode()
    _add(tar, SUMMARY, io.BytesIO(data), len(data))
    return summary


def _add_table(tar: tarfile.TarFile, conn: sa.Connection, table: sa.Table) -> tuple[int, str]:
    """The names of its columns, then a line a row; (rows, sha256)."""
    digest, rows = sha256(), 0
    with TemporaryFile() as lines:
        for values in _lines(conn, table):
            line = f"{plain_json(values)}\n".encode()
            digest.update(line)
            lines.write(line)
            rows += 1
        size = lines.tell()
        lines.seek(0)
        _add(tar, f"tables/{table.name}.jsonl", lines, size)
    return rows - 1, digest.hexdigest()


def _lines(conn: sa.Connection, table: sa.Table) -> Iterator[list[Any]]:
    yield [column.name for column in table.columns]
    chosen = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=10_000)
    yield from (list(row) for row in conn.execute(chosen))


def _add(tar: tarfile.TarFile, name: str, data: IO[bytes], size: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = size, int(time())
    tar.addfile(info, data)


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file) as tar:
            yield tar
    except FileNotFoundError as error:
        raise StoreError(f"There is no backup {file}. Check the path.") from error
    except (tarfile.TarError, EOFError, zlib.error, OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _not_whole(file, str(error)) from error


def _summary(tar: tarfile.TarFile, file: Path) -> Summary:
    if SUMMARY not in tar.getnames():
        raise _not_whole(file, "its end is missing")
    try:
        found = Summary(**json.loads(_member(tar, SUMMARY).read()))
    except TypeError as error:
        raise _not_whole(file, f"{SUMMARY} was altered, or is newer than this tastemaker") from error
    if found.format != FORMAT or found.schema not in REVISIONS:
        raise StoreError(f"{file} was made by a newer tastemaker. Run: pip install -U tastemaker")
    return found


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        data = tar.extractfile(name)
    except KeyError:
        data = None
    if data is None:
        raise _not_whole(Path(str(tar.name)), f"{name} is missing")
    return data


def _read_table(tar: tarfile.TarFile, conn: sa.Connection, table: sa.Table, summary: Summary) -> None:
    lines = _member(tar, f"tables/{table.name}.jsonl")
    if file_digest(lines, "sha256").hexdigest() != summary.digests.get(table.name):  # type: ignore[arg-type]
        raise _not_whole(Path(str(tar.name)), f"the rows of {table.name} were altered")
    lines.seek(0)
    names = json.loads(next(lines))
    add_new(conn, table, (dict(zip(names, values, strict=True)) for values in map(json.loads, lines)))


def _read_artifact(tar: tarfile.TarFile, store: Store, digest: str, names: list[str]) -> None:
    files = {name: _member(tar, f"artifacts/{digest}/{name}").read() for name in names}
    try:
        store.artifacts.keep(digest, files)
    except (ArtifactError, KeyError) as error:
        raise _not_whole(Path(str(tar.name)), f"artifact {digest[:12]} was altered") from error


def _check_target(conn: sa.Connection, store: Store, force: bool) -> None:
    check_room(conn, store.where)
    found = revision(conn)
    if found is not None and not force and (found != HEAD or not is_empty(conn)):
        raise StoreError(f"{store.where} already holds a project. To put the backup in its place, add --force.")


def _renumber(conn: sa.Connection) -> None:
    """PostgreSQL counts its own keys, and saw none of the rows that came with theirs."""
    if conn.dialect.name == "postgresql":
        for table in (t.name for t in METADATA.sorted_tables if t.autoincrement_column is not None):
            following = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"
            conn.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {following}, false)")


def _set_aside_if_damaged(store: Store) -> None:
    """A file that SQLite cannot read makes room for a new one; it is renamed, not removed."""
    file = file_of(store.engine.url)
    if file is None or not file.is_file() or _is_sound(file):
        return
    store.close()
    for end in ("-wal", "-shm", ""):
        part = file.with_name(file.name + end)
        if part.exists():
            part.replace(file.with_name(f"{file.name}.damaged-{int(time())}{end}"))


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as raw:
            return bool(raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    except sqlite3.OperationalError:
        return True  # it is only busy
    except sqlite3.DatabaseError:
        return False


def _not_whole(file: Path, reason: str) -> StoreError:
    return StoreError(f"{file} is no whole backup ({reason}). Nothing was changed; use another one.")
